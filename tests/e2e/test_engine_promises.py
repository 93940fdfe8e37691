# SPDX-License-Identifier: Apache-2.0
"""What the engine promises, on real API servers: status paths, servers that default, throttling, the resync. What is counted
here is counted by the servers' audit logs or by a proxy's journal."""

import itertools
import time

import objects
from envtest import never, wait_for
from fault_proxy import WATCH
from objects import asked, configmap, custom, set_data, version, wait_data, wait_value, wait_writes

WRITES = ("patch", "update", "create", "delete")


def written(count):
    """The writes of objects; Events come on top."""
    return [request for request in asked(count, WRITES) if request["resource"] != "events"]


# --- Status paths -----------------------------------------------------------------------------------------------------


def test_b29_a_path_under_status_is_written_by_way_of_the_subresource(fedcopy, cluster_set, hub, edge1, namespace):
    # k8s-copier B29
    configmap(edge1, namespace, "source", {"phase": "Ready", "size": "3"})
    rules = {
        "spec.size": f"configmaps:edge-1/{namespace}/source:data.size",
        "status.phase": f"configmaps:edge-1/{namespace}/source:data.phase",
    }
    command = ("run", "--clusters", cluster_set, "--target", "federatedsecrets", "--namespace", namespace, "--allow-all")
    with edge1.counting() as count:
        custom(edge1, namespace, "FederatedSecret", "copy", {}, rules)
        program = fedcopy(*command)
        wait_writes(program, "/copy", "spec.size", 1)
        wait_writes(program, "/copy", "status.phase", 1)
        found = [(request["resource"], request["code"]) for request in asked(count, "patch")]
        assert found == [("federatedsecrets", 200), ("federatedsecrets/status", 200)]
        copy = edge1.api.get("federatedsecrets", namespace, "copy")
        assert (copy["spec"]["size"], copy["status"]) == ("3", {"phase": "Ready"})
    # Each is judged by itself, and a change of one costs one write and no read (promise 3).
    for key, value, resource in (("phase", "Gone", "federatedsecrets/status"), ("size", "4", "federatedsecrets")):
        with edge1.counting() as count:
            set_data(edge1, "configmaps", namespace, "source", {key: value})
            path = ("status", "phase") if key == "phase" else ("spec", "size")
            wait_value(edge1, "federatedsecrets", namespace, "copy", path, value)
            never(lambda: len(written(count)) > 1 or asked(count, "get"), 0.4)
            assert [request["resource"] for request in written(count)] == [resource]
    # Drift of the status alone.
    with edge1.counting() as count:
        edge1.api.patch("federatedsecrets", namespace, "copy", {"status": {"phase": "theirs"}}, subresource="status")
        wait_value(edge1, "federatedsecrets", namespace, "copy", ("status", "phase"), "Gone")
        program.wait_rule("/copy", "status.phase")
        assert [request["resource"] for request in written(count)] == ["federatedsecrets/status"]
    # Promise 2: a restart changes nothing.
    assert program.stop() == 0
    before = version(edge1, "federatedsecrets", namespace, "copy")
    with edge1.counting() as count:
        program = fedcopy(*command)
        for path in rules:
            program.wait_rule("/copy", path)
        never(lambda: written(count), 0.5)
    assert version(edge1, "federatedsecrets", namespace, "copy") == before


def test_a_status_path_needs_the_operator(fedcopy, cluster_set, edge1, namespace):
    with edge1.counting() as count:
        custom(edge1, namespace, "FederatedSecret", "copy", {}, {"status.phase": 'json:"Ready"'})
        program = fedcopy("run", "--clusters", cluster_set, "--target", "federatedsecrets", "--namespace", namespace)
        program.wait_rule("/copy", "status.phase", state="NotAllowed")
        never(lambda: written(count), 0.3)


# --- Servers that default ---------------------------------------------------------------------------------------------


