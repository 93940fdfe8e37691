# SPDX-License-Identifier: Apache-2.0
"""What record.py says to a real API server. Each function is one conversation; its first line is its title. They use
namespaces and names of their own, so that each can be replayed alone."""

# plural, kind, namespaced, status subresource; all of the group example.com, version v1.
CUSTOM = [
    ("widgets", "Widget", True, False),
    ("gadgets", "Gadget", True, True),
    ("planets", "Planet", False, True),
    ("comets", "Comet", True, False),
]

NAMESPACES = "/api/v1/namespaces"


def place(namespace, plural, group=None):
    root = f"/apis/{group}/" + ("v1" if group else "") if group else "/api/v1"
    return f"{root}/namespaces/{namespace}/{plural}"


def named(name, **more):
    """A body: metadata and what else."""
    metadata = {"name": name}
    for key in ("labels", "annotations", "finalizers", "namespace", "uid", "resourceVersion"):
        if key in more:
            metadata[key] = more.pop(key)
    return {"metadata": metadata, **more}


def custom(kind, name, **more):
    return {"apiVersion": "example.com/v1", "kind": kind, **named(name, **more)}


def config_map(c):
    """The life of a ConfigMap."""
    c.post(NAMESPACES, named("life"))
    maps = place("life", "configmaps")
    c.get(maps)
    c.get(maps + "/a")
    made = c.post(maps, {"apiVersion": "v1", "kind": "ConfigMap", **named("a", data={"k": "v"})})
    c.get(maps + "/a")
    c.get(maps + "/a", metadata=True)
    c.get(maps)
    c.get(maps, metadata=True)
    c.get("/api/v1/configmaps?fieldSelector=metadata.namespace%3Dlife")
    c.post(maps, named("a", data={"other": "v"}))
    made["data"]["k"] = "w"
    first = made["metadata"]["resourceVersion"]
    made = c.put(maps + "/a", made)
    c.put(maps + "/a", made)
    made["metadata"]["resourceVersion"] = first
    c.put(maps + "/a", made)
    c.put(maps + "/a", named("a", data={"k": "without version"}))
    c.put(maps + "/a", named("a", data={"k": "without version"}))
    c.put(maps + "/a", named("a", uid="00000000-0000-4000-8000-000000000000", data={"k": "other uid"}))
    c.put(maps + "/a", named("a", labels={"l": "1"}, annotations={"example.com/a": "text"}, data={"k": "labelled"}))
    c.put(maps + "/b", named("b"))
    c.put(maps + "/a", named("b"))
    c.put(maps + "/a", {"metadata": {}, "data": {"k": "nameless"}})
    c.put(maps + "/a", named("a", namespace="default"))
    c.post(maps, named("c", namespace="default"))
    c.delete(maps + "/a")
    c.get(maps + "/a")
    c.delete(maps + "/a")
    c.post(maps, named("a"))
    c.delete(maps + "/a")


def config_map_forms(c):
    """What a ConfigMap may hold, and what becomes of it."""
    c.post(NAMESPACES, named("forms"))
    maps = place("forms", "configmaps")
    c.post(maps, named("empty", data={}, binaryData={}))
    c.post(maps, named("null", data=None))
    c.post(maps, named("null-value", data={"a": None, "b": ""}))
    c.post(maps, named("number", data={"a": 1}))
    c.post(maps, named("list", data=["a"]))
    c.post(maps, named("unknown", data={"a": "1"}, more={"x": 1}, spec={}))
    c.post(maps, named("binary", binaryData={"a": "AAEC"}))
    c.post(maps, named("no-base64", binaryData={"a": "*"}))
    c.post(maps, named("short-base64", binaryData={"a": "AAE"}))
    c.post(maps, named("odd-keys", data={"a.b-c_D": "1", "..2": "x"}))
    c.post(maps, named("odd-keys", data={"a/b": "1", "": "2", ".": "3", "..": "4", "ok": "5"}))
    c.post(maps, named("Upper"))
    c.post(maps, named("under_score"))
    c.post(maps, named("dots.are.fine"))
    c.post(maps, named("dots..are-not"))
    c.post(maps, named("-a"))
    c.post(maps, named("a" * 254))
    c.post(maps, {"metadata": {}})
    c.post(maps, {"data": {}})
    c.post(maps, {"kind": "Secret", "apiVersion": "v1", **named("kind")})
    c.post(maps, {"kind": "ConfigMap", "apiVersion": "v2", **named("version")})
    c.post(maps, named("labels", labels={"a": "has blanks "}))
    c.post(maps, named("labels", labels={"a b": "1"}))
    c.post(maps, named("labels", labels={"-a": "1", "ok": "*"}))
    c.post(maps, named("labels", labels={"a": 1}))
    c.post(maps, named("labels", labels={"a": None, "example.com/b": ""}))
    c.post(maps, named("annotations", annotations={"a b": "1"}))
    c.post(maps, named("annotations", annotations={"Example.com/Ab": "any *text*"}))
    c.post(maps, named("finalizers", finalizers=["no domain"]))
    c.post(maps, named("finalizers", finalizers=["example"]))
    c.post(maps, named("version-given", resourceVersion="5"))
    c.post(maps, named("uid-given", uid="00000000-0000-4000-8000-000000000000"))
    odd = {"metadata": {"name": "meta", "unknown": 1, "labels": {}, "generation": 7}}
    odd["metadata"]["creationTimestamp"] = "2001-01-01T00:00:00Z"
    odd["metadata"]["deletionTimestamp"] = "2001-01-01T00:00:00Z"
    c.post(maps, odd)
    c.post(maps, {"metadata": "text"})
    c.get("/api/v1/configmaps/a")
    c.get("/api/v1/nothings")
    c.get("/apis/nothing.example.com/v1/things")
    c.get(maps + "/empty/status")


