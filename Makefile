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

# `make V=1` shows the commands of compiler and linker.
Q := $(if $(V),,@)
said = @$(if $(V),:,echo '  $(1)  $@')

PACKAGES := libcurl jansson yaml-0.1 openssl libmicrohttpd libpcre2-8
# pkg-config is asked once, and not at all by targets that compile nothing.
LIB_CFLAGS = $(eval LIB_CFLAGS := $$(shell pkg-config --cflags $(PACKAGES)))$(LIB_CFLAGS)
LIB_LIBS = $(eval LIB_LIBS := $$(shell pkg-config --libs $(PACKAGES)))$(LIB_LIBS)

# With sanitizers -O1: compiled in half the time, with better traces, and no less is found.
CFLAGS ?= $(if $(SANITIZE),-O1,-O2) -g
# The unit tests themselves are compiled with it: what is to be fast is what they test.
TEST_CFLAGS = $(if $(SANITIZE),-O0)
WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wformat=2 -Wvla -Wundef \
	-Wwrite-strings -Wcast-qual -Wimplicit-fallthrough -Wno-gnu-statement-expression
ALL_CFLAGS = -std=c11 -D_GNU_SOURCE -DFC_VERSION='"$(VERSION)"' -Isrc $(WARNINGS) $(if $(WERROR),-Werror) -pthread \
	-fstack-protector-strong -ffunction-sections -fdata-sections \
	$(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-omit-frame-pointer -fno-sanitize-recover=all) \
	$(LIB_CFLAGS) $(CFLAGS)
ALL_LDFLAGS = -pthread -Wl,--gc-sections -Wl,-z,relro,-z,now $(if $(SANITIZE),-fsanitize=$(SANITIZE)) $(LDFLAGS)

