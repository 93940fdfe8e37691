/* SPDX-License-Identifier: Apache-2.0 */
/* copy_dialect - a dialect for tests alone: copies a ConfigMap or Secret into every namespace with a label.
 * Owns:    nothing.
 * Threads: any: pure.
 * Fails:   never; what cannot be understood is an invalid rule.
 * Source:  what the dialects that ship need of the engine, each thing once; design section 6.
 *
 * On the source: `test.fedcopy/copy: "team in (a,b)"`, a label selector of namespaces, or `test.fedcopy/copy-to:
 * "a,team-*"`, names and patterns. `test.fedcopy/end: delete|release|clear|keep` says what becomes of copies when the
 * source goes (default delete), `test.fedcopy/leave: ...` when they are no longer selected (default delete).
 * `test.fedcopy/finalizer: "true"` asks for a finalizer on the source, `test.fedcopy/exact: "true"` for copies without
 * foreign labels and annotations, `test.fedcopy/strategy: apply|replace` for another way of writing,
 * `test.fedcopy/take: "true"` for objects that nobody owns to be taken over. A released copy bears
 * `test.fedcopy/released-from: NAMESPACE`, and is taken back by its source. A copy bears `test.fedcopy/from:
 * NAMESPACE/NAME` and the two words above. */
#ifndef FC_TEST_COPY_DIALECT_H
#define FC_TEST_COPY_DIALECT_H

#include "engine/dialect.h"

#define COPY_TEST "test.fedcopy/"
#define COPY_TEST_FINALIZER COPY_TEST "finalizer"

extern const struct fc_dialect copy_test_dialect;
/* The same for further kinds: services, jobs, deployments and whatever else has fields that a server owns. */
extern const struct fc_dialect copy_test_kinds_dialect;

#endif
