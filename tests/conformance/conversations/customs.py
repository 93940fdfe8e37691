# SPDX-License-Identifier: Apache-2.0
"""Types that appear, change and disappear: CustomResourceDefinitions and their objects."""

from conversations.words import CRDS, core, named
from player import TABLE, crd_version, version


def _thing(c, name, api="v1", **more):
    return {"apiVersion": f"{c.group}/{api}", "kind": "Thing", **named(name, **more)}


def _definition(c, plural="things", **spec):
    """A whole definition, with parts replaced; a part that is None is left out."""
    names = {"plural": plural, "kind": "Thing", "singular": "thing", "listKind": "ThingList"}
    whole = {"group": c.group, "scope": "Namespaced", "names": names, "versions": [crd_version("v1")], **spec}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{c.group}"},
        "spec": {key: value for key, value in whole.items() if value is not None},
    }


def types_appear_and_go(c):
    """A type that comes, goes while it is watched, and comes again."""
    ns = c.namespace()
    root = f"/apis/{c.group}/v1"
    path = f"{root}/namespaces/{ns}/things"
    c.get(path)
    c.get(root)
    c.get(f"/apis/{c.group}")
    c.crd("things", "Thing")
    c.get(root)
    c.get(f"/apis/{c.group}")
    c.rows("/apis", "groups", [c.group])
    first = version(c.post(path, _thing(c, "a", spec={"n": 1})))
    c.post(path, _thing(c, "b"))
    watch = c.watch(path, resourceVersion=first)
    c.delete(f"{CRDS}/things.{c.group}")
    c.gone(path)
    watch.events(3)
    watch.ends()
    c.get(path + "/a")
    c.post(path, _thing(c, "late"))
    c.get(f"/apis/{c.group}")
    c.get(root)
    c.gone(f"{CRDS}/things.{c.group}")
    c.crd("things", "Thing")
    c.get(path)
    c.get(path + "/a")


def definition_answers(c):
    """What a definition becomes: defaults, conditions, stored versions."""
    body = _definition(c, names={"plural": "things", "kind": "Thing"})
    c.clear(f"{CRDS}/things.{c.group}")
    c.post(CRDS, body)
    c.served(f"/apis/{c.group}/v1/things", f"{CRDS}/things.{c.group}")
    c.facts(
        f"{CRDS}/things.{c.group}", lambda a: [a["spec"], a["status"]["acceptedNames"], a["status"]["storedVersions"]]
    )
    c.facts(
        f"{CRDS}/things.{c.group}",
        lambda a: [[d["type"], d["status"], d["reason"], d["message"]] for d in a["status"]["conditions"]],
    )
    c.facts(f"{CRDS}/things.{c.group}/status", lambda a: [a["kind"], a["spec"]["group"]])
    c.merge(f"{CRDS}/things.{c.group}/status", {"status": {"storedVersions": ["v1", "v0"]}})
    c.post(CRDS, body)


