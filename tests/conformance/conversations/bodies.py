# SPDX-License-Identifier: Apache-2.0
"""What may be sent and asked for: media types, sizes, odd JSON."""

import json

from conversations.words import config_map, core, named, typed


def media_types_sent(c):
    """What a body may be: 415."""
    maps = c.maps()
    text = json.dumps(config_map("a", data={"k": "v"}))
    c.ask("POST", maps, text, "text/plain")
    c.ask("POST", maps, text, "application/xml")
    c.ask("POST", maps, text, "application/json; charset=utf-8")
    c.ask("POST", maps, text, "APPLICATION/JSON")
    c.ask("POST", maps, json.dumps(config_map("b")), "nonsense")
    c.ask("POST", maps, json.dumps(config_map("c")), "*/*")
    c.ask("POST", maps, json.dumps(config_map("d")), "")
    c.ask("POST", maps, "kind: ConfigMap\napiVersion: v1\nmetadata: {name: e}\ndata: {k: 'yes'}\n", "application/yaml")
    c.ask(
        "PUT",
        maps + "/e",
        "kind: ConfigMap\napiVersion: v1\nmetadata: {name: e}\ndata: {k: changed}\n",
        "application/yaml",
    )
    c.ask("POST", maps, b"k8s\x00nonsense", "application/vnd.kubernetes.protobuf")
    c.ask("PUT", maps + "/e", text, "text/plain")
    c.ask("PATCH", maps + "/e", "{}", "application/json")
    c.ask("PATCH", maps + "/e", "{}", "text/plain")
    c.ask("PATCH", maps + "/e", "{}", "")
    c.ask("PATCH", maps + "/e", "{}", "application/merge-patch+json; charset=utf-8")
    c.ask("DELETE", maps + "/e", "{}", "text/plain")
    c.ask("DELETE", maps + "/missing", "{}", "text/plain")


def media_types_asked(c):
    """What an answer may be: 406."""
    maps = c.maps()
    c.post(maps, config_map("a", data={"k": "v"}))
    for accept in (
        "*/*",
        "application/*",
        "application/json, */*",
        "application/json;q=0.5, text/plain",
        "application/vnd.kubernetes.protobuf, application/json",
        "text/html, application/json",
        "application/json;as=Table;v=v1;g=meta.k8s.io, application/json",
        "application/json;as=Table;v=v1beta1;g=meta.k8s.io",
        "application/json;as=Table;v=v9;g=meta.k8s.io, application/json",
    ):
        c.facts(maps + "/a", lambda answer: answer["kind"] if isinstance(answer, dict) else "binary", accept=accept)
    for accept in (
        "text/plain",
        "text/html",
        "image/png",
        "nonsense",
        "application/json;as=Table;v=v9;g=meta.k8s.io",
        "application/json;as=Nothing;v=v1;g=meta.k8s.io",
        "application/json;as=Table",
    ):
        c.get(maps + "/a", accept=accept)
        c.get(maps, accept=accept)
    c.get(maps + "/a", accept="application/yaml")
    c.get(maps + "/missing", accept="application/yaml")
    c.get(maps + "/missing", accept="text/html")
    c.post(maps, config_map("b"), accept="text/html")
    c.get(maps + "/b")
    c.watch(maps, accept="text/html")
    c.watch(maps, accept="application/json;as=Nothing;v=v1;g=meta.k8s.io")
    c.watch(maps, accept="application/yaml")


def malformed_bodies(c):
    """What is no JSON, or no object."""
    maps = c.maps()
    for text in (
        "",
        "{",
        "null",
        "[]",
        "5",
        '"text"',
        "{}",
        '{"metadata": null}',
        '{"metadata": []}',
        '{"metadata": "text"}',
        '{"metadata": {"name": 5}}',
        '{"metadata": {"name": null}}',
        '{"metadata": {"name": "a", "labels": []}}',
        '{"metadata": {"name": "a", "labels": {"a": 1}}}',
        '{"metadata": {"name": "a", "annotations": {"a": {}}}}',
        '{"metadata": {"name": "a", "finalizers": "one"}}',
        '{"metadata": {"name": "a", "creationTimestamp": "yesterday"}}',
        '{"metadata": {"name": "a"}, "data": []}',
        '{"metadata": {"name": "a"}, "data": {"k": 1}}',
        '{"metadata": {"name": "a"}, "data": {"k": true}}',
        '{"metadata": {"name": "a"}, "data": {"k": ["v"]}}',
        '{"metadata": {"name": "a"}, "binaryData": {"k": "%%%"}}',
        '{"metadata": {"name": "a"}, "immutable": "yes"}',
        '{"metadata": {"name": "a"}} trailing',
        '{"kind": 5, "metadata": {"name": "a"}}',
        '{"apiVersion": {}, "metadata": {"name": "a"}}',
    ):
        c.ask("POST", maps, text, "application/json")
    c.ask("POST", maps, '{"metadata": {"name": "twice"}, "data": {"k": "1"}, "data": {"k": "2"}}', "application/json")
    c.ask("POST", maps, '{"METADATA": {"NAME": "case"}, "Data": {"k": "1"}}', "application/json")
    c.ask("POST", maps, '{"metadata": {"name": "nulls", "labels": null}, "data": {"k": null}}', "application/json")
    c.ask("POST", maps, '\n\t {"metadata": {"name": "blank"}}\n\n', "application/json")
    c.ask(
        "POST",
        maps,
        json.dumps(named("unicode", data={"k": "\u00e4\u20ac\U0001f600 \u0000 \u2028 <&>"})),
        "application/json",
    )
    c.get(maps + "/unicode")
    c.ask("POST", maps, b'{"metadata": {"name": "bytes"}, "data": {"k": "\xff\xfe"}}', "application/json")
    c.ask("PUT", maps + "/unicode", "", "application/json")
    c.ask("PUT", maps + "/unicode", "{", "application/json")
    c.ask("PUT", maps + "/unicode", "null", "application/json")


