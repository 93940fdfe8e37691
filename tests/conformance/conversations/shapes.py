# SPDX-License-Identifier: Apache-2.0
"""Tables and PartialObjectMetadata."""

from conversations.words import (
    CRDS,
    NAMESPACES,
    RBAC,
    b64,
    config_map,
    core,
    cron_job,
    deployment,
    grouped,
    named,
    service,
    typed,
)
from player import PARTIAL, PARTIAL_LIST, TABLE, crd_version


def tables_of_core(c):
    """Tables of the core group's types: columns and cells."""
    ns = c.namespace()
    c.post(core(ns, "configmaps"), config_map("a", data={"k": "1", "l": "2"}, binaryData={"m": "AAEC"}))
    c.post(core(ns, "configmaps"), config_map("b"))
    c.get(core(ns, "configmaps"), accept=TABLE)
    c.get(core(ns, "configmaps") + "/a", accept=TABLE)
    c.post(core(ns, "secrets"), named("a", data={"k": b64("1")}))
    c.post(core(ns, "secrets"), named("t", type="example.com/t"))
    c.get(core(ns, "secrets"), accept=TABLE)
    c.post(core(ns, "serviceaccounts"), named("a", secrets=[{"name": "x"}, {"name": "y"}]))
    c.get(core(ns, "serviceaccounts"), accept=TABLE)
    c.get(NAMESPACES, accept=TABLE, fieldSelector=f"metadata.name={ns}")
    c.get(core(ns, "configmaps") + "/missing", accept=TABLE)
    c.get(core(ns, "nothings"), accept=TABLE)


def tables_of_services(c):
    """The table of Services."""
    ns = c.namespace()
    path = core(ns, "services")
    c.post(path, service("a"))
    c.post(path, service("headless", spec={"clusterIP": "None"}))
    c.post(path, service("external", spec={"type": "ExternalName", "externalName": "example.com", "ports": None}))
    c.post(
        path,
        service(
            "ips",
            spec={
                "externalIPs": ["192.0.2.1", "192.0.2.2"],
                "ports": [{"name": "a", "port": 1}, {"name": "b", "port": 2, "protocol": "UDP"}],
            },
        ),
    )
    c.post(path, service("balancer", spec={"type": "LoadBalancer", "selector": {"a": "1", "b": "2"}}))
    c.facts(path, _without_ports, accept=TABLE)
    c.merge(path + "/balancer/status", {"status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.7"}]}}})
    c.facts(path + "/balancer", _without_ports, accept=TABLE)


def _without_ports(table):
    import re

    rows = [
        [re.sub(r"10\.\d+\.\d+\.\d+", "IP", re.sub(r":3\d{4}/", ":NODE/", str(cell))) for cell in row["cells"]]
        for row in table["rows"]
    ]
    return {"columns": table["columnDefinitions"], "rows": [row[:-2] + row[-1:] for row in rows]}


def tables_of_apps(c):
    """Tables of Deployments and CronJobs."""
    ns = c.namespace()
    path = grouped("apps/v1", ns, "deployments")
    c.post(path, deployment("a"))
    c.post(
        path,
        deployment(
            "b",
            spec={
                "replicas": 3,
                "selector": {"matchExpressions": [{"key": "app", "operator": "In", "values": ["d", "e"]}]},
            },
        ),
    )
    c.merge(
        path + "/b/status",
        {"status": {"replicas": 3, "readyReplicas": 2, "updatedReplicas": 3, "availableReplicas": 1}},
    )
    c.get(path, accept=TABLE)
    jobs = grouped("batch/v1beta1", ns, "cronjobs")
    c.post(jobs, cron_job("a"))
    c.post(jobs, cron_job("b", spec={"suspend": True}))
    c.get(jobs, accept=TABLE)


