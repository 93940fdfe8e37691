# SPDX-License-Identifier: Apache-2.0
"""A malformed rule is Invalid, says why, and harms nobody: not the program, not the other rules of its object. The tests
test_bad_input_... are the rows of the table in docs/k8s-copier.md."""

import pathlib

import pytest
from conftest import TEST_RESOURCES
from envtest import REPOSITORY, ApiError, never, wait_for

import fedcopy as program
from objects import PREFIX, asked, configmap, deployment, troubles, wait_data, wait_value

NAMESPACE = "bad-input"

R = f"{PREFIX}replace-"
GOOD = "configmap:source:data.a"

# Row of the table in docs/k8s-copier.md: {name: (annotation key, value, reason)}; the name is that of the object that bears it.
TABLE = {
    "another key": {
        "another-key": (f"{PREFIX}other", GOOD, "UnknownAnnotation"),
        "merge-key": (f"{PREFIX}merge-data", GOOD, "UnknownAnnotation"),
        "replace-alone": (f"{PREFIX}replace", GOOD, "UnknownAnnotation"),
    },
    "odd dots": {"leading-dot": (f"{R}.data.x", GOOD, "BadPath")},
    "fewer than two colons": {
        "empty-value": (f"{R}data.x", "", "BadValue"),
        "no-colon": (f"{R}data.x", "configmap", "BadValue"),
        "one-colon": (f"{R}data.x", "configmap:source", "BadValue"),
    },
    "empty or odd parts": {
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
    },
    "no JSON": {
        "empty-json": (f"{R}data.x", "json:", "BadJson"),
        "bad-json": (f"{R}data.x", 'json:{"a":', "BadJson"),
        "json-and-more": (f"{R}data.x", 'json:"a" "b"', "BadJson"),
        "json-number-too-large": (f"{R}data.x", "json:123456789012345678901234567890", "BadJson"),
        "json-null": (f"{R}data.x", "json:null", "PathNotFound"),
    },
    "not served": {"type-not-served": (f"{R}data.x", "gadget:source:data.a", "TypeNotServed")},
    "cluster-scoped": {
        "cluster-scoped-with-namespace": (f"{R}data.x", "namespaces:some/thing:metadata.name", "BadInstance"),
        "cluster-scoped": (f"{R}data.x", "namespaces:default:metadata.name", "NotAllowed"),
        "cluster-scoped-with-slash": (f"{R}data.x", "namespaces:/default:metadata.name", "NotAllowed"),
    },
    "through a scalar": {
        "through-a-scalar": (f"{R}data.x", "configmap:source:data.a.b", "PathThroughScalar"),
        "blocked-target": (f"{R}data.good.x", GOOD, "TargetPathBlocked"),
    },
    "index out of range": {
        "index-of-source": (f"{R}data.x", "configmap:source:metadata.managedFields.99", "PathNotFound"),
    },
    "identity": {
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
    },
    "all annotations": {"annotations": (f"{R}metadata.annotations", "json:{}", "PathRefused")},
}
ROWS = {name: row for rows in TABLE.values() for name, row in rows.items()}
# The reasons of other states than Invalid.
STATES = {
    "TypeNotServed": "Pending",
    "SourceNotFound": "SourceNotFound",
    "PathThroughScalar": "PathNotFound",
    "PathNotFound": "PathNotFound",
    "NotAllowed": "NotAllowed",
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
        *("run", "--clusters", _session_clusters.cluster_set, "--target", "configmaps,nosuchthings"),
    )
    with process.start():
        process.wait_ready()
        yield process, edge
    assert process.process.returncode == 0 and not program.sanitizer_spoke(process.output())
    for cluster in (hub, edge):
        cluster.remove_namespace(NAMESPACE, TEST_RESOURCES)


def check(running, row):
    """Each bad rule of that row of the table is shown with its reason, wrote nothing, and has stopped no other of its object."""
    process, edge = running
    for name, (_, _, reason) in TABLE[row].items():
        target = f"edge-1/configmaps/{NAMESPACE}/{name}"

        def bad():
            return [rule for rule in process.rules(target) if rule["target"] == target and rule["path"] != "data.good"]

        good = process.wait_rule(target, "data.good")
        assert good["writes"] == 1
        wait_for(lambda: bad()[0]["reason"] == reason, 10, lambda: f"{reason}: {bad()}")
        assert len(bad()) == 1
        assert bad()[0]["state"] == STATES.get(reason, "Invalid") and bad()[0]["message"] and bad()[0]["writes"] == 0, bad()
        after = edge.api.get("configmaps", NAMESPACE, name)
        assert after["data"] == {"good": "the good value"} and "labels" not in after["metadata"]


