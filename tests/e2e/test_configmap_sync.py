# SPDX-License-Identifier: Apache-2.0
"""The dialect configmap-sync against API servers: what docs/configmap-sync.md says, number by number, as far as a server is part of
the statement. The rest is tested in the engine, by tests/unit/engine/test_copy_configmap_sync*.c."""

import base64
import json
import time

import objects
import pytest
from envtest import ApiError, never, wait_for, write_cluster_set

# As in a cluster that people use.
pytestmark = pytest.mark.usefixtures("controllers")

KEY = "configmapsync.apps.kapendra.com/"
FINALIZER, OWNER, ADOPTED = KEY + "finalizer", KEY + "owner", KEY + "adopted"
CLUSTERS, FAR = "fedcopy.dev/clusters", "fedcopy.dev/origin"


@pytest.fixture
def stage(make_namespace, namespace):
    """The destination, on every cluster; `namespace` is that of the source."""
    return make_namespace(name=f"{namespace.split('-')[0]}-stage")


@pytest.fixture
def run(fedcopy, cluster_set):
    def start(*more):
        return fedcopy("run", "--clusters", cluster_set, "--dialect", "configmap-sync", *more)

    return start


def source(cluster, namespace, data=None, **more):
    metadata = {"name": "flags", **more.pop("metadata", {})}
    return cluster.api.create("configmaps", namespace, {"metadata": metadata, "data": data or {"a": "1"}, **more})


def sync(cluster, namespace, destination, name="s", annotations=None, **spec):
    spec = {"destinationNamespace": destination, "configMapName": "flags", **spec}
    body = {
        "apiVersion": "apps.kapendra.com/v1",
        "kind": "ConfigMapSync",
        "metadata": {"name": name, "annotations": annotations or {}},
        "spec": {key: value for key, value in spec.items() if value is not None},
    }
    return cluster.api.create("configmapsyncs", namespace, body)


def find(cluster, namespace, name="flags"):
    return cluster.api.find("configmaps", namespace, name)


def status(cluster, namespace, name="s"):
    found = cluster.api.find("configmapsyncs", namespace, name)
    return (found or {}).get("status") or {}


def condition(cluster, namespace, kind, name="s"):
    for item in status(cluster, namespace, name).get("conditions", []):
        if item["type"] == kind:
            return f"{item['status']}/{item['reason']}"
    return None


def wait_copy(cluster, namespace, data, timeout=10):
    def stands():
        item = find(cluster, namespace)
        return item and item.get("data") == data

    wait_for(stands, timeout, lambda: f"{data} in {namespace} on {cluster.name}: {find(cluster, namespace)}")


def wait_gone(cluster, namespace, timeout=10):
    wait_for(lambda: find(cluster, namespace) is None, timeout, lambda: f"no copy in {namespace} on {cluster.name}")


def wait_status(cluster, namespace, word, synced=None, name="s", timeout=10):
    def told():
        have = status(cluster, namespace, name).get("syncStatus")
        return have == word and (synced is None or condition(cluster, namespace, "Synced", name) == synced)

    wait_for(told, timeout, lambda: f"{word} {synced}: {status(cluster, namespace, name)}")


def wait_no_sync(cluster, namespace, name="s", timeout=10):
    wait_for(lambda: cluster.api.find("configmapsyncs", namespace, name) is None, timeout, "the ConfigMapSync is gone")


# --- creating and updating ---


