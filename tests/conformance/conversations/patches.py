# SPDX-License-Identifier: Apache-2.0
"""JSON, merge and strategic merge patches."""

from conversations.words import config_map, core, cron_job, deployment, grouped, named, service
from player import JSON_PATCH, MERGE, STRATEGIC, uid, version


def json_patches(c):
    """RFC 6902 on a ConfigMap."""
    maps = c.maps()
    c.post(maps, config_map("a", data={"a": "1", "b": "2"}, labels={"x": "y"}))
    path = maps + "/a"

    def one(op, where, **more):
        c.json(path, {"op": op, "path": where, **more})

    one("add", "/data/c", value="3")
    one("replace", "/data/c", value="4")
    one("replace", "/data/missing", value="4")
    one("remove", "/data/c")
    one("remove", "/data/c")
    one("test", "/data/a", value="1")
    one("test", "/data/a", value="2")
    one("test", "/data/missing", value=None)
    one("copy", "/data/d", **{"from": "/data/a"})
    one("move", "/data/e", **{"from": "/data/d"})
    one("copy", "/data/f", **{"from": "/data/missing"})
    one("add", "/metadata/annotations/a", value="no map yet")
    one("add", "/metadata/annotations", value={"a": "b"})
    one("add", "/metadata/annotations/example.com~1key", value="slash")
    one("add", "/metadata/annotations/tilde~0key", value="tilde")
    one("add", "/data/n", value=5)
    one("add", "/data/n", value=None)
    one("add", "/nothing", value={"x": 1})
    one("add", "", value={})
    one("replace", "", value=named("a", data={"whole": "1"}))
    one("strange", "/data/a", value="1")
    c.json(path, {"path": "/data/a", "value": "1"})
    c.json(path, {"op": "add", "value": "1"})
    c.json(path, {"op": "add", "path": "/data/novalue"})
    c.json(path, {"op": "move", "path": "/data/nofrom"})
    c.json(path)
    c.json(path, {"op": "add", "path": "/data/x", "value": "1"}, {"op": "test", "path": "/data/x", "value": "2"})
    c.get(path)
    c.ask("PATCH", path, "{}", JSON_PATCH)
    c.ask("PATCH", path, "[", JSON_PATCH)
    c.ask("PATCH", path, "", JSON_PATCH)
    c.ask("PATCH", path, "null", JSON_PATCH)
    c.ask("PATCH", path, "5", JSON_PATCH)
    c.ask("PATCH", path, '["a"]', JSON_PATCH)


def json_patches_of_lists(c):
    """RFC 6902 on the lists of a Deployment."""
    path = grouped("apps/v1", c.namespace(), "deployments")
    c.post(path, deployment("d"))
    path += "/d"
    containers = "/spec/template/spec/containers"
    c.json(path, {"op": "add", "path": containers + "/-", "value": {"name": "e", "image": "e:1"}})
    c.json(path, {"op": "add", "path": containers + "/0", "value": {"name": "first", "image": "f:1"}})
    c.json(path, {"op": "add", "path": containers + "/9", "value": {"name": "far", "image": "f:1"}})
    c.json(path, {"op": "replace", "path": containers + "/1/image", "value": "changed:2"})
    c.json(path, {"op": "replace", "path": containers + "/7/image", "value": "changed:2"})
    c.json(path, {"op": "test", "path": containers + "/0/name", "value": "first"})
    c.json(path, {"op": "remove", "path": containers + "/0"})
    c.json(path, {"op": "remove", "path": containers + "/0"}, {"op": "remove", "path": containers + "/0"})
    c.json(path, {"op": "move", "from": containers + "/1", "path": containers + "/0"})
    c.json(path, {"op": "add", "path": containers + "/0/env", "value": [{"name": "A", "value": "1"}]})
    c.json(path, {"op": "add", "path": containers + "/0/env/0/value", "value": 5})
    c.json(path, {"op": "replace", "path": "/spec/replicas", "value": "three"})


