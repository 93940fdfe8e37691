# SPDX-License-Identifier: Apache-2.0
"""Chains from one dialect to another, in one cluster and across clusters: what one has copied is the source of another one. They work,
or are refused with a reason."""

import objects
import pytest
from envtest import wait_for

# As in a cluster that people use.
pytestmark = pytest.mark.usefixtures("controllers")

REPLACE = "k8s-copier.fig.org/replace-data.a"
CLUSTERS = "fedcopy.dev/clusters"
DIALECTS = "k8s-copier,kopy,k8s-replicator,object-sync,configmap-sync"


@pytest.fixture
def places(make_namespace, namespace):
    """Two further namespaces, on every cluster; the first has a label."""
    begin = namespace.split("-")[0]
    return [make_namespace(name=f"{begin}-{place}", labels={"team": f"{begin}-{place}"}) for place in ("a", "b")]


@pytest.fixture
def run(fedcopy, cluster_set):
    """All dialects at once. What a test leaves behind is released at its end."""
    started = []

    def start(*more):
        args = ("run", "--clusters", cluster_set, "--dialect", DIALECTS, "--target", "secrets,configmaps", *more)
        started.append(fedcopy(*args))
        return started[-1]

    yield start
    for program in started:
        program.stop()
    fedcopy.run("release", "--clusters", cluster_set, "--yes")


def make(cluster, namespace, name, data=None, annotations=None):
    metadata = {"name": name, "annotations": annotations or {}}
    cluster.api.create("secrets", namespace, {"metadata": metadata, "data": objects.encode(data or {})})


def sync(cluster, namespace, name, *destinations, annotations=None):
    body = {
        "apiVersion": "sync.rustrial.org/v1alpha1",
        "kind": "ObjectSync",
        "metadata": {"name": "s", "annotations": annotations or {}},
        "spec": {
            "source": {"group": "", "kind": "Secret", "name": name},
            "destinations": [{"namespace": item} for item in destinations],
        },
    }
    cluster.api.create("objectsyncs", namespace, body)


def wait_data(cluster, namespace, name, **data):
    def held():
        return (cluster.api.find("secrets", namespace, name) or {}).get("data")

    wait_for(lambda: held() == objects.encode(data), 10, lambda: f"{data} in {namespace}/{name} of {cluster.name}: {held()}")


def change(cluster, namespace, name, **data):
    cluster.api.patch("secrets", namespace, name, {"data": objects.encode(data)})


def test_a_kopy_copy_feeds_a_path_here_and_on_a_member(run, hub, edge1, namespace, places):
    annotations = {"kopy.kot-labs.com/sync": f"team={places[0]}", CLUSTERS: "edge-1"}
    make(hub, namespace, "src", {"a": "1"}, annotations)
    make(hub, places[0], "reader", annotations={REPLACE: "secrets:src:data.a"})
    # The member's own copy, not the master's.
    make(edge1, places[0], "reader", annotations={REPLACE: f"secrets:edge-1/{places[0]}/src:data.a"})
    run()
    for cluster in (hub, edge1):
        wait_data(cluster, places[0], "reader", a="1")
    change(hub, namespace, "src", a="2")
    for cluster in (hub, edge1):
        wait_data(cluster, places[0], "reader", a="2")


def test_an_object_sync_copies_a_secret_that_k8s_replicator_has_pulled(run, hub, edge1, namespace, places):
    make(hub, namespace, "src", {"a": "1"}, {"k8s-replicator/replication-allowed-namespaces": places[0]})
    make(hub, places[0], "pulled", annotations={"k8s-replicator/replicate-from": f"{namespace}/src"})
    sync(hub, places[0], "pulled", places[1], annotations={CLUSTERS: "edge-1"})
    run()
    for cluster in (hub, edge1):
        wait_data(cluster, places[1], "pulled", a="1")
    change(hub, namespace, "src", a="2")
    for cluster in (hub, edge1):
        wait_data(cluster, places[1], "pulled", a="2")
    # It takes over no word of the dialect: a copy asks for nothing, and is nobody's replica.
    copy = hub.api.get("secrets", places[1], "pulled")
    assert not any(key.startswith("k8s-replicator/") for key in copy["metadata"]["annotations"])
    # When the permission goes, so does the data, down the chain.
    hub.api.annotate("secrets", namespace, "src", {"k8s-replicator/replication-allowed-namespaces": ""})
    for cluster in (hub, edge1):
        wait_for(lambda c=cluster: not c.api.get("secrets", places[1], "pulled").get("data"), 10, f"cleared on {cluster.name}")


def test_a_pull_from_the_copy_of_an_object_sync_is_refused_with_a_reason_unless_all_is_allowed(run, hub, namespace, places):
    allowed = {"k8s-replicator/replication-allowed": "true"}
    make(hub, namespace, "src", {"a": "1"}, allowed)
    sync(hub, namespace, "src", places[0])
    make(hub, places[1], "pulled", annotations={"k8s-replicator/replicate-from": f"{places[0]}/src"})
    program = run()
    wait_data(hub, places[0], "src", a="1")
    # The source's consent is about itself; nobody speaks for the copy.
    rule = program.wait_rule(f"/{places[1]}/pulled", state="NotAllowed")
    assert rule["dialect"] == "k8s-replicator" and rule["message"]
    assert not hub.api.get("secrets", places[1], "pulled").get("data")
    program.stop()
    run("--allow-all")
    wait_data(hub, places[1], "pulled", a="1")
    change(hub, namespace, "src", a="2")
    wait_data(hub, places[1], "pulled", a="2")
    hub.api.delete("objectsyncs", namespace, "s")
    wait_for(lambda: not hub.api.get("secrets", places[1], "pulled").get("data"), 10, "cleared: its source is gone")


def test_a_pushed_replica_on_a_member_feeds_a_path_there(run, hub, edge1, namespace, places):
    annotations = {"k8s-replicator/replicate-to-namespaces": places[0], CLUSTERS: "edge-1"}
    make(hub, namespace, "src", {"a": "1"}, annotations)
    make(edge1, places[0], "reader", annotations={REPLACE: f"secrets:edge-1/{places[0]}/src:data.a"})
    run()
    wait_data(edge1, places[0], "reader", a="1")
    change(hub, namespace, "src", a="2")
    wait_data(edge1, places[0], "reader", a="2")
    # What is gone leaves the path as it is.
    hub.api.delete("secrets", namespace, "src")
    wait_for(lambda: edge1.api.find("secrets", places[0], "src") is None, 10, "the replica goes")
    wait_data(edge1, places[0], "reader", a="2")
