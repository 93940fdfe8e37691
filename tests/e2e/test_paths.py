# SPDX-License-Identifier: Apache-2.0
"""Paths, in annotation keys and values, against a real API server. D14: the original could not name keys with dots; D15: nor
elements of lists."""

from envtest import b64
from objects import configmap, custom, deployment, hidden, secret, set_data, wait_data, wait_value


def test_d14_keys_with_dots_are_named_with_two_dots(fedcopy, cluster_set, hub, edge1, namespace):
    secret(hub, namespace, "source", {"tls.crt": "one", "a.": "two", "ca.crt": "three"})
    rules = {"data.tls..crt": "secret:source:data.tls..crt", "data.b": "secret:source:data.a..", "data.c": "secret:source:data.ca..crt"}
    secret(edge1, namespace, "copy", {"tls.key": "own"}, rules)
    fedcopy("run", "--clusters", cluster_set, "--target", "secret")
    wait_data(edge1, "secrets", namespace, "copy", {"tls.key": "own", "tls.crt": "one", "b": "two", "c": "three"})
    set_data(hub, "secrets", namespace, "source", {"tls.crt": "renewed"})
    wait_data(edge1, "secrets", namespace, "copy", {"tls.key": "own", "tls.crt": "renewed", "b": "two", "c": "three"})


def test_sources_may_be_named_with_brackets_and_as_json_pointer(fedcopy, cluster_set, hub, edge1, namespace):
    source = {
        "list": [{"name": "first"}, {"name": "second"}],
        "map": {"0": "a key of digits", "app.kubernetes.io/name": "podinfo", "a~b": "tilde", "it's": "quoted"},
    }
    custom(hub, namespace, "HelmRelease", "source", source)
    wanted = {
        "index": ("spec.list.1.name", "second"),
        "bracket": ("spec.list[0].name", "first"),
        "digits": ("spec.map.0", "a key of digits"),
        "single": ("spec.map['app.kubernetes.io/name']", "podinfo"),
        "double": ('spec["map"]["it\'s"]', "quoted"),
        "pointer": ("/spec/map/app.kubernetes.io~1name", "podinfo"),
        "tilde": ("/spec/map/a~0b", "tilde"),
        "pointed": ("/spec/list/1/name", "second"),
        "dotted": ("spec.map.app..kubernetes..io/name", "podinfo"),
    }
    rules = {f"data.{key}": f"helmrelease:source:{path}" for key, (path, _) in wanted.items()}
    configmap(edge1, namespace, "copy", {}, rules)
    program = fedcopy("run", "--clusters", cluster_set, "--target", "configmap")
    wait_data(edge1, "configmaps", namespace, "copy", {key: value for key, (_, value) in wanted.items()})
    assert {rule["state"] for rule in program.rules("/copy")} <= {"InSync", "Pending"}


def test_d15_elements_of_lists_are_written_in_place(fedcopy, cluster_set, hub, edge1, namespace):
    configmap(hub, namespace, "source", {"image": "worker:2"})
    deployment(edge1, namespace, "worker", {"spec.template.spec.containers.0.image": "configmap:source:data.image"})
    deployment(edge1, namespace, "short", {"spec.template.spec.containers.1.image": "configmap:source:data.image"})
    program = fedcopy("run", "--clusters", cluster_set, "--target", "deployments.apps")
    image = ("spec", "template", "spec", "containers", 0, "image")
    wait_value(edge1, "deployments", namespace, "worker", image, "worker:2")
    set_data(hub, "configmaps", namespace, "source", {"image": "worker:3"})
    wait_value(edge1, "deployments", namespace, "worker", image, "worker:3")
    # A list is never made longer.
    rule = program.wait_rule("/short", state="Invalid", reason="TargetPathBlocked")
    assert rule["writes"] == 0
    assert len(edge1.api.get("deployments", namespace, "short")["spec"]["template"]["spec"]["containers"]) == 1


def test_b10_missing_and_null_parents_are_created(fedcopy, cluster_set, hub, namespace):
    # B10
    secret(hub, namespace, "source", {"a": "1"})
    rules = {"spec.template.data": "secret:source:data"}
    custom(hub, namespace, "FederatedSecret", "no-spec", None, rules)
    custom(hub, namespace, "FederatedSecret", "no-template", {"placement": {}}, rules)
    custom(hub, namespace, "FederatedSecret", "null", {"template": None}, rules)
    two = dict(rules, **{"spec.template.metadata.labels.team": 'json:"red"'})
    custom(hub, namespace, "FederatedSecret", "two", None, two)
    custom(hub, namespace, "FederatedSecret", "blocked", {"template": "text"}, rules)
    program = fedcopy("run", "--clusters", cluster_set, "--target", "federatedsecrets")
    data = {"data": {"a": b64(hidden("1"))}}
    for name, want in (
        ("no-spec", {"template": data}),
        ("no-template", {"placement": {}, "template": data}),
        ("null", {"template": data}),
        ("two", {"template": dict(data, metadata={"labels": {"team": "red"}})}),
    ):
        wait_value(hub, "federatedsecrets", namespace, name, ("spec",), want)
    program.wait_rule("/blocked", state="Invalid", reason="TargetPathBlocked")
    assert hub.api.get("federatedsecrets", namespace, "blocked")["spec"] == {"template": "text"}


def test_values_of_every_type_are_copied_as_they_are(fedcopy, cluster_set, hub, namespace):
    values = {
        "text": "grüß Gott \u2028 \"quoted\" \\ \n",
        "empty": "",
        "zero": 0,
        "negative": -9007199254740993,
        "large": 9223372036854775807,
        "fraction": 0.1,
        "no": False,
        "list": [1, "two", None, {"three": []}],
        "map": {"a": {"b": {"c": {}}}, "": "an empty key"},
        "emptymap": {},
        "emptylist": [],
    }
    custom(hub, namespace, "HelmRelease", "source", values)
    rules = {f"spec.{key}": f"helmrelease:source:spec.{key}" for key in values}
    custom(hub, namespace, "FederatedHelmRelease", "copy", {}, rules)
    custom(hub, namespace, "FederatedHelmRelease", "whole", {}, {"spec": "helmrelease:source:spec"})
    program = fedcopy("run", "--clusters", cluster_set, "--target", "federatedhelmreleases")
    for name in ("copy", "whole"):
        wait_value(hub, "federatedhelmreleases", namespace, name, ("spec",), values)
    for key in values:
        assert program.wait_rule("/copy", f"spec.{key}")["writes"] == 1