def merge_patches(c):
    """RFC 7396 on built-in types."""
    ns = c.namespace()
    path = core(ns, "configmaps") + "/a"
    c.post(core(ns, "configmaps"), config_map("a", data={"a": "1", "b": "2"}))
    c.merge(path, {"data": {"a": None, "c": "3"}})
    c.merge(path, {"data": {"none": None}})
    c.merge(path, {"data": None})
    c.merge(path, {"data": {"x": "1"}, "metadata": {"labels": {"a": "b", "c": None}}})
    c.merge(path, {"metadata": None})
    c.merge(path, {"metadata": {"labels": None}})
    c.merge(path, {"data": "text"})
    c.merge(path, {"data": ["a"]})
    c.merge(path, {"data": {"x": 1}})
    c.merge(path, {"kind": "Secret"})
    c.merge(path, {"apiVersion": "v2"})
    c.merge(path, {"kind": None, "apiVersion": None})
    c.merge(path, {"kind": "ConfigMap", "apiVersion": "v1", "data": {"x": "2"}})
    for text in ("[]", "[{}]", "5", "null", '"a"', "{", ""):
        c.ask("PATCH", path, text, MERGE)
    c.ask("PATCH", path, "data: {x: yaml}", MERGE)
    c.merge(core(ns, "configmaps") + "/missing", {"data": {}})
    c.merge(core("absent-" + ns, "configmaps") + "/missing", {"data": {}})
    deployments = grouped("apps/v1", ns, "deployments")
    c.post(deployments, deployment("d"))
    c.merge(deployments + "/d", {"spec": {"template": {"spec": {"containers": [{"name": "new", "image": "n:1"}]}}}})
    c.merge(deployments + "/d", {"spec": {"template": {"spec": {"containers": [{"name": "new"}]}}}})
    c.merge(deployments + "/d", {"spec": {"strategy": {"type": "Recreate"}}})
    c.merge(deployments + "/d", {"spec": {"strategy": {"type": "Recreate", "rollingUpdate": None}}})


def strategic_of_config_maps(c):
    """Strategic merge patches of maps, and their directives."""
    ns = c.namespace()
    path = core(ns, "configmaps") + "/a"
    c.post(core(ns, "configmaps"), config_map("a", data={"a": "1", "b": "2"}, finalizers=["example.com/a"]))
    c.strategic(path, {"data": {"c": "3"}})
    c.strategic(path, {"data": {"a": None}})
    c.strategic(path, {"data": {"$patch": "replace", "only": "1"}})
    c.strategic(path, {"data": {"$patch": "delete"}})
    c.strategic(path, {"data": {"x": "1"}})
    c.strategic(path, {"data": {"$patch": "strange"}})
    c.strategic(path, {"metadata": {"finalizers": ["example.com/b"]}})
    c.strategic(path, {"metadata": {"$deleteFromPrimitiveList/finalizers": ["example.com/a"]}})
    c.strategic(
        path,
        {
            "metadata": {
                "$setElementOrder/finalizers": ["example.com/c", "example.com/b"],
                "finalizers": ["example.com/c"],
            }
        },
    )
    c.strategic(path, {"metadata": {"finalizers": None}})
    c.strategic(path, {"data": {"$retainKeys": ["y"], "y": "2"}})
    c.strategic(path, {"metadata": {"ownerReferences": [{"apiVersion": "v1", "kind": "X", "name": "x", "uid": "u1"}]}})
    c.strategic(path, {"metadata": {"ownerReferences": [{"apiVersion": "v1", "kind": "Y", "name": "y", "uid": "u2"}]}})
    c.strategic(path, {"metadata": {"ownerReferences": [{"name": "changed", "uid": "u1"}]}})
    c.strategic(path, {"metadata": {"ownerReferences": [{"$patch": "delete", "uid": "u1"}]}})
    c.strategic(path, {"nothing": {"x": 1}})
    c.strategic(path, {"data": "text"})
    c.strategic(path, {"data": {"x": 5}})
    c.strategic(path, {})
    for text in ("[]", "5", "null", "{", ""):
        c.ask("PATCH", path, text, STRATEGIC)
    c.strategic(core(ns, "configmaps") + "/missing", {"data": {}})