def tables_of_groups(c):
    """Tables of Leases, events, roles, bindings, definitions."""
    ns = c.namespace()
    c.post(grouped("coordination.k8s.io/v1", ns, "leases"), named("a", spec={"holderIdentity": "one"}))
    c.post(grouped("coordination.k8s.io/v1", ns, "leases"), named("b"))
    c.get(grouped("coordination.k8s.io/v1", ns, "leases"), accept=TABLE)
    times = {"firstTimestamp": "2020-01-01T00:00:00Z", "lastTimestamp": "2020-01-02T00:00:00Z"}
    about = {"kind": "ConfigMap", "namespace": ns, "name": "a", "apiVersion": "v1"}
    c.post(
        core(ns, "events"),
        named(
            "e",
            involvedObject=about,
            reason="Why",
            message="What",
            type="Normal",
            count=3,
            source={"component": "x", "host": "y"},
            **times,
        ),
    )
    for path in (core(ns, "events"), grouped("events.k8s.io/v1", ns, "events")):
        c.facts(path, _without_ages, accept=TABLE)
    roles = grouped("rbac.authorization.k8s.io/v1", ns, "roles")
    c.post(roles, named("r"))
    c.facts(roles, _without_ages, accept=TABLE)
    bindings = grouped("rbac.authorization.k8s.io/v1", ns, "rolebindings")
    subjects = [
        {"kind": "User", "name": "u"},
        {"kind": "Group", "name": "g"},
        {"kind": "ServiceAccount", "name": "s", "namespace": ns},
    ]
    c.post(bindings, named("b", roleRef={"kind": "Role", "name": "r"}, subjects=subjects))
    c.get(bindings, accept=TABLE)
    for plural, body in (
        ("clusterroles", named(ns)),
        ("clusterrolebindings", named(ns, roleRef={"kind": "ClusterRole", "name": "none"}, subjects=subjects)),
    ):
        c.clear(f"{RBAC}/{plural}/{ns}")
        c.post(f"{RBAC}/{plural}", body)
        c.facts(f"{RBAC}/{plural}/{ns}", _without_ages, accept=TABLE)
    c.crd("things", "Thing")
    c.facts(f"{CRDS}/things.{c.group}", _columns, accept=TABLE)


def _columns(table):
    return {"columnDefinitions": table["columnDefinitions"], "first": len(table["rows"][0]["cells"])}


def _without_ages(table):
    """Events of the past are older each day, and Roles tell when they were made."""
    dates = [
        column["name"] in ("Age", "Last Seen", "First Seen", "Created At") for column in table["columnDefinitions"]
    ]
    rows = [["(age)" if date else cell for cell, date in zip(row["cells"], dates)] for row in table["rows"]]
    return {"columns": table["columnDefinitions"], "rows": rows}


def tables_with_objects(c):
    """includeObject, and old versions of Table."""
    maps = c.maps()
    c.post(maps, config_map("a", data={"k": "1"}, labels={"x": "y"}))
    for what in (None, "Metadata", "Object", "None", "Strange", ""):
        c.get(maps, accept=TABLE, includeObject=what)
    c.get(maps + "/a", accept=TABLE, includeObject="Object")
    c.get(maps, accept="application/json;as=Table;v=v1beta1;g=meta.k8s.io")
    c.post(maps, config_map("b"), accept=TABLE)
    c.merge(maps + "/b", {"data": {"k": "1"}}, accept=TABLE)
    c.delete(maps + "/b", accept=TABLE)
    c.delete(maps, accept=TABLE)


