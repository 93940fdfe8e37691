/* SPDX-License-Identifier: Apache-2.0 */
/* api_server_types - built-in types of Kubernetes, ready to be served by the model.
 * Owns:    nothing.
 * Threads: any.
 * Fails:   never.
 * Source:  recorded/deployment.json for the defaults of a Deployment; kube-apiserver's strategies for the rest. */
#ifndef FC_SIM_API_SERVER_TYPES_H
#define FC_SIM_API_SERVER_TYPES_H

#include "api_server.h"

extern const struct api_type api_type_config_maps, api_type_secrets;
/* Fills in the defaults of a Deployment that has a selector and a template with containers. */
extern const struct api_type api_type_deployments;
/* Allocate and refuse what a real server does: addresses and node ports, selector and labels of a Job, a binding. */
extern const struct api_type api_type_services, api_type_jobs, api_type_service_accounts, api_type_claims;

#endif