def test_configmap_sync_b01_b03_b06_a_copy_its_marks_and_the_status(run, hub, namespace, stage):
    binary = {"x": base64.b64encode(b"\0\1\xff").decode()}
    source(hub, namespace, binaryData=binary, immutable=True, metadata={"labels": {"l": "1"}, "annotations": {"n": "1"}})
    sync(hub, namespace, stage)
    run()
    wait_status(hub, namespace, "Success", "True/SyncSucceeded")
    copy, resource = find(hub, stage), hub.api.get("configmapsyncs", namespace, "s")
    assert copy["data"] == {"a": "1"} and copy["binaryData"] == binary and "immutable" not in copy
    assert copy["metadata"]["labels"] == {
        KEY + "sync-name": "s",
        KEY + "sync-namespace": namespace,
        KEY + "managed-by": "configmapsync-controller",
    }
    annotations = copy["metadata"]["annotations"]
    assert set(annotations) == {OWNER, KEY + "source-hash", KEY + "last-sync"}
    assert annotations[OWNER] == f"{namespace}/s" and len(annotations[KEY + "source-hash"]) == 64
    assert resource["metadata"]["finalizers"] == [FINALIZER]
    told = resource["status"]
    assert told["sourceExists"] and told["destinationExists"] and told.get("retryCount", 0) == 0
    assert told["lastSyncTime"] == annotations[KEY + "last-sync"]
    assert condition(hub, namespace, "SourceAvailable") == "True/SourceFound"
    assert condition(hub, namespace, "Ready") == "True/AllComponentsReady"
    for item in told["conditions"]:
        assert item["observedGeneration"] == resource["metadata"]["generation"]


def test_configmap_sync_b04_d05_a_copy_of_the_original_is_brought_up_to_date(run, hub, namespace, stage):
    labels = {KEY + "sync-name": "s", KEY + "sync-namespace": namespace, "mine": "1"}
    metadata = {"name": "flags", "labels": labels, "annotations": {KEY + "source-hash": "old", "mine": "2"}}
    made = hub.api.create("configmaps", stage, {"metadata": metadata, "data": {"old": "1"}, "binaryData": {"old2": "AA=="}})
    source(hub, namespace)
    sync(hub, namespace, stage)
    run()
    wait_status(hub, namespace, "Success")
    copy = find(hub, stage)
    assert copy["data"] == {"a": "1"} and "binaryData" not in copy
    assert copy["metadata"]["uid"] == made["metadata"]["uid"]
    assert copy["metadata"]["labels"]["mine"] == "1" and copy["metadata"]["annotations"]["mine"] == "2"
    assert copy["metadata"]["annotations"][OWNER] == f"{namespace}/s"


def test_configmap_sync_b05_b26_nothing_is_written_at_rest_or_after_a_restart(run, hub, edge1, namespace, stage):
    source(hub, namespace)
    sync(hub, namespace, stage, annotations={CLUSTERS: "*"})
    sync(hub, namespace, namespace, name="self")
    program = run()
    wait_status(hub, namespace, "Success")
    wait_status(hub, namespace, "Failed", name="self")

    def versions():
        found = [find(hub, stage), find(edge1, stage)]
        found += [hub.api.get("configmapsyncs", namespace, name) for name in ("s", "self")]
        return [item["metadata"]["resourceVersion"] for item in found]

    before = versions()
    program.stop()
    run().wait_ready()
    never(lambda: versions() != before, 2, "a write")


def test_configmap_sync_b07_d01_a_change_of_the_source_is_copied_within_a_second(run, hub, namespace, stage):
    source(hub, namespace)
    sync(hub, namespace, stage)
    run()
    wait_status(hub, namespace, "Success")
    began = time.monotonic()
    hub.api.patch("configmaps", namespace, "flags", {"data": {"a": "2"}})
    wait_copy(hub, stage, {"a": "2"}, timeout=1)
    assert time.monotonic() - began < 1


def test_configmap_sync_b08_drift_and_deletion_of_the_copy_are_undone(run, hub, namespace, stage):
    source(hub, namespace)
    sync(hub, namespace, stage)
    run()
    wait_copy(hub, stage, {"a": "1"})
    hub.api.patch("configmaps", stage, "flags", {"data": {"a": "9", "b": "9"}, "metadata": {"labels": {KEY + "managed-by": "me"}}})
    wait_copy(hub, stage, {"a": "1"})
    wait_for(lambda: find(hub, stage)["metadata"]["labels"][KEY + "managed-by"] != "me", 10, "the label")
    uid = find(hub, stage)["metadata"]["uid"]
    hub.api.delete("configmaps", stage, "flags")
    wait_for(lambda: (find(hub, stage) or {"metadata": {"uid": uid}})["metadata"]["uid"] != uid, 10, "a new copy")