def test_what_the_server_adds_is_no_drift_and_a_restart_changes_no_version(fedcopy, cluster_set, edge1, namespace):
    # The pod template of a Deployment comes back with a dozen defaults that nobody wrote.
    template = {
        "metadata": {"labels": {"app": "copy"}},
        "spec": {"containers": [{"name": "main", "image": "worker:2"}]},
    }
    custom(edge1, namespace, "FederatedDeployment", "source", {"template": template})
    rules = {"spec.template": f"federateddeployments:edge-1/{namespace}/source:spec.template"}
    objects.deployment(edge1, namespace, "copy", rules)
    command = ("run", "--clusters", cluster_set, "--target", "deployments", "--namespace", namespace, "--allow-all")
    program = fedcopy(*command)
    wait_writes(program, "/copy", "spec.template", 1)
    copy = edge1.api.get("deployments", namespace, "copy")
    assert copy["spec"]["template"]["spec"]["containers"][0]["image"] == "worker:2"
    assert copy["spec"]["template"]["spec"]["restartPolicy"] == "Always"  # a default
    with edge1.counting() as count:
        edge1.api.annotate("deployments", namespace, "copy", {"note": "somebody was here"})
        never(lambda: written(count), 0.5)
    assert program.stop() == 0
    before = version(edge1, "deployments", namespace, "copy")
    with edge1.counting() as count:
        program = fedcopy(*command)
        program.wait_rule("/copy", "spec.template")
        never(lambda: len(written(count)) > 1, 0.5)
    assert version(edge1, "deployments", namespace, "copy") == before


# --- Throttling -------------------------------------------------------------------------------------------------------


def fan_out(fedcopy, through, hub, edge1, namespace, targets, *flags):
    """So many copies of one source on edge-1, in sync, and edge-1 behind a proxy: (the program, the proxy, their names)."""
    names = [f"copy-{number}" for number in range(targets)]
    configmap(hub, namespace, "source", {"a": "1"})
    for name in names:
        configmap(edge1, namespace, name, {"a": "1"}, {"data.a": "configmap:source:data.a"})
    proxy = through.proxy(edge1)
    file = through.cluster_set([proxy], members=[edge1])
    program = fedcopy("run", "--clusters", file, "--target", "configmaps", "--namespace", namespace, *flags)
    for name in names:
        program.wait_rule(f"/{name}")
    return program, proxy, names


def patches(proxy, since):
    return [request["time_ms"] / 1000 for request in proxy.requests(since, method="PATCH")]


def test_retry_after_of_a_429_keeps_everything_from_that_cluster_and_nothing_from_others(
    through, fedcopy, hub, edge1, edge2, namespace
):
    configmap(hub, namespace, "local", {}, {"data.a": "configmap:source:data.a"})
    program, proxy, names = fan_out(fedcopy, through, hub, edge1, namespace, 6, "--max-in-flight", "1")
    since = proxy.offset()
    proxy.answer(429, headers={"retry-after": "2"}, count=1, method="PATCH")
    set_data(hub, "configmaps", namespace, "source", {"a": "2"})
    # The hub's own copy is made at once.
    wait_data(hub, "configmaps", namespace, "local", {"a": "2"}, 1)
    for name in names:
        wait_data(edge1, "configmaps", namespace, name, {"a": "2"}, 6)
    times = patches(proxy, since)
    assert len(times) == 1 + len(names), times
    assert times[1] - times[0] >= 2, times
    assert times[-1] - times[1] < 1.5, times
    program.wait_rule("/copy-5")


