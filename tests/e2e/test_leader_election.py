# SPDX-License-Identifier: Apache-2.0
"""--leader-elect: of several processes one copies, and another one takes over when it may not or does not any more. (The
rules of the election, in a world where everything goes wrong: tests/unit/kube/test_lease_election_world.c.)"""

import copy
import signal
import time

from envtest import free_port, wait_for, write_kubeconfig
from objects import configmap, set_data, wait_data

# Shorter than the defaults, and long enough for a machine that is busy.
LEASE_S, DEADLINE_S, RETRY_S = 5, 3, 0.5
# Between two looks of one who waits, at most.
LOOK_S = 2.2 * RETRY_S
# From being elected to having copied, on a busy machine.
BEGIN_S = 8
LEADS = "leader election: this process leads"
WAITS = "leader election: another process leads, waiting"
LEAVES = "no longer the leader, leaving at once"


def candidate(fedcopy, file, namespace, **keywords):
    return fedcopy(
        *("run", "--clusters", file, "--target", "configmaps", "--namespace", namespace, "--leader-elect"),
        *("--leader-elect-lease-duration", f"{LEASE_S}s", "--leader-elect-renew-deadline", f"{DEADLINE_S}s"),
        *("--leader-elect-retry-period", f"{int(RETRY_S * 1000)}ms", "--leader-elect-resource-namespace", namespace),
        **keywords,
    )


def wait_says(program, words, timeout):
    return wait_for(lambda: words in program.stderr(), timeout, lambda: f"it says {words!r}: {program.stderr()}")


def pair(fedcopy, cluster_set, hub, namespace):
    """A source and its copy, who copies, and who waits."""
    configmap(hub, namespace, "source", {"a": "1"})
    configmap(hub, namespace, "copy", {}, {"data.a": "configmap:source:data.a"})
    leader = candidate(fedcopy, cluster_set, namespace)
    wait_says(leader, LEADS, 10)
    wait_data(hub, "configmaps", namespace, "copy", {"a": "1"})
    standby = candidate(fedcopy, cluster_set, namespace)
    wait_says(standby, WAITS, 10)
    return leader, standby


def spec(hub, namespace):
    return hub.api.get("leases", namespace, "fedcopy")["spec"]


def status(program):
    return program.metrics().value("leader_election_master_status")


def last_line(program):
    return program.stderr().strip().splitlines()[-1]


def test_another_one_takes_over_when_the_leader_is_killed(fedcopy, cluster_set, hub, namespace):
    leader, standby = pair(fedcopy, cluster_set, hub, namespace)
    code, text = standby.get("/readyz")
    holder = spec(hub, namespace)["holderIdentity"]
    assert code == 200 and f"standby, the leader is {holder}" in text
    assert "[+]leader-election ok: leader" in leader.get("/readyz?verbose")[1]
    assert standby.get("/livez")[0] == 200
    # It watches nothing.
    assert standby.rules() == []
    assert "fedcopy_cluster_up" not in standby.metrics()
    assert (status(leader), status(standby)) == (1, 0)
    before = spec(hub, namespace)
    assert (before["leaseDurationSeconds"], before["leaseTransitions"]) == (LEASE_S, 0)

    began = time.monotonic()
    leader.kill()
    set_data(hub, "configmaps", namespace, "source", {"a": "2"})
    # A look, the lease, and the beginning; the look after the lease is over is at once.
    wait_says(standby, LEADS, LOOK_S + LEASE_S + 2)
    # Not before the lease has run out since its last renewal.
    assert time.monotonic() - began > LEASE_S - RETRY_S - 1
    wait_data(hub, "configmaps", namespace, "copy", {"a": "2"}, BEGIN_S)
    standby.wait_ready()
    after = spec(hub, namespace)
    assert after["holderIdentity"] not in ("", holder) and after["leaseTransitions"] == 1
    assert after["acquireTime"] > before["acquireTime"]
    assert status(standby) == 1

    def told():
        events = [e for e in hub.api.list("events", namespace) if e["reason"] == "LeaderElection"]
        return len([e for e in events if "became leader" in e.get("message", e.get("note", ""))]) == 2

    wait_for(told, 10, lambda: f"both have told of it: {hub.api.list('events', namespace)}")