def test_bad_input_no_target(fedcopy, cluster_set, clusters):
    offsets = {cluster: cluster.audit_offset() for cluster in clusters}
    result = fedcopy.run("run", "--clusters", cluster_set, timeout=10)
    assert result.status == 2 and "--target" in result.err, result
    assert [r for cluster in clusters for r in cluster.audit(offsets[cluster], user="fedcopy")] == []


def test_bad_input_target_word_that_matches_nothing(running):
    process, _ = running
    lines = [line for line in troubles(process) if "nosuchthings" in line]
    # One for each cluster, however often it is looked up.
    assert len(lines) == 3 and all("looked up again" in line for line in lines), lines


def test_bad_input_another_key(running):
    check(running, "another key")


def test_bad_input_path_with_odd_dots(running):
    check(running, "odd dots")
    # The server takes no key that ends in a dot or a dash: such a path never comes this far.
    _, edge = running
    for key in (f"{R}data.", f"{R}", f"{R}."):
        with pytest.raises(ApiError) as error:
            edge.api.annotate("configmaps", NAMESPACE, "leading-dot", {key: GOOD})
        assert error.value.status == 422


def test_bad_input_fewer_than_two_colons(running):
    check(running, "fewer than two colons")


def test_d07_a_value_without_colons_kills_nobody(running):
    process, edge = running
    configmap(edge, NAMESPACE, "d07", {}, {"data.x": "secret", "data.y": "secret:name", "data.good": GOOD})
    for path in ("data.x", "data.y"):
        process.wait_rule(f"{NAMESPACE}/d07", path, "Invalid", reason="BadValue")
    process.wait_rule(f"{NAMESPACE}/d07", "data.good")
    assert process.running


def test_bad_input_empty_or_odd_parts(running):
    check(running, "empty or odd parts")


def test_bad_input_no_json(running):
    check(running, "no JSON")


def test_bad_input_resource_not_served(running):
    check(running, "not served")


def test_bad_input_cluster_scoped_resource(running):
    # Whoever may read it names it without a namespace; who may not learns nothing of it.
    check(running, "cluster-scoped")


def test_bad_input_path_through_a_scalar(running):
    check(running, "through a scalar")


def test_bad_input_list_index_out_of_range(running, fedcopy, cluster_set, hub, edge1, namespace):
    check(running, "index out of range")
    image = "spec.template.spec.containers"
    deployment(hub, namespace, "source", image="worker:2")
    deployment(edge1, namespace, "short", {f"{image}.1.image": f"deployment:source:{image}.0.image"})
    deployment(edge1, namespace, "far", {f"{image}.0.image": f"deployment:source:{image}.1.image"})
    program_ = fedcopy("run", "--clusters", cluster_set, "--target", "deployments.apps")
    assert program_.wait_rule("/short", state="Invalid", reason="TargetPathBlocked")["writes"] == 0
    assert program_.wait_rule("/far", state="PathNotFound", reason="PathNotFound")["writes"] == 0


def test_bad_input_identity(running):
    check(running, "identity")


def test_d19_places_that_no_rule_may_write_are_as_they_were(running):
    process, edge = running
    for name in TABLE["identity"] | TABLE["all annotations"]:
        process.wait_rule(f"/{NAMESPACE}/{name}", "data.good")
        after = edge.api.get("configmaps", NAMESPACE, name)["metadata"]
        assert after["name"] == name and after["namespace"] == NAMESPACE and len(after["annotations"]) == 2
        assert "ownerReferences" not in after and "finalizers" not in after


def test_bad_input_all_annotations(running):
    check(running, "all annotations")


def test_bad_input_is_logged_once_and_stops_no_other_rule(running):
    process, edge = running
    # Another version of the object with the same rules says nothing new.
    edge.api.annotate("configmaps", NAMESPACE, "no-colon", {"note": "another version"})
    process.wait_rule(f"/{NAMESPACE}/no-colon", "data.good")

    def about(row, reason):
        return [line for line in process.stderr().splitlines() if f"/{NAMESPACE}/{row} " in line and f"reason={reason}" in line]

    for row, (_, _, reason) in ROWS.items():
        process.wait_rule(f"/{NAMESPACE}/{row}", "data.good")
        lines = wait_for(lambda r=row, why=reason: about(r, why), 10, f"{row}: it is logged")
        assert len(lines) == 1, f"{row}: {lines}"
        level = "info" if reason in ("PathNotFound", "SourceNotFound") else "warn"
        assert lines[0].split(" ")[1] == level, lines


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