def secret(c):
    """Secrets: base64, types, immutability."""
    c.post(NAMESPACES, named("secret"))
    secrets = place("secret", "secrets")
    c.post(secrets, named("a", data={"k": "dmFsdWU="}))
    c.post(secrets, named("plain", data={"k": "no base64!"}))
    c.post(secrets, named("short", data={"k": "dmFsdWU"}))
    c.post(secrets, named("null", data={"k": None}))
    c.get(secrets + "/null")
    c.post(secrets, named("keys", data={"a/b": ""}))
    c.post(secrets, named("typed", type="example.com/mine", data={"k": ""}))
    c.merge(secrets + "/a", {"data": {"k": "not base64"}})
    c.json(secrets + "/a", {"op": "add", "path": "/data/n", "value": "Zm9v"})
    c.json(secrets + "/a", {"op": "add", "path": "/data/n", "value": 5})
    c.merge(secrets + "/typed", {"type": "Opaque"})
    c.merge(secrets + "/typed", {"type": None})
    c.merge(secrets + "/a", {"type": None})
    c.merge(secrets + "/a", {"immutable": "yes"})
    c.merge(secrets + "/a", {"immutable": True})
    c.merge(secrets + "/a", {"data": {"k": "Zm9v"}})
    c.merge(secrets + "/a", {"data": None})
    c.merge(secrets + "/a", {"immutable": False})
    c.merge(secrets + "/a", {"immutable": None, "data": {"k": "Zm9v"}})
    c.merge(secrets + "/a", {"metadata": {"labels": {"still": "writable"}}})
    c.delete(secrets + "/a")
    maps = place("secret", "configmaps")
    c.post(maps, named("frozen", immutable=True, data={"a": "1"}))
    c.merge(maps + "/frozen", {"data": {"a": "2"}, "binaryData": {"b": "AAEC"}})
    c.merge(maps + "/frozen", {"immutable": None})
    c.merge(maps + "/frozen", {"metadata": {"annotations": {"a": "b"}}})
    c.put(maps + "/frozen", named("frozen", immutable=True, data={"a": "1"}))
    c.put(maps + "/frozen", named("frozen", immutable=False, data={"a": "3"}))


def secret_types(c):
    """What Secrets of some types must hold."""
    c.post(NAMESPACES, named("secret-types"))
    secrets = place("secret-types", "secrets")
    for number, (word, keys) in enumerate(
        (
            ("tls", ["tls.crt", "tls.key"]),
            ("basic-auth", ["username", "password"]),
            ("ssh-auth", ["ssh-privatekey"]),
            ("dockercfg", [".dockercfg"]),
            ("dockerconfigjson", [".dockerconfigjson"]),
            ("service-account-token", []),
        )
    ):
        kind = f"kubernetes.io/{word}"
        c.post(secrets, named(f"empty-{number}", type=kind))
        c.post(secrets, named(f"some-{number}", type=kind, data={key: "" for key in keys[:1]}))
        c.post(secrets, named(f"whole-{number}", type=kind, data={key: "e30=" for key in keys}))
        c.post(secrets, named(f"text-{number}", type=kind, data={key: "Zm9v" for key in keys}))
        for key in keys:
            c.json(secrets + f"/whole-{number}", {"op": "remove", "path": f"/data/{key}"})
    c.post(
        secrets,
        named("account", type=kind, annotations={"kubernetes.io/service-account.name": "default"}),
    )


def type_end(c):
    """A custom type that goes while its objects are watched, and comes again."""
    c.post(NAMESPACES, named("type-end"))
    comets = place("type-end", "comets", "example.com")
    first = c.post(comets, custom("Comet", "halley", spec={}))["metadata"]["resourceVersion"]
    c.post(comets, custom("Comet", "encke", spec={}))
    watch = c.watch(f"/apis/example.com/v1/comets?resourceVersion={first}")
    c.withdraw("comets")
    watch.events(3)
    watch.ends()
    c.get(comets)
    c.get(comets + "/halley")
    c.merge(comets + "/halley", {"spec": {}})
    c.post(comets, custom("Comet", "halley"))
    c.serve("comets")
    version = c.get(comets)["metadata"]["resourceVersion"]
    c.get(comets + "/halley")
    old = c.watch(f"{comets}?resourceVersion={first}")
    old.events(1)
    again = c.watch(f"{comets}?resourceVersion={version}")
    c.post(comets, custom("Comet", "halley"))
    again.events(1)