# --- failures ---


def test_configmap_sync_b10_b19_d08_bad_input_a_missing_source_is_told_and_the_copy_stays(run, hub, namespace, stage):
    source(hub, namespace)
    sync(hub, namespace, stage)
    run()
    wait_status(hub, namespace, "Success")
    hub.api.delete("configmaps", namespace, "flags")
    wait_status(hub, namespace, "Failed", "False/SourceNotFound")
    told = status(hub, namespace)
    assert not told["sourceExists"] and told["destinationExists"]
    assert condition(hub, namespace, "SourceAvailable") == "False/SourceNotFound"
    never(lambda: find(hub, stage) is None, 1, "the copy is gone")
    source(hub, namespace, {"a": "2"})
    wait_copy(hub, stage, {"a": "2"})
    wait_status(hub, namespace, "Success")


def test_configmap_sync_b12_b15_bad_input_a_missing_namespace_is_told_and_filled_when_it_appears(run, hub, namespace, make_namespace):
    late = f"{namespace.split('-')[0]}-late"
    source(hub, namespace)
    sync(hub, namespace, late)
    run()
    wait_status(hub, namespace, "Failed", "False/SyncFailed")
    told = status(hub, namespace)
    assert told["message"] == f"destination namespace {late} not found"
    assert told["retryCount"] == 1 and told["sourceExists"] and not told["destinationExists"]
    assert condition(hub, namespace, "SourceAvailable") == "True/SourceFound"
    make_namespace(name=late, on=[hub])
    wait_copy(hub, late, {"a": "1"}, timeout=5)
    wait_status(hub, namespace, "Success")


@pytest.mark.real("ResourceQuota")
def test_configmap_sync_b12_b13_bad_input_a_quota_is_a_failure_until_an_event_or_the_retry(run, hub, namespace, stage):
    objects.quota_of_none(hub, stage, "q")
    source(hub, namespace)
    sync(hub, namespace, stage)
    run()
    wait_status(hub, namespace, "Failed", "False/SyncFailed")
    assert status(hub, namespace)["retryCount"] == 1
    hub.api.delete("resourcequotas", stage, "q")
    never(lambda: find(hub, stage) is not None, 2, "an early retry")
    # An event on the source retries at once.
    wait_for(lambda: objects.takes_one_more(hub, stage), 10, "the quota is gone")
    hub.api.patch("configmaps", namespace, "flags", {"metadata": {"labels": {"x": "y"}}})
    wait_status(hub, namespace, "Success")


def test_configmap_sync_b16_an_immutable_copy_is_made_anew(run, hub, namespace, stage):
    source(hub, namespace)
    sync(hub, namespace, stage)
    run()
    wait_status(hub, namespace, "Success")
    uid = find(hub, stage)["metadata"]["uid"]
    hub.api.patch("configmaps", stage, "flags", {"immutable": True})
    never(lambda: find(hub, stage)["metadata"]["uid"] != uid, 1, "an equal copy is left alone")
    hub.api.patch("configmaps", namespace, "flags", {"data": {"a": "2"}})
    wait_copy(hub, stage, {"a": "2"})
    assert find(hub, stage)["metadata"]["uid"] != uid


# --- deleting and changing ---


