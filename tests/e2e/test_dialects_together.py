# SPDX-License-Identifier: Apache-2.0
"""Several dialects on the same objects: what two of them want is the first one's, and the other one is told so."""

import pytest
from envtest import never, wait_for

# As in a cluster that people use.
pytestmark = pytest.mark.usefixtures("controllers")

SYNC = "kopy.kot-labs.com/sync"
OWNER = "configmapsync.apps.kapendra.com/owner"
REPLACE = "k8s-copier.fig.org/replace-data.a"


@pytest.fixture
def stage(make_namespace, namespace, hub):
    """The destination of both."""
    name = f"{namespace.split('-')[0]}-stage"
    return make_namespace(name, on=[hub], labels={"team": name})


@pytest.fixture
def run(fedcopy, cluster_set):
    return fedcopy("run", "--clusters", cluster_set, "--dialect", "k8s-copier,kopy,configmap-sync", "--target", "configmaps")


def kopy_source(hub, namespace, stage):
    annotations = {SYNC: f"team={stage}"}
    hub.api.create("configmaps", namespace, {"metadata": {"name": "flags", "annotations": annotations}, "data": {"a": "kopy"}})


def order(hub, namespace, stage, source):
    """A ConfigMapSync of the source in its own namespace."""
    hub.api.create("configmaps", source, {"metadata": {"name": "flags"}, "data": {"a": "sync"}})
    body = {
        "apiVersion": "apps.kapendra.com/v1",
        "kind": "ConfigMapSync",
        "metadata": {"name": "s"},
        "spec": {"destinationNamespace": stage, "configMapName": "flags"},
    }
    hub.api.create("configmapsyncs", source, body)


def reason(hub, namespace):
    status = (hub.api.find("configmapsyncs", namespace, "s") or {}).get("status") or {}
    return next((c["reason"] for c in status.get("conditions", []) if c["type"] == "Synced"), None)


def wait_value(hub, namespace, value):
    wait_for(
        lambda: (hub.api.find("configmaps", namespace, "flags") or {}).get("data") == {"a": value},
        10,
        lambda: f"{value}: {hub.api.find('configmaps', namespace, 'flags')}",
    )


def test_a_place_that_kopy_has_is_a_conflict_for_a_configmap_sync_until_it_is_free(run, hub, make_namespace, namespace, stage):
    other = make_namespace(on=[hub])
    kopy_source(hub, namespace, stage)
    wait_value(hub, stage, "kopy")
    order(hub, namespace, stage, other)
    wait_for(lambda: reason(hub, other) == "DestinationConflict", 10, lambda: reason(hub, other))
    never(lambda: hub.api.get("configmaps", stage, "flags")["data"] != {"a": "kopy"}, 0.3, "another value")
    # Released, it is nobody's; deleted, it is free.
    hub.api.delete("configmaps", namespace, "flags")
    wait_for(lambda: not hub.api.get("configmaps", stage, "flags")["metadata"].get("finalizers"), 10, "released")
    assert hub.api.get("configmaps", stage, "flags")["data"] == {"a": "kopy"}
    hub.api.delete("configmaps", stage, "flags")
    wait_value(hub, stage, "sync")
    assert hub.api.get("configmaps", stage, "flags")["metadata"]["annotations"][OWNER] == f"{other}/s"


def test_a_place_that_a_configmap_sync_has_is_a_conflict_for_kopy_and_for_a_path(run, hub, make_namespace, namespace, stage):
    other = make_namespace(on=[hub])
    order(hub, namespace, stage, other)
    wait_value(hub, stage, "sync")
    kopy_source(hub, namespace, stage)
    run.wait_rule(f"hub/configmaps/{stage}/flags", "", state="Conflict")
    hub.api.annotate("configmaps", stage, "flags", {REPLACE: "json:\"path\""})
    run.wait_rule(f"hub/configmaps/{stage}/flags", "data.a", state="Conflict")
    never(lambda: hub.api.get("configmaps", stage, "flags")["data"] != {"a": "sync"}, 0.5, "another value")
    # With the ConfigMapSync its copy goes, and the place is kopy's.
    hub.api.delete("configmapsyncs", other, "s")
    wait_value(hub, stage, "kopy")