def json_patch(c):
    """Each operation of RFC 6902, and how it fails."""
    c.post(NAMESPACES, named("rfc6902"))
    widgets = place("rfc6902", "widgets", "example.com")
    path = widgets + "/w"
    spec = {"map": {"a": "1", "~": "t", "/": "s"}, "list": ["x", "y", "z"], "null": None, "deep": {"list": [{"n": 1}]}}
    c.post(widgets, custom("Widget", "w", spec=spec))

    def one(op, where, **more):
        c.json(path, {"op": op, "path": where, **more})

    one("add", "/spec/map/b", value="2")
    one("add", "/spec/map/b", value={"now": "an object"})
    one("add", "/spec/none/b", value="2")
    one("add", "/spec/map/a/b", value="below a string")
    one("add", "/spec/new", value={})
    one("add", "/spec/new/x", value=1.5)
    one("add", "/spec/list/-", value="end")
    one("add", "/spec/list/0", value="begin")
    one("add", "/spec/list/2", value="middle")
    one("add", "/spec/list/6", value="at the end")
    one("add", "/spec/list/99", value="too far")
    one("add", "/spec/list/word", value="no number")
    one("add", "/spec/list/-1", value="from the end")
    one("add", "/spec/list/01", value="leading zero")
    one("add", "/spec/deep/list/0/m", value=True)
    one("add", "/spec/deep/list/5/m", value=True)
    one("add", "/spec/map/~0", value="tilde")
    one("add", "/spec/map/~1", value="slash")
    one("add", "/spec/map/~01", value="tilde one")
    one("add", "/spec/map/", value="empty name")
    one("add", "", value={})
    one("add", "spec/map/c", value="no slash")
    one("add", "/spec/added-null", value=None)
    one("add", "/spec/valueless")
    one("replace", "/spec/map/a", value="3")
    one("replace", "/spec/map/missing", value="3")
    one("replace", "/spec/missing/a", value="3")
    one("replace", "/spec/null", value="no longer")
    one("replace", "/spec/list/0", value="first")
    one("replace", "/spec/list/99", value="too far")
    one("replace", "/spec/list/-", value="end")
    one("replace", "", value={})
    one("remove", "/spec/map/b")
    one("remove", "/spec/map/b")
    one("remove", "/spec/missing/b")
    one("remove", "/spec/list/0")
    one("remove", "/spec/list/99")
    one("remove", "/spec/list/-1")
    one("remove", "/spec/list/-")
    one("test", "/spec/map/a", value="3")
    one("test", "/spec/map/a", value="4")
    one("test", "/spec/map/missing", value="4")
    one("test", "/spec/map/missing", value=None)
    one("test", "/spec/added-null", value=None)
    one("test", "/spec/missing/a", value="4")
    one("test", "/spec/deep", value={"list": [{"m": True, "n": 1}]})
    one("test", "/spec/new/x", value=1.50)
    one("copy", "/spec/copied", **{"from": "/spec/deep"})
    one("copy", "/spec/copied", **{"from": "/spec/missing"})
    one("move", "/spec/moved", **{"from": "/spec/copied"})
    one("move", "/spec/moved", **{"from": "/spec/copied"})
    one("move", "/spec/new/inside", **{"from": "/spec/new"})
    one("move", "/spec/list/0", **{"from": "/spec/list/2"})
    one("move", "/spec/list/99", **{"from": "/spec/list/0"})
    one("copy", "/spec/list/-", **{"from": "/spec/list/0"})
    one("copy", "/spec/list/-", **{"from": "/spec/list/99"})
    one("turn", "/spec/map/a", value=1)
    c.json(path)
    c.json(path, {"path": "/spec/map/a", "value": 1})
    c.json(path, {"op": "add", "value": 1})
    c.json(path, {"op": "add", "path": "/spec/a", "value": 1}, {"op": "test", "path": "/spec/a", "value": 2})
    c.json(path, {"op": "add", "path": "/spec/a", "value": 1}, {"op": "test", "path": "/spec/a", "value": 1})
    c.json(path, {"op": "remove", "path": "/spec"})
    c.json(path, {"op": "add", "path": "/spec/x", "value": 1})
    c.patch(path, {"op": "add"}, "application/json-patch+json")
    c.patch(path, ["text"], "application/json-patch+json")
    c.get(path)