def test_configmap_sync_b17_d11_deletion_takes_the_copy_and_no_stranger(run, hub, namespace, stage, make_namespace):
    other = make_namespace(name=f"{namespace.split('-')[0]}-other", on=[hub])
    hub.api.create("configmaps", other, {"metadata": {"name": "flags"}, "data": {"a": "theirs"}})
    source(hub, namespace)
    sync(hub, namespace, stage)
    sync(hub, namespace, other, name="t")
    run()
    wait_status(hub, namespace, "Success")
    wait_status(hub, namespace, "Failed", "False/DestinationConflict", name="t")
    for name in ("s", "t"):
        hub.api.delete("configmapsyncs", namespace, name)
        wait_no_sync(hub, namespace, name)
    assert find(hub, stage) is None
    assert find(hub, other)["data"] == {"a": "theirs"}
    assert find(hub, namespace)["data"] == {"a": "1"}


def test_configmap_sync_b17_what_was_there_before_only_loses_its_marks(run, hub, namespace, stage):
    annotations = {OWNER: f"{namespace}/s", ADOPTED: "true", "mine": "1"}
    hub.api.create("configmaps", stage, {"metadata": {"name": "flags", "annotations": annotations}, "data": {"a": "0"}})
    source(hub, namespace)
    sync(hub, namespace, stage)
    run()
    wait_status(hub, namespace, "Success")
    hub.api.delete("configmapsyncs", namespace, "s")
    wait_no_sync(hub, namespace)
    left = find(hub, stage)
    assert left["data"] == {"a": "1"} and left["metadata"]["annotations"] == {"mine": "1"}
    assert not left["metadata"].get("labels")


def test_configmap_sync_b18_d12_an_edited_spec_moves_the_copy(run, hub, namespace, stage, make_namespace):
    other = make_namespace(name=f"{namespace.split('-')[0]}-other", on=[hub])
    source(hub, namespace)
    sync(hub, namespace, stage)
    run()
    wait_status(hub, namespace, "Success")
    hub.api.patch("configmapsyncs", namespace, "s", {"spec": {"destinationNamespace": "none-such"}})
    wait_status(hub, namespace, "Failed", "False/SyncFailed")
    never(lambda: find(hub, stage) is None, 1, "the old copy goes too early")
    hub.api.patch("configmapsyncs", namespace, "s", {"spec": {"destinationNamespace": other}})
    wait_copy(hub, other, {"a": "1"})
    wait_gone(hub, stage)
    wait_status(hub, namespace, "Success")


def test_configmap_sync_b19_namespaces_of_the_copy_and_of_the_resource_can_go(run, hub, make_namespace, namespace, stage):
    source(hub, namespace)
    sync(hub, namespace, stage)
    run()
    wait_status(hub, namespace, "Success")
    hub.api.delete("namespaces", None, stage)
    wait_for(lambda: hub.api.find("namespaces", None, stage) is None, 60, "the namespace of the copy is gone")
    wait_status(hub, namespace, "Failed", "False/SyncFailed", timeout=30)
    make_namespace(name=stage, on=[hub])
    wait_copy(hub, stage, {"a": "1"})
    # With the namespace of the ConfigMapSync goes the copy.
    hub.api.delete("namespaces", None, namespace)
    wait_for(lambda: hub.api.find("namespaces", None, namespace) is None, 60, "its own namespace is gone")
    wait_gone(hub, stage)


# --- whose it is ---


def test_configmap_sync_b22_a_stranger_is_neither_overwritten_nor_deleted(run, hub, namespace, stage):
    made = hub.api.create("configmaps", stage, {"metadata": {"name": "flags"}, "data": {"a": "theirs"}})
    source(hub, namespace)
    sync(hub, namespace, stage)
    run()
    wait_status(hub, namespace, "Failed", "False/DestinationConflict")
    assert status(hub, namespace)["destinationExists"]
    never(lambda: find(hub, stage)["metadata"]["resourceVersion"] != made["metadata"]["resourceVersion"], 1, "a write")
    hub.api.delete("configmaps", stage, "flags")
    wait_copy(hub, stage, {"a": "1"})
    wait_status(hub, namespace, "Success")


