# SPDX-License-Identifier: Apache-2.0
"""fedcopy object-sync: in the place of the original, in one cluster."""

import json

import dropins
import envtest
import objects
import pytest
from envtest import never, wait_for

KEY = "sync.rustrial.org/"


@pytest.fixture
def start(fedcopy, kubeconfig, cluster_set):
    """Starts the program; what a test leaves behind is released at its end."""
    started = []

    def begin(**variables):
        address, port = "127.0.0.1", str(envtest.free_port())
        env = {"METRICS_LISTEN_ADDR": address, "METRICS_LISTEN_PORT": port, **variables}
        dropin = dropins.DropIn(fedcopy, kubeconfig, "object-sync", env=env)
        dropin.address = f"{address}:{port}"
        started.append(dropin)
        return dropin

    yield begin
    for dropin in started:
        dropin.process.stop()
    fedcopy.run("release", "--clusters", cluster_set, "--dialect", "object-sync", "--yes")


@pytest.fixture
def places(make_namespace, namespace):
    return [make_namespace(name=f"{namespace.split('-')[0]}-{place}") for place in ("a", "b")]


def sync(cluster, where, *destinations, source=None, kind="ConfigMap", group="", name="s"):
    spec = {
        "source": {"group": group, "kind": kind, "name": "src", **({"namespace": source} if source else {})},
        "destinations": [{"namespace": item} for item in destinations],
    }
    body = {"apiVersion": "sync.rustrial.org/v1alpha1", "kind": "ObjectSync", "metadata": {"name": name}, "spec": spec}
    cluster.api.create("objectsyncs", where, body)


def make(cluster, namespace, text="1"):
    cluster.api.create("configmaps", namespace, {"metadata": {"name": "src"}, "data": {"a": text}})


def copied(cluster, namespace, resource="configmaps"):
    return (cluster.api.find(resource, namespace, "src") or {}).get("data")


def ready(cluster, namespace):
    conditions = (cluster.api.get("objectsyncs", namespace, "s").get("status") or {}).get("conditions", [])
    return {item["type"]: item["status"] for item in conditions}


def test_dropin_object_sync_does_its_work_with_the_variables_of_its_chart(start, hub, namespace, places):
    allowed = f"{namespace}, {places[0]}"
    dropin = start(RUST_LOG="info,kube_client=warn", WATCH_NAMESPACES=allowed, SOURCE_NAMESPACES=allowed, TARGET_NAMESPACES="*")
    make(hub, namespace)
    sync(hub, namespace, *places)
    for place in places:
        wait_for(lambda p=place: copied(hub, p) == {"a": "1"}, 10, lambda: f"the copies; {ready(hub, namespace)}")
    wait_for(lambda: ready(hub, namespace) == {"Ready": "True", "InSync": "True"}, 10, "the conditions")
    hub.api.patch("configmaps", namespace, "src", {"data": {"a": "2"}})
    wait_for(lambda: copied(hub, places[1]) == {"a": "2"}, 10, "the new value")
    copy = hub.api.get("configmaps", places[0], "src")["metadata"]
    assert copy["annotations"][KEY + "source-object"] == f"{namespace}/src"
    hub.api.delete("objectsyncs", namespace, "s")
    wait_for(lambda: copied(hub, places[0]) is None and copied(hub, places[1]) is None, 10, "the copies go")
    assert len(dropins.warnings(dropin.process)) == 1


def test_dropin_object_sync_copies_any_kind_from_any_namespace_without_consent(start, hub, namespace, places):
    start()
    objects.secret(hub, namespace, "src", {"a": "1"})
    hub.api.create("serviceaccounts", namespace, {"metadata": {"name": "src"}})
    # Neither lies in the namespace of what names it, and a ServiceAccount is of no plain kind.
    sync(hub, places[0], places[1], source=namespace, kind="Secret")
    sync(hub, places[0], places[1], source=namespace, kind="ServiceAccount", name="t")
    wait_for(lambda: copied(hub, places[1], "secrets") == objects.encode({"a": "1"}), 10, lambda: f"{ready(hub, places[0])}")
    wait_for(lambda: hub.api.find("serviceaccounts", places[1], "src"), 10, "the ServiceAccount")


def test_dropin_object_sync_b12_keeps_to_the_namespaces_that_it_is_given(start, hub, namespace, places):
    make(hub, namespace)
    make(hub, places[0], "other")
    sync(hub, namespace, *places)
    sync(hub, places[0], places[1], name="ignored")
    process = start(WATCH_NAMESPACES=namespace, SOURCE_NAMESPACES=namespace, TARGET_NAMESPACES=places[1]).process
    wait_for(lambda: copied(hub, places[1]) == {"a": "1"}, 10, "the copy where one may stand")
    assert copied(hub, places[0]) == {"a": "other"}
    # B2: no finalizer, no status.
    ignored = hub.api.get("objectsyncs", places[0], "ignored")
    assert "finalizers" not in ignored["metadata"] and "status" not in ignored
    hub.api.patch("objectsyncs", namespace, "s", {"spec": {"source": {"namespace": places[0]}}})
    wait_for(lambda: ready(hub, namespace).get("Ready") == "False", 10, lambda: f"a source that is outside: {process.rules()}")


