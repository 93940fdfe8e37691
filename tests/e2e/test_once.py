# SPDX-License-Identifier: Apache-2.0
"""fedcopy run --once: copies until nothing is left to copy, says what is not well, and ends."""

import threading
import time

import envtest
import pytest
from objects import TARGETS, at, configmap, secret, set_data, wait_data


@pytest.fixture
def flags(cluster_set, namespace):
    addresses = ["--status-address=", "--debug-address="]
    return ["run", "--once", "--clusters", cluster_set, "--target", TARGETS, "--namespace", namespace, *addresses]


def test_all_is_copied_and_the_status_is_0(fedcopy, flags, hub, edge1, edge2, namespace, secrets):
    """Through a chain too; and nothing is copied afterwards."""
    secret(hub, namespace, "source", {"k": "v"})
    secret(hub, namespace, "middle", {}, {"data": "secrets:source:data"})
    for cluster in (edge1, edge2):
        secret(cluster, namespace, "t", {}, {"data": "secrets:middle:data"})
    result = fedcopy.run(*flags)
    assert result.status == 0 and result.out == "" and "warn" not in result.err, result
    for cluster in (hub, edge1, edge2):
        wait_data(cluster, "secrets", namespace, "middle" if cluster is hub else "t", {"k": "v"}, timeout=0)
    set_data(hub, "secrets", namespace, "source", {"k": "other"})
    envtest.never(lambda: at(edge1.api.get("secrets", namespace, "t"), "data") != at(edge2.api.get("secrets", namespace, "t"), "data"), 0.5)
    assert fedcopy.run(*flags).status == 0
    wait_data(edge1, "secrets", namespace, "t", {"k": "other"}, timeout=0)


def test_it_ends_soon_when_there_is_nothing_to_do(fedcopy, flags):
    result = fedcopy.run(*flags)
    assert result.status == 0 and result.seconds < 10, result


def test_what_is_not_there_yet_is_a_warning(fedcopy, flags, hub, edge1, namespace):
    configmap(hub, namespace, "source", {"k": "v"})
    rules = {
        "data.k": "configmaps:source:data.k",
        "data.missing": "configmaps:nothing:data.k",
        "data.nowhere": "configmaps:source:data.nothing",
        "data.untyped": "gadgets.example.org:x:data.k",
    }
    configmap(edge1, namespace, "t", {}, rules)
    result = fedcopy.run(*flags)
    assert result.status == 0 and result.out == "", result
    for path, state in (("missing", "SourceNotFound"), ("nowhere", "PathNotFound"), ("untyped", "Pending (TypeNotServed)")):
        assert f"warning: edge-1/configmaps/{namespace}/t data.{path}: {state}: " in result.err, result
    assert at(edge1.api.get("configmaps", namespace, "t"), "data") == {"k": "v"}


def test_what_is_not_well_is_a_table_and_status_1(fedcopy, flags, hub, edge1, namespace):
    configmap(hub, namespace, "source", {"k": "v"})
    rules = {
        "data.k": "configmaps:source:data.k",
        "data.invalid": "no rule",
        "data.foreign": "configmaps:default/source:data.k",
        "data.missing": "configmaps:nothing:data.k",
    }
    configmap(edge1, namespace, "t", {}, rules)
    result = fedcopy.run(*flags)
    assert result.status == 1, result
    lines = [line.split() for line in result.out.splitlines()]
    assert lines[0] == ["TARGET", "PATH", "SOURCE", "STATE", "REASON", "MESSAGE"], result
    assert [(line[1], line[3]) for line in lines[1:]] == [("data.foreign", "NotAllowed"), ("data.invalid", "Invalid")], result
    assert "data.missing: SourceNotFound" in result.err, result
    # The others are copied all the same.
    assert at(edge1.api.get("configmaps", namespace, "t"), "data") == {"k": "v"}


def test_a_cluster_that_is_not_reached_in_time_is_named(fedcopy, flags, hub, edge1, edge2, namespace):
    configmap(hub, namespace, "source", {"k": "v"})
    configmap(edge1, namespace, "t", {}, {"data": "configmaps:source:data"})
    edge2.hang()
    result = fedcopy.run(*flags, "--timeout", "3s")
    edge2.resume()
    assert result.status == 1 and 2.5 < result.seconds < 15, result
    assert "fedcopy run: cluster edge-2 was not reached: " in result.err, result
    assert at(edge1.api.get("configmaps", namespace, "t"), "data") == {"k": "v"}


def test_a_cluster_that_comes_in_time_is_waited_for(fedcopy, flags, hub, edge1, namespace):
    configmap(hub, namespace, "source", {"k": "v"})
    configmap(edge1, namespace, "t", {}, {"data": "configmaps:source:data"})
    edge1.kill()

    def come_back():
        time.sleep(1)
        edge1.spawn()

    coming = threading.Thread(target=come_back)
    coming.start()
    result = fedcopy.run(*flags, "--timeout", "60s")
    coming.join()
    assert result.status == 0, result
    edge1.wait_ready()
    assert at(edge1.api.get("configmaps", namespace, "t"), "data") == {"k": "v"}


def test_a_signal_before_the_end_is_status_1(fedcopy, flags, edge2):
    edge2.hang()
    program = fedcopy(*flags, ready=False, endpoints=False)
    envtest.wait_for(lambda: "started" in program.stderr(), 20)
    status = program.stop()
    edge2.resume()
    assert status == 1 and "a signal came before it was done" in program.stderr(), program.stderr()


def test_targets_that_may_not_be_written_are_status_1(fedcopy, clusters, hub, edge1, namespace, tmp_path):
    configmap(hub, namespace, "source", {"k": "v"})
    configmap(edge1, namespace, "t", {}, {"data": "configmaps:source:data"})
    role = {
        "metadata": {"name": "reader"},
        "rules": [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "list", "watch"]}],
    }
    for cluster in clusters:
        cluster.api.create("roles", namespace, role)
        cluster.bind(namespace, "reader")
    path = tmp_path / "kubeconfig"
    envtest.write_kubeconfig(path, clusters.all, user="limited")
    result = fedcopy.run(
        *["run", "--once", "--kubeconfig", path, "--master", "hub", "--member", "edge-1", "-t", "configmaps"],
        *["-n", namespace, "--status-address=", "--debug-address="],
    )
    assert result.status == 1 and "Forbidden" in result.out and result.seconds < 20, result