def test_a_write_rate_is_kept_and_begins_with_a_seconds_worth(through, fedcopy, hub, edge1, namespace):
    program, proxy, names = fan_out(fedcopy, through, hub, edge1, namespace, 12, "--max-writes-per-second", "4")
    # What the beginning has used up is there again.
    time.sleep(1.1)
    since = proxy.offset()
    set_data(hub, "configmaps", namespace, "source", {"a": "2"})
    for name in names:
        wait_data(edge1, "configmaps", namespace, name, {"a": "2"}, 6)
    times = patches(proxy, since)
    assert len(times) == len(names), times
    assert times[3] - times[0] < 0.2, "four at once"
    # Then one in each quarter of a second; what the proxy's clock sees may be some milliseconds off.
    assert all(later - earlier > 0.2 for earlier, later in itertools.pairwise(times[3:])), times
    assert 1.9 < times[-1] - times[0] < 3, times
    program.wait_rule("/copy-11")


# --- Resync -----------------------------------------------------------------------------------------------------------


def lists(count, resource="configmaps"):
    return [request for request in asked(count, "list", resource=resource) if WATCH not in request["uri"]]


def test_a_resync_lists_metadata_of_targets_and_namespaces_and_neither_reads_nor_writes(
    fedcopy, cluster_set, hub, edge1, edge2, namespace
):
    configmap(hub, namespace, "source", {"a": "1"})
    configmap(edge1, namespace, "copy", {}, {"data.a": "configmap:source:data.a"})
    command = ("run", "--clusters", cluster_set, "--target", "configmaps", "--namespace", namespace, "--resync-period", "2s")
    program = fedcopy(*command)
    wait_writes(program, "/copy", "data.a", 1)
    with hub.counting() as on_hub, edge1.counting() as on_edge, edge2.counting() as on_edge2:
        time.sleep(4.1)
        for count in (on_hub, on_edge, on_edge2):
            # Twice in two periods; sources are not among them, which are watched by their names.
            assert 2 <= len(lists(count)) <= 3, lists(count)
            assert not [request for request in lists(count) if "fieldSelector" in request["uri"]]
            assert asked(count, "get") == [] and written(count) == []
        assert 2 <= len(lists(on_edge, "namespaces")) <= 3
    restarts = program.metrics().total("fedcopy_watch_restarts_total", cluster="edge-1", resource="configmaps", reason="relist")
    assert restarts >= 2
    assert program.rules("/copy")[0]["writes"] == 1


def test_a_resync_reveals_what_a_watch_has_missed(through, fedcopy, hub, edge1, namespace):
    configmap(hub, namespace, "source", {"a": "1"})
    configmap(edge1, namespace, "copy", {}, {"data.a": "configmap:source:data.a"})
    proxy = through.proxy(edge1)
    proxy.no_streamed_lists()
    file = through.cluster_set([proxy], members=[edge1])
    command = ("run", "--clusters", file, "--target", "configmaps", "--namespace", namespace, "--resync-period", "3s")
    program = fedcopy(*command)
    wait_writes(program, "/copy", "data.a", 1)
    # From now on no watch of that cluster tells anything, those to come neither.
    proxy.hold(path=WATCH)
    proxy.mute()
    edge1.api.patch("configmaps", namespace, "copy", {"data": {"a": "drift"}})
    wait_data(edge1, "configmaps", namespace, "copy", {"a": "1"}, 6)
    configmap(edge1, namespace, "late", {}, {"data.a": "configmap:source:data.a"})
    wait_data(edge1, "configmaps", namespace, "late", {"a": "1"}, 6)
    edge1.api.delete("configmaps", namespace, "late")
    wait_for(lambda: not program.rules("/late"), 6, "the deletion is noticed")


def test_without_a_resync_nothing_is_listed_again(fedcopy, cluster_set, hub, edge1, namespace):
    configmap(hub, namespace, "source", {"a": "1"})
    configmap(edge1, namespace, "copy", {}, {"data.a": "configmap:source:data.a"})
    command = ("run", "--clusters", cluster_set, "--target", "configmaps", "--namespace", namespace, "--resync-period", "0")
    program = fedcopy(*command)
    wait_writes(program, "/copy", "data.a", 1)
    with edge1.counting() as count:
        never(lambda: lists(count), 1.5)