def json_patch_guarded(c):
    """A patch that names the version it was made for, as fedcopy's do."""
    c.post(NAMESPACES, named("guarded"))
    for plural, kind in (("configmaps", "ConfigMap"), ("widgets", "Widget")):
        where = place("guarded", plural, "example.com" if plural == "widgets" else None)
        body = custom(kind, "g") if plural == "widgets" else named("g")
        first = c.post(where, body)["metadata"]["resourceVersion"]
        path = where + "/g"

        def guarded(version, *steps, path=path):
            return c.json(path, {"op": "replace", "path": "/metadata/resourceVersion", "value": version}, *steps)

        guarded(first, {"op": "add", "path": "/data/a", "value": "1"})
        made = guarded(
            first, {"op": "add", "path": "/data", "value": {}}, {"op": "add", "path": "/data/a", "value": "1"}
        )
        guarded(first, {"op": "add", "path": "/data/a", "value": "2"})
        guarded(first)
        second = made["metadata"]["resourceVersion"]
        guarded(second)
        guarded(second, {"op": "add", "path": "/data/a", "value": "1"})
        guarded(second, {"op": "remove", "path": "/data/missing"})
        guarded(first, {"op": "remove", "path": "/data/missing"})
        made = guarded(second, {"op": "remove", "path": "/data/a"})
        guarded(made["metadata"]["resourceVersion"], {"op": "add", "path": "/data/b", "value": "below nothing?"})
        guarded(5)
        c.json(path, {"op": "test", "path": "/metadata/resourceVersion", "value": first})
        c.json(path, {"op": "remove", "path": "/metadata/resourceVersion"})
        c.json(
            path,
            {"op": "remove", "path": "/metadata/resourceVersion"},
            {"op": "add", "path": "/data", "value": {"c": "3"}},
        )
        c.merge(path, {"metadata": {"resourceVersion": first}})
        c.merge(path, {"metadata": {"resourceVersion": first, "labels": {"a": "b"}}})
        c.merge(path, {"metadata": {"resourceVersion": None, "labels": {"a": "b"}}})
        c.json(path, {"op": "replace", "path": "/metadata/uid", "value": "00000000-0000-4000-8000-000000000000"})
        c.json(path, {"op": "remove", "path": "/metadata/uid"})
        c.json(path, {"op": "replace", "path": "/metadata/name", "value": "other"})
        c.json(path, {"op": "replace", "path": "/metadata/namespace", "value": "default"})
        c.json(path, {"op": "remove", "path": "/metadata/creationTimestamp"})
        c.json(path, {"op": "add", "path": "/metadata/generation", "value": 17})
        c.json(path, {"op": "add", "path": "/metadata/deletionTimestamp", "value": "2030-01-01T00:00:00Z"})
        c.json(path, {"op": "replace", "path": "/kind", "value": "Secret"})
        c.json(path, {"op": "replace", "path": "/apiVersion", "value": "v9"})
        c.json(path, {"op": "remove", "path": "/kind"})
        c.json(path, {"op": "remove", "path": "/metadata"})
        c.json(path, {"op": "add", "path": "/metadata/labels", "value": {}})
        c.json(path, {"op": "add", "path": "/metadata/annotations", "value": {"Bad key": "x"}})
        c.json(path, {"op": "add", "path": "/metadata/annotations", "value": {"a": 1}})
        c.json(path, {"op": "add", "path": "/metadata/annotations", "value": {"a": "1"}}, metadata=True)
        c.json(where + "/missing", {"op": "add", "path": "/data", "value": {}})
        c.get(path)


def merge_patch(c):
    """RFC 7396."""
    c.post(NAMESPACES, named("rfc7396"))
    widgets = place("rfc7396", "widgets", "example.com")
    path = widgets + "/w"
    c.post(widgets, custom("Widget", "w", spec={"a": 1, "b": {"c": [1, 2], "d": "x"}}))
    c.merge(path, {"spec": {"b": {"c": [3]}}})
    c.merge(path, {"spec": {"b": {"d": None, "none": None}}})
    c.merge(path, {"spec": {"new": {"x": None, "y": 1}}})
    c.merge(path, {"spec": {"a": {"now": "object"}}})
    c.merge(path, {"spec": {"a": "text again"}})
    c.merge(path, {"spec": {"list": [{"x": None}]}})
    c.merge(path, {})
    c.merge(path, {"metadata": {"labels": {"a": "b"}, "annotations": {"c": "d"}}})
    c.merge(path, {"metadata": {"labels": {"a": None}}})
    c.merge(path, {"metadata": {"annotations": None}})
    c.merge(path, {"spec": None})
    c.patch(path, [], "application/merge-patch+json")
    c.patch(path, [{"a": 1}], "application/merge-patch+json")
    c.patch(path, {"spec": {}}, "application/strategic-merge-patch+json")
    c.patch(path, {"spec": {}}, "text/plain")
    c.merge(widgets + "/missing", {"spec": {}})
    maps = place("rfc7396", "configmaps")
    c.post(maps, named("m", data={"a": "1", "b": "2"}))
    c.merge(maps + "/m", {"data": {"a": None, "c": "3"}}, metadata=True)
    c.merge(maps + "/m", {"data": {"b": None, "c": None}})
    c.merge(maps + "/m", {"data": {"d": 4}})
    c.merge(maps + "/m", {"data": {"bad/key": "4"}})
    c.merge(maps + "/m", {"unknown": {"x": 1}})
    c.merge(maps + "/m", {"data": "text"})
    c.get(maps + "/m")


