# SPDX-License-Identifier: Apache-2.0
"""Objects and lists that are stranger or larger than usual, on real API servers: copied exactly, or named and counted as
skipped; never lost without a word, never fatal, and nobody else's affair."""

import json
import string
import time

import pytest
from envtest import wait_for
from fedcopy import LEAN
from objects import PREFIX, asked, at, configmap, custom, metadata, set_data, wait_data, wait_value, wait_writes

# An API server keeps a number that does not fit 64 bits as a float, and writes this one as 12345678901234567000: beyond
# what 64 bits hold, and an integer for whoever reads it.
BEYOND = 12345678901234567890


def nested(levels):
    """{"a": {"a": ...}} as text: deeper than Python's own writer goes."""
    return '{"a":' * levels + "1" + "}" * levels


def raw(cluster, namespace, name, spec, rules=None):
    """A HelmRelease whose spec is given as JSON text. Its answer is not decoded: Python cannot either."""
    head = {"apiVersion": "helm.toolkit.fluxcd.io/v2beta1", "kind": "HelmRelease", "metadata": metadata(name, rules)}
    body = json.dumps(head)[:-1] + f', "spec": {spec}}}'
    status, answer = cluster.api.raw("POST", cluster.api.path("helmreleases", namespace), body)
    assert status == 201, answer[:500]


@pytest.fixture
def remove(namespace, hub, edge1):
    """After the test the HelmReleases are removed one by one, for the same reason."""
    names = []
    yield names
    for cluster in (hub, edge1):
        for name in names:
            cluster.api.raw("DELETE", cluster.api.path("helmreleases", namespace, name))


def rewrite(cluster, namespace, name, spec):
    cluster.api.patch("helmreleases", namespace, name, [{"op": "replace", "path": "/spec", "value": spec}], "json")


def skipped(program, cluster, reason="limit"):
    return program.metrics().total("fedcopy_objects_skipped_total", cluster=cluster.name, reason=reason)


ODD = {"number": f'{{"values": {BEYOND}}}', "depth": f'{{"values": {nested(2000)}}}'}


@pytest.mark.real("numbers and depths that the sandbox cannot hold either")
def test_sources_that_cannot_be_held_are_named_counted_and_waited_for(
    remove, fedcopy, cluster_set, hub, edge1, namespace
):
    for name, spec in ODD.items():
        raw(hub, namespace, name, spec)
        remove.append(name)
        configmap(edge1, namespace, name, {"a": "kept"}, {"data.a": f"helmreleases:{name}:spec.values"})
    custom(hub, namespace, "HelmRelease", "good", {"values": "good"})
    configmap(edge1, namespace, "good", {}, {"data.a": "helmreleases:good:spec.values"})
    program = fedcopy("run", "--clusters", cluster_set, "--target", "configmaps", "--namespace", namespace)
    wait_data(edge1, "configmaps", namespace, "good", {"a": "good"})
    for name in ODD:
        program.wait_rule(f"/{name}", state="Error")
        wait_for(lambda n=name: f"{namespace}/{n}" in program.stderr(), 5, f"{name} is named")
        assert at(edge1.api.get("configmaps", namespace, name), "data", "a") == "kept"
    assert skipped(program, hub) >= len(ODD)
    # The stream goes on, and what can be held again is copied.
    rewrite(hub, namespace, "good", {"values": "better"})
    wait_data(edge1, "configmaps", namespace, "good", {"a": "better"})
    for name in ODD:
        rewrite(hub, namespace, name, {"values": name})
        wait_data(edge1, "configmaps", namespace, name, {"a": name})
    # And back.
    before = skipped(program, hub)
    rewrite(hub, namespace, "number", {"values": BEYOND})
    program.wait_rule("/number", state="Error")
    assert skipped(program, hub) > before
    wait_data(edge1, "configmaps", namespace, "number", {"a": "number"})


@pytest.mark.real("numbers and depths that the sandbox cannot hold either")
def test_targets_that_cannot_be_held_are_named_and_left_alone(remove, fedcopy, cluster_set, hub, edge1, namespace):
    configmap(hub, namespace, "source", {"a": "1"})
    for name, spec in {**ODD, "good": "{}"}.items():
        raw(edge1, namespace, name, spec, {"spec.copied": "configmap:source:data.a"})
        remove.append(name)
    with edge1.counting() as count:
        program = fedcopy("run", "--clusters", cluster_set, "--target", "helmreleases", "--namespace", namespace)
        wait_value(edge1, "helmreleases", namespace, "good", ("spec", "copied"), "1")
        for name in ODD:
            program.wait_rule(f"/{name}", state="Error")
            wait_for(lambda n=name: f"/{namespace}/{n}" in program.stderr(), 5, f"{name} is named")
        assert [request["name"] for request in asked(count, "patch")] == ["good"]
    for name in ODD:
        rewrite(edge1, namespace, name, {})
        wait_value(edge1, "helmreleases", namespace, name, ("spec", "copied"), "1")


