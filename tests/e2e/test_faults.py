# SPDX-License-Identifier: Apache-2.0
"""Clusters that are away, hang, die and come back; how the program ends. A slow, hung or dead cluster stalls nobody else."""

import signal
import time

import pytest
from envtest import never, wait_for
from objects import asked, at, configmap, secret, set_data, wait_data


def test_a_member_that_is_away_at_the_start_holds_up_nobody_and_is_served_when_it_comes(
    fedcopy, cluster_set, hub, edge1, edge2, namespace
):
    configmap(hub, namespace, "source", {"a": "1"})
    for member in (edge1, edge2):
        configmap(member, namespace, "copy", {}, {"data.a": "configmap:source:data.a"})
    configmap(hub, namespace, "needs-it", {"a": "x"}, {"data.a": f"configmap:edge-2/{namespace}/source:data.a"})
    edge2.kill()
    began = time.monotonic()
    program = fedcopy("run", "--clusters", cluster_set, "--target", "configmaps", ready=False)
    program.wait_ready(10)
    wait_data(edge1, "configmaps", namespace, "copy", {"a": "1"})
    assert time.monotonic() - began < 10
    text = program.get("/readyz")[1]
    assert "[+]hub master ok: synced\n" in text and "edge-2 member ok: unreachable, " in text, text
    # What reads from it, or lies on it, says so; the rest goes on.
    rule = program.wait_rule("/needs-it", state="ClusterUnreachable", reason="SourceCluster")
    assert "edge-2" in rule["message"], rule
    assert program.metrics().value("fedcopy_cluster_up", cluster="edge-2") == 0
    set_data(hub, "configmaps", namespace, "source", {"a": "2"})
    wait_data(edge1, "configmaps", namespace, "copy", {"a": "2"})
    edge2.start()
    wait_data(edge2, "configmaps", namespace, "copy", {"a": "2"}, 15)
    wait_for(lambda: program.metrics().value("fedcopy_cluster_up", cluster="edge-2") == 1, 5, "edge-2 is up")


def test_a_member_that_never_answers_holds_up_neither_the_start_nor_the_end(fedcopy, cluster_set, hub, edge1, edge2, namespace):
    configmap(hub, namespace, "source", {"a": "1"})
    configmap(edge1, namespace, "copy", {}, {"data.a": "configmap:source:data.a"})
    edge2.hang()
    program = fedcopy("run", "--clusters", cluster_set, "--target", "configmaps", ready=False)
    wait_data(edge1, "configmaps", namespace, "copy", {"a": "1"}, 5)
    program.wait_ready(12)
    began = time.monotonic()
    assert program.stop(10) == 0
    assert time.monotonic() - began < 10


def test_a_member_that_dies_catches_up_and_its_watches_go_on(fedcopy, cluster_set, hub, edge1, edge2, namespace):
    secret(hub, namespace, "source", {"a": "1"})
    for member in (edge1, edge2):
        secret(member, namespace, "copy", {}, {"data": "secrets:source:data"})
    program = fedcopy("run", "--clusters", cluster_set, "--target", "secrets")
    for member in (edge1, edge2):
        program.wait_rule(f"{member.name}/secrets/{namespace}/copy")
    edge1.kill()
    program.wait_rule(f"edge-1/secrets/{namespace}/copy", state="ClusterUnreachable", reason="TargetCluster")
    for value in ("2", "3"):
        set_data(hub, "secrets", namespace, "source", {"a": value})
        wait_data(edge2, "secrets", namespace, "copy", {"a": value})
    edge1.start()
    wait_data(edge1, "secrets", namespace, "copy", {"a": "3"}, 20)
    program.wait_rule(f"edge-1/secrets/{namespace}/copy")
    # Later changes of source, target and rules arrive as before.
    set_data(hub, "secrets", namespace, "source", {"a": "4"})
    wait_data(edge1, "secrets", namespace, "copy", {"a": "4"})
    set_data(edge1, "secrets", namespace, "copy", {"a": "meddled"})
    wait_data(edge1, "secrets", namespace, "copy", {"a": "4"}, 20)
    secret(edge1, namespace, "another", {}, {"data": "secrets:source:data"})
    wait_data(edge1, "secrets", namespace, "another", {"a": "4"}, 20)