def custom_object(c):
    """Custom objects: what is kept, what is asked for, generation without a status subresource."""
    c.post(NAMESPACES, named("custom"))
    widgets = place("custom", "widgets", "example.com")
    c.post(widgets, named("bare", spec={}))
    c.post(widgets, {"kind": "Widget", **named("bare", spec={})})
    c.post(widgets, {"kind": "Other", "apiVersion": "example.com/v1", **named("bare", spec={})})
    c.post(widgets, {"kind": "Widget", "apiVersion": "example.com/v2", **named("bare", spec={})})
    made = c.post(widgets, custom("Widget", "w", spec={"n": None, "e": {}, "l": []}, top=5, status={"s": 1}, labels={}))
    c.post(widgets, custom("Widget", "w"))
    c.post(widgets, custom("Widget", "UPPER"))
    c.post(widgets, custom("Widget", ""))
    c.post(widgets, custom("Widget", "labels", labels={"a": 1}))
    c.post(widgets, custom("Widget", "labels", labels={"a b": "c"}))
    c.put(widgets + "/w", custom("Widget", "w", spec={}))
    c.put(widgets + "/missing", custom("Widget", "missing", spec={}))
    c.put(widgets + "/w", named("w", spec={}))
    c.put(widgets + "/w", custom("Other", "w", spec={}))
    c.put(widgets + "/w", {"apiVersion": "example.com/v2", "kind": "Widget", **named("w", spec={})})
    c.put(widgets + "/w", custom("Widget", "other", spec={}))
    c.put(widgets + "/w", custom("Widget", "w", uid="00000000-0000-4000-8000-000000000000"))
    first = made["metadata"]["resourceVersion"]
    made["spec"] = {"changed": True}
    made = c.put(widgets + "/w", made)
    c.put(widgets + "/w", made)
    c.put(widgets + "/w", custom("Widget", "w", resourceVersion=first, spec={}))
    c.merge(widgets + "/w", {"status": {"s": 2}})
    c.merge(widgets + "/w", {"metadata": {"labels": {"only": "metadata"}}})
    c.merge(widgets + "/w", {"metadata": {"unknown": {"x": 1}}})
    c.merge(widgets + "/w/status", {"status": {"s": 3}})
    c.get(widgets + "/w/status")
    c.get(widgets)
    c.get(widgets, metadata=True)
    c.get(widgets + "/w", metadata=True)
    c.get("/apis/example.com/v1/planets")
    c.post("/apis/example.com/v1/planets", custom("Planet", "mars", spec={"moons": 2}))
    c.get("/apis/example.com/v1/planets/mars")
    c.merge("/apis/example.com/v1/planets/mars", {"metadata": {"namespace": "custom"}})
    c.get("/apis/example.com/v1/namespaces/custom/planets/mars")
    c.post("/apis/example.com/v1/planets", custom("Planet", "venus", namespace="custom"))
    c.delete("/apis/example.com/v1/planets/venus")
    c.post("/apis/example.com/v1/widgets", custom("Widget", "everywhere"))
    c.delete("/apis/example.com/v1/planets/mars")
    c.delete(widgets + "/w")


def status(c):
    """The status subresource of custom objects: two sides that do not touch each other."""
    c.post(NAMESPACES, named("status"))
    gadgets = place("status", "gadgets", "example.com")
    path = gadgets + "/g"
    made = c.post(gadgets, custom("Gadget", "g", spec={"a": 1}, status={"ignored": True}))
    c.get(path + "/status")
    c.merge(path, {"status": {"ignored": True}})
    c.merge(path, {"status": {"ignored": True}, "spec": {"a": 2}})
    now = c.merge(path + "/status", {"status": {"seen": 2}, "spec": {"a": 3}, "metadata": {"labels": {"a": "b"}}})
    c.merge(path + "/status", {"status": {"seen": 2}})
    c.merge(path, {"metadata": {"annotations": {"a": "b"}}})
    c.json(path + "/status", {"op": "add", "path": "/status/list", "value": [1]})
    c.json(path + "/status", {"op": "replace", "path": "/metadata/resourceVersion", "value": "1"})
    c.json(
        path + "/status",
        {"op": "replace", "path": "/metadata/resourceVersion", "value": now["metadata"]["resourceVersion"]},
        {"op": "add", "path": "/status/more", "value": 1},
    )
    c.put(path + "/status", custom("Gadget", "g", status={"whole": 1}))
    made["status"] = {"stale": 1}
    c.put(path + "/status", made)
    now = c.get(path)
    now["status"] = {"whole": 1}
    now["spec"] = {"not": "here"}
    now["top"] = "not here either"
    now = c.put(path + "/status", now)
    now["status"] = {"not": "by this way"}
    now["spec"] = {"a": 9}
    c.put(path, now)
    c.json(path + "/status", {"op": "remove", "path": "/status"})
    c.put(path + "/status", custom("Gadget", "other", status={}))
    c.put(gadgets + "/missing/status", custom("Gadget", "missing", status={}))
    c.merge(gadgets + "/missing/status", {"status": {}})
    c.delete(path + "/status")
    c.get(path)
    planets = "/apis/example.com/v1/planets"
    c.post(planets, custom("Planet", "pluto", spec={}))
    c.merge(planets + "/pluto/status", {"status": {"planet": False}})
    c.delete(planets + "/pluto")


POD = {
    "metadata": {"labels": {"app": "d"}},
    "spec": {"containers": [{"name": "c", "image": "example.com/image:1"}]},
}


