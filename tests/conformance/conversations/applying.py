# SPDX-License-Identifier: Apache-2.0
"""Server-side apply: managers, force, conflicts. managedFields are compared with their fieldsV1."""

from conversations.words import POD, b64, config_map, core, deployment, grouped, named, service, typed
from player import APPLY, TABLE, crd_version, version


def apply_of_config_maps(c):
    """One manager, then two."""
    ns = c.namespace()
    path = core(ns, "configmaps") + "/a"
    c.apply(path, config_map("a", data={"k": "1"}))
    c.apply(path, config_map("a", data={"k": "1"}))
    c.apply(path, config_map("a", data={"k": "2"}))
    c.apply(path, config_map("a", data={"k": "2", "l": "1"}))
    c.apply(path, config_map("a", data={"l": "1"}))
    c.apply(path, config_map("a", data={"m": "1"}), manager="two")
    c.apply(path, config_map("a", data={"l": "2"}), manager="two")
    c.apply(path, config_map("a", data={"l": "2"}), manager="two", force=True)
    c.apply(path, config_map("a", data={"l": "2"}))
    c.apply(path, config_map("a", data={"l": "3"}))
    c.apply(path, config_map("a", data={"l": "3"}), force=False)
    c.apply(path, config_map("a"), manager="two")
    c.apply(path, config_map("a", labels={"a": "b"}, annotations={"c": "d"}))
    c.apply(path, config_map("a"))
    c.get(path, fields=True)


def apply_conflicts(c):
    """How conflicts are worded, with one and with several managers."""
    ns = c.namespace()
    path = core(ns, "configmaps") + "/a"
    c.post(core(ns, "configmaps"), config_map("a", data={"k": "1", "l": "1"}, labels={"x": "y"}), fields=True)
    c.apply(path, config_map("a", data={"k": "1"}))
    c.apply(path, config_map("a", data={"k": "2"}))
    c.apply(path, config_map("a", data={"k": "2", "l": "2"}, labels={"x": "z"}))
    c.apply(path, config_map("a", data={"l": "1"}), manager="two")
    c.apply(path, config_map("a", data={"k": "2", "l": "2"}))
    c.apply(path, config_map("a", data={"k": "3", "l": "3"}), manager="three")
    c.apply(path, config_map("a", data={"k": "3", "l": "3"}), manager="three", force=True)
    c.get(path, fields=True)
    c.apply(path, config_map("a", data={"k": "4"}), manager="four", dryRun="All")
    c.apply(path, config_map("a", data={"k": "4"}), manager="four", dryRun="All", force=True)
    c.get(path, fields=True)


def apply_and_update(c):
    """Apply beside updates and patches by others."""
    ns = c.namespace()
    path = core(ns, "configmaps") + "/a"
    c.apply(path, config_map("a", data={"k": "1", "l": "1"}))
    c.merge(path, {"data": {"k": "2"}}, fieldManager="patcher", fields=True)
    c.apply(path, config_map("a", data={"k": "1", "l": "1"}))
    c.apply(path, config_map("a", data={"l": "1"}))
    c.merge(path, {"data": {"l": None}}, fieldManager="patcher", fields=True)
    c.apply(path, config_map("a", data={"l": "1"}))
    c.put(path, config_map("a", data={"p": "1"}), fieldManager="putter", fields=True)
    c.get(path, fields=True)
    c.json(path, {"op": "add", "path": "/data/j", "value": "1"}, fieldManager="jsoner", fields=True)
    c.strategic(path, {"data": {"s": "1"}}, fieldManager="strategic", fields=True)
    c.apply(path, config_map("a", data={"p": "1", "j": "1"}))
    c.apply(path, config_map("a", data={"p": "2"}), force=True)
    c.merge(path, {"metadata": {"managedFields": [{}]}}, fields=True)
    c.apply(path, config_map("a", data={"p": "3"}))
    c.merge(path, {"metadata": {"managedFields": None}}, fields=True)
    c.get(path, fields=True)