def test_configmap_sync_b23_the_second_of_two_waits_its_turn(run, hub, namespace, stage, make_namespace):
    other = make_namespace(name=f"{namespace.split('-')[0]}-other", on=[hub])
    source(hub, namespace)
    source(hub, other, {"a": "other"})
    sync(hub, namespace, stage)
    run()
    wait_status(hub, namespace, "Success")
    sync(hub, other, stage, name="t")
    wait_status(hub, other, "Failed", "False/DestinationConflict", name="t")
    assert find(hub, stage)["data"] == {"a": "1"}
    hub.api.delete("configmapsyncs", namespace, "s")
    wait_copy(hub, stage, {"a": "other"})
    wait_status(hub, other, "Success", name="t")


def test_configmap_sync_b23_a_copy_of_a_resource_that_is_gone_is_taken_over(run, hub, namespace, stage):
    labels = {KEY + "sync-name": "gone", KEY + "sync-namespace": namespace}
    made = hub.api.create("configmaps", stage, {"metadata": {"name": "flags", "labels": labels}, "data": {"a": "0"}})
    source(hub, namespace)
    sync(hub, namespace, stage)
    run()
    wait_status(hub, namespace, "Success")
    copy = find(hub, stage)
    assert copy["metadata"]["uid"] == made["metadata"]["uid"]
    assert copy["metadata"]["labels"][KEY + "sync-name"] == "s"


def test_configmap_sync_b24_b25_itself_and_circles_are_refused_and_chains_run_through(run, hub, namespace, stage, make_namespace):
    other = make_namespace(name=f"{namespace.split('-')[0]}-other", on=[hub])
    source(hub, namespace)
    sync(hub, namespace, namespace, name="self")
    sync(hub, namespace, stage)
    sync(hub, stage, other, name="next")
    run()
    wait_status(hub, namespace, "Failed", "False/InvalidSpec", name="self")
    wait_copy(hub, other, {"a": "1"})
    hub.api.patch("configmaps", namespace, "flags", {"data": {"a": "2"}})
    wait_copy(hub, other, {"a": "2"})
    sync(hub, other, namespace, name="back")
    for place, name in ((namespace, "s"), (stage, "next"), (other, "back")):
        wait_status(hub, place, "Failed", "False/LoopDetected", name=name)
    hub.api.patch("configmaps", namespace, "flags", {"data": {"a": "3"}})
    never(lambda: find(hub, stage)["data"] != {"a": "2"}, 1, "a write of a circle")


def test_configmap_sync_d09_a_long_name_is_no_label(run, hub, namespace, stage):
    name = "s" + "x" * 69
    source(hub, namespace)
    sync(hub, namespace, stage, name=name)
    run()
    wait_status(hub, namespace, "Success", name=name)
    copy = find(hub, stage)
    assert KEY + "sync-name" not in copy["metadata"]["labels"]
    assert copy["metadata"]["annotations"][OWNER] == f"{namespace}/{name}"
    hub.api.delete("configmapsyncs", namespace, name)
    wait_no_sync(hub, namespace, name)
    assert find(hub, stage) is None


def test_configmap_sync_d14_another_namespaces_source_needs_its_consent(run, hub, namespace, stage, make_namespace):
    own = make_namespace(name=f"{namespace.split('-')[0]}-own", on=[hub])
    source(hub, namespace)
    sync(hub, own, stage, sourceNamespace=namespace)
    run()
    wait_status(hub, own, "Failed", "False/NotAllowed")
    assert not status(hub, own)["sourceExists"]
    assert find(hub, stage) is None
    hub.api.patch("configmaps", namespace, "flags", {"metadata": {"annotations": {"fedcopy.dev/allow-namespaces": stage}}})
    wait_copy(hub, stage, {"a": "1"})
    wait_status(hub, own, "Success")


# --- bad input ---


