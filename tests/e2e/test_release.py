# SPDX-License-Identifier: Apache-2.0
"""fedcopy release: every finalizer and mark is taken back, on a fleet; copies stay."""

import envtest
import fedcopy as program
import pytest
from envtest import wait_for

# As in a cluster that people use.
pytestmark = pytest.mark.usefixtures("controllers")

COPIED = "test.fedcopy/from"
FINALIZER = "test.fedcopy/finalizer"
ORIGIN = "fedcopy.dev/origin"


@pytest.fixture(autouse=True)
def _copies(monkeypatch):
    """The program with the dialect for tests."""
    monkeypatch.setenv("FEDCOPY", str(program.binary().parent / "tests" / "fedcopy-copies"))


@pytest.fixture
def flags(cluster_set):
    return ["--clusters", cluster_set]


@pytest.fixture
def spaces(make_namespace, hub, clusters):
    """Where the source is, on the hub, and where copies go, everywhere."""
    return make_namespace(on=[hub]), make_namespace(on=clusters)


@pytest.fixture
def fleet(fedcopy, flags, clusters, hub, spaces):
    """A source with a finalizer on the hub and its copies in all clusters, made by a fedcopy that has ended."""
    home, to = spaces
    hub.api.create(
        "configmaps",
        home,
        {
            "metadata": {
                "name": "src",
                "annotations": {"test.fedcopy/copy-to": to, FINALIZER: "true", "fedcopy.dev/clusters": "*", "note": "mine"},
            },
            "data": {"a": "1"},
        },
    )
    run = fedcopy("run", *flags, "--dialect", "copy-test", "--allow-all")
    for cluster in clusters:
        wait_for(lambda c=cluster: c.api.find("configmaps", to, "src"), 20, f"the copy on {cluster.name}")
    run.stop()
    return home, to


def marks(cluster, namespace, name="src"):
    """Keys of ours on the object: finalizers, labels, annotations."""
    metadata = cluster.api.get("configmaps", namespace, name)["metadata"]
    keys = [*metadata.get("finalizers", []), *metadata.get("labels", {}), *metadata.get("annotations", {})]
    return {key for key in keys if key == COPIED or key == FINALIZER or key.startswith(ORIGIN)}


def versions(clusters, spaces):
    return [
        (cluster.name, item["metadata"]["name"], item["metadata"]["resourceVersion"])
        for cluster in clusters
        for namespace in spaces
        for item in cluster.api.list("configmaps", namespace)
    ]


def test_without_yes_it_prints_what_it_would_do_and_writes_nothing(fedcopy, flags, clusters, fleet):
    home, to = fleet
    before = versions(clusters, fleet)
    result = fedcopy.run("release", *flags)
    assert result.status == 3, result
    assert f"hub/configmaps/{home}/src: would take off finalizer {FINALIZER}\n" in result.out, result
    assert f"hub/configmaps/{to}/src: would take off annotation {COPIED}\n" in result.out, result
    for edge in ("edge-1", "edge-2"):
        line = next(line for line in result.out.splitlines() if line.startswith(f"{edge}/configmaps/{to}/src: "))
        assert f"annotation {ORIGIN}" in line and f"label {ORIGIN}-cluster" in line, line
    assert result.out.endswith("4 objects would be released; with --yes they are\n"), result
    assert versions(clusters, fleet) == before


def test_all_is_taken_back_in_every_cluster_and_copies_stay(fedcopy, flags, clusters, hub, fleet):
    home, to = fleet
    result = fedcopy.run("release", *flags, "--yes")
    assert result.status == 0 and "4 objects were released" in result.out, result
    for cluster in clusters:
        assert marks(cluster, to) == set(), cluster.name
        assert cluster.api.get("configmaps", to, "src")["data"] == {"a": "1"}
    source = hub.api.get("configmaps", home, "src")
    assert not source["metadata"].get("finalizers")
    # What the user wrote is the user's.
    assert source["metadata"]["annotations"]["note"] == "mine"
    assert source["metadata"]["annotations"]["fedcopy.dev/clusters"] == "*"
    # Nothing holds the source any more.
    hub.api.delete("configmaps", home, "src")
    assert hub.api.find("configmaps", home, "src") is None
    again = fedcopy.run("release", *flags)
    assert again.status == 0 and again.out == "nothing is to be taken back\n", again