def definitions_refused(c):
    """Definitions that are none: 422."""
    structural = {"type": "object"}
    good = crd_version("v1")
    names = {"plural": "things", "kind": "Thing", "singular": "thing", "listKind": "ThingList"}
    for spec in (
        {"group": ""},
        {"group": "nodots"},
        {"group": "Upper.example"},
        {"scope": None},
        {"scope": "Strange"},
        {"names": None},
        {"names": {"plural": "things"}},
        {"names": {"kind": "Thing"}},
        {"names": {**names, "plural": "Things"}},
        {"names": {**names, "plural": "others"}},
        {"names": {**names, "kind": "thing_kind"}},
        {"names": {**names, "listKind": "Thing"}},
        {"names": {**names, "shortNames": ["Upper"]}},
        {"names": {**names, "categories": ["Not Good"]}},
        {"versions": None},
        {"versions": []},
        {"versions": [{**good, "storage": False}]},
        {"versions": [good, crd_version("v2")]},
        {"versions": [good, good]},
        {"versions": [{**good, "name": "Bad_Name"}]},
        {"versions": [{key: value for key, value in good.items() if key != "schema"}]},
        {"versions": [crd_version("v1", schema={"properties": {"spec": {"type": "object"}}})]},
        {"versions": [crd_version("v1", schema={"type": "string"})]},
        {"versions": [crd_version("v1", schema={"type": "object", "properties": {"spec": {}}})]},
        {"versions": [crd_version("v1", schema={"type": "object", "properties": {"spec": {"type": "strange"}}})]},
        {
            "versions": [
                crd_version(
                    "v1",
                    schema={
                        "type": "object",
                        "properties": {"metadata": {"type": "object", "properties": {"labels": {"type": "object"}}}},
                    },
                )
            ]
        },
        {"versions": [crd_version("v1", schema={"type": "object", "properties": {"a": {"type": "array"}}})]},
        {
            "versions": [
                crd_version("v1", schema={"type": "object", "properties": {"a": {"type": "string", "default": 5}}})
            ]
        },
        {
            "versions": [
                crd_version("v1", schema={"type": "object", "properties": {"a": {"type": "string", "pattern": "("}}})
            ]
        },
        {"versions": [crd_version("v1", columns=[{"name": "A", "type": "strange", "jsonPath": ".a"}])]},
        {"versions": [crd_version("v1", columns=[{"name": "A", "type": "string"}])]},
        {"versions": [crd_version("v1", columns=[{"name": "A", "type": "string", "jsonPath": "a"}])]},
        {"preserveUnknownFields": True},
        {"conversion": {"strategy": "Strange"}},
        {"conversion": {"strategy": "Webhook"}},
        {"nothing": 1, "scope": None},
    ):
        c.post(CRDS, _definition(c, **spec))
    c.post(CRDS, {**_definition(c), "metadata": {"name": "other.name"}})
    c.post(CRDS, _definition(c, versions=[{**good, "served": False}]), dryRun="All")
    c.post(CRDS, {"metadata": {"name": "x"}})
    c.post(CRDS, _definition(c, versions=[crd_version("v1", schema=structural)]), dryRun="All")
    c.get(f"{CRDS}/things.{c.group}")


def definitions_changed(c):
    """What may be changed in a definition, and what not."""
    path = f"{CRDS}/things.{c.group}"
    root = c.crd("things", "Thing")
    c.merge(path, {"spec": {"scope": "Cluster"}})
    c.merge(path, {"spec": {"group": "other.example"}})
    c.merge(path, {"spec": {"names": {"plural": "others"}}})
    c.merge(path, {"spec": {"names": {"kind": "Other"}}})
    c.merge(path, {"spec": {"versions": []}})
    c.merge(path, {"metadata": {"labels": {"a": "b"}}})
    now = c.merge(path, {"spec": {"names": {"shortNames": ["tg", "th"], "categories": ["all"]}}})
    c.wait(lambda: "tg" in str(c.peek("GET", root)[1]), "the short names are discovered")
    c.get(root)
    c.put(path, {**now, "metadata": {**now["metadata"], "resourceVersion": ""}})
    c.strategic(path, {"spec": {"names": {"shortNames": ["x"]}}})
    c.wait(
        lambda: c.peek("GET", path)[1]["status"]["acceptedNames"]["shortNames"] == ["x"], "the short name is accepted"
    )
    c.json(path, {"op": "replace", "path": "/spec/names/shortNames", "value": ["y"]})
    c.wait(lambda: '"y"' in str(c.peek("GET", root)[1]).replace("'", '"'), "the short name is discovered")
    c.get(root)
    c.facts(path, lambda a: sorted(a["metadata"]))