def apply_requests(c):
    """What an apply request must be."""
    ns = c.namespace()
    path = core(ns, "configmaps") + "/a"
    c.patch(path, config_map("a"), APPLY)
    c.patch(path, config_map("a"), APPLY, fieldManager="")
    c.apply(path, config_map("b"))
    c.apply(path, named("a"))
    c.apply(path, {"apiVersion": "v1", **named("a")})
    c.apply(path, {"kind": "ConfigMap", **named("a")})
    c.apply(path, typed("v1", "Secret", "a"))
    c.apply(path, typed("v2", "ConfigMap", "a"))
    c.apply(path, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {}})
    c.apply(path, {"apiVersion": "v1", "kind": "ConfigMap"})
    c.apply(path, config_map("a", namespace="elsewhere"))
    c.apply(path, config_map("a", data={"a/b": "1"}))
    c.apply(path, config_map("a", data={"a": 1}))
    c.apply(path, config_map("a", nothing={"a": 1}))
    c.apply(path, config_map("a", uid="00000000-0000-4000-8000-000000000000"))
    c.apply(path, config_map("a", resourceVersion="1"))
    c.apply(path, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  yaml: 'yes'\n")
    c.apply(path, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {yaml: [")
    c.apply(path, "[]")
    c.apply(path, "")
    c.apply(path, "null")
    c.apply(path, config_map("a", managedFields=[]))
    body = config_map("a")
    body["metadata"]["managedFields"] = [{"manager": "x", "operation": "Apply", "apiVersion": "v1"}]
    c.apply(path, body)
    c.apply(path, config_map("a", data={"k": "1"}), force="nonsense")
    c.apply(core("absent-" + ns, "configmaps") + "/a", config_map("a"))
    made = c.get(path)
    c.apply(path, config_map("a", data={"k": "2"}, resourceVersion=version(made)))
    c.apply(path, config_map("a", data={"k": "3"}, resourceVersion=version(made)))
    c.apply(core(ns, "configmaps") + "/Bad", config_map("Bad"))
    c.ask("POST", core(ns, "configmaps"), config_map("x"), APPLY)


def apply_of_secrets(c):
    """Apply of Secrets: data, stringData, type."""
    ns = c.namespace()
    path = core(ns, "secrets") + "/a"
    c.apply(path, typed("v1", "Secret", "a", data={"k": b64("1")}))
    c.apply(path, typed("v1", "Secret", "a", stringData={"k": "2"}))
    c.apply(path, typed("v1", "Secret", "a", stringData={"k": "2"}))
    c.apply(path, typed("v1", "Secret", "a", data={"k": b64("3")}, type="Opaque"))
    c.apply(path, typed("v1", "Secret", "a", data={"k": b64("4")}), manager="two")
    c.apply(path, typed("v1", "Secret", "a", data={"l": b64("4")}), manager="two")
    c.apply(path, typed("v1", "Secret", "a", data={"k": "not base64"}))
    c.apply(path, typed("v1", "Secret", "a", immutable=True), force=True)
    c.apply(path, typed("v1", "Secret", "a", data={"x": b64("1")}), force=True)


def apply_of_deployments(c):
    """Apply of a Deployment: lists with keys, sets, atomic parts."""
    ns = c.namespace()
    path = grouped("apps/v1", ns, "deployments") + "/d"
    c.apply(path, deployment("d"))
    c.apply(path, deployment("d", spec={"replicas": 3}))
    c.apply(path, deployment("d"))

    def with_containers(*containers, **more):
        spec = {"containers": list(containers), **more}
        return deployment("d", spec={"template": {"metadata": {"labels": {"app": "d"}}, "spec": spec}})

    one = {"name": "c", "image": "example.com/image:1"}
    two = {"name": "side", "image": "side:1", "env": [{"name": "A", "value": "1"}]}
    c.apply(path, with_containers(one, two))
    c.apply(path, with_containers(two, one))
    c.apply(path, with_containers({**one, "image": "other:1"}), manager="two")
    c.apply(path, with_containers({**two, "env": [{"name": "B", "value": "2"}]}), manager="two")
    c.apply(path, with_containers(one))
    c.apply(path, with_containers({**one, "ports": [{"containerPort": 80}, {"containerPort": 80, "protocol": "UDP"}]}))
    c.apply(path, with_containers({**one, "ports": [{"containerPort": 80}, {"containerPort": 80}]}))
    c.apply(path, with_containers({**one, "args": ["a", "b"]}))
    c.apply(path, with_containers({**one, "args": ["c"]}), manager="two")
    c.apply(path, with_containers(one, one))
    c.apply(path, with_containers({"image": "nameless"}))
    c.apply(path, with_containers(one, tolerations=[{"key": "a", "operator": "Exists"}]))
    c.apply(path, deployment("d", finalizers=["example.com/a"]))
    c.apply(path, deployment("d", finalizers=["example.com/b"]), manager="two")
    c.apply(path, deployment("d"))
    c.apply(path, deployment("d", spec={"selector": {"matchLabels": {"app": "other"}}}), force=True)
    c.apply(path, deployment("d", spec={"replicas": "three"}))
    c.apply(path, deployment("d", spec={"nothing": 1}))
    c.merge(path + "/status", {"status": {"replicas": 1}}, fieldManager="controller", fields=True)
    c.apply(path, {**deployment("d"), "status": {"replicas": 5}})
    c.get(path, fields=True)


def apply_of_customs(c):
    """Apply of custom objects without a schema: lists are atomic."""
    root = c.crd("things", "Thing")
    ns = c.namespace()
    path = f"{root}/namespaces/{ns}/things/t"

    def thing(**more):
        return {"apiVersion": f"{c.group}/v1", "kind": "Thing", **named("t", **more)}

    c.apply(path, thing(spec={"map": {"a": 1}, "list": [1, 2]}))
    c.apply(path, thing(spec={"map": {"b": 2}}), manager="two")
    c.apply(path, thing(spec={"map": {"b": 3}}))
    c.apply(path, thing(spec={"list": [1, 2]}), manager="two")
    c.apply(path, thing(spec={"list": [3]}), manager="two")
    c.apply(path, thing(spec={"list": [3]}), manager="two", force=True)
    c.apply(path, thing(spec={"list": [{"name": "x"}]}), manager="two")
    c.apply(path, thing(spec={}))
    c.apply(path, thing())
    c.apply(path, thing(spec={"n": None}))
    c.apply(path, {**thing(), "apiVersion": f"{c.group}/v2"})
    c.apply(path, {**thing(), "kind": "Other"})
    c.merge(path, {"spec": {"patched": True}}, fieldManager="patcher", fields=True)
    c.get(path, fields=True)


def apply_of_customs_with_schema(c):
    """Apply of custom objects whose schema says how lists merge."""
    item = {
        "type": "object",
        "required": ["name"],
        "properties": {"name": {"type": "string"}, "value": {"type": "string"}},
    }
    spec = {
        "type": "object",
        "properties": {
            "keyed": {
                "type": "array",
                "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["name"],
                "items": item,
            },
            "set": {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}},
            "atomic": {"type": "array", "x-kubernetes-list-type": "atomic", "items": {"type": "string"}},
            "plain": {"type": "array", "items": {"type": "string"}},
            "whole": {"type": "object", "x-kubernetes-map-type": "atomic", "additionalProperties": {"type": "string"}},
            "map": {"type": "object", "additionalProperties": {"type": "string"}},
            "n": {"type": "integer", "default": 5},
        },
    }
    schema = {
        "type": "object",
        "properties": {"spec": spec, "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
    }
    root = c.crd("things", "Thing", versions=[crd_version("v1", schema=schema, status=True)])
    ns = c.namespace()
    path = f"{root}/namespaces/{ns}/things/t"

    def thing(**spec):
        return {"apiVersion": f"{c.group}/v1", "kind": "Thing", **named("t", spec=spec)}

    c.wait(lambda: _merges(c, root, ns), "the schema is used for apply")
    c.apply(
        path,
        thing(
            keyed=[{"name": "a", "value": "1"}], set=["x"], atomic=["x"], plain=["x"], whole={"a": "1"}, map={"a": "1"}
        ),
    )
    c.apply(path, thing(keyed=[{"name": "b", "value": "2"}], set=["y"], map={"b": "2"}), manager="two")
    c.apply(path, thing(atomic=["y"]), manager="two")
    c.apply(path, thing(plain=["y"]), manager="two")
    c.apply(path, thing(whole={"b": "2"}), manager="two")
    c.apply(path, thing(keyed=[{"name": "a", "value": "changed"}]), manager="two")
    c.apply(path, thing(keyed=[{"name": "a"}, {"name": "a"}]))
    c.apply(path, thing(keyed=[{"value": "nameless"}]))
    c.apply(path, thing(set=["x", "x"]))
    c.apply(path, thing(n="five"))
    c.apply(path, thing(unknown=1))
    c.apply(path, thing(n=6))
    c.get(path, fields=True)
    c.merge(path + "/status", {"status": {"ok": True}}, fieldManager="controller", fields=True)
    c.apply(path + "/status", {**thing(), "status": {"mine": 1}}, manager="statuser")


def _merges(c, root, ns):
    """Whether two managers can each have an item of a set: the server reads a new schema in its own time."""
    path = f"{root}/namespaces/{ns}/things/probe"
    body = {"apiVersion": f"{c.group}/v1", "kind": "Thing", "metadata": {"name": "probe"}}
    c.peek("DELETE", path)
    for manager, word in (("a", "x"), ("b", "y")):
        c.peek("PATCH", path, {**body, "spec": {"set": [word]}}, content_type=APPLY, fieldManager=manager)
    got = c.peek("GET", path)[1]
    c.peek("DELETE", path)
    return (got.get("spec") or {}).get("set") == ["x", "y"]


def apply_of_other_types(c):
    """Apply of the small types that have it: names, answers, tables."""
    ns = c.namespace()
    c.apply(f"/api/v1/namespaces/{ns}", typed("v1", "Namespace", ns, labels={"applied": "yes"}))
    c.apply(core(ns, "configmaps") + "/a", config_map("a", data={"k": "1"}), accept=TABLE)
    c.apply(core(ns, "configmaps") + "/a", config_map("a", data={"k": "2"}), manager="", force=True)
    c.apply(core(ns, "configmaps") + "/a", config_map("a", data={"k": "2"}), manager="x" * 129)
    c.delete(core(ns, "configmaps") + "/a")
    c.apply(core(ns, "configmaps") + "/a", config_map("a", data={"k": "2"}), manager="two")
    c.post(grouped("apps/v1", ns, "deployments"), deployment("d"))
    c.apply(grouped("apps/v1", ns, "deployments") + "/d", deployment("d", spec={"replicas": 1, "template": POD}))
    c.apply(core(ns, "services") + "/s", service("s"))