@pytest.mark.real("numbers and depths that the sandbox cannot hold either")
def test_strangers_that_cannot_be_held_stop_nothing_and_are_named(remove, fedcopy, cluster_set, hub, edge1, namespace):
    # Nine sources are one watch of the namespace, which shows what nobody asked for too.
    for number in range(9):
        custom(hub, namespace, "HelmRelease", f"source-{number}", {"values": "1"})
        configmap(edge1, namespace, f"copy-{number}", {}, {"data.a": f"helmreleases:source-{number}:spec.values"})
    for name, spec in ODD.items():
        raw(hub, namespace, f"stranger-{name}", spec)
        remove.append(f"stranger-{name}")
    program = fedcopy("run", "--clusters", cluster_set, "--target", "configmaps", "--namespace", namespace)
    for number in range(9):
        wait_data(edge1, "configmaps", namespace, f"copy-{number}", {"a": "1"})
    wait_for(lambda: skipped(program, hub) >= len(ODD), 5, "they are counted")
    for name in ODD:
        wait_for(lambda n=name: f"stranger-{n}" in program.stderr(), 5, program.stderr)
    raw(hub, namespace, "stranger-later", ODD["number"])
    remove.append("stranger-later")
    rewrite(hub, namespace, "source-8", {"values": "2"})
    wait_data(edge1, "configmaps", namespace, "copy-8", {"a": "2"})
    wait_for(lambda: "stranger-later" in program.stderr(), 5, program.stderr)


def test_odd_values_are_copied_exactly(fedcopy, cluster_set, hub, edge1, namespace):
    values = {
        "nul": "before\u0000after",
        "controls": "".join(chr(code) for code in range(32)),
        "beyond-the-plane": "\U0001f600 \U0010ffff \ufffd \u2028",
        "crlf": "a\r\nb\r\n",
        "empty": "",
    }
    configmap(hub, namespace, "source", values)
    configmap(edge1, namespace, "copy", {}, {"data": "configmap:source:data"})
    numbers = [0, -1, 2**63 - 1, -(2**63), 0.1, 1e300, -1.5e-300, 123456789.125]
    custom(hub, namespace, "HelmRelease", "source", {"values": numbers})
    custom(edge1, namespace, "HelmRelease", "copy", {}, {"spec.values": "helmreleases:source:spec.values"})
    program = fedcopy("run", "--clusters", cluster_set, "--target", "configmaps,helmreleases", "--namespace", namespace)
    wait_data(edge1, "configmaps", namespace, "copy", values)
    program.wait_rule(f"configmaps/{namespace}/copy")
    wait_value(edge1, "helmreleases", namespace, "copy", ("spec", "values"), numbers)
    # And nothing is written for ever because it comes back in other words.
    for kind in ("configmaps", "helmreleases.helm.toolkit.fluxcd.io"):
        assert program.wait_rule(f"{kind}/{namespace}/copy")["writes"] == 1


def test_an_object_of_1_4_mib_is_copied(fedcopy, cluster_set, hub, edge1, namespace):
    # etcd's limit of a request is 1.5 MiB.
    letters = string.ascii_letters * 28000
    large = letters[: int(1.4 * 1024 * 1024)]
    custom(hub, namespace, "HelmRelease", "source", {"values": {"large": large}})
    custom(edge1, namespace, "HelmRelease", "copy", {}, {"spec.values": "helmreleases:source:spec.values"})
    program = fedcopy("run", "--clusters", cluster_set, "--target", "helmreleases", "--namespace", namespace)
    wait_writes(program, "/copy", "spec.values", 1)
    assert edge1.api.get("helmreleases", namespace, "copy")["spec"]["values"] == {"large": large}
    rewrite(hub, namespace, "source", {"values": {"large": large[::-1]}})
    wait_writes(program, "/copy", "spec.values", 2)
    assert edge1.api.get("helmreleases", namespace, "copy")["spec"]["values"] == {"large": large[::-1]}