def several_versions(c):
    """Versions come and go; an object is the same in each."""
    ns = c.namespace()
    versions = [crd_version("v1"), crd_version("v1beta1", storage=False)]
    c.crd("things", "Thing", versions=versions)
    c.served(f"/apis/{c.group}/v1beta1/things")
    path = f"{CRDS}/things.{c.group}"
    old, new = (f"/apis/{c.group}/{v}/namespaces/{ns}/things" for v in ("v1beta1", "v1"))
    c.get(f"/apis/{c.group}")
    c.rows("/apis", "groups", [c.group])
    first = version(c.post(old, _thing(c, "a", "v1beta1", spec={"n": 1})))
    c.get(new + "/a")
    c.get(old + "/a")
    c.get(new)
    one, two = c.watch(new, resourceVersion=first), c.watch(old, resourceVersion=first)
    c.merge(new + "/a", {"spec": {"n": 2}})
    one.events(1)
    two.events(1)
    c.post(new, _thing(c, "b", "v1beta1"))
    c.put(new + "/a", _thing(c, "a", "v1beta1", resourceVersion=first))
    c.json(path, {"op": "replace", "path": "/spec/versions/1/served", "value": False})
    c.gone(old)
    two.ends()
    c.get(old + "/a")
    c.get(f"/apis/{c.group}/v1beta1")
    c.get(f"/apis/{c.group}")
    c.json(path, {"op": "add", "path": "/spec/versions/-", "value": crd_version("v2alpha1", storage=False)})
    c.served(f"/apis/{c.group}/v2alpha1/things")
    c.get(f"/apis/{c.group}/v2alpha1/namespaces/{ns}/things/a")
    c.json(path, {"op": "add", "path": "/spec/versions/-", "value": crd_version("v3", storage=False)})
    c.served(f"/apis/{c.group}/v3/things")
    c.get(f"/apis/{c.group}")
    c.json(
        path,
        {"op": "replace", "path": "/spec/versions/0/storage", "value": False},
        {"op": "replace", "path": "/spec/versions/3/storage", "value": True},
    )
    c.wait(lambda: c.peek("GET", path)[1]["status"]["storedVersions"] == ["v1", "v3"], "both were stored")
    c.json(path, {"op": "remove", "path": "/spec/versions/0"})
    c.get(f"/apis/{c.group}/v3/namespaces/{ns}/things/a")


def order_of_versions(c):
    """v10 before v2 before v1 before v1beta2 before others."""
    words = ["foo1", "v1alpha1", "v2", "v1beta2", "v10", "v1", "v11alpha2", "v1beta1", "bar"]
    c.crd("things", "Thing", versions=[crd_version(word, storage=word == "v1") for word in words])
    c.wait(lambda: len(c.peek("GET", f"/apis/{c.group}")[1].get("versions", [])) == len(words), "all are discovered")
    c.get(f"/apis/{c.group}")
    c.facts(f"{CRDS}/things.{c.group}", lambda a: [v["name"] for v in a["spec"]["versions"]])


SPEC = {
    "type": "object",
    "required": ["size"],
    "properties": {
        "size": {"type": "integer", "minimum": 1, "maximum": 10},
        "name": {"type": "string", "minLength": 2, "maxLength": 5, "pattern": "^[a-z]+$"},
        "mode": {"type": "string", "enum": ["fast", "slow"]},
        "ratio": {"type": "number", "multipleOf": 0.5},
        "on": {"type": "boolean"},
        "list": {"type": "array", "minItems": 1, "maxItems": 2, "items": {"type": "string"}},
        "unique": {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}},
        "map": {"type": "object", "additionalProperties": {"type": "integer"}, "maxProperties": 2},
        "port": {"x-kubernetes-int-or-string": True},
        "nullable": {"type": "string", "nullable": True},
        "date": {"type": "string", "format": "date-time"},
        "bytes": {"type": "string", "format": "byte"},
        "one": {
            "type": "object",
            "properties": {"a": {"type": "string"}, "b": {"type": "string"}},
            "oneOf": [{"required": ["a"]}, {"required": ["b"]}],
        },
        "any": {"type": "string", "anyOf": [{"enum": ["x"]}, {"pattern": "^y"}]},
        "not": {"type": "string", "not": {"enum": ["bad"]}},
        "exclusive": {"type": "integer", "minimum": 0, "exclusiveMinimum": True},
        "embedded": {
            "type": "object",
            "x-kubernetes-embedded-resource": True,
            "x-kubernetes-preserve-unknown-fields": True,
        },
    },
}