@pytest.mark.parametrize("spec", [{"configMapName": ""}, {"configMapName": None}, {"destinationNamespace": None}])
def test_configmap_sync_bad_input_empty_words_are_refused_by_the_schema(hub, namespace, stage, spec):
    with pytest.raises(ApiError) as refused:
        sync(hub, namespace, **{"destination": stage, **spec} if "destinationNamespace" not in spec else {"destination": None})
    assert refused.value.status == 422


@pytest.mark.parametrize("spec", [{"sourceNamespace": "No Name"}, {"configMapName": "a/b"}, {"configMapName": ".."}])
def test_configmap_sync_bad_input_names_that_are_none_are_invalid(run, hub, namespace, stage, spec):
    sync(hub, namespace, stage, **spec)
    run()
    wait_status(hub, namespace, "Failed", "False/InvalidSpec")
    assert condition(hub, namespace, "SourceAvailable") == "False/InvalidSpec"
    hub.api.delete("configmapsyncs", namespace, "s")
    wait_no_sync(hub, namespace)


def test_configmap_sync_bad_input_a_megabyte_is_copied(run, hub, namespace, stage):
    data = {"a": "x" * (1024 * 1024 - 1000)}
    source(hub, namespace, data)
    sync(hub, namespace, stage)
    run()
    wait_copy(hub, stage, data)


def test_configmap_sync_columns_are_shown(run, hub, namespace, stage):
    source(hub, namespace)
    sync(hub, namespace, stage, sourceNamespace=namespace)
    run()
    wait_status(hub, namespace, "Success")
    head, line = hub.kubectl("get", "configmapsyncs", "-n", namespace).splitlines()
    assert head.split() == ["NAME", "SOURCE", "DESTINATION", "CONFIGMAP", "STATUS", "AGE"]
    assert line.split()[:5] == ["s", namespace, stage, "flags", "Success"]


# --- other clusters ---


def entry(cluster, namespace, name):
    return next((item for item in status(cluster, namespace).get("clusters", []) if item["name"] == name), {})


def test_configmap_sync_clusters_each_destination_is_told_of(run, hub, edge1, edge2, namespace, stage):
    edge2.api.create("configmaps", stage, {"metadata": {"name": "flags"}, "data": {"a": "theirs"}})
    source(hub, namespace)
    sync(hub, namespace, stage, annotations={CLUSTERS: "*"})
    run()
    for cluster in (hub, edge1):
        wait_copy(cluster, stage, {"a": "1"})
    wait_for(lambda: entry(hub, namespace, "edge-1").get("syncStatus") == "Success", 10, "edge-1 is told of")
    wait_status(hub, namespace, "Failed", "True/SyncSucceeded")
    assert entry(hub, namespace, "edge-2")["syncStatus"] == "Failed"
    assert find(edge2, stage)["data"] == {"a": "theirs"}
    copy = find(edge1, stage)["metadata"]
    assert copy["annotations"]["fedcopy.dev/origin-rule"] == f"configmap-sync/{namespace}/s"
    assert set(copy["labels"]) == {"fedcopy.dev/origin-cluster"} and OWNER not in copy["annotations"]
    edge2.api.delete("configmaps", stage, "flags")
    wait_copy(edge2, stage, {"a": "1"})
    wait_status(hub, namespace, "Success")
    edge1.api.patch("configmaps", stage, "flags", {"data": {"a": "9"}})
    wait_copy(edge1, stage, {"a": "1"})


def test_configmap_sync_clusters_equal_namespaces_copy_to_others_alone(run, hub, edge1, namespace):
    made = source(hub, namespace)
    sync(hub, namespace, namespace, annotations={CLUSTERS: "edge-1"})
    run()
    wait_copy(edge1, namespace, {"a": "1"})
    wait_status(hub, namespace, "Success")
    assert find(hub, namespace)["metadata"]["resourceVersion"] == made["metadata"]["resourceVersion"]