def deployment(c):
    """Deployments: defaults, generation, status."""
    c.post(NAMESPACES, named("deploy"))
    deployments = place("deploy", "deployments", "apps")
    path = deployments + "/d"
    spec = {"selector": {"matchLabels": {"app": "d"}}, "template": POD}
    c.post(deployments, named("d", spec=spec))
    c.get(path)
    c.merge(path, {"spec": {"replicas": 3}})
    c.merge(path, {"spec": {"replicas": 3}})
    c.merge(path, {"metadata": {"labels": {"a": "b"}}})
    c.merge(path, {"metadata": {"annotations": {"a": "b"}}})
    c.merge(path, {"status": {"replicas": 7}})
    c.merge(path + "/status", {"status": {"replicas": 3, "observedGeneration": 2}})
    c.merge(path + "/status", {"spec": {"replicas": 9}, "metadata": {"labels": {"x": "y"}}})
    c.merge(path + "/status", {"metadata": {"annotations": {"by": "status"}}})
    now = c.get(path)
    c.json(path, {"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "example.com/image:2"})
    c.json(path, {"op": "replace", "path": "/spec/template/spec/containers/1/image", "value": "example.com/image:2"})
    now["spec"]["replicas"] = 4
    c.put(path, now)
    now["metadata"].pop("resourceVersion")
    c.put(path, now)
    c.put(path + "/status", now)
    c.get(deployments)
    c.get(deployments, metadata=True)
    c.merge(path, {"metadata": {"finalizers": ["example.com/hold"]}})
    c.delete(path)
    c.merge(path, {"metadata": {"finalizers": None}})
    c.get(path)


def deletion(c):
    """Preconditions, finalizers, policies."""
    c.post(NAMESPACES, named("deletion"))
    maps = place("deletion", "configmaps")
    made = c.post(maps, named("a"))
    uid, version = made["metadata"]["uid"], made["metadata"]["resourceVersion"]
    c.delete(maps + "/a", {"preconditions": {"uid": "00000000-0000-4000-8000-000000000000"}})
    c.merge(maps + "/a", {"data": {"a": "b"}})
    c.delete(maps + "/a", {"preconditions": {"resourceVersion": version}})
    c.delete(maps + "/a", {"preconditions": {"uid": uid, "resourceVersion": version}})
    c.delete(maps + "/a", {"preconditions": {"uid": uid}})
    c.delete(maps + "/a", {"preconditions": {"uid": uid}})
    c.post(maps, named("held", finalizers=["example.com/a", "example.com/b"]))
    held = c.delete(maps + "/held")
    c.delete(maps + "/held")
    c.get(maps + "/held")
    c.delete(maps + "/held", {"preconditions": {"uid": uid}})
    c.merge(maps + "/held", {"data": {"still": "writable"}})
    c.merge(maps + "/held", {"metadata": {"finalizers": ["example.com/a", "example.com/b", "example.com/c"]}})
    c.merge(maps + "/held", {"metadata": {"deletionTimestamp": None}})
    c.post(maps, named("held"))
    c.json(maps + "/held", {"op": "remove", "path": "/metadata/finalizers/0"})
    c.put(maps + "/held", {**held, "metadata": {**held["metadata"], "finalizers": []}})
    c.json(maps + "/held", {"op": "remove", "path": "/metadata/finalizers/0"}, {"op": "add", "path": "/data", "value": {}})
    c.get(maps + "/held")
    c.post(maps, named("put-free", finalizers=["example.com/a"]))
    c.delete(maps + "/put-free")
    c.put(maps + "/put-free", named("put-free"))
    c.get(maps + "/put-free")
    c.post(maps, named("foreground"))
    c.delete(maps + "/foreground", {"propagationPolicy": "Foreground"})
    c.delete(maps + "/foreground", {"propagationPolicy": "Background"})
    c.get(maps + "/foreground")
    c.post(maps, named("orphan"))
    c.delete(maps + "/orphan", {"propagationPolicy": "Orphan"})
    c.merge(maps + "/orphan", {"metadata": {"finalizers": None}})
    c.post(maps, named("background"))
    c.delete(maps + "/background", {"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": "Background"})
    c.post(maps, named("strange"))
    c.delete(maps + "/strange", {"propagationPolicy": "Strange"})
    gadgets = place("deletion", "gadgets", "example.com")
    c.post(gadgets, custom("Gadget", "g", finalizers=["example.com/a"], spec={}))
    c.delete(gadgets + "/g", {"preconditions": {"uid": uid}})
    c.delete(gadgets + "/g")
    c.merge(gadgets + "/g", {"metadata": {"finalizers": ["example.com/a", "example.com/b"]}})
    c.merge(gadgets + "/g/status", {"status": {"still": "writable"}})
    c.merge(gadgets + "/g", {"spec": {"still": "writable"}})
    c.merge(gadgets + "/g", {"metadata": {"finalizers": []}})
    c.get(gadgets + "/g")
    for name, colour in (("one", "red"), ("two", "blue"), ("three", "red")):
        c.post(maps, named(name, labels={"colour": colour}))
    c.delete(maps + "?labelSelector=colour%3Dred")
    c.get(maps + "?labelSelector=colour")


def namespace(c):
    """Namespaces: phases, what may be created where, finalisation by hand."""
    c.post(NAMESPACES, named("phases", labels={"team": "a"}))
    c.post(NAMESPACES, named("phases"))
    c.post(NAMESPACES, named("dots.are.not-fine"))
    c.post(NAMESPACES, named("Upper"))
    c.get(NAMESPACES + "/phases")
    c.get(NAMESPACES + "?labelSelector=team%3Da")
    c.merge(NAMESPACES + "/phases", {"metadata": {"labels": {"team": "b"}}, "status": {"phase": "Terminating"}})
    c.merge(NAMESPACES + "/phases", {"spec": {"finalizers": []}})
    c.merge(NAMESPACES + "/phases/status", {"metadata": {"annotations": {"by": "status"}}})
    maps = place("phases", "configmaps")
    c.post(maps, named("before", data={"a": "1"}))
    c.post(place("absent", "configmaps"), named("a"))
    c.post(place("absent", "gadgets", "example.com"), custom("Gadget", "a"))
    c.get(place("absent", "configmaps"))
    c.get(place("absent", "configmaps") + "/a")
    c.merge(place("absent", "configmaps") + "/a", {})
    c.put(place("absent", "configmaps") + "/a", named("a"))
    c.delete(place("absent", "configmaps") + "/a")
    c.delete(NAMESPACES + "/phases")
    c.get(NAMESPACES + "/phases")
    c.delete(NAMESPACES + "/phases")
    c.post(maps, named("after"))
    c.post(place("phases", "gadgets", "example.com"), custom("Gadget", "after"))
    c.post(NAMESPACES, named("phases"))
    c.merge(maps + "/before", {"data": {"a": "2"}})
    c.get(maps)
    c.delete(maps + "/before")
    now = c.get(NAMESPACES + "/phases")
    now["spec"] = {}
    c.put(NAMESPACES + "/phases/finalize", now)
    c.get(NAMESPACES + "/phases")
    c.post(NAMESPACES, named("phases"))
    c.delete(NAMESPACES + "/missing")
    c.delete(NAMESPACES + "/kube-system")
    c.delete(NAMESPACES + "/default")


def namespace_end(c):
    """A namespace whose controller takes it away with all that is in it."""
    c.post(NAMESPACES, named("ending"))
    maps, gadgets = place("ending", "configmaps"), place("ending", "gadgets", "example.com")
    c.post(maps, named("a"))
    c.post(maps, named("b"))
    c.post(gadgets, custom("Gadget", "g"))
    c.post(place("ending", "secrets"), named("s"))
    version = c.get(maps)["metadata"]["resourceVersion"]
    watch = c.watch(maps + f"?resourceVersion={version}")
    c.delete(NAMESPACES + "/ending")
    c.run_controllers(NAMESPACES + "/ending")
    watch.events(2)
    c.get(maps)
    c.get(gadgets)
    c.get(NAMESPACES + "/ending")
    c.post(maps, named("late"))


def selectors(c):
    """Label and field selectors of lists."""
    c.post(NAMESPACES, named("select"))
    c.post(NAMESPACES, named("select-b"))
    maps = place("select", "configmaps")
    c.post(maps, named("none"))
    c.post(maps, named("red", labels={"colour": "red", "size": "1"}))
    c.post(maps, named("blue", labels={"colour": "blue", "size": "20"}))
    c.post(maps, named("empty", labels={"colour": ""}))
    c.post(place("select-b", "configmaps"), named("red", labels={"colour": "red"}))
    for selector in (
        "colour",
        "!colour",
        "colour=red",
        "colour==red",
        "colour!=red",
        "colour=",
        "colour!=",
        "colour in (red,blue)",
        "colour in ( red , green )",
        "colour in ()",
        "colour notin (red)",
        "colour notin (red,)",
        "colour=red,size=1",
        "colour=red,size=2",
        "size>5",
        "size<5",
        "size>x",
        "colour>1",
        "example.com/colour=red",
        " colour = red ",
        "colour=red,",
        ",",
        "colour = = red",
        "colour in red",
        "colour red",
        "a b=c",
        "!colour=red",
        "-x=1",
        "colour=a b",
        "in in (a)",
        "colour,colour!=red",
    ):
        quoted = "".join(ch if ch.isalnum() else f"%{ord(ch):02X}" for ch in selector)
        c.get(f"{maps}?labelSelector={quoted}", metadata=True)
    for selector in (
        "metadata.name=red",
        "metadata.name==red",
        "metadata.name!=red",
        "metadata.name=red,metadata.namespace=select",
        "metadata.name=missing",
        "metadata.namespace=select-b",
        "metadata.uid=x",
        "data.a=b",
        "metadata.name",
    ):
        quoted = "".join(ch if ch.isalnum() else f"%{ord(ch):02X}" for ch in selector)
        c.get(f"{maps}?fieldSelector={quoted}", metadata=True)
    c.get("/api/v1/configmaps?labelSelector=colour%3Dred", metadata=True)
    c.get("/api/v1/configmaps?labelSelector=colour&fieldSelector=metadata.namespace%3Dselect-b", metadata=True)
    c.get(maps + "?resourceVersion=999999999")
    c.get(maps + "?resourceVersion=word")


def order(c):
    """Lists are in the order of namespace, slash, name."""
    for name in ("order", "order-b", "order.c"):
        c.post(NAMESPACES, named(name.replace(".", "")))
    for where, name in (("orderc", "x"), ("order", "b.x"), ("order", "b"), ("order-b", "a"), ("order", "b-x")):
        c.post(place(where, "configmaps"), named(name, labels={"order": "1"}))
    c.get("/api/v1/configmaps?labelSelector=order")
    gadgets = place("order", "gadgets", "example.com")
    for name in ("z", "a"):
        c.post(gadgets, custom("Gadget", name, labels={"order": "1"}))
    c.get(gadgets)
    c.get("/apis/example.com/v1/gadgets?labelSelector=order")


def watch(c):
    """What watches are told."""
    c.post(NAMESPACES, named("watch"))
    maps = place("watch", "configmaps")
    first = c.post(maps, named("a", data={"k": "1"}))["metadata"]["resourceVersion"]
    whole = c.watch(f"{maps}?resourceVersion={first}")
    parts = c.watch(f"{maps}?resourceVersion={first}", metadata=True)
    red = c.watch(f"{maps}?resourceVersion={first}&labelSelector=colour%3Dred")
    only = c.watch(f"{maps}?resourceVersion={first}&fieldSelector=metadata.name%3Da")
    everywhere = c.watch(f"/api/v1/configmaps?resourceVersion={first}&labelSelector=colour")
    c.merge(maps + "/a", {"data": {"k": "2"}})
    c.merge(maps + "/a", {"data": {"k": "2"}})
    c.post(maps, named("b", labels={"colour": "red"}))
    c.merge(maps + "/a", {"metadata": {"labels": {"colour": "red"}}})
    c.merge(maps + "/a", {"data": {"k": "3"}})
    c.merge(maps + "/a", {"metadata": {"labels": {"colour": "blue"}}, "data": {"k": "4"}})
    c.merge(maps + "/b", {"metadata": {"finalizers": ["example.com/hold"]}})
    c.delete(maps + "/b")
    c.merge(maps + "/b", {"metadata": {"finalizers": None}, "data": {"last": "words"}})
    last = c.delete(maps + "/a")
    assert last["status"] == "Success"
    c.post(maps, named("a"))
    whole.events(10)
    parts.events(10)
    red.events(7)
    only.events(6)
    everywhere.events(8)
    later = c.watch(f"{maps}?resourceVersion={first}&fieldSelector=metadata.name%3Db")
    later.events(4)
    now = c.watch(f"{maps}?fieldSelector=metadata.name%3Da")
    now.events(1)
    zero = c.watch(f"{maps}?resourceVersion=0&fieldSelector=metadata.name%3Da", metadata=True)
    zero.events(1)
    future = c.watch(f"{maps}?resourceVersion=999999999")
    c.merge(maps + "/a", {"data": {"k": "5"}})
    future.events(0)
    now.events(1)
    zero.events(1)


def watch_custom(c):
    """Watches of custom objects, and of those without a namespace."""
    c.post(NAMESPACES, named("watch-custom"))
    gadgets = place("watch-custom", "gadgets", "example.com")
    made = c.post(gadgets, custom("Gadget", "g", spec={}))
    first = made["metadata"]["resourceVersion"]
    whole = c.watch(f"{gadgets}?resourceVersion={first}")
    parts = c.watch(f"/apis/example.com/v1/gadgets?resourceVersion={first}", metadata=True)
    planets = c.watch(f"/apis/example.com/v1/planets?resourceVersion={first}")
    c.merge(gadgets + "/g/status", {"status": {"a": 1}})
    c.merge(gadgets + "/g", {"spec": {"a": 1}})
    c.post("/apis/example.com/v1/planets", custom("Planet", "earth"))
    c.delete(gadgets + "/g")
    c.delete("/apis/example.com/v1/planets/earth")
    whole.events(3)
    parts.events(3)
    planets.events(2)


def history(c):
    """A server that starts again has forgotten what was."""
    c.post(NAMESPACES, named("history"))
    maps = place("history", "configmaps")
    first = c.post(maps, named("a"))["metadata"]["resourceVersion"]
    c.merge(maps + "/a", {"data": {"k": "1"}})
    watch = c.watch(f"{maps}?resourceVersion={first}")
    watch.events(1)
    c.restart()
    watch.ends()
    old = c.watch(f"{maps}?resourceVersion={first}")
    old.events(1)
    old.ends()
    # A server that starts may write things of its own, or not: the version of the list is of a write from here.
    c.post(place("history", "secrets"), named("s"))
    version = c.get(maps)["metadata"]["resourceVersion"]
    c.merge(maps + "/a", {"data": {"k": "2"}})
    again = c.watch(f"{maps}?resourceVersion={version}")
    again.events(1)


def discovery(c):
    """What is served."""
    c.discover("/api/v1", "resources", ["configmaps", "secrets", "namespaces", "namespaces/status", "namespaces/finalize"])
    c.discover("/apis/apps/v1", "resources", ["deployments", "deployments/status"])
    c.discover("/apis/example.com/v1", "resources", ["comets", "widgets", "gadgets", "gadgets/status", "planets", "planets/status"])
    c.discover("/apis", "groups", ["apps", "example.com"])
    c.get("/apis/example.com")
    c.get("/apis/missing.example.com")
    c.get("/apis/missing.example.com/v1")
    c.get("/apis/example.com/v9")
    c.post("/api/v1/namespaces/default/nothings", named("a"))
    c.put("/api/v1/namespaces/default/configmaps", named("a"))
    c.post("/api/v1/namespaces/default/configmaps/a", named("a"))
    c.post("/api/v1/configmaps", named("a", namespace="default"))


ALL = [
    config_map,
    config_map_forms,
    secret,
    secret_types,
    json_patch,
    json_patch_guarded,
    merge_patch,
    custom_object,
    status,
    deployment,
    deletion,
    namespace,
    selectors,
    order,
    watch,
    watch_custom,
    discovery,
    namespace_end,
    type_end,
    history,
]