def schemas(c):
    """Objects that a schema refuses: 422, and how that is worded."""
    ns = c.namespace()
    schema = {"type": "object", "required": ["spec"], "properties": {"spec": SPEC}}
    root = c.crd("things", "Thing", versions=[crd_version("v1", schema=schema)])
    path = f"{root}/namespaces/{ns}/things"
    c.post(
        path,
        _thing(
            c,
            "good",
            spec={
                "size": 5,
                "name": "abc",
                "mode": "fast",
                "ratio": 1.5,
                "list": ["x"],
                "map": {"a": 1},
                "port": "http",
                "nullable": None,
            },
        ),
    )
    for number, spec in enumerate(
        (
            None,
            {},
            {"size": 0},
            {"size": 11},
            {"size": "5"},
            {"size": 1.5},
            {"size": None},
            {"size": 5, "name": "a"},
            {"size": 5, "name": "abcdef"},
            {"size": 5, "name": "ABC"},
            {"size": 5, "mode": "other"},
            {"size": 5, "ratio": 0.7},
            {"size": 5, "on": "yes"},
            {"size": 5, "list": []},
            {"size": 5, "list": ["a", "b", "c"]},
            {"size": 5, "list": ["a", 1]},
            {"size": 5, "list": "a"},
            {"size": 5, "unique": ["a", "a"]},
            {"size": 5, "map": {"a": "x"}},
            {"size": 5, "map": {"a": 1, "b": 2, "c": 3}},
            {"size": 5, "port": 80},
            {"size": 5, "port": True},
            {"size": 5, "name": None},
            {"size": 5, "date": "yesterday"},
            {"size": 5, "bytes": "%%"},
            {"size": 5, "one": {}},
            {"size": 5, "one": {"a": "1", "b": "2"}},
            {"size": 5, "any": "z"},
            {"size": 5, "not": "bad"},
            {"size": 5, "exclusive": 0},
            {"size": 5, "embedded": {"a": 1}},
            {
                "size": 5,
                "embedded": {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "Bad Name", "x": 1}},
            },
            {"size": 0, "name": "A", "mode": "other"},
            "text",
            [],
        )
    ):
        c.post(path, _thing(c, f"t-{number}", spec=spec) if spec is not None else _thing(c, f"t-{number}"))
    c.merge(path + "/good", {"spec": {"size": 50}})
    c.merge(path + "/good", {"spec": {"size": None}})
    c.merge(path + "/good", {"spec": None})
    c.put(path + "/good", _thing(c, "good"))
    c.apply(path + "/good", _thing(c, "good", spec={"size": 20}))