def test_a_leader_that_is_stopped_hands_over(fedcopy, cluster_set, hub, namespace):
    leader, standby = pair(fedcopy, cluster_set, hub, namespace)
    began = time.monotonic()
    assert leader.stop() == 0
    assert "the Lease was given back" in leader.stderr()
    wait_says(standby, LEADS, LOOK_S + 2)
    assert time.monotonic() - began < LEASE_S
    set_data(hub, "configmaps", namespace, "source", {"a": "2"})
    wait_data(hub, "configmaps", namespace, "copy", {"a": "2"}, BEGIN_S)
    # The last one leaves it to nobody.
    assert standby.stop() == 0
    after = spec(hub, namespace)
    assert (after["holderIdentity"], after["leaseDurationSeconds"], after["leaseTransitions"]) == ("", 1, 1)


def test_one_that_waits_and_is_stopped_ends_at_once_and_leaves_the_lease_alone(fedcopy, cluster_set, hub, namespace):
    leader, standby = pair(fedcopy, cluster_set, hub, namespace)
    began = time.monotonic()
    assert standby.stop() == 0
    assert time.monotonic() - began < 2
    assert spec(hub, namespace)["holderIdentity"] in leader.stderr()


def test_a_leader_that_slept_leaves_and_writes_nothing(fedcopy, cluster_set, hub, namespace):
    leader, standby = pair(fedcopy, cluster_set, hub, namespace)
    leader.signal(signal.SIGSTOP)
    try:
        wait_says(standby, LEADS, LOOK_S + LEASE_S + 4)
        set_data(hub, "configmaps", namespace, "source", {"a": "2"})
        wait_data(hub, "configmaps", namespace, "copy", {"a": "2"}, BEGIN_S)
        standby.kill()
        # When it wakes there is something to copy, of which it is told at once, and nobody else who would.
        set_data(hub, "configmaps", namespace, "source", {"a": "3"})
        since = hub.audit_offset()
    finally:
        leader.signal(signal.SIGCONT)
    assert leader.wait(10) == 1
    assert LEAVES in last_line(leader)
    assert hub.audit(since, user="fedcopy", verb=("patch", "create", "delete")) == []
    assert hub.api.get("configmaps", namespace, "copy")["data"] == {"a": "2"}


def test_a_leader_that_cannot_reach_the_lease_leaves_at_the_deadline(through, fedcopy, hub, namespace):
    proxy = through.proxy(hub)
    leader = candidate(fedcopy, through.cluster_set([proxy]), namespace)
    wait_says(leader, LEADS, 10)
    began = time.monotonic()
    proxy.freeze()
    assert leader.wait(DEADLINE_S + 4) == 1
    assert time.monotonic() - began > DEADLINE_S - RETRY_S - 1
    assert LEAVES in last_line(leader) and "not renewed" in last_line(leader)
    proxy.thaw()


def test_a_lease_that_looks_ancient_is_watched_for_its_whole_duration(fedcopy, cluster_set, hub, namespace):
    long_ago = "2001-01-01T00:00:00.000000Z"
    held = {"holderIdentity": "ghost", "leaseDurationSeconds": 4, "acquireTime": long_ago, "renewTime": long_ago}
    hub.api.create("leases", namespace, {"metadata": {"name": "fedcopy"}, "spec": {**held, "leaseTransitions": 41}})
    program = candidate(fedcopy, cluster_set, namespace)
    assert "the leader is ghost" in program.get("/readyz?verbose")[1]
    began = time.monotonic()
    wait_says(program, LEADS, 4 + 3)
    assert time.monotonic() - began > 2.5
    assert spec(hub, namespace)["leaseTransitions"] == 42