def test_the_master_dies_and_its_copies_are_kept_and_caught_up_later(fedcopy, cluster_set, hub, edge1, namespace):
    secret(hub, namespace, "source", {"a": "1"})
    secret(edge1, namespace, "copy", {}, {"data": "secrets:source:data"})
    configmap(edge1, namespace, "literal", {}, {"data.a": 'json:"1"'})
    program = fedcopy("run", "--clusters", cluster_set, "--target", "secrets,configmaps")
    program.wait_rule("/copy")
    hub.kill()
    program.wait_rule("/copy", state="ClusterUnreachable", reason="SourceCluster")
    # What needs no master goes on, and readiness stays.
    set_data(edge1, "configmaps", namespace, "literal", {"a": "meddled"})
    wait_data(edge1, "configmaps", namespace, "literal", {"a": "1"})
    assert program.get("/readyz")[0] == 200 and program.get("/livez")[0] == 200
    set_data(edge1, "secrets", namespace, "copy", {"a": "meddled"})
    hub.start()
    wait_data(edge1, "secrets", namespace, "copy", {"a": "1"}, 20)
    set_data(hub, "secrets", namespace, "source", {"a": "2"})
    wait_data(edge1, "secrets", namespace, "copy", {"a": "2"}, 20)


def test_it_is_not_ready_before_the_master_has_synced(fedcopy, cluster_set, hub, edge1, namespace):
    configmap(hub, namespace, "source", {"a": "1"})
    configmap(edge1, namespace, "copy", {}, {"data.a": "configmap:source:data.a"})
    hub.kill()
    program = fedcopy("run", "--clusters", cluster_set, "--target", "configmaps", ready=False)
    program.wait_rule("/copy", state="ClusterUnreachable", reason="SourceCluster")
    status, text = program.get("/readyz")
    assert status == 503 and "[-]hub master failed: unreachable" in text, text
    assert program.get("/livez")[0] == 200
    hub.start()
    wait_data(edge1, "configmaps", namespace, "copy", {"a": "1"}, 20)
    program.wait_ready(5)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_status_0_also_with_a_dead_cluster(fedcopy, cluster_set, hub, edge1, edge2, namespace, number):
    configmap(hub, namespace, "source", {"a": "1"})
    for member in (edge1, edge2):
        configmap(member, namespace, "copy", {}, {"data.a": "configmap:source:data.a"})
    program = fedcopy("run", "--clusters", cluster_set, "--target", "configmaps")
    program.wait_rule(f"edge-2/configmaps/{namespace}/copy")
    (edge2.kill if number == signal.SIGTERM else edge2.hang)()
    set_data(hub, "configmaps", namespace, "source", {"a": "2"})
    wait_data(edge1, "configmaps", namespace, "copy", {"a": "2"})
    began = time.monotonic()
    program.signal(number)
    assert program.wait(15) == 0
    # A write to the hung server may be in flight: it gets the grace period of 10 s, and no more.
    assert time.monotonic() - began < 11
    assert "stopping" in program.stderr()
    # Nothing is written any more.
    with edge1.counting() as count:
        set_data(hub, "configmaps", namespace, "source", {"a": "3"})
        never(lambda: asked(count, "patch"), 0.3)
    assert at(edge1.api.get("configmaps", namespace, "copy"), "data") == {"a": "2"}


def test_a_second_signal_ends_it_at_once(fedcopy, cluster_set, hub, edge1, namespace):
    configmap(hub, namespace, "source", {"a": "1"})
    configmap(edge1, namespace, "copy", {}, {"data.a": "configmap:source:data.a"})
    program = fedcopy("run", "--clusters", cluster_set, "--target", "configmaps")
    program.wait_rule("/copy")
    edge1.hang()
    set_data(hub, "configmaps", namespace, "source", {"a": "2"})
    program.wait_rule("/copy", state="Pending", reason="Writing")
    program.signal(signal.SIGTERM)
    wait_for(lambda: "stopping" in program.stderr(), 5, "it is stopping")
    began = time.monotonic()
    program.signal(signal.SIGTERM)
    assert program.wait(5) == 1
    assert time.monotonic() - began < 2
