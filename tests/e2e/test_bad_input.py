# SPDX-License-Identifier: Apache-2.0
"""A malformed rule is Invalid, says why, and harms nobody: not the program (D7), not the other rules of its object."""

import pathlib

import pytest
from conftest import TEST_RESOURCES
from envtest import REPOSITORY, never, wait_for

import fedcopy as program
from objects import PREFIX, asked, configmap, wait_data, wait_value

NAMESPACE = "bad-input"

R = f"{PREFIX}replace-"
GOOD = "configmap:source:data.a"

# annotation key, value, reason
ROWS = {
    # -- keys --
    "another-key": (f"{PREFIX}other", GOOD, "UnknownAnnotation"),
    "merge-key": (f"{PREFIX}merge-data", GOOD, "UnknownAnnotation"),
    "replace-alone": (f"{PREFIX}replace", GOOD, "UnknownAnnotation"),
    "leading-dot": (f"{R}.data.x", GOOD, "BadPath"),
    # -- values --
    "empty-value": (f"{R}data.x", "", "BadValue"),
    "no-colon": (f"{R}data.x", "configmap", "BadValue"),
    "one-colon": (f"{R}data.x", "configmap:source", "BadValue"),
    "empty-resource": (f"{R}data.x", ":source:data.a", "BadResource"),
    "odd-resource": (f"{R}data.x", "config map:source:data.a", "BadResource"),
    "resource-with-slash": (f"{R}data.x", "../../pods:source:data.a", "BadResource"),
    "empty-name": (f"{R}data.x", "configmap::data.a", "BadInstance"),
    "empty-namespace-and-name": (f"{R}data.x", "configmap:/:data.a", "BadInstance"),
    "namespace-without-name": (f"{R}data.x", f"configmap:{NAMESPACE}/:data.a", "BadInstance"),
    "empty-namespace": (f"{R}data.x", "configmap:/source:data.a", "BadInstance"),
    "many-slashes": (f"{R}data.x", f"configmap:hub/{NAMESPACE}/source/x:data.a", "BadInstance"),
    "unknown-cluster": (f"{R}data.x", f"configmap:nowhere/{NAMESPACE}/source:data.a", "BadInstance"),
    "odd-name": (f"{R}data.x", "configmap:..:data.a", "BadInstance"),
    "name-with-question-mark": (f"{R}data.x", "configmap:source?watch:data.a", "SourceNotFound"),
    "name-with-selector-signs": (f"{R}data.x", "configmap:source,x=y\\z:data.a", "SourceNotFound"),
    "name-with-percent": (f"{R}data.x", "configmap:a%2fb:data.a", "BadInstance"),
    "odd-namespace": (f"{R}data.x", "configmap:Shop_1/source:data.a", "BadInstance"),
    "empty-path": (f"{R}data.x", "configmap:source:", "BadPath"),
    "leading-dot-in-value": (f"{R}data.x", "configmap:source:.data", "BadPath"),
    "trailing-dot": (f"{R}data.x", "configmap:source:data.", "BadPath"),
    "open-bracket": (f"{R}data.x", "configmap:source:data['a", "BadPath"),
    "bad-pointer": (f"{R}data.x", "configmap:source:/data/~2", "BadPath"),
    "cluster-scoped-with-namespace": (f"{R}data.x", "namespaces:some/thing:metadata.name", "BadInstance"),
    # -- literals --
    "empty-json": (f"{R}data.x", "json:", "BadJson"),
    "bad-json": (f"{R}data.x", 'json:{"a":', "BadJson"),
    "json-and-more": (f"{R}data.x", 'json:"a" "b"', "BadJson"),
    "json-number-too-large": (f"{R}data.x", "json:123456789012345678901234567890", "BadJson"),
    # -- places that no rule may write (D19) --
    "api-version": (f"{R}apiVersion", GOOD, "PathRefused"),
    "kind": (f"{R}kind", GOOD, "PathRefused"),
    "metadata": (f"{R}metadata", GOOD, "PathRefused"),
    "name": (f"{R}metadata.name", GOOD, "PathRefused"),
    "namespace": (f"{R}metadata.namespace", GOOD, "PathRefused"),
    "uid": (f"{R}metadata.uid", GOOD, "PathRefused"),
    "resource-version": (f"{R}metadata.resourceVersion", GOOD, "PathRefused"),
    "generation": (f"{R}metadata.generation", GOOD, "PathRefused"),
    "creation-timestamp": (f"{R}metadata.creationTimestamp", GOOD, "PathRefused"),
    "deletion-timestamp": (f"{R}metadata.deletionTimestamp", GOOD, "PathRefused"),
    "managed-fields": (f"{R}metadata.managedFields", GOOD, "PathRefused"),
    "below-managed-fields": (f"{R}metadata.managedFields.0.manager", GOOD, "PathRefused"),
    "self-link": (f"{R}metadata.selfLink", GOOD, "PathRefused"),
    "owner-references": (f"{R}metadata.ownerReferences", "json:[]", "PathRefused"),
    "finalizers": (f"{R}metadata.finalizers", "json:[]", "PathRefused"),
    "annotations": (f"{R}metadata.annotations", "json:{}", "PathRefused"),
    # -- what cannot be --
    "blocked-target": (f"{R}data.good.x", GOOD, "TargetPathBlocked"),
    # -- well-formed, and not there --
    "type-not-served": (f"{R}data.x", "gadget:source:data.a", "TypeNotServed"),
    "through-a-scalar": (f"{R}data.x", "configmap:source:data.a.b", "PathThroughScalar"),
    "json-null": (f"{R}data.x", "json:null", "PathNotFound"),
}
# The reasons of other states than Invalid.
STATES = {
    "TypeNotServed": "Pending",
    "SourceNotFound": "SourceNotFound",
    "PathThroughScalar": "PathNotFound",
    "PathNotFound": "PathNotFound",
}