def kinds_in_bodies(c):
    """apiVersion and kind of a body, against those of the path."""
    ns = c.namespace()
    maps = core(ns, "configmaps")
    c.post(maps, named("neither"))
    c.post(maps, {"kind": "ConfigMap", **named("kind-alone")})
    c.post(maps, {"apiVersion": "v1", **named("version-alone")})
    c.post(maps, typed("v1", "Secret", "a"))
    c.post(maps, typed("v2", "ConfigMap", "a"))
    c.post(maps, typed("apps/v1", "Deployment", "a"))
    c.post(maps, typed("example.com/v1", "ConfigMap", "a"))
    c.post(maps, typed("v1", "Nothing", "a"))
    c.post(maps, typed("v1", "ConfigMapList", "a", items=[]))
    c.post(maps, typed("a/b/c", "ConfigMap", "a"))
    c.put(maps + "/neither", typed("v1", "Secret", "neither"))
    c.put(maps + "/neither", named("neither", data={"k": "v"}))
    deployments = f"/apis/apps/v1/namespaces/{ns}/deployments"
    c.post(deployments, typed("apps/v1beta1", "Deployment", "a"))
    c.post(deployments, typed("extensions/v1beta1", "Deployment", "a"))
    c.post(deployments, named("a"))


def names_in_bodies(c):
    """Name and namespace of a body, against those of the path."""
    ns = c.namespace()
    maps = core(ns, "configmaps")
    c.post(maps, config_map("a", namespace=ns))
    c.post(maps, config_map("b", namespace="elsewhere"))
    c.put(maps + "/a", config_map("a", namespace="elsewhere"))
    c.put(maps + "/a", config_map("other"))
    c.put(maps + "/a", {"metadata": {}})
    c.put(maps + "/a", {"metadata": {"generateName": "a"}})
    c.merge(maps + "/a", {"metadata": {"name": "other"}})
    c.merge(maps + "/a", {"metadata": {"namespace": "elsewhere"}})
    c.merge(maps + "/a", {"metadata": {"name": None}})
    c.merge(maps + "/a", {"metadata": {"namespace": None}})
    c.post("/api/v1/namespaces", named(c.ns + "-x", namespace=c.ns + "-x"))
    c.clear(f"/api/v1/namespaces/{c.ns}-x")
    c.post(core("absent-" + c.ns, "configmaps"), config_map("a"))
    c.post(core("Not%20A%20Name", "configmaps"), config_map("a"))
    c.get(core("absent-" + c.ns, "configmaps"))
    c.get(maps + "/Not%20A%20Name")


