# SPDX-License-Identifier: Apache-2.0
"""fedcopy configmap-sync: in the place of the original, in one cluster."""

import json

import dropins
import envtest
import pytest
from envtest import wait_for

KEY = "configmapsync.apps.kapendra.com/"


@pytest.fixture
def start(fedcopy, kubeconfig):
    def begin(*args, **keywords):
        return dropins.DropIn(fedcopy, kubeconfig, "configmap-sync", *args, **keywords)

    return begin


@pytest.fixture
def health():
    return f"127.0.0.1:{envtest.free_port()}"


@pytest.fixture
def stage(make_namespace, namespace):
    return make_namespace(name=f"{namespace.split('-')[0]}-stage")


@pytest.fixture
def ops(make_namespace, namespace):
    return make_namespace(name=f"{namespace.split('-')[0]}-ops")


def source(cluster, namespace):
    cluster.api.create("configmaps", namespace, {"metadata": {"name": "flags"}, "data": {"a": "1"}})


def sync(cluster, where, namespace, destination):
    spec = {"sourceNamespace": namespace, "destinationNamespace": destination, "configMapName": "flags"}
    body = {"apiVersion": "apps.kapendra.com/v1", "kind": "ConfigMapSync", "metadata": {"name": "s"}, "spec": spec}
    cluster.api.create("configmapsyncs", where, body)


def copied(cluster, namespace):
    return (cluster.api.find("configmaps", namespace, "flags") or {}).get("data")


def word(cluster, namespace):
    return (cluster.api.get("configmapsyncs", namespace, "s").get("status") or {}).get("syncStatus")


def test_dropin_configmap_sync_d14_copies_between_foreign_namespaces_and_says_so(start, health, hub, namespace, stage, ops):
    process = start(f"--health-probe-bind-address={health}", "--metrics-bind-address=0").process
    source(hub, namespace)
    sync(hub, ops, namespace, stage)
    wait_for(lambda: copied(hub, stage) == {"a": "1"}, 10, "the copy")
    wait_for(lambda: word(hub, ops) == "Success", 10, "the status")
    hub.api.patch("configmaps", namespace, "flags", {"data": {"a": "2"}})
    wait_for(lambda: copied(hub, stage) == {"a": "2"}, 10, "the new value")
    hub.api.delete("configmapsyncs", ops, "s")
    wait_for(lambda: copied(hub, stage) is None, 10, "the copy goes with the ConfigMapSync")
    # Lines of JSON, as its README promises.
    lines = [json.loads(line) for line in process.stderr().splitlines()]
    assert len([line for line in lines if "as in the original" in line.get("message", "")]) == 1


def test_dropin_configmap_sync_b22_takes_over_what_is_nobodys_and_does_not_delete_it(start, health, hub, namespace, stage):
    hub.api.create("configmaps", stage, {"metadata": {"name": "flags", "labels": {"mine": "1"}}, "data": {"a": "0", "b": "0"}})
    source(hub, namespace)
    sync(hub, namespace, namespace, stage)
    start(f"--health-probe-bind-address={health}")
    wait_for(lambda: copied(hub, stage) == {"a": "1"}, 10, "it is overwritten")
    taken = hub.api.get("configmaps", stage, "flags")["metadata"]
    assert taken["annotations"][KEY + "adopted"] == "true" and taken["labels"]["mine"] == "1"
    hub.api.delete("configmapsyncs", namespace, "s")
    wait_for(lambda: hub.api.find("configmapsyncs", namespace, "s") is None, 10, "the ConfigMapSync is gone")
    left = hub.api.get("configmaps", stage, "flags")
    assert left["data"] == {"a": "1"} and left["metadata"]["labels"] == {"mine": "1"} and "annotations" not in left["metadata"]


def test_dropin_configmap_sync_serves_health_and_metrics(start, health, hub, namespace, stage):
    where = f"127.0.0.1:{envtest.free_port()}"
    dropin = start(f"--health-probe-bind-address={health}", f"--metrics-bind-address={where}", "--metrics-secure=false")
    assert dropin.get("/healthz", health) == (200, "ok")
    assert dropin.get("/readyz", health) == (200, "ok")
    source(hub, namespace)
    sync(hub, namespace, namespace, stage)
    wait_for(lambda: word(hub, namespace) == "Success", 10, "the status")
    metrics = dropin.metrics(where)
    assert metrics.value("controller_runtime_reconcile_total", controller="configmapsync", result="success") > 0
    assert metrics.value("workqueue_adds_total", name="configmapsync") > 0
    assert not metrics.select("workqueue_adds_total", name="engine")


def test_dropin_configmap_sync_usage_errors_end_with_2(fedcopy, kubeconfig):
    result = fedcopy.run("configmap-sync", "--target=x", env={"KUBECONFIG": str(kubeconfig)})
    assert result.status == 2 and "unknown flag --target=x" in result.err, result