def pruning_and_defaults(c):
    """Unknown fields go, missing ones are filled in."""
    ns = c.namespace()
    spec = {
        "type": "object",
        "properties": {
            "n": {"type": "integer", "default": 5},
            "word": {"type": "string", "default": "x"},
            "null": {"type": "string", "nullable": True},
            "deep": {"type": "object", "default": {}, "properties": {"a": {"type": "string", "default": "inner"}}},
            "bare": {"type": "object", "properties": {"b": {"type": "string", "default": "inner"}}},
            "list": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"k": {"type": "string"}, "d": {"type": "integer", "default": 1}},
                },
            },
            "free": {
                "type": "object",
                "x-kubernetes-preserve-unknown-fields": True,
                "properties": {"known": {"type": "object", "properties": {"a": {"type": "string"}}}},
            },
            "map": {
                "type": "object",
                "additionalProperties": {"type": "object", "properties": {"v": {"type": "integer", "default": 3}}},
            },
        },
    }
    schema = {"type": "object", "properties": {"spec": spec}}
    root = c.crd("things", "Thing", versions=[crd_version("v1", schema=schema)])
    path = f"{root}/namespaces/{ns}/things"
    c.post(path, _thing(c, "none"))
    c.post(path, _thing(c, "empty", spec={}))
    c.post(
        path,
        _thing(
            c,
            "full",
            spec={
                "n": 1,
                "word": "",
                "more": 1,
                "deep": {"b": 1},
                "bare": {},
                "list": [{"k": "1", "x": 1}, {}],
                "free": {"any": {"x": 1}, "known": {"a": "1", "b": 2}},
                "map": {"a": {}, "b": {"v": 1, "w": 2}},
            },
            top=1,
            status={"s": 1},
        ),
    )
    c.post(path, _thing(c, "nulls", spec={"n": None, "word": None, "null": None, "deep": None}))
    c.merge(path + "/full", {"spec": {"unknown": 1}})
    c.merge(path + "/full", {"spec": {"n": None}})
    c.merge(path + "/full", {"metadata": {"unknown": 1, "labels": {"a": "b"}}})
    c.put(path + "/none", _thing(c, "none", spec={"x": 1}))
    now = c.get(path + "/none")
    c.put(path + "/none", {**now, "spec": {"x": 1, "n": 2}})
    c.apply(path + "/applied", _thing(c, "applied", spec={"n": 7}))


def schema_changed(c):
    """A new schema holds for what is there already."""
    ns = c.namespace()
    crd = f"{CRDS}/things.{c.group}"
    root = c.crd("things", "Thing")
    path = f"{root}/namespaces/{ns}/things"
    c.post(path, _thing(c, "a", spec={"n": "text", "x": 1}))
    schema = {
        "type": "object",
        "properties": {
            "spec": {
                "type": "object",
                "properties": {"n": {"type": "integer"}, "d": {"type": "string", "default": "new"}},
            }
        },
    }
    c.json(crd, {"op": "replace", "path": "/spec/versions/0/schema/openAPIV3Schema", "value": schema})
    c.wait(lambda: "x" not in c.peek("GET", path + "/a")[1]["spec"], "the new schema prunes")
    c.get(path + "/a")
    c.get(path)
    c.merge(path + "/a", {"metadata": {"labels": {"a": "b"}}})
    c.merge(path + "/a", {"spec": {"n": 5}})
    c.post(path, _thing(c, "b", spec={"n": "text"}))
    c.json(
        crd,
        {
            "op": "add",
            "path": "/spec/versions/0/additionalPrinterColumns",
            "value": [{"name": "N", "type": "integer", "jsonPath": ".spec.n"}],
        },
    )
    c.wait(lambda: "'N'" in str(c.peek("GET", path, accept=TABLE)[1]["columnDefinitions"]), "the column is there")
    c.get(path, accept=TABLE)
    c.json(crd, {"op": "add", "path": "/spec/versions/0/subresources", "value": {"status": {}}})
    c.wait(lambda: c.peek("GET", path + "/a/status")[0] == 200, "there is a status")
    c.get(root)
    c.merge(path + "/a/status", {"status": {"ok": True}})
    c.merge(path + "/a", {"status": {"ok": False}, "spec": {"n": 6}})