@pytest.fixture(scope="module")
def running(_session_clusters, tmp_path_factory):
    """All the objects at once, each with a good rule beside its bad one, and the program that reads them. The name of one is
    its row's."""
    _session_clusters.ensure()
    hub, edge = _session_clusters.hub, _session_clusters.edge_1
    for cluster in (hub, edge):
        cluster.create_namespace(NAMESPACE)
    hub.api.create("configmaps", NAMESPACE, {"metadata": {"name": "source"}, "data": {"a": "the good value"}})
    for name, (key, value, _) in ROWS.items():
        annotations = {key: value, f"{R}data.good": "configmap:source:data.a"}
        body = {"metadata": {"name": name, "annotations": annotations}, "data": {"good": "x"}}
        edge.api.create("configmaps", NAMESPACE, body)
    process = program.Fedcopy(
        pathlib.Path(tmp_path_factory.mktemp("bad-input")),
        *("run", "--clusters", _session_clusters.cluster_set, "--target", "configmaps"),
    )
    with process.start():
        process.wait_ready()
        yield process, edge
    assert process.process.returncode == 0 and not program.sanitizer_spoke(process.output())
    for cluster in (hub, edge):
        cluster.remove_namespace(NAMESPACE, TEST_RESOURCES)


@pytest.mark.parametrize("row", ROWS)
def test_a_bad_rule_is_named_and_the_good_one_beside_it_works(running, row):
    process, edge = running
    reason = ROWS[row][2]
    target = f"edge-1/configmaps/{NAMESPACE}/{row}"

    def bad():
        return [rule for rule in process.rules(target) if rule["target"] == target and rule["path"] != "data.good"]

    good = process.wait_rule(target, "data.good")
    assert good["writes"] == 1
    wait_for(lambda: bad()[0]["reason"] == reason, 10, lambda: f"{reason}: {bad()}")
    assert len(bad()) == 1
    assert bad()[0]["state"] == STATES.get(reason, "Invalid") and bad()[0]["message"] and bad()[0]["writes"] == 0, bad()
    after = edge.api.get("configmaps", NAMESPACE, row)
    assert after["data"] == {"good": "the good value"} and "labels" not in after["metadata"]


def test_a_bad_rule_is_logged_once(running):
    process, _ = running
    for row, (_, _, reason) in ROWS.items():
        if STATES.get(reason) == "Pending":  # shown, not logged
            continue
        process.wait_rule(f"/{NAMESPACE}/{row}", "data.good")
        lines = [line for line in process.stderr().splitlines() if f"/{NAMESPACE}/{row} " in line and f"reason={reason}" in line]
        assert len(lines) == 1, f"{row}: {lines}; {[line for line in process.stderr().splitlines() if row in line]}"


def test_a_value_that_the_server_refuses_is_not_sent_again_and_again(fedcopy, cluster_set, hub, edge1, namespace, secrets):
    # kube-client 6: a 422 of an unchanged target is the value's fault; of the answer only code, reason and field are shown.
    secrets.append("no label value")
    configmap(hub, namespace, "source", {"a": "no label value"})
    rules = {"metadata.labels.x": "configmap:source:data.a"}
    configmap(edge1, namespace, "refused", {}, rules)
    program_ = fedcopy("run", "--clusters", cluster_set, "--target", "configmaps")
    with edge1.counting() as count:
        program_.wait_rule("/refused", state="Invalid", reason="Refused")
        never(lambda: len(asked(count, "patch", name="refused")) > 1, 1.5, "the refused value is sent again")
    # A better value is tried at once.
    hub.api.patch("configmaps", namespace, "source", {"data": {"a": "good"}})
    wait_value(edge1, "configmaps", namespace, "refused", ("metadata", "labels", "x"), "good")


def test_a_rule_is_mended_by_an_edit(fedcopy, cluster_set, hub, edge1, namespace):
    configmap(hub, namespace, "source", {"a": "1"})
    configmap(edge1, namespace, "copy", {}, {"data.x": "configmap:source"})
    program_ = fedcopy("run", "--clusters", cluster_set, "--target", "configmaps")
    program_.wait_rule("/copy", state="Invalid")
    edge1.api.annotate("configmaps", namespace, "copy", {f"{R}data.x": "configmap:source:data.a"})
    wait_data(edge1, "configmaps", namespace, "copy", {"x": "1"})
    edge1.api.annotate("configmaps", namespace, "copy", {f"{R}data.x": "configmap:source:"})
    program_.wait_rule("/copy", state="Invalid")
    wait_data(edge1, "configmaps", namespace, "copy", {"x": "1"})


def test_every_reason_stands_in_the_manual():
    manual = (REPOSITORY / "docs" / "k8s-copier.md").read_text()
    for _, _, reason in ROWS.values():
        assert f"`{reason}`" in manual, reason