def huge_bodies(c):
    """How big a body may be: 413."""
    maps = c.maps()
    c.post(
        maps,
        config_map("large", data={"k": "x" * 1000000}),
        accept="application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io",
    )
    c.post(
        maps,
        config_map("limit", data={"k": "x" * (1024 * 1024)}),
        accept="application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io",
    )
    c.post(maps, config_map("above", data={"k": "x" * (1024 * 1024 + 1)}))
    c.post(maps, config_map("two", data={"k": "x" * 1000000, "l": "y" * 100000}))
    c.post(maps, config_map("binary", binaryData={"k": "QUFB" * (1024 * 1024 // 3 + 1)}))
    c.post(maps, config_map("huge", data={"k": "x" * 3 * 1024 * 1024}))
    c.post(maps, config_map("labels", annotations={"a": "x" * (256 * 1024)}))
    c.post(
        maps,
        config_map("labels", annotations={"a": "x" * (256 * 1024 - 1)}),
        accept="application/json;as=Table;v=v1;g=meta.k8s.io",
    )
    c.merge(maps + "/large", {"data": {"l": "y" * 100000}})
    c.merge(maps + "/large", {"data": {"k": "x" * 3 * 1024 * 1024}})
    c.json(maps + "/large", *[{"op": "test", "path": "/data/l", "value": "1"}] * 10001)
    c.json(
        maps + "/large",
        *[{"op": "add", "path": "/data/l", "value": "1"}] * 100,
        accept="application/json;as=Table;v=v1;g=meta.k8s.io",
    )


def unknown_fields(c):
    """Fields that a type has not are dropped without a word."""
    ns = c.namespace()
    c.post(core(ns, "configmaps"), config_map("a", data={"k": "v"}, nothing={"x": 1}, spec={}, status={}))
    c.post(core(ns, "configmaps"), {"metadata": {"name": "b", "nothing": 1, "clusterName": "x"}})
    c.merge(core(ns, "configmaps") + "/a", {"nothing": 1, "metadata": {"nothing": 2}})
    c.post(core(ns, "services"), typed("v1", "Service", "s", spec={"nothing": 1, "ports": [{"port": 1, "x": 2}]}))
    c.post(
        core(ns, "secrets"), typed("v1", "Secret", "s", stringData={"a": "text"}, data={"a": "AAEC", "b": "AAEC"}, x=1)
    )
    c.merge(core(ns, "secrets") + "/s", {"stringData": {"b": "words"}})
    c.put(core(ns, "secrets") + "/s", typed("v1", "Secret", "s", stringData={"c": ""}))
    c.post(core(ns, "serviceaccounts"), typed("v1", "ServiceAccount", "s", secrets=[{"name": "s", "x": 1}], x=1))


def field(number, value):
    """A field of a protobuf message: a number, or text, bytes or a message."""

    def varint(left):
        return bytes([left & 127 | 128]) + varint(left >> 7) if left > 127 else bytes([left])

    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    value = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(value)) + value


def enveloped(version, kind, message):
    return b"k8s\0" + field(1, field(1, version) + field(2, kind)) + field(2, message)


def protobuf_sent(c):
    """Objects in protobuf, as younger clients create them, whole and broken."""
    maps = c.maps()
    proto = "application/vnd.kubernetes.protobuf"
    named_a = field(1, field(1, "a"))
    entry = field(2, field(1, "k") + field(2, "v"))
    binary = field(3, field(1, "b") + field(2, b"\0\xff"))
    c.ask("POST", maps, enveloped("v1", "ConfigMap", named_a + entry + binary), proto)
    c.ask("PUT", maps + "/a", enveloped("v1", "ConfigMap", named_a + entry + field(99, "unknown")), proto)
    c.ask("PUT", maps + "/a", b"k8s\0" + field(2, named_a), proto)
    for body in (
        b"",
        b"garbage",
        b"k8s\0",
        b"k8s\0" + field(1, 5),
        enveloped("v1", "ConfigMap", named_a)[:-1],
        enveloped("v1", "ConfigMap", named_a[:-1]),
        enveloped("v1", "ConfigMap", field(1, 5)),
        enveloped("v1", "ConfigMap", b"\xff" * 12),
        enveloped("v1", "Secret", named_a),
        enveloped("v2", "ConfigMap", named_a),
        enveloped("v1", "Nothing", named_a),
    ):
        c.ask("POST", maps, body, proto)
    services = maps.replace("configmaps", "services")
    port = field(1, "web") + field(2, "TCP") + field(3, 80) + field(4, field(1, 1) + field(3, "http"))
    selector = field(2, field(1, "app") + field(2, "a"))
    c.ask("POST", services, enveloped("v1", "Service", named_a + field(2, field(1, port) + selector)), proto)
    leases = maps.replace("/api/v1", "/apis/coordination.k8s.io/v1").replace("configmaps", "leases")
    held = field(1, "me") + field(2, 15) + field(3, field(1, 1600000000) + field(2, 123456789))
    c.ask("POST", leases, enveloped("coordination.k8s.io/v1", "Lease", named_a + field(2, held)), proto)
    deployments = maps.replace("/api/v1", "/apis/apps/v1").replace("configmaps", "deployments")
    limits = field(8, field(1, field(1, "cpu") + field(2, field(1, "0.5"))))
    volume = field(1, field(1, "v") + field(2, field(2, b"")))
    pod = field(2, field(1, "c") + field(2, "i") + limits) + volume
    label = field(1, "app") + field(2, "a")
    template = field(1, field(11, label)) + field(2, pod)
    spec = field(1, 0) + field(2, field(1, label)) + field(3, template)
    c.ask("POST", deployments, enveloped("apps/v1", "Deployment", named_a + field(2, spec)), proto)
    dry = field(5, "All")
    c.ask("DELETE", maps + "/a", enveloped("v1", "DeleteOptions", dry), proto)
    c.ask("DELETE", maps + "/a", enveloped("v1", "ConfigMap", dry), proto)
    c.ask("DELETE", maps + "/a", enveloped("v1", "DeleteOptions", dry[:-1]), proto)
    c.ask("DELETE", maps + "/a", enveloped("v1", "DeleteOptions", field(4, "Odd")), proto)
    c.ask("DELETE", maps + "/a", enveloped("apps/v1", "DeleteOptions", field(4, "Background")), proto)