def test_configmap_sync_clusters_a_member_that_was_away_is_right_when_it_is_back(run, hub, edge1, edge2, namespace, stage):
    source(hub, namespace)
    sync(hub, namespace, stage, annotations={CLUSTERS: "*"})
    run()
    wait_status(hub, namespace, "Success")
    edge1.stop()
    hub.api.patch("configmaps", namespace, "flags", {"data": {"a": "2"}})
    for cluster in (hub, edge2):
        wait_copy(cluster, stage, {"a": "2"}, timeout=5)
    wait_for(lambda: entry(hub, namespace, "edge-1").get("syncStatus") == "Failed", 60, "edge-1 is told to be away")
    edge1.start()
    wait_copy(edge1, stage, {"a": "2"}, timeout=30)
    wait_status(hub, namespace, "Success", timeout=30)


def test_configmap_sync_clusters_one_deleted_meanwhile_is_followed_by_deletion(run, hub, edge1, edge2, namespace, stage):
    source(hub, namespace)
    sync(hub, namespace, stage, annotations={CLUSTERS: "*"})
    run()
    wait_status(hub, namespace, "Success")
    edge1.stop()
    hub.api.delete("configmapsyncs", namespace, "s")
    # Who cannot be reached is not waited for.
    wait_no_sync(hub, namespace, timeout=60)
    for cluster in (hub, edge2):
        wait_gone(cluster, stage)
    edge1.start()
    wait_gone(edge1, stage, timeout=30)
    assert find(hub, namespace) is not None


def test_configmap_sync_clusters_a_deletion_found_later_obeys_the_brake(run, hub, edge1, namespace, stage):
    names = [f"m{number}" for number in range(3)]
    for name in names:
        hub.api.create("configmaps", namespace, {"metadata": {"name": name}, "data": {"a": "1"}})
        sync(hub, namespace, stage, name=name, annotations={CLUSTERS: "edge-1"}, configMapName=name)
    program = run("--max-deletes", "1")
    for name in names:
        wait_status(hub, namespace, "Success", name=name)
    program.stop()
    for name in names:
        hub.api.patch("configmapsyncs", namespace, name, {"metadata": {"finalizers": None}})
        hub.api.delete("configmapsyncs", namespace, name)
    program = run("--max-deletes", "1")
    wait_for(lambda: any(rule["reason"] == "Brake" for rule in program.rules("edge-1/")), 20, lambda: f"the brake: {program.rules()}")

    def left():
        return sum(find(edge1, stage, name) is not None for name in names)

    wait_for(lambda: left() == 2, 10, lambda: f"two copies, not {left()}")
    never(lambda: left() != 2, 1, "another deletion")


def test_configmap_sync_clusters_a_missing_namespace_is_created_where_the_operator_permits_it(
    fedcopy, clusters, hub, edge1, edge2, namespace, make_namespace, tmp_path
):
    new = make_namespace(f"{namespace.split('-')[0]}-new", on=[hub])
    permissions = [{"from": f"hub/{namespace}", "to": f"edge-1/{new}", "resources": ["configmaps"]}]
    set_file = write_cluster_set(tmp_path / "permits.yaml", clusters.all, clusters.kubeconfig, permissions)
    source(hub, namespace)
    sync(hub, namespace, new, annotations={CLUSTERS: "*", "fedcopy.dev/create-namespaces": "true"})
    fedcopy("run", "--clusters", set_file, "--dialect", "configmap-sync")
    wait_copy(edge1, new, {"a": "1"})
    made = edge1.api.get("namespaces", None, new)["metadata"]["annotations"]
    assert made == {"fedcopy.dev/created-for": f"{hub.id}/{namespace}/s"}
    # Nobody permits it there; and it stays where it was made.
    wait_for(lambda: (entry(hub, namespace, "edge-2") or {}).get("syncStatus") == "Failed", 10, lambda: status(hub, namespace))
    assert edge2.api.find("namespaces", None, new) is None
    hub.api.delete("configmapsyncs", namespace, "s")
    wait_no_sync(hub, namespace)
    wait_gone(edge1, new)
    assert edge1.api.get("namespaces", None, new)["metadata"].get("deletionTimestamp") is None
    edge1.remove_namespace(new)