def test_a_source_that_waits_for_its_finalizer_goes(fedcopy, flags, hub, fleet):
    home, _ = fleet
    hub.api.delete("configmaps", home, "src")
    assert hub.api.find("configmaps", home, "src") is not None
    result = fedcopy.run("release", *flags, "--yes")
    assert result.status == 0, result
    assert hub.api.find("configmaps", home, "src") is None


def test_a_cluster_that_is_away_is_said_and_keeps_nobody_from_being_released(fedcopy, flags, hub, edge1, edge2, fleet):
    _, to = fleet
    edge2.kill()
    result = fedcopy.run("release", *flags, "--yes", "--timeout", "5s")
    assert result.status == 1, result
    assert "edge-2: cannot be reached, nothing on it was released" in result.err, result
    assert marks(hub, to) == set() and marks(edge1, to) == set()
    edge2.spawn()
    edge2.wait_ready()
    assert marks(edge2, to) != set()
    result = fedcopy.run("release", *flags, "--yes")
    assert result.status == 0 and result.out.startswith(f"edge-2/configmaps/{to}/src: took off "), result
    assert marks(edge2, to) == set()


def test_one_dialect_alone_is_released(fedcopy, flags, edge1, fleet):
    _, to = fleet
    result = fedcopy.run("release", *flags, "--dialect", "k8s-copier", "--yes")
    assert result.status == 0 and result.out == "nothing is to be taken back\n", result
    assert marks(edge1, to) != set()
    result = fedcopy.run("release", *flags, "--dialect", "copy-test,k8s-copier", "--yes")
    assert result.status == 0 and marks(edge1, to) == set(), result


def dialect_marks(cluster, namespace, name="src"):
    metadata = cluster.api.get("configmaps", namespace, name)["metadata"]
    keys = [*metadata.get("finalizers", []), *metadata.get("labels", {}), *metadata.get("annotations", {})]
    return {key for key in keys if key.startswith((ORIGIN, "kopy.kot-labs.com/", "configmapsync.apps.kapendra.com/"))}


def test_every_dialect_is_released_at_once_on_a_fleet(fedcopy, flags, clusters, hub, spaces, monkeypatch):
    # The program itself, with all that it ships.
    monkeypatch.setenv("FEDCOPY", str(program.binary().parents[1] / "fedcopy"))
    home, to = spaces
    anywhere = {"fedcopy.dev/clusters": "*"}
    for cluster in clusters:
        cluster.api.patch("namespaces", None, to, {"metadata": {"labels": {"team": to}}})
    sync = "kopy.kot-labs.com/sync"
    hub.api.create(
        "configmaps", home, {"metadata": {"name": "src", "annotations": {sync: f"team={to}", **anywhere}}, "data": {"a": "1"}}
    )
    hub.api.create("configmaps", home, {"metadata": {"name": "flags"}, "data": {"b": "2"}})
    order = {
        "apiVersion": "apps.kapendra.com/v1",
        "kind": "ConfigMapSync",
        "metadata": {"name": "s", "annotations": anywhere},
        "spec": {"destinationNamespace": to, "configMapName": "flags"},
    }
    hub.api.create("configmapsyncs", home, order)
    run = fedcopy("run", *flags, "--dialect", "kopy,configmap-sync")
    for cluster in clusters:
        for name in ("src", "flags"):
            wait_for(lambda c=cluster, n=name: c.api.find("configmaps", to, n), 20, f"the copy {name} on {cluster.name}")
            assert dialect_marks(cluster, to, name)
    wait_for(lambda: hub.api.get("configmapsyncs", home, "s").get("status", {}).get("syncStatus") == "Success", 20)
    run.stop()
    result = fedcopy.run("release", *flags, "--yes")
    assert result.status == 0 and "8 objects were released" in result.out, result
    for cluster in clusters:
        for name, data in (("src", {"a": "1"}), ("flags", {"b": "2"})):
            assert dialect_marks(cluster, to, name) == set(), (cluster.name, name)
            assert cluster.api.get("configmaps", to, name)["data"] == data
    # What users wrote stays, and nothing waits in its deletion.
    assert dialect_marks(hub, home) == {sync}
    for resource, name in (("configmaps", "src"), ("configmapsyncs", "s")):
        hub.api.delete(resource, home, name)
        assert hub.api.find(resource, home, name) is None
    assert hub.api.get("configmaps", to, "flags")["data"] == {"b": "2"}