def strategic_of_deployments(c):
    """Strategic merge patches of lists with keys."""
    path = grouped("apps/v1", c.namespace(), "deployments")
    c.post(path, deployment("d"))
    path += "/d"

    def pod(**spec):
        return {"spec": {"template": {"spec": spec}}}

    c.strategic(path, pod(containers=[{"name": "c", "image": "changed:1"}]))
    c.strategic(path, pod(containers=[{"name": "side", "image": "side:1"}]))
    c.strategic(
        path, pod(containers=[{"name": "side", "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]}])
    )
    c.strategic(
        path,
        pod(containers=[{"name": "side", "env": [{"name": "A", "value": "changed"}, {"name": "C", "value": "3"}]}]),
    )
    c.strategic(path, pod(containers=[{"name": "side", "env": [{"name": "B", "$patch": "delete"}]}]))
    c.strategic(path, pod(containers=[{"name": "side", "env": None}]))
    c.strategic(path, pod(containers=[{"name": "side", "ports": [{"containerPort": 80}]}]))
    c.strategic(
        path,
        pod(containers=[{"name": "side", "ports": [{"containerPort": 80, "name": "http"}, {"containerPort": 81}]}]),
    )
    c.strategic(path, pod(containers=[{"name": "side", "args": ["a", "b"]}]))
    c.strategic(path, pod(containers=[{"name": "side", "args": ["c"]}]))
    c.strategic(path, pod(containers=[{"image": "nameless:1"}]))
    c.strategic(
        path,
        {
            "spec": {
                "template": {
                    "spec": {
                        "$setElementOrder/containers": [{"name": "side"}, {"name": "c"}],
                        "containers": [{"name": "side", "image": "side:2"}],
                    }
                }
            }
        },
    )
    c.strategic(path, pod(containers=[{"name": "side", "$patch": "delete"}]))
    c.strategic(path, pod(containers=[{"name": "missing", "$patch": "delete"}]))
    c.strategic(path, pod(containers=[{"$patch": "replace"}, {"name": "only", "image": "only:1"}]))
    c.strategic(path, pod(volumes=[{"name": "v", "emptyDir": {}}]))
    c.strategic(path, pod(volumes=[{"name": "v", "$retainKeys": ["name", "configMap"], "configMap": {"name": "m"}}]))
    c.strategic(path, pod(volumes=[{"name": "w", "secret": {"secretName": "s"}}, {"name": "v", "$patch": "delete"}]))
    c.strategic(path, pod(tolerations=[{"key": "a", "operator": "Exists"}]))
    c.strategic(path, pod(tolerations=[{"key": "b", "operator": "Exists"}]))
    c.strategic(path, pod(imagePullSecrets=[{"name": "x"}]))
    c.strategic(path, pod(imagePullSecrets=[{"name": "y"}]))
    c.strategic(path, pod(nodeSelector={"a": "b"}))
    c.strategic(path, pod(nodeSelector={"$patch": "replace", "c": "d"}))
    c.strategic(path, {"spec": {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}})
    c.strategic(path, {"spec": {"strategy": {"type": "RollingUpdate"}}})
    c.strategic(path, pod(containers=None))
    c.strategic(path, pod(containers="text"))
    c.strategic(path, pod(containers=["text"]))
    c.strategic(path, {"spec": {"replicas": "three"}})


def strategic_of_others(c):
    """Strategic merge patches of the other built-in types."""
    ns = c.namespace()
    services = core(ns, "services")
    c.post(services, service("s", spec={"ports": [{"name": "a", "port": 80}, {"name": "b", "port": 81}]}))
    c.strategic(services + "/s", {"spec": {"ports": [{"port": 80, "targetPort": 8080}]}})
    c.strategic(services + "/s", {"spec": {"ports": [{"port": 81, "$patch": "delete"}]}})
    c.strategic(services + "/s", {"spec": {"ports": [{"name": "c", "port": 82}]}})
    c.strategic(services + "/s", {"spec": {"selector": {"more": "1"}}})
    accounts = core(ns, "serviceaccounts")
    c.post(accounts, named("a", secrets=[{"name": "one"}], imagePullSecrets=[{"name": "p"}]))
    c.strategic(accounts + "/a", {"secrets": [{"name": "two"}], "imagePullSecrets": [{"name": "q"}]})
    c.strategic(accounts + "/a", {"secrets": [{"name": "one", "$patch": "delete"}]})
    roles = grouped("rbac.authorization.k8s.io/v1", ns, "roles")
    c.post(roles, named("r", rules=[{"apiGroups": [""], "resources": ["a"], "verbs": ["get"]}]))
    c.strategic(roles + "/r", {"rules": [{"apiGroups": [""], "resources": ["b"], "verbs": ["get"]}]})
    bindings = grouped("rbac.authorization.k8s.io/v1", ns, "rolebindings")
    c.post(bindings, named("b", roleRef={"kind": "Role", "name": "r"}, subjects=[{"kind": "User", "name": "u"}]))
    c.strategic(bindings + "/b", {"subjects": [{"kind": "User", "name": "v"}]})
    jobs = grouped("batch/v1beta1", ns, "cronjobs")
    c.post(jobs, cron_job("j"))
    c.strategic(
        jobs + "/j",
        {"spec": {"jobTemplate": {"spec": {"template": {"spec": {"containers": [{"name": "c", "image": "n:1"}]}}}}}},
    )
    leases = grouped("coordination.k8s.io/v1", ns, "leases")
    c.post(leases, named("l", spec={"holderIdentity": "a"}))
    c.strategic(leases + "/l", {"spec": {"holderIdentity": None, "leaseTransitions": 3}})


def guarded_patches(c):
    """Patches that name the version they were made for."""
    maps = c.maps()
    first = c.post(maps, config_map("g", data={"a": "1"}))
    path = maps + "/g"

    def guarded(number, *steps):
        return c.json(path, {"op": "replace", "path": "/metadata/resourceVersion", "value": number}, *steps)

    made = guarded(version(first), {"op": "add", "path": "/data/b", "value": "1"})
    guarded(version(first), {"op": "add", "path": "/data/c", "value": "1"})
    guarded(version(first))
    guarded(version(made))
    guarded(version(made), {"op": "add", "path": "/data/b", "value": "1"})
    guarded(version(made), {"op": "remove", "path": "/data/missing"})
    guarded(5)
    guarded("")
    c.json(path, {"op": "test", "path": "/metadata/resourceVersion", "value": version(first)})
    c.json(
        path,
        {"op": "test", "path": "/metadata/resourceVersion", "value": version(made)},
        {"op": "add", "path": "/data/d", "value": "1"},
    )
    c.json(path, {"op": "remove", "path": "/metadata/resourceVersion"})
    c.json(
        path,
        {"op": "test", "path": "/metadata/uid", "value": uid(made)},
        {"op": "add", "path": "/data/e", "value": "1"},
    )
    c.json(path, {"op": "replace", "path": "/metadata/uid", "value": "00000000-0000-4000-8000-000000000000"})
    c.json(path, {"op": "remove", "path": "/metadata/uid"})
    c.json(path, {"op": "replace", "path": "/metadata/name", "value": "other"})
    c.json(path, {"op": "replace", "path": "/metadata/namespace", "value": "default"})
    c.json(path, {"op": "remove", "path": "/metadata/creationTimestamp"})
    c.json(path, {"op": "add", "path": "/metadata/deletionTimestamp", "value": "2030-01-01T00:00:00Z"})
    c.json(path, {"op": "replace", "path": "/kind", "value": "Secret"})
    c.json(path, {"op": "remove", "path": "/kind"})
    c.json(path, {"op": "remove", "path": "/metadata"})
    c.get(path)


def patch_types_of_customs(c):
    """Which patches custom objects take."""
    root = c.crd("things", "Thing")
    ns = c.namespace()
    path = f"{root}/namespaces/{ns}/things"
    c.post(path, {"apiVersion": f"{c.group}/v1", "kind": "Thing", **named("t", spec={"list": [1, 2], "map": {"a": 1}})})
    path += "/t"
    c.merge(path, {"spec": {"list": [3], "map": {"b": 2}}})
    c.merge(path, {"spec": {"map": {"a": None}}})
    c.json(path, {"op": "add", "path": "/spec/list/0", "value": {"x": None}})
    c.strategic(path, {"spec": {"list": [4]}})
    c.patch(path, {"spec": {}}, "text/plain")
    c.merge(path, {"metadata": {"labels": {"a": 5}}})
    c.merge(path, {"kind": "Other"})
    c.merge(path, {"apiVersion": f"{c.group}/v2"})
    c.merge(path, {"spec": None})
    c.merge(path, {"spec": {"n": 1.5, "e": 1e3, "neg": -0.0}})
    c.get(path)