def test_rights_that_are_missing_are_named_and_may_come_later(fedcopy, hub, namespace, clusters, tmp_path):
    write_kubeconfig(tmp_path / "limited", clusters.all, user="limited", how="token")
    program = fedcopy(
        *("run", "--kubeconfig", tmp_path / "limited", "--target", "configmaps", "--namespace", namespace),
        *("--leader-elect", "--leader-elect-resource-namespace", namespace, "--leader-elect-retry-period", "500ms"),
        ready=False,
    )
    mend = f"allow its user get, create and update of leases.coordination.k8s.io in namespace {namespace}"
    wait_says(program, mend, 10)
    code, text = program.get("/readyz")
    assert code == 503 and mend in text
    assert program.get("/livez")[0] == 200
    rule = {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": ["get", "create", "update"]}
    hub.api.create("roles", namespace, {"metadata": {"name": "elect"}, "rules": [rule]})
    hub.bind(namespace, "elect")
    wait_says(program, LEADS, 20)
    assert program.stderr().count(mend) == 1


def test_a_namespace_that_is_not_there_is_named(fedcopy, cluster_set):
    program = candidate(fedcopy, cluster_set, "not-there-at-all", ready=False)
    wait_says(program, "create namespace not-there-at-all, or choose another one for the Lease", 10)
    assert program.stop() == 0


def test_renewals_go_on_under_a_flood_of_writes(through, fedcopy, hub, edge1, namespace):
    # What is decided and written is held up; the lease is not.
    proxy = through.proxy(hub)
    configmap(hub, namespace, "source", {"a": "1"})
    for number in range(150):
        configmap(hub, namespace, f"copy-{number}", {}, {"data.a": "configmap:source:data.a"})
    leader = candidate(fedcopy, through.cluster_set([proxy], members=[edge1]), namespace)
    proxy.delay(700, method="PATCH")
    since = proxy.offset()
    for value in range(2, 6):
        set_data(hub, "configmaps", namespace, "source", {"a": str(value)})
        time.sleep(1)
    times = [r["time_ms"] for r in proxy.requests(since, method="PUT", path="/leases/fedcopy")]
    assert len(proxy.requests(since, method="PATCH")) > 50
    assert len(times) >= 6
    assert max(b - a for a, b in zip(times, times[1:])) < 1000 * DEADLINE_S / 2
    assert LEAVES not in leader.stderr() and leader.running
    assert leader.metrics().value("leader_election_slowpath_total") == 0


def test_another_entry_of_the_master_is_taken_over_once_it_works(through, fedcopy, clusters, hub, namespace, tmp_path):
    proxy = through.proxy(hub)
    file = tmp_path / "kubeconfig"
    nowhere = f"https://127.0.0.1:{free_port()}"
    write_kubeconfig(file, clusters.all, how="token")
    (tmp_path / "set.yaml").write_text(
        "apiVersion: fedcopy.dev/v1alpha1\nkind: ClusterSet\nmaster: hub\nclusters:\n"
        "- {name: hub, kubeconfig: kubeconfig}\n- {name: edge-1, kubeconfig: kubeconfig}\n"
    )
    leader = candidate(fedcopy, tmp_path / "set.yaml", namespace)
    wait_says(leader, LEADS, 10)
    standby = candidate(fedcopy, tmp_path / "set.yaml", namespace)
    wait_says(standby, WAITS, 10)
    # Nobody is there: the old entry does until somebody is.
    write_kubeconfig(file, clusters.all, how="token", server=lambda c: nowhere if c is hub else c.server)
    words = "leader election: the cluster's new entry does not work yet, going on with the old one"
    for program in (leader, standby):
        wait_says(program, words, 10)
    time.sleep(DEADLINE_S)
    assert leader.running
    since = proxy.offset()
    write_kubeconfig(file, [proxy, *clusters.members], how="token")
    for program in (leader, standby):
        wait_says(program, "leader election: the cluster's new entry is used", 10)
    wait_for(lambda: len(proxy.requests(since, method="PUT", path="/leases/fedcopy")) > 3, 10, "renewals by the new way")
    # The one that waited begins with what the files say by now.
    assert leader.stop() == 0
    wait_says(standby, LEADS, LOOK_S + 2)
    standby.wait_ready()


def write_set(folder, master):
    text = "apiVersion: fedcopy.dev/v1alpha1\nkind: ClusterSet\nmaster: {}\nclusters:\n"
    text += "- {{name: hub, kubeconfig: kubeconfig}}\n- {{name: edge-1, kubeconfig: kubeconfig}}\n"
    (folder / "set.yaml").write_text(text.format(master))
    return folder / "set.yaml"


def test_no_change_of_the_files_makes_a_second_leader(fedcopy, clusters, hub, edge1, namespace, tmp_path):
    file = tmp_path / "kubeconfig"
    write_kubeconfig(file, [hub, edge1], how="token")
    leader, standby = pair(fedcopy, write_set(tmp_path, "hub"), hub, namespace)
    # Another master.
    write_set(tmp_path, "edge-1")
    for program in (leader, standby):
        wait_says(program, "another master needs a restart", 10)
    write_set(tmp_path, "hub")
    wait_says(standby, "the cluster set was read again", 10)
    # Another cluster by the master's name, where there is no Lease.
    other = copy.copy(edge1)
    other.name = "hub"
    write_kubeconfig(file, [other, edge1], how="token")
    wait_says(standby, "leader election: the cluster's new entry does not work yet, going on with the old one", 10)
    time.sleep(2 * LOOK_S)
    assert LEADS not in standby.stderr()
    # It is elected where it waited, and begins there.
    assert leader.stop() == 0
    wait_says(standby, LEADS, LOOK_S + 2)
    assert spec(hub, namespace)["holderIdentity"] in standby.stderr()
    assert edge1.api.find("leases", namespace, "fedcopy") is None