def test_only_the_namespaces_that_are_named_are_looked_at(fedcopy, flags, hub, fleet):
    home, to = fleet
    result = fedcopy.run("release", *flags, "--namespace", to, "--yes")
    assert result.status == 0 and "3 objects were released" in result.out, result
    assert marks(hub, home) == {FINALIZER}


def test_copies_of_another_hub_are_left_alone(fedcopy, flags, edge1, edge2, fleet):
    _, to = fleet
    # The second one is a member here, and a hub of its own.
    for name, cluster_id in (("other", "another-id"), ("second", edge2.id)):
        other = {ORIGIN: f"{cluster_id}/ns/src", "fedcopy.dev/origin-rule": "copy-test"}
        labels = {f"{ORIGIN}-cluster": cluster_id}
        edge1.api.create("configmaps", to, {"metadata": {"name": name, "annotations": other, "labels": labels}})
    result = fedcopy.run("release", *flags, "--yes")
    assert result.status == 0, result
    assert "edge-1: 2 copies of other hubs, or of clusters that are not of this set" in result.err, result
    assert len(marks(edge1, to, "other")) == 3 and len(marks(edge1, to, "second")) == 3


def test_marks_of_a_controller_on_a_member_are_its_own_unless_the_dialect_acts_there(
    fedcopy, flags, clusters, edge1, spaces, tmp_path
):
    _, to = spaces
    edge1.api.create(
        "configmaps",
        to,
        {"metadata": {"name": "src", "finalizers": [FINALIZER], "annotations": {COPIED: "elsewhere/src"}}},
    )
    result = fedcopy.run("release", *flags, "--yes")
    assert result.status == 0 and marks(edge1, to) == {FINALIZER, COPIED}, result
    acting = tmp_path / "acting.yaml"
    envtest.write_cluster_set(acting, clusters.all, clusters.kubeconfig, edge_1={"dialects": ["copy-test"]})
    result = fedcopy.run("release", "--clusters", acting, "--yes")
    assert result.status == 0 and marks(edge1, to) == set(), result


def test_namespaces_that_were_created_stay_without_their_mark(fedcopy, flags, hub, edge1, make_namespace):
    home = make_namespace(on=[hub])
    new = make_namespace(f"{home}-new", on=[hub])
    hub.api.create(
        "configmaps",
        home,
        {
            "metadata": {
                "name": "src",
                "annotations": {
                    "test.fedcopy/copy-to": new,
                    "fedcopy.dev/clusters": "edge-1",
                    "fedcopy.dev/create-namespaces": "true",
                },
            },
            "data": {"a": "1"},
        },
    )
    # What plan shows is what run does: the namespace, and the copy in it.
    plan = fedcopy.run("plan", *flags, "--dialect", "copy-test", "--allow-all")
    assert plan.status == 3 and f"create namespaces//{new}\n" in plan.out and f"create configmaps/{new}/src\n" in plan.out, plan
    assert edge1.api.find("namespaces", None, new) is None
    run = fedcopy("run", *flags, "--dialect", "copy-test", "--allow-all")
    wait_for(lambda: edge1.api.find("configmaps", new, "src"), 20)
    run.stop()
    mark = "fedcopy.dev/created-for"
    assert edge1.api.get("namespaces", None, new)["metadata"]["annotations"][mark] == f"{hub.id}/{home}/src"
    result = fedcopy.run("release", *flags, "--namespace", f"{home},{new}", "--yes")
    assert result.status == 0, result
    assert mark not in (edge1.api.get("namespaces", None, new)["metadata"].get("annotations") or {})
    edge1.remove_namespace(new)


def test_flags_that_make_no_sense_are_a_usage_error(fedcopy, flags, tmp_path):
    result = fedcopy.run("release", *flags, "--dialect", "copy-tests")
    assert result.status == 2 and 'there is no dialect "copy-tests"; did you mean "copy-test"?' in result.err, result
    result = fedcopy.run("release", *flags, "now")
    assert result.status == 2 and 'unexpected argument "now"' in result.err, result
    result = fedcopy.run("release", "--clusters", tmp_path / "none.yaml")
    assert result.status == 2 or result.status == 1 and "none.yaml" in result.err, result


