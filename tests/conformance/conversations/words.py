# SPDX-License-Identifier: Apache-2.0
"""Paths and bodies that many conversations use."""

import base64

NAMESPACES = "/api/v1/namespaces"
CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
RBAC = "/apis/rbac.authorization.k8s.io/v1"

POD = {"metadata": {"labels": {"app": "d"}}, "spec": {"containers": [{"name": "c", "image": "example.com/image:1"}]}}


def core(namespace, plural):
    return f"/api/v1/namespaces/{namespace}/{plural}"


def grouped(group_version, namespace, plural):
    return f"/apis/{group_version}/namespaces/{namespace}/{plural}"


def named(name, **more):
    """A body: metadata, and what else."""
    metadata = {"name": name}
    for key in ("labels", "annotations", "finalizers", "namespace", "uid", "resourceVersion", "ownerReferences"):
        if key in more:
            metadata[key] = more.pop(key)
    return {"metadata": metadata, **more}


def typed(api_version, kind, name, **more):
    return {"apiVersion": api_version, "kind": kind, **named(name, **more)}


def config_map(name, **more):
    return typed("v1", "ConfigMap", name, **more)


def deployment(name, **more):
    spec = {"selector": {"matchLabels": {"app": "d"}}, "template": POD, **more.pop("spec", {})}
    return typed("apps/v1", "Deployment", name, spec=spec, **more)


def service(name, **more):
    spec = {"selector": {"app": "d"}, "ports": [{"port": 80}], **more.pop("spec", {})}
    return typed("v1", "Service", name, spec=spec, **more)


def cron_job(name, version="v1beta1", **more):
    template = {"spec": {"template": {"spec": {**POD["spec"], "restartPolicy": "OnFailure"}}}}
    spec = {"schedule": "*/5 * * * *", "jobTemplate": template, **more.pop("spec", {})}
    return typed(f"batch/{version}", "CronJob", name, spec=spec, **more)


def b64(text):
    return base64.b64encode(text.encode()).decode()
