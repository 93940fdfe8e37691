/* SPDX-License-Identifier: Apache-2.0 */
/* fc_rv - the order of resourceVersions of one resource in one cluster.
 * Owns:    nothing.
 * Threads: any.
 * Fails:   never: where one of the two is not decimal, their order is unknown.
 * Source:  design section 5, Writing: decimal integers of any length; kube-client 4.11. */
#ifndef FC_RESOURCE_VERSION_H
#define FC_RESOURCE_VERSION_H

enum fc_rv_order { FC_RV_OLDER, FC_RV_SAME, FC_RV_NEWER, FC_RV_UNKNOWN };

/* How `a` lies to `b`. Equal text is the same version whatever it is, but NULL and "" are no version at all, so their
 * order is unknown even to each other. */
enum fc_rv_order fc_rv_compare(const char *a, const char *b);

#endif