def subresource_status_of_customs(c):
    """The status subresource: two sides that do not touch each other."""
    ns = c.namespace()
    root = c.crd("things", "Thing", versions=[crd_version("v1", status=True)])
    path = f"{root}/namespaces/{ns}/things"
    made = c.post(path, _thing(c, "g", spec={"a": 1}, status={"ignored": True}))
    path += "/g"
    c.get(path + "/status")
    c.merge(path, {"status": {"ignored": True}})
    c.merge(path, {"status": {"ignored": True}, "spec": {"a": 2}})
    now = c.merge(path + "/status", {"status": {"seen": 2}, "spec": {"a": 3}, "metadata": {"labels": {"a": "b"}}})
    c.merge(path + "/status", {"status": {"seen": 2}})
    c.merge(path, {"metadata": {"annotations": {"a": "b"}}})
    c.json(path + "/status", {"op": "add", "path": "/status/list", "value": [1]})
    c.put(path + "/status", _thing(c, "g", status={"whole": 1}))
    c.put(path + "/status", {**made, "status": {"stale": 1}})
    now = c.get(path)
    now["status"], now["spec"], now["top"] = {"whole": 1}, {"not": "here"}, "nor here"
    now = c.put(path + "/status", now)
    c.put(path, {**now, "status": {"not": "so"}, "spec": {"a": 9}})
    c.json(path + "/status", {"op": "remove", "path": "/status"})
    c.delete(path + "/status")
    c.put(path + "/status", _thing(c, "other"))
    c.merge(f"{root}/namespaces/{ns}/things/missing/status", {"status": {}})
    c.get(root)
    c.get(path)


def without_status_subresource(c):
    """Without the subresource, status is a field as any, and generation counts all."""
    ns = c.namespace()
    root = c.crd("things", "Thing")
    path = f"{root}/namespaces/{ns}/things"
    made = c.post(path, _thing(c, "w", spec={"n": None, "e": {}, "l": []}, top=5, status={"s": 1}, labels={}))
    c.merge(path + "/w", {"status": {"s": 2}})
    c.merge(path + "/w", {"metadata": {"labels": {"only": "metadata"}}})
    c.merge(path + "/w", {"spec": {"n": 1}})
    c.merge(path + "/w/status", {"status": {"s": 3}})
    c.get(path + "/w/status")
    c.put(path + "/w", _thing(c, "w", spec={}))
    c.put(path + "/w", _thing(c, "w", resourceVersion=version(made), spec={}))
    c.put(path + "/missing", _thing(c, "missing"))
    c.post(path, named("bare"))
    c.post(path, {"kind": "Thing", **named("bare")})
    c.post(path, {**_thing(c, "x"), "kind": "Other"})
    c.post(path, _thing(c, "x", "v2"))
    c.post(path, _thing(c, "UPPER"))
    c.post(path, _thing(c, "labels", labels={"a b": "c"}))
    c.post(path, _thing(c, "labels", labels={"a": 1}))
    c.post(path, {"apiVersion": f"{c.group}/v1", "kind": "Thing", "metadata": {"generateName": "made-"}})
    c.put(path + "/w", _thing(c, "other"))
    c.delete(path, labelSelector="only=metadata")
    c.delete(path + "/w")
    c.delete(path)


def scopes(c):
    """Objects of a cluster-scoped type, and paths of the wrong scope."""
    root = c.crd("planets", "Planet", scope="Cluster")
    path = f"{root}/planets"
    c.clear(path + "/mars")

    def planet(name, **more):
        return {"apiVersion": f"{c.group}/v1", "kind": "Planet", **named(name, **more)}

    c.get(root)
    first = c.post(path, planet("mars", spec={"moons": 2}))
    watch = c.watch(path, resourceVersion=version(first))
    c.get(path)
    c.get(path + "/mars")
    c.merge(path + "/mars", {"spec": {"moons": 3}})
    c.get(f"{root}/namespaces/default/planets/mars")
    c.get(f"{root}/namespaces/default/planets")
    c.post(f"{root}/namespaces/default/planets", planet("venus"))
    c.post(path, planet("venus", namespace="default"))
    c.delete(path + "/venus")
    c.merge(path + "/mars", {"metadata": {"namespace": "default"}})
    c.apply(path + "/mars", planet("mars", spec={"ring": True}))
    c.delete(path + "/mars")
    watch.events(4, quiet=0.1)
    ns = c.namespace()
    things = c.crd("things", "Thing")
    c.post(f"{things}/things", _thing(c, "everywhere"))
    c.get(f"{things}/things/x")
    c.get(f"{things}/namespaces/{ns}/things/x")
    c.post(f"{things}/namespaces/absent-{ns}/things", _thing(c, "x"))


