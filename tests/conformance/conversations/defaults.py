# SPDX-License-Identifier: Apache-2.0
"""What is filled in, and counted."""

from conversations.words import POD, b64, config_map, core, cron_job, deployment, grouped, named, service, typed
from player import version


def defaults_of_deployments(c):
    """Defaults of Deployments and of the Pods in them."""
    path = grouped("apps/v1", c.namespace(), "deployments")
    c.post(path, deployment("bare"))
    c.post(path, deployment("recreate", spec={"strategy": {"type": "Recreate"}}))
    c.post(path, deployment("rolling", spec={"strategy": {"rollingUpdate": {"maxSurge": 5}}}))
    c.post(path, deployment("zero", spec={"replicas": 0, "revisionHistoryLimit": 0, "minReadySeconds": 0}))
    pod = {
        "containers": [
            {
                "name": "c",
                "image": "example.com/image",
                "ports": [{"containerPort": 80}, {"containerPort": 53, "protocol": "UDP"}],
                "env": [
                    {"name": "A", "value": "1"},
                    {"name": "B", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
                    {"name": "C", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}},
                ],
                "livenessProbe": {"httpGet": {"port": 80}},
                "readinessProbe": {"exec": {"command": ["true"]}, "periodSeconds": 3},
                "resources": {"limits": {"cpu": "100m", "memory": "64Mi"}},
                "volumeMounts": [{"name": "v", "mountPath": "/v"}],
            },
            {"name": "latest", "image": "example.com/image:latest"},
            {"name": "digest", "image": "example.com/image@sha256:" + "0" * 64},
        ],
        "initContainers": [{"name": "i", "image": "x:1"}],
        "volumes": [
            {"name": "v"},
            {"name": "s", "secret": {"secretName": "s"}},
            {"name": "m", "configMap": {"name": "m"}},
            {"name": "h", "hostPath": {"path": "/h"}},
            {"name": "p", "projected": {"sources": [{"secret": {"name": "s"}}]}},
            {"name": "d", "downwardAPI": {"items": [{"path": "x", "fieldRef": {"fieldPath": "metadata.labels"}}]}},
        ],
        "serviceAccountName": "who",
    }
    c.post(path, deployment("rich", spec={"template": {"metadata": {"labels": {"app": "d"}}, "spec": pod}}))
    c.merge(path + "/rich", {"spec": {"strategy": None}})
    c.merge(path + "/rich", {"spec": {"replicas": None, "progressDeadlineSeconds": None}})
    c.put(path + "/bare", deployment("bare"))


def defaults_of_services(c):
    """Defaults of Services."""
    path = core(c.namespace(), "services")
    c.post(path, service("bare"))
    c.post(path, service("headless", spec={"clusterIP": "None"}))
    c.post(path, service("headless-portless", spec={"clusterIP": "None", "ports": None}))
    c.post(path, service("node", spec={"type": "NodePort"}))
    c.post(path, service("balancer", spec={"type": "LoadBalancer"}))
    c.post(path, service("external", spec={"type": "ExternalName", "externalName": "example.com"}))
    c.post(
        path,
        service(
            "ports",
            spec={"ports": [{"name": "a", "port": 1, "targetPort": "x"}, {"name": "b", "port": 2, "protocol": "UDP"}]},
        ),
    )
    c.post(path, service("affinity", spec={"sessionAffinity": "ClientIP"}))
    c.post(path, service("selectorless", spec={"selector": None}))
    kept = c.get(path + "/bare")
    c.put(path + "/bare", service("bare", resourceVersion=version(kept)))
    kept["spec"]["ports"][0]["port"] = 81
    c.put(path + "/bare", kept)
    c.strategic(path + "/ports", {"spec": {"ports": [{"port": 1, "targetPort": 8080}]}})


def defaults_of_cron_jobs(c):
    """Defaults of CronJobs."""
    path = grouped("batch/v1beta1", c.namespace(), "cronjobs")
    c.post(path, cron_job("bare"))
    c.post(path, cron_job("given", spec={"concurrencyPolicy": "Forbid", "suspend": True, "failedJobsHistoryLimit": 0}))
    c.merge(path + "/bare", {"spec": {"suspend": None, "concurrencyPolicy": None}})
    c.merge(path + "/bare/status", {"status": {"lastScheduleTime": "2020-01-01T00:00:00Z"}})


def defaults_of_small_types(c):
    """Defaults of Secrets, ServiceAccounts, Leases, roles, bindings, events."""
    ns = c.namespace()
    c.post(core(ns, "secrets"), named("bare"))
    c.post(core(ns, "secrets"), named("words", stringData={"a": "b"}))
    c.post(core(ns, "serviceaccounts"), named("bare"))
    c.post(core(ns, "serviceaccounts"), named("given", imagePullSecrets=[{"name": "x"}], secrets=[{"name": "y"}]))
    c.post(core(ns, "configmaps"), named("bare"))
    c.post(core(ns, "configmaps"), named("empty", data={}, binaryData={}))
    c.post(core(ns, "configmaps"), named("null", data=None, immutable=None))
    c.post(core(ns, "configmaps"), named("values", data={"a": None, "b": ""}))
    c.post(grouped("coordination.k8s.io/v1", ns, "leases"), named("bare"))
    c.post(grouped("rbac.authorization.k8s.io/v1", ns, "roles"), named("bare"))
    reference = {"kind": "Role", "name": "r"}
    subjects = [{"kind": "User", "name": "u"}, {"kind": "ServiceAccount", "name": "s", "namespace": ns}]
    c.post(
        grouped("rbac.authorization.k8s.io/v1", ns, "rolebindings"), named("bare", roleRef=reference, subjects=subjects)
    )
    c.post(core(ns, "events"), named("bare", involvedObject={"namespace": ns}))
    c.get(grouped("events.k8s.io/v1", ns, "events") + "/bare")