def tables_of_customs(c):
    """Printer columns of a CustomResourceDefinition."""
    columns = [
        {"name": "Size", "type": "integer", "jsonPath": ".spec.size", "description": "How large"},
        {"name": "Name", "type": "string", "jsonPath": ".spec.name"},
        {"name": "On", "type": "boolean", "jsonPath": ".spec.on"},
        {"name": "Ratio", "type": "number", "jsonPath": ".spec.ratio", "priority": 1},
        {"name": "When", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
        {"name": "Ready", "type": "string", "jsonPath": '.status.conditions[?(@.type=="Ready")].status'},
        {"name": "First", "type": "string", "jsonPath": ".spec.list[0]"},
        {"name": "All", "type": "string", "jsonPath": ".spec.list[*]"},
        {"name": "Format", "type": "integer", "format": "int64", "jsonPath": ".spec.size"},
        {"name": "Map", "type": "string", "jsonPath": ".spec.map"},
        {"name": "Dotted", "type": "string", "jsonPath": ".metadata.labels.example\\.com/a"},
    ]
    root = c.crd("things", "Thing", versions=[crd_version("v1", columns=columns)])
    ns = c.namespace()
    path = f"{root}/namespaces/{ns}/things"

    def thing(name, **more):
        return {"apiVersion": f"{c.group}/v1", "kind": "Thing", **named(name, **more)}

    c.post(
        path,
        thing(
            "full",
            labels={"example.com/a": "b"},
            spec={"size": 5, "name": "n", "on": True, "ratio": 1.5, "list": ["x", "y"], "map": {"a": 1}},
            status={"conditions": [{"type": "Other", "status": "False"}, {"type": "Ready", "status": "True"}]},
        ),
    )
    c.post(path, thing("empty"))
    c.post(path, thing("odd", spec={"size": "text", "name": 5, "on": "yes", "ratio": 2, "list": [], "map": None}))
    c.get(path, accept=TABLE)
    c.get(path + "/full", accept=TABLE)
    c.get(path, accept=PARTIAL_LIST)
    c.get(f"{root}/things", accept=TABLE, includeObject="None")


def tables_of_plain_customs(c):
    """A custom type without printer columns."""
    root = c.crd("things", "Thing", scope="Cluster")
    c.clear(f"{root}/things/a")
    c.post(f"{root}/things", {"apiVersion": f"{c.group}/v1", "kind": "Thing", **named("a")})
    c.get(f"{root}/things", accept=TABLE)
    c.delete(f"{root}/things/a")


def partial_objects(c):
    """PartialObjectMetadata of answers to every verb."""
    ns = c.namespace()
    maps = core(ns, "configmaps")
    c.post(maps, config_map("a", data={"k": "1"}, labels={"x": "y"}), accept=PARTIAL)
    c.get(maps + "/a", accept=PARTIAL)
    c.get(maps, accept=PARTIAL_LIST)
    c.get(maps, accept=PARTIAL)
    c.get(maps + "/a", accept=PARTIAL_LIST)
    c.get(maps, accept="application/json;as=PartialObjectMetadataList;v=v1beta1;g=meta.k8s.io")
    c.put(maps + "/a", config_map("a", data={"k": "2"}), accept=PARTIAL)
    c.merge(maps + "/a", {"data": {"k": "3"}}, accept=PARTIAL)
    c.apply(maps + "/a", config_map("a", data={"l": "3"}), accept=PARTIAL)
    c.get(maps + "/missing", accept=PARTIAL)
    c.delete(maps + "/a", accept=PARTIAL)
    c.post(grouped("apps/v1", ns, "deployments"), deployment("d"))
    c.get(grouped("apps/v1", ns, "deployments"), accept=PARTIAL_LIST)
    c.get(grouped("apps/v1", ns, "deployments") + "/d/status", accept=PARTIAL)
    c.get(NAMESPACES + "/" + ns, accept=PARTIAL + ", application/json")
    c.facts("/version", lambda a: a["major"], accept=PARTIAL)
    c.get("/api/v1", accept=PARTIAL)


def warnings(c):
    """Warning headers."""
    ns = c.namespace()
    c.facts(CRDS, lambda a: a["kind"], limit=1)
    c.facts("/apis/apiextensions.k8s.io/v1beta1/customresourcedefinitions", lambda a: a["kind"], limit=1)
    versions = [
        crd_version("v1beta1", deprecated=True),
        crd_version("v2", storage=False, deprecated=True, deprecationWarning='use v3 \u00e4 "quoted"'),
        crd_version("v3", storage=False),
    ]
    root = c.crd("olds", "Old", versions=versions)
    for version in ("v1beta1", "v2", "v3"):
        path = f"/apis/{c.group}/{version}/namespaces/{ns}/olds"
        c.post(path, {"apiVersion": f"{c.group}/{version}", "kind": "Old", **named(version)})
        c.get(path + "/" + version)
        c.get(path, accept=TABLE)
        c.merge(path + "/" + version, {"spec": {"x": 1}})
        c.watch(path, resourceVersion="0").stop()
        c.get(path + "/missing")
        c.delete(path + "/" + version)
    assert root
    pod = {
        "metadata": {"labels": {"app": "d"}},
        "spec": {"containers": [{"name": "c", "image": "i"}], "nodeSelector": {"beta.kubernetes.io/os": "linux"}},
    }
    c.post(grouped("apps/v1", ns, "deployments"), deployment("d", spec={"template": pod}))
    c.post(
        core(ns, "services"),
        typed(
            "v1",
            "Service",
            "s",
            annotations={"service.alpha.kubernetes.io/tolerate-unready-endpoints": "true"},
            spec={"ports": [{"port": 1}]},
        ),
    )