# fedcopy-sandbox is a program of its own, which shares the lowest floors alone.
SANDBOX_SOURCES := $(sort $(wildcard src/sandbox/*.c))
SANDBOX_OBJECTS = $(filter $(foreach floor,base json model,$(OUT)/src/$(floor)/%),$(LIB_OBJECTS)) \
	$(filter-out $(OUT)/src/sandbox/main.o,$(SANDBOX_SOURCES:%.c=$(OUT)/%.o))
# Its server, and the patterns of CustomResourceDefinitions.
SANDBOX_LIBS = $(eval SANDBOX_LIBS := $$(shell pkg-config --libs libnghttp2 libpcre2-8) -lm)$(SANDBOX_LIBS)
SOURCES := $(filter-out $(SANDBOX_SOURCES),$(sort $(wildcard src/*/*.c)))
LIB_SOURCES := $(filter-out src/cli/main.c,$(SOURCES))
OBJECTS := $(SOURCES:%.c=$(OUT)/%.o)
LIB_OBJECTS := $(LIB_SOURCES:%.c=$(OUT)/%.o)
TEST_SOURCES := $(sort $(wildcard tests/unit/*/test_*.c))
# The model of the API server, for the simulation, is compared with recordings of a real one among the unit tests.
MODEL_OBJECTS := $(patsubst %.c,$(OUT)/%.o,$(sort $(wildcard tests/sim/api_server*.c)))
MODEL_TEST := $(OUT)/tests/sim/test_api_server
# The deterministic simulation.
SIM_OBJECTS := $(patsubst %.c,$(OUT)/%.o,$(filter-out tests/sim/test_%,$(sort $(wildcard tests/sim/*.c))))
SIM := $(OUT)/tests/sim/sim
TEST_PROGRAMS := $(TEST_SOURCES:%.c=$(OUT)/%) $(MODEL_TEST)
FUZZ_DRIVERS := $(sort $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c)))
FUZZ_PROGRAMS := $(FUZZ_DRIVERS:%=$(OUT)/tests/fuzz/fuzz_%)
# libFuzzer has a main of its own.
FUZZ_MAIN := $(if $(findstring fuzzer,$(SANITIZE)),,$(OUT)/tests/fuzz/replay.o)
SECONDS ?= 10
# What src/kube stands on, and nothing else: patterns of namespaces want a library of their own.
KUBE_OBJECTS := $(filter-out $(OUT)/src/model/namespace_pattern%,\
	$(filter $(foreach floor,base json model kube,$(OUT)/src/$(floor)/%),$(LIB_OBJECTS)))
PROXY_SOURCES := $(sort $(wildcard tests/proxy/*.c))
PROXY_OBJECTS := $(PROXY_SOURCES:%.c=$(OUT)/%.o)
FAULT_PROXY := $(OUT)/tests/fault-proxy
# What fedcopy is measured beside; of its own code only the lowest floor is in it.
BENCH_OBJECTS := $(patsubst %,$(OUT)/tests/bench/%.o,http2 options spread text) $(filter $(OUT)/src/base/%,$(LIB_OBJECTS))
BENCH_PROGRAMS := $(OUT)/tests/bench/bare $(OUT)/tests/bench/stamp
BENCH_ENGINE := $(OUT)/tests/bench/bench_engine
# fedcopy with the dialect for tests in place of those that ship: whole objects of any kind between real API servers.
COPIES := $(OUT)/tests/fedcopy-copies
COPIES_OBJECTS = $(filter-out $(OUT)/src/dialects/dialects.o,$(OBJECTS)) $(OUT)/tests/e2e/copy_dialects.o \
	$(OUT)/tests/sim/copy_dialect.o
C_FILES := $(sort $(wildcard src/*/*.[ch] tests/unit/*.[ch] tests/unit/*/*.[ch] tests/fuzz/*.[ch] tests/proxy/*.[ch] \
	tests/bench/*.[ch] tests/sim/*.[ch] tests/e2e/*.[ch]))
# What happens to the model as a whole, beside what it answers.
MODEL_TEST += $(OUT)/tests/sim/test_api_server_life
TEST_PROGRAMS += $(OUT)/tests/sim/test_api_server_life

# `make test` and `make demo` use all cores where no -j says otherwise.
JOBS = $(if $(findstring -j,$(MAKEFLAGS)),,-j$(shell nproc))

.PHONY: all help test test-full demo demo-check programs library unit e2e e2e-sandbox e2e-both e2e-cruel sim sim-mutants fuzz fuzz-replay lint
.PHONY: bench bench-engine format install clean
all: $(OUT)/fedcopy $(OUT)/fedcopy-sandbox ## build build/fedcopy and build/fedcopy-sandbox (the default)

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo '  SANITIZE=address,undefined   with sanitizers, in a folder of its own below build/; or SANITIZE=thread'
	@echo '  E2E_SANITIZE=...             test: the same for the end-to-end tests alone'
	@echo '  V=1                          the commands of compiler and linker are shown'
	@echo '  WERROR=1                     warnings are errors'
	@echo '  CC=clang OUT=build/clang     another compiler, in a folder of its own'
	@echo '  TESTS="PATTERN..."           unit: only programs whose names match; e2e: arguments for pytest'
	@echo '  BENCH="--only memory"        arguments for bench: --only PART,... --scale 0.01 --list'
	@echo '  BENCH_CMD, BENCH_RULES       bench: another program, and its vocabulary: tests/bench/subject.py'
	@echo '  RULES=100000                 bench-engine: how many rules'
	@echo '  SECONDS=60                   fuzz: how long each driver searches'
	@echo '  PREFIX, DESTDIR              where install puts things ($(PREFIX))'

test: ## install what is missing, build, then unit tests, lint and end-to-end tests on both grounds
	@scripts/install-dependencies build test lint
	@echo '== building'
	@+$(MAKE) --no-print-directory $(JOBS) programs
	@+failed=; echo '== unit'; $(MAKE) --no-print-directory $(JOBS) unit || failed=' unit'; \
	echo '== end to end, and lint, which takes what these leave of the processor'; \
	chrt --idle 0 scripts/lint-all $(OUT) >$(OUT)/lint.log 2>&1 & lint=$$!; \
	trap 'kill $$lint 2>/dev/null' EXIT; \
	$(MAKE) --no-print-directory $(JOBS) e2e-both$(if $(E2E_SANITIZE), SANITIZE=$(E2E_SANITIZE)) || \
		failed="$$failed e2e-both"; \
	wait $$lint || failed="$$failed lint"; cat $(OUT)/lint.log; \
	if [ "$$failed" ]; then echo "make test: failed:$$failed"; exit 1; fi; echo 'make test: all passed'

test-full: ## the end-to-end tests that take minutes each: watches that fall silent, very long lists
	@scripts/install-dependencies build test
	@+$(MAKE) --no-print-directory $(JOBS) programs
	@scripts/run-e2e $(OUT) -m full $(TESTS)
	@GROUND=cruel scripts/run-e2e $(OUT) -m full $(TESTS)

demo: ## install what is missing, build, and show fedcopy at work between clusters of the sandbox; REAL=1: real ones
	@scripts/install-dependencies build demo $(if $(REAL),demo-real)
	@+$(MAKE) --no-print-directory $(JOBS) $(OUT)/fedcopy $(OUT)/fedcopy-sandbox
	@REAL=$(REAL) FEDCOPY=$(abspath $(OUT)/fedcopy) FEDCOPY_SANDBOX=$(abspath $(OUT)/fedcopy-sandbox) scripts/demo

demo-check: $(OUT)/fedcopy $(OUT)/fedcopy-sandbox ## run the demo and check what it says, and that it leaves nothing behind
	@scripts/demo-check $(OUT)

programs: $(OUT)/fedcopy $(OUT)/fedcopy-sandbox $(TEST_PROGRAMS) $(FUZZ_PROGRAMS) $(FAULT_PROXY) $(COPIES) $(SIM) library ## build the programs, the library and all test programs, and run nothing

library: $(OUT)/libfckube.a ## build build/libfckube.a, the Kubernetes client alone: docs/kube-library.md

unit: $(TEST_PROGRAMS) ## build and run the unit tests
	@TESTS='$(TESTS)' scripts/run-unit $(OUT) $(TEST_PROGRAMS)

e2e: $(OUT)/fedcopy $(FAULT_PROXY) $(COPIES) library ## build fedcopy and run the end-to-end tests against real API servers
	@scripts/run-e2e $(OUT) $(TESTS)

e2e-sandbox: $(OUT)/fedcopy $(OUT)/fedcopy-sandbox $(FAULT_PROXY) $(COPIES) library ## the same on the sandbox, without those that need a real API server
	@GROUND=sandbox scripts/run-e2e $(OUT) $(TESTS)

e2e-both: $(OUT)/fedcopy $(OUT)/fedcopy-sandbox $(FAULT_PROXY) $(COPIES) library ## both at once, each output when it ends
	@GROUND=both scripts/run-e2e $(OUT) $(TESTS)

e2e-cruel: $(OUT)/fedcopy $(OUT)/fedcopy-sandbox ## build, and play a dozen cases once for each cruelty of the sandbox; SEED=n repeats a run
	@GROUND=cruel SEED=$(SEED) scripts/run-e2e $(OUT) $(TESTS)

sim: $(SIM) ## play seeded federations and check every promise: RUNS=20000 worlds, or MINUTES=n; SEED=n tells one
	@$(SIM) $(OUT) $(sort $(wildcard tests/sim/cases/*.case))

sim-mutants: $(SIM) ## plant defects in the engine, one at a time: the simulation finds each of them
	@SIM_CC='$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS)' SIM_LIBS='$(LIB_LIBS)' scripts/sim-mutants $(OUT) $(MUTANTS)

fuzz-replay: $(FUZZ_PROGRAMS) ## run the fuzz drivers over their corpora, with any compiler
	@scripts/run-fuzz $(OUT) replay $(FUZZ_PROGRAMS)

fuzz: ## install what is missing, replay the corpora, then search with clang's libFuzzer, SECONDS for each driver
	@scripts/install-dependencies build fuzz
	@+$(MAKE) --no-print-directory $(JOBS) fuzz-replay
	@+$(MAKE) --no-print-directory $(JOBS) CC=clang OUT=$(OUT)/libfuzzer SANITIZE=fuzzer-no-link,address,undefined \
		$(FUZZ_DRIVERS:%=$(OUT)/libfuzzer/tests/fuzz/fuzz_%)
	@scripts/run-fuzz $(OUT) search $(SECONDS) $(FUZZ_DRIVERS:%=$(OUT)/libfuzzer/tests/fuzz/fuzz_%)

.PHONY: kubectl-check
kubectl-check: $(OUT)/fedcopy-sandbox ## does kubectl work on the sandbox? KUBECTL=PROGRAM: another one
	@scripts/kubectl-check $(OUT)

.PHONY: sim-record
sim-record: ## ask a real API server again what the model of the simulation has to answer: tests/sim/conversations.py
	@assets=$$(scripts/envtest-assets) && KUBEBUILDER_ASSETS="$$assets" tests/sim/record.py

.PHONY: conformance conformance-real conformance-record
conformance: $(OUT)/fedcopy-sandbox ## hold API conversations with the sandbox: does it answer as the real server did? ONLY=PATTERN,...
	@tests/conformance/run.py --sandbox $(OUT)/fedcopy-sandbox --tally $(OUT)/conformance.tally $(if $(ONLY),--only '$(ONLY)')

conformance-real: ## hold them with a real API server: are the recordings still what it answers?
	@assets=$$(scripts/envtest-assets) && KUBEBUILDER_ASSETS="$$assets" tests/conformance/run.py --real $(if $(ONLY),--only '$(ONLY)')

conformance-record: ## ask a real API server again what the sandbox has to answer: tests/conformance/recorded
	@assets=$$(scripts/envtest-assets) && KUBEBUILDER_ASSETS="$$assets" tests/conformance/run.py --record $(if $(ONLY),--only '$(ONLY)')

.PHONY: sandbox-schemas
sandbox-schemas: ## ask a real API server again for the shapes of the built-in types that the sandbox serves
	@assets=$$(scripts/envtest-assets) && KUBEBUILDER_ASSETS="$$assets" scripts/sandbox-schemas

lint: $(OBJECTS) $(SANDBOX_SOURCES:%.c=$(OUT)/%.o) ## check floors, headers, globals, format, words and scripts, and analyse the code
	@scripts/lint-all $(OUT)

bench: ## install what is missing, build, and measure on real API servers and on the sandbox: docs/performance.md; 20 minutes
	@scripts/install-dependencies build test bench
	@+$(MAKE) --no-print-directory $(JOBS) all bench-programs
	@assets=$$(scripts/envtest-assets) && KUBEBUILDER_ASSETS="$$assets" PYTHONDONTWRITEBYTECODE=1 \
		tests/bench/bench.py --out $(abspath $(OUT)) $(BENCH)

.PHONY: bench-quick
bench-quick: all bench-programs ## counts and memory alone, on the sandbox, against tests/bench/limits.json; half a minute
	@PYTHONDONTWRITEBYTECODE=1 tests/bench/quick.py --out $(abspath $(OUT))

.PHONY: bench-programs
bench-programs: $(BENCH_PROGRAMS) $(BENCH_ENGINE) ## build what bench needs: the bare client, the independent watcher, the engine alone

bench-engine: $(BENCH_ENGINE) ## measure the engine alone, without any network: CPU and memory for 50,000 rules
	@$< $(or $(RULES),50000) $(OUT)/bench-engine.json

format: ## rewrite the C sources as .clang-format says
	@clang-format -i $(C_FILES)

install: $(OUT)/fedcopy $(OUT)/fedcopy-sandbox ## install programs, manual pages and licence below $(DESTDIR)$(PREFIX)
	install -D -m 755 $(OUT)/fedcopy $(DESTDIR)$(PREFIX)/bin/fedcopy
	install -m 755 $(OUT)/fedcopy-sandbox $(DESTDIR)$(PREFIX)/bin/fedcopy-sandbox
	install -D -m 644 docs/man/fedcopy.1 $(DESTDIR)$(PREFIX)/share/man/man1/fedcopy.1
	install -m 644 docs/man/fedcopy-sandbox.1 $(DESTDIR)$(PREFIX)/share/man/man1/fedcopy-sandbox.1
	install -d $(DESTDIR)$(PREFIX)/share/doc/fedcopy
	install -m 644 LICENSE $(wildcard README.md) $(DESTDIR)$(PREFIX)/share/doc/fedcopy

clean: ## remove build/
	rm -rf build

$(OUT)/fedcopy: $(OBJECTS)
	$(call said,LD)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(LIB_LIBS)

$(OUT)/libfedcopy.a: $(LIB_OBJECTS)
	@rm -f $@
	@ar rcs $@ $^

$(OUT)/libsandbox.a: $(SANDBOX_OBJECTS)
	@rm -f $@
	@ar rcs $@ $^

$(OUT)/fedcopy-sandbox: $(OUT)/src/sandbox/main.o $(OUT)/libsandbox.a
	$(call said,LD)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(LIB_LIBS) $(SANDBOX_LIBS)

$(OUT)/libfckube.a: $(KUBE_OBJECTS)
	@rm -f $@
	@ar rcs $@ $^

$(OUT)/%.o: %.c $(OUT)/cflags
	@mkdir -p $(@D)
	$(call said,CC)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# Copies of whole objects are tested between models of API servers, by a dialect that never ships.
COPY_TEST_OBJECTS := $(MODEL_OBJECTS) $(OUT)/tests/sim/copy_dialect.o
COPY_TESTS := $(filter $(OUT)/tests/unit/engine/test_copy_%,$(TEST_PROGRAMS))
$(COPY_TESTS): $(OUT)/%: %.c $(COPY_TEST_OBJECTS) $(OUT)/libfedcopy.a
	@mkdir -p $(@D)
	$(call said,LD)
	$(Q)$(CC) $(ALL_CFLAGS) $(TEST_CFLAGS) -Itests -MMD -MP $(ALL_LDFLAGS) -o $@ $< $(COPY_TEST_OBJECTS) $(OUT)/libfedcopy.a \
		$(LIB_LIBS) -lcmocka

$(OUT)/tests/unit/sandbox/%: tests/unit/sandbox/%.c $(OUT)/libsandbox.a
	@mkdir -p $(@D)
	$(call said,LD)
	$(Q)$(CC) $(ALL_CFLAGS) $(TEST_CFLAGS) -Itests -MMD -MP $(ALL_LDFLAGS) -o $@ $< $(OUT)/libsandbox.a $(LIB_LIBS) $(SANDBOX_LIBS) -lcmocka

# Of the measuring programs.
$(OUT)/tests/unit/bench/%: tests/unit/bench/%.c $(BENCH_OBJECTS)
	@mkdir -p $(@D)
	$(call said,LD)
	$(Q)$(CC) $(ALL_CFLAGS) $(TEST_CFLAGS) -Itests -MMD -MP $(ALL_LDFLAGS) -o $@ $< $(BENCH_OBJECTS) $(LIB_LIBS) -lcmocka

$(OUT)/tests/unit/%: tests/unit/%.c $(OUT)/libfedcopy.a
	@mkdir -p $(@D)
	$(call said,LD)
	$(Q)$(CC) $(ALL_CFLAGS) $(TEST_CFLAGS) -Itests -MMD -MP $(ALL_LDFLAGS) -o $@ $< $(OUT)/libfedcopy.a $(LIB_LIBS) -lcmocka -lnghttp2

$(BENCH_PROGRAMS): %: %.o $(BENCH_OBJECTS)
	$(call said,LD)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(LIB_LIBS)

$(BENCH_ENGINE): $(OUT)/%: %.c $(OUT)/libfedcopy.a
	@mkdir -p $(@D)
	$(call said,LD)
	$(Q)$(CC) $(ALL_CFLAGS) -Itests -MMD -MP $(ALL_LDFLAGS) -o $@ $< $(OUT)/libfedcopy.a $(LIB_LIBS)

$(MODEL_TEST): %: %.o $(MODEL_OBJECTS) $(OUT)/libfedcopy.a
	$(call said,LD)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(LIB_LIBS) -lcmocka

$(SIM): $(SIM_OBJECTS) $(OUT)/libfedcopy.a
	$(call said,LD)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(LIB_LIBS)

FUZZ_SANDBOX := $(filter $(OUT)/tests/fuzz/fuzz_sandbox_%,$(FUZZ_PROGRAMS))
$(FUZZ_SANDBOX): $(OUT)/tests/fuzz/%: $(OUT)/tests/fuzz/%.o $(FUZZ_MAIN) $(OUT)/libsandbox.a
	$(call said,LD)
	$(Q)$(CC) $(ALL_CFLAGS) $(if $(FUZZ_MAIN),,-fsanitize=fuzzer) $(ALL_LDFLAGS) -o $@ $^ $(LIB_LIBS) $(SANDBOX_LIBS)

$(filter-out $(FUZZ_SANDBOX),$(FUZZ_PROGRAMS)): $(OUT)/tests/fuzz/%: $(OUT)/tests/fuzz/%.o $(FUZZ_MAIN) $(OUT)/libfedcopy.a
	$(call said,LD)
	$(Q)$(CC) $(ALL_CFLAGS) $(if $(FUZZ_MAIN),,-fsanitize=fuzzer) $(ALL_LDFLAGS) -o $@ $^ $(LIB_LIBS)

# It sits between fedcopy and a real API server in the end-to-end tests.
$(FAULT_PROXY): $(PROXY_OBJECTS) $(OUT)/libfedcopy.a
	$(call said,LD)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(LIB_LIBS) $(shell pkg-config --libs libnghttp2)

$(COPIES): $(COPIES_OBJECTS)
	$(call said,LD)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(LIB_LIBS)

# A folder that is built with another compiler or other flags than before is built anew. Checks that run a compiler of
# their own read the flags here.
.PHONY: force
$(OUT)/cflags: force
	$(shell mkdir -p $(@D))$(file >$@.new,$(CC) $(ALL_CFLAGS))
	@if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

-include $(OBJECTS:.o=.d) $(SANDBOX_SOURCES:%.c=$(OUT)/%.d) $(TEST_PROGRAMS:%=%.d) $(FUZZ_PROGRAMS:%=%.d) $(BENCH_ENGINE).d \
	$(BENCH_OBJECTS:.o=.d) $(BENCH_PROGRAMS:%=%.d) \
	$(OUT)/tests/fuzz/replay.d $(PROXY_OBJECTS:.o=.d) $(SIM_OBJECTS:.o=.d) $(OUT)/tests/e2e/copy_dialects.d \
	$(MODEL_TEST:%=%.d) $(COPY_TEST_OBJECTS:.o=.d)