def generations(c):
    """metadata.generation: who has it, and what raises it."""
    ns = c.namespace()
    path = grouped("apps/v1", ns, "deployments")
    c.post(path, deployment("d"))
    c.merge(path + "/d", {"metadata": {"labels": {"a": "b"}}})
    c.merge(path + "/d", {"metadata": {"annotations": {"a": "b"}}})
    c.merge(path + "/d", {"spec": {"replicas": 2}})
    c.merge(path + "/d", {"spec": {"replicas": 2}})
    c.merge(path + "/d", {"status": {"replicas": 2}})
    c.merge(path + "/d/status", {"status": {"replicas": 2, "observedGeneration": 2}})
    c.merge(path + "/d", {"metadata": {"generation": 99}})
    c.merge(path + "/d", {"metadata": {"finalizers": ["example.com/a"]}})
    c.delete(path + "/d")
    c.get(path + "/d")
    c.merge(path + "/d", {"spec": {"replicas": 3}})
    c.merge(path + "/d", {"metadata": {"finalizers": None}})
    jobs = grouped("batch/v1beta1", ns, "cronjobs")
    c.post(jobs, cron_job("j"))
    c.merge(jobs + "/j", {"spec": {"suspend": True}})
    c.post(core(ns, "services"), service("s"))
    c.merge(core(ns, "services") + "/s", {"spec": {"selector": {"a": "b"}}})


def subresource_status(c):
    """The status of built-in types is written by its own path."""
    ns = c.namespace()
    path = grouped("apps/v1", ns, "deployments") + "/d"
    made = c.post(grouped("apps/v1", ns, "deployments"), {**deployment("d"), "status": {"replicas": 5}})
    c.get(path + "/status")
    c.put(path, {**made, "status": {"replicas": 6}})
    c.put(
        path + "/status",
        {**made, "status": {"replicas": 1, "readyReplicas": 1}, "spec": {**made["spec"], "replicas": 9}},
    )
    c.merge(path + "/status", {"spec": {"replicas": 9}, "metadata": {"labels": {"x": "y"}, "annotations": {"x": "y"}}})
    c.json(path + "/status", {"op": "add", "path": "/status/availableReplicas", "value": 1})
    c.strategic(
        path + "/status",
        {"status": {"conditions": [{"type": "Available", "status": "True", "reason": "A"}]}},
    )
    c.strategic(path + "/status", {"status": {"conditions": [{"type": "Available", "status": "False"}]}})
    c.merge(path + "/status", {"status": {"replicas": -1}})
    c.merge(path + "/status", {"status": {"readyReplicas": 7}})
    c.merge(path + "/status", {"status": None})
    c.put(path + "/status", deployment("other"))
    c.post(path + "/status", deployment("d"))
    c.delete(path + "/status")
    c.get(grouped("apps/v1", ns, "deployments") + "/missing/status")
    c.merge(grouped("apps/v1", ns, "deployments") + "/missing/status", {"status": {}})
    c.get(core(ns, "configmaps") + "/x/status")


def same_again(c):
    """A write that changes nothing writes nothing."""
    ns = c.namespace()
    maps = core(ns, "configmaps")
    made = c.post(maps, config_map("a", data={"k": "v"}))
    watch = c.watch(maps, resourceVersion=version(made))
    c.put(maps + "/a", made)
    c.put(maps + "/a", config_map("a", data={"k": "v"}))
    c.merge(maps + "/a", {})
    c.merge(maps + "/a", {"data": {"k": "v"}})
    c.json(maps + "/a")
    c.json(maps + "/a", {"op": "test", "path": "/data/k", "value": "v"})
    c.strategic(maps + "/a", {"data": {"k": "v"}})
    c.merge(maps + "/a", {"metadata": {"labels": {}}})
    c.merge(maps + "/a", {"metadata": {"annotations": {"x": None}}})
    watch.events(0)
    c.merge(maps + "/a", {"data": {"k": "w"}})
    watch.events(1)
    deployments = grouped("apps/v1", ns, "deployments")
    made = c.post(deployments, deployment("d"))
    c.put(deployments + "/d", deployment("d"))
    c.put(deployments + "/d", made)
    c.strategic(deployments + "/d", {"spec": {"template": POD}})
    c.post(core(ns, "secrets"), named("s", data={"k": b64("v")}))
    c.merge(core(ns, "secrets") + "/s", {"stringData": {"k": "v"}})
    c.post(core(ns, "serviceaccounts"), typed("v1", "ServiceAccount", "s"))
    c.merge(core(ns, "serviceaccounts") + "/s", {"secrets": []})