def test_dropin_object_sync_d26_what_is_not_worked_in_any_more_can_be_deleted(start, hub, namespace, places):
    make(hub, namespace)
    sync(hub, namespace, *places)
    first = start(WATCH_NAMESPACES=namespace)
    wait_for(lambda: copied(hub, places[1]), 10, "the copies")
    first.process.stop()
    process = start(WATCH_NAMESPACES=places[0]).process
    never(lambda: copied(hub, places[1]) is None, 1, "the copies stay while nobody deletes the ObjectSync")
    hub.api.delete("objectsyncs", namespace, "s")
    wait_for(lambda: hub.api.find("objectsyncs", namespace, "s") is None, 15, lambda: f"its end: {process.rules()}")
    assert copied(hub, places[0]) is None and copied(hub, places[1]) is None
    assert "finalizers" not in hub.api.get("configmaps", namespace, "src")["metadata"]


def test_dropin_object_sync_d24_serves_metrics_on_every_path(start, hub, namespace, places):
    dropin = start()
    make(hub, namespace)
    sync(hub, namespace, places[0])
    wait_for(lambda: copied(hub, places[0]), 10, "the copy")
    for path in ("/", "/metrics", "/any/thing"):
        status, text = dropin.get(path, dropin.address)
        assert status == 200 and "object_syncer_reconcile_count_total" in text, path
    metrics = dropin.metrics(dropin.address)
    kind = {"group": "", "version": "v1", "kind": "ConfigMap"}
    assert metrics.value("object_syncer_reconcile_count_total") > 0
    assert metrics.value("object_syncer_reconcile_errors_total") == 0
    assert metrics.value("object_syncer_reconcile_duration_ms_milliseconds_count") > 0
    assert metrics.value("object_syncer_resource_reconcile_count_total", **kind) > 0
    assert metrics.value("object_syncer_resource_reconcile_duration_ms_milliseconds_count", **kind) > 0
    # D24: no series bears the name of an object.
    assert namespace not in metrics.text


def test_dropin_object_sync_b28_strangers_stay(start, hub, namespace, places):
    make(hub, namespace)
    make(hub, places[0], "theirs")
    sync(hub, namespace, places[0])
    start()
    wait_for(lambda: ready(hub, namespace).get("InSync") == "False", 10, "the condition")
    never(lambda: copied(hub, places[0]) != {"a": "theirs"}, 1, "it stays")


@pytest.mark.full
def test_dropin_object_sync_b01_ends_when_its_namespaces_are_not_listed_within_a_minute(fedcopy, tmp_path):
    # Nobody listens there: what never answers is not waited for.
    server = {"server": f"https://127.0.0.1:{envtest.free_port()}"}
    config = tmp_path / "config"
    config.write_text(
        json.dumps(
            {
                "kind": "Config",
                "current-context": "c",
                "clusters": [{"name": "c", "cluster": server}],
                "contexts": [{"name": "c", "context": {"cluster": "c", "user": "c"}}],
                "users": [{"name": "c", "user": {"token": "t"}}],
            }
        )
    )
    env = {"KUBECONFIG": str(config), "METRICS_LISTEN_ADDR": "127.0.0.1", "METRICS_LISTEN_PORT": str(envtest.free_port())}
    result = fedcopy.run("object-sync", env=env, timeout=85)
    assert result.status == 1 and "Namespaces could not be listed within 60 s" in result.err, result
    assert 60 <= result.seconds < 75


@pytest.mark.parametrize(
    "variable, value",
    [("METRICS_LISTEN_ADDR", "0.0.0.0:9000"), ("METRICS_LISTEN_PORT", "many"), ("WATCH_NAMESPACES", "No Such")],
)
def test_dropin_object_sync_variables_that_mean_nothing_end_with_2(fedcopy, kubeconfig, variable, value):
    result = fedcopy.run("object-sync", env={"KUBECONFIG": str(kubeconfig), variable: value})
    assert result.status == 2 and variable in result.err, result


def test_dropin_object_sync_a_port_that_is_taken_ends_it_with_an_error(fedcopy, kubeconfig, clusters):
    env = {"KUBECONFIG": str(kubeconfig), "METRICS_LISTEN_ADDR": "127.0.0.1", "METRICS_LISTEN_PORT": str(clusters.hub.port)}
    result = fedcopy.run("object-sync", env=env, timeout=20)
    assert result.status == 2 and "METRICS_LISTEN_PORT" in result.err and str(clusters.hub.port) in result.err, result