def test_names_at_their_limits_are_copied(fedcopy, cluster_set, hub, edge1, make_namespace):
    namespace = make_namespace("n" * 63, on=[hub, edge1])
    label = "x" * 63
    name = ".".join([label, label, label, "y" * 61])
    key = "k" * 253
    assert len(name) == 253
    configmap(hub, namespace, name, {key: "1", "a.b": "2"})
    rules = {f"data.{'c' * 63}": f"configmap:{namespace}/{name}:data.{key}", "data.x": f"configmap:{name}:data['a.b']"}
    # An annotation's name has room for 63 characters.
    rules = {path[: 63 - len("replace-")]: value for path, value in rules.items()}
    configmap(edge1, namespace, name, {}, rules)
    fedcopy("run", "--clusters", cluster_set, "--target", "configmaps", "--namespace", namespace)
    want = {path.partition(".")[2]: value for path, value in zip(rules, ("1", "2"))}
    wait_data(edge1, "configmaps", namespace, name, want)
    set_data(hub, "configmaps", namespace, name, {key: "3"})
    wait_data(edge1, "configmaps", namespace, name, {**want, next(iter(want)): "3"})


# --- Long lists -------------------------------------------------------------------------------------------------------


def fill(etcd, cluster, namespace, count, every):
    """So many HelmReleases of 2 KiB, each `every`th with a rule; past the API server. The names of those with a rule."""
    annotations = {f"{PREFIX}replace-spec.copied": "configmap:source:data.a"}
    with_rule, values = [], {}
    for number in range(count):
        name = f"item-{number:06}"
        marks = annotations if number % every == every // 2 else {}
        if marks:
            with_rule.append(name)
        uid = f"00000000-0000-4000-8000-{number:012}"
        identity = {"name": name, "namespace": namespace, "uid": uid, "creationTimestamp": "2024-01-01T00:00:00Z"}
        values[f"/{cluster.name}/helm.toolkit.fluxcd.io/helmreleases/{namespace}/{name}"] = json.dumps(
            {
                "apiVersion": "helm.toolkit.fluxcd.io/v2beta1",
                "kind": "HelmRelease",
                "metadata": {**identity, "generation": 1, "annotations": marks},
                "spec": {"values": "v" * 2000},
            }
        )
    etcd.put_all(values)
    return with_rule


def long_list(through, fedcopy, clusters, hub, edge1, namespace, count, within):
    """A long list is read in bounded memory, also when the server forgets its version in the middle."""
    etcd = clusters.etcd
    configmap(hub, namespace, "source", {"a": "1"})
    args = ["--target", "helmreleases", "--namespace", namespace]
    small = fedcopy("run", "--clusters", through.cluster_set([], members=[edge1]), *args, env=LEAN)
    floor = small.memory()["VmHWM"]
    small.stop()
    try:
        began = time.monotonic()
        with_rule = fill(etcd, edge1, namespace, count, count // 40)
        wait_for(lambda: edge1.api.find("helmreleases", namespace, f"item-{count - 1:06}"), 30, "the server sees them")
        print(f"{count} made in {time.monotonic() - began:.1f} s")
        proxy = through.proxy(edge1)
        proxy.answer(410, reason="Expired", path="continue=", skip=3, count=1)
        began = time.monotonic()
        program = fedcopy("run", "--clusters", through.cluster_set([proxy], members=[edge1]), *args, env=LEAN)
        in_sync = lambda: len(program.rules(namespace, state="InSync")) == len(with_rule)
        wait_for(in_sync, within, lambda: f"{len(program.rules(namespace, state='InSync'))} of {len(with_rule)} are in sync")
        print(f"in sync after {time.monotonic() - began:.1f} s; KiB: {floor}, then {program.memory()['VmHWM']}")
        assert program.metrics().total("fedcopy_watch_restarts_total", reason="continue-expired") == 1
        for name in (with_rule[0], with_rule[-1]):
            wait_value(edge1, "helmreleases", namespace, name, ("spec", "copied"), "1")
        # Nothing of an object without a rule is kept, and no list is ever held whole.
        assert program.memory()["VmHWM"] <= floor + 4096, (floor, program.memory())
        set_data(hub, "configmaps", namespace, "source", {"a": "2"})
        for name in with_rule:
            wait_value(edge1, "helmreleases", namespace, name, ("spec", "copied"), "2", 20)
    finally:
        etcd.delete_prefix(f"/{edge1.name}/helm.toolkit.fluxcd.io/helmreleases/{namespace}/")


@pytest.mark.real("written into etcd, past the API server")
def test_a_list_of_5000_objects_takes_no_memory(through, fedcopy, clusters, hub, edge1, namespace):
    long_list(through, fedcopy, clusters, hub, edge1, namespace, 5000, 30)


@pytest.mark.full
@pytest.mark.real("written into etcd, past the API server")
def test_a_list_of_50000_objects_takes_no_memory(through, fedcopy, clusters, hub, edge1, namespace):
    long_list(through, fedcopy, clusters, hub, edge1, namespace, 50000, 120)
