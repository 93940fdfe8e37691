# SPDX-License-Identifier: Apache-2.0
# fedcopy: `make help` lists what can be made.

CC ?= cc
PREFIX ?= /usr/local
DESTDIR ?=
VERSION := $(shell cat VERSION)

# SANITIZE=address,undefined or SANITIZE=thread builds beside the plain build, in a folder of its own; so does CC=clang
# with OUT=build/clang. `make WERROR=1` makes warnings errors, as CI does.
SANITIZE ?=
OUT ?= build$(if $(SANITIZE),/sanitize-$(subst $(comma),-,$(SANITIZE)))
comma := ,

PACKAGES := libcurl jansson yaml-0.1 openssl libmicrohttpd
# pkg-config is asked once, and not at all by targets that compile nothing.
LIB_CFLAGS = $(eval LIB_CFLAGS := $$(shell pkg-config --cflags $(PACKAGES)))$(LIB_CFLAGS)
LIB_LIBS = $(eval LIB_LIBS := $$(shell pkg-config --libs $(PACKAGES)))$(LIB_LIBS)

CFLAGS ?= -O2 -g
WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wformat=2 -Wvla -Wundef \
	-Wwrite-strings -Wcast-qual -Wimplicit-fallthrough -Wno-gnu-statement-expression
ALL_CFLAGS = -std=c11 -D_GNU_SOURCE -DFC_VERSION='"$(VERSION)"' -Isrc $(WARNINGS) $(if $(WERROR),-Werror) -pthread \
	-fstack-protector-strong -ffunction-sections -fdata-sections \
	$(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-omit-frame-pointer -fno-sanitize-recover=all) $(LIB_CFLAGS) $(CFLAGS)
ALL_LDFLAGS = -pthread -Wl,--gc-sections -Wl,-z,relro,-z,now $(if $(SANITIZE),-fsanitize=$(SANITIZE)) $(LDFLAGS)

SOURCES := $(sort $(wildcard src/*/*.c))
LIB_SOURCES := $(filter-out src/cli/main.c,$(SOURCES))
OBJECTS := $(SOURCES:%.c=$(OUT)/%.o)
LIB_OBJECTS := $(LIB_SOURCES:%.c=$(OUT)/%.o)
TEST_SOURCES := $(sort $(wildcard tests/unit/*/test_*.c))
TEST_PROGRAMS := $(TEST_SOURCES:%.c=$(OUT)/%)

.PHONY: all help
all: $(OUT)/fedcopy ## build build/fedcopy (the default)

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(OUT)/fedcopy: $(OBJECTS)
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(LIB_LIBS)

$(OUT)/libfedcopy.a: $(LIB_OBJECTS)
	@rm -f $@
	@ar rcs $@ $^

$(OUT)/%.o: %.c VERSION
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(OUT)/tests/unit/%: tests/unit/%.c $(OUT)/libfedcopy.a
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -Itests -MMD -MP $(ALL_LDFLAGS) -o $@ $< $(OUT)/libfedcopy.a $(LIB_LIBS) -lcmocka

-include $(OBJECTS:.o=.d) $(TEST_PROGRAMS:%=%.d)