def names_taken(c):
    """Two definitions that want the same names: the second waits."""
    c.crd("things", "Thing", names={"shortNames": ["tg"]})
    c.clear(f"{CRDS}/others.{c.group}")
    second = _definition(
        c,
        "others",
        names={"plural": "others", "kind": "Thing", "singular": "thing", "listKind": "ThingList", "shortNames": ["tg"]},
    )
    c.post(CRDS, second)
    path = f"{CRDS}/others.{c.group}"
    c.wait(lambda: (c.peek("GET", path)[1].get("status") or {}).get("conditions"), "it has conditions")
    c.facts(path, lambda a: {d["type"]: [d["status"], d["reason"], d["message"]] for d in a["status"]["conditions"]})
    c.facts(path, lambda a: a["status"]["acceptedNames"])
    c.get(f"/apis/{c.group}/v1/others")
    c.get(f"/apis/{c.group}/v1")


def names_of_the_server(c):
    """Groups that are protected."""
    for group in ("x.k8s.io", "y.kubernetes.io"):
        body = _definition(c, group=group)
        body["metadata"]["name"] = f"things.{group}"
        c.post(CRDS, body)
        body["metadata"]["annotations"] = {"api-approved.kubernetes.io": "unapproved, of a test"}
        c.post(CRDS, body, dryRun="All")


def deletion_of_customs(c):
    """Custom objects: finalizers, generation, answers to DELETE; a definition waits for its held objects."""
    ns = c.namespace()
    crd = f"{CRDS}/things.{c.group}"
    root = c.crd("things", "Thing", versions=[crd_version("v1", status=True)])
    path = f"{root}/namespaces/{ns}/things"
    c.post(path, _thing(c, "g", finalizers=["example.com/a"], spec={}))
    c.delete(path + "/g")
    c.merge(path + "/g", {"metadata": {"finalizers": ["example.com/a", "example.com/b"]}})
    c.merge(path + "/g/status", {"status": {"still": "writable"}})
    c.merge(path + "/g", {"spec": {"still": "writable"}})
    c.facts(crd, lambda a: [a["kind"], sorted(a["metadata"]), a["metadata"].get("finalizers")], method="DELETE")
    c.wait(
        lambda: any(
            d["type"] == "Terminating" and d["status"] == "True" for d in c.peek("GET", crd)[1]["status"]["conditions"]
        ),
        "the definition is terminating",
    )
    c.get(path + "/g")
    c.post(path, _thing(c, "late"))
    c.merge(path + "/g", {"metadata": {"finalizers": []}})
    c.gone(crd)
    c.get(path + "/g")
    c.get(core(ns, "configmaps"))


def numbers(c):
    """Numbers in custom objects stay what they are."""
    ns = c.namespace()
    root = c.crd("things", "Thing")
    path = f"{root}/namespaces/{ns}/things"
    text = '{"apiVersion": "%s/v1", "kind": "Thing", "metadata": {"name": "n"}, "spec": %s}'
    c.ask(
        "POST",
        path,
        text % (c.group, '{"a": 1, "b": 1.0, "c": 1e3, "d": 9007199254740993, "e": -0, "f": 0.1, "g": 1e400}'),
        "application/json",
    )
    c.ask(
        "POST",
        path,
        text
        % (c.group, '{"a": 1, "b": 1.0, "c": 1e3, "d": 9007199254740993, "e": -0, "f": 0.1, "h": 9223372036854775807}'),
        "application/json",
    )
    c.get(path + "/n")
    c.json(path + "/n", {"op": "test", "path": "/spec/a", "value": 1.0})
    c.json(path + "/n", {"op": "test", "path": "/spec/c", "value": 1000})
    c.merge(path + "/n", {"spec": {"big": 123456789012345678901234567890}})
    c.ask("POST", path, text.replace('"n"', '"deep"') % (c.group, "[" * 50 + "]" * 50), "application/json")