def test_configmap_sync_clusters_one_that_is_selected_no_more_loses_its_copy(run, hub, edge1, edge2, namespace, stage):
    source(hub, namespace)
    sync(hub, namespace, stage, annotations={CLUSTERS: "*"})
    run()
    wait_status(hub, namespace, "Success")
    hub.api.patch("configmapsyncs", namespace, "s", {"metadata": {"annotations": {CLUSTERS: "edge-2"}}})
    wait_gone(edge1, stage)
    wait_for(lambda: not entry(hub, namespace, "edge-1"), 10, "edge-1 is told of no more")
    wait_copy(edge2, stage, {"a": "1"})
    wait_copy(hub, stage, {"a": "1"})
    # A selection that nothing fits removes them all, and neither the source nor the copy beside it.
    hub.api.patch("configmapsyncs", namespace, "s", {"metadata": {"annotations": {CLUSTERS: "region=nowhere"}}})
    wait_gone(edge2, stage)
    wait_status(hub, namespace, "Success")
    assert find(hub, stage)["data"] == find(hub, namespace)["data"] == {"a": "1"}


def groups():
    """What a server of before aggregated discovery answers that has no other group: each group is asked for then."""
    version = {"groupVersion": "apps.kapendra.com/v1", "version": "v1"}
    group = {"name": "apps.kapendra.com", "versions": [version], "preferredVersion": version}
    return json.dumps({"kind": "APIGroupList", "apiVersion": "v1", "groups": [group]})


def listing(verbs):
    """What a server answers that serves ConfigMapSyncs with these verbs; None: it serves none."""
    names = {"name": "configmapsyncs", "singularName": "configmapsync", "kind": "ConfigMapSync", "namespaced": True}
    return json.dumps(
        {
            "kind": "APIResourceList",
            "apiVersion": "v1",
            "groupVersion": "apps.kapendra.com/v1",
            "resources": [] if verbs is None else [{**names, "verbs": verbs}],
        }
    )


def test_configmap_sync_release_does_not_pass_over_what_it_cannot_look_at(run, fedcopy, through, hub, namespace, stage):
    source(hub, namespace)
    sync(hub, namespace, stage)
    ended = run()
    wait_status(hub, namespace, "Success")
    ended.stop()
    proxy = through.proxy(hub)
    command = ["release", "--clusters", through.cluster_set([proxy], members=[]), "--dialect", "configmap-sync", "--yes"]
    where = {"path": "/apis/apps.kapendra.com/v1", "without": "configmapsyncs"}
    as_json = {"content-type": "application/json"}
    proxy.answer(200, groups(), as_json, path="/apis", without="kapendra")
    # Nothing is known of a group that cannot be read, nor of a type that cannot be written: nobody may call that done.
    fault = proxy.answer(503, **where)
    done = fedcopy.run(*command)
    assert done.status == 1, done
    assert "hub: configmapsyncs.apps.kapendra.com could not be looked at: its group cannot be read just now" in done.err, done
    proxy.clear(fault)
    fault = proxy.answer(200, listing(["get", "list", "watch"]), as_json, **where)
    done = fedcopy.run(*command)
    assert done.status == 1 and "it cannot be listed and patched" in done.err, done
    proxy.clear(fault)
    fault = proxy.answer(200, listing(None), as_json, **where)
    assert fedcopy.run(*command).status == 0
    proxy.clear(fault)
    assert hub.api.get("configmapsyncs", namespace, "s")["metadata"]["finalizers"] == [FINALIZER]
    done = fedcopy.run(*command)
    assert done.status == 0, done
    assert not hub.api.get("configmapsyncs", namespace, "s")["metadata"].get("finalizers")
