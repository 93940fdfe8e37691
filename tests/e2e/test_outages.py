# SPDX-License-Identifier: Apache-2.0
"""Servers, networks and stores that go away in ways of their own, and come back. Noticed in time, nothing lost, and nobody
else held up. (Servers that are killed and started again: test_faults.py.)"""

import re
import shutil
import time

import pytest
from envtest import Authority, never, run_all, wait_for
from fault_proxy import LIST, WATCH, ConnectProxy
from objects import asked, at, configmap, metadata, set_data, wait_data, wait_value, wait_writes

# A server that accepts and never answers, or answers nothing on an open connection (design, numbers): 20 s of silence, 15 s
# for an answer, and what a busy machine takes.
NOTICED_S = 45
# From the end of the fault. A connection attempt that is under way then may take its 30 s.
RECOVERED_S = 40
RULE = {"data.a": "configmap:source:data.a"}


class Story:
    """A source on the hub, a copy on the cluster that is going to fail, and one on another that is not."""

    def __init__(self, word, fedcopy, through, namespace, hub, failing, healthy, file):
        self.word, self.hub, self.failing, self.healthy, self.namespace = word, hub, failing, healthy, namespace
        self.noticed = self.recovered = None
        for source in ("source", "other-source"):
            configmap(hub, namespace, source, {"a": "1"})
        configmap(failing, namespace, "copy", {}, RULE)
        configmap(healthy, namespace, "other", {}, {"data.a": "configmap:other-source:data.a"})
        self.program = fedcopy("run", "--clusters", file, "--target", "configmaps", "--namespace", namespace, ready=False)

    def wait_begun(self):
        for name in ("copy", "other"):
            wait_writes(self.program, f"/{self.namespace}/{name}", "data.a", 1, 20)

    def words(self):
        """What it says of the failing cluster when it has noticed."""
        pattern = rf"(connection given up|cluster unreachable) cluster={self.failing.name} .*"
        return re.search(pattern, self.program.stderr())

    def look(self, since):
        if self.noticed is None and self.words():
            self.noticed = time.monotonic() - since
        return self.noticed is not None

    def change(self, value):
        set_data(self.hub, "configmaps", self.namespace, "source", {"a": value})

    def change_other(self, value):
        """The healthy one is served at once."""
        set_data(self.hub, "configmaps", self.namespace, "other-source", {"a": value})
        wait_data(self.healthy, "configmaps", self.namespace, "other", {"a": value}, 2)

    def wait_copy(self, value, within):
        wait_data(self.failing, "configmaps", self.namespace, "copy", {"a": value}, within)
        self.program.wait_rule(f"/{self.namespace}/copy", timeout=within)

    def wait_recovered(self, value, since):
        self.wait_copy(value, RECOVERED_S)
        self.recovered = time.monotonic() - since


@pytest.mark.full
@pytest.mark.real("the faults are the proxy's, and it takes a minute and a half")
def test_silence_of_every_kind_is_noticed_and_harms_nobody_else(through, fedcopy, hub, edge1, edge2, make_namespace):
    # All at once, each with a program of its own, since each takes its 45 s. The first five meet edge-1 behind a proxy, the
    # last edge-2, whose API server is stopped for 60 s.
    connect = ConnectProxy()
    proxies = {word: through.proxy(edge1) for word in ("frozen", "deaf", "away", "forgotten")}
    stories = {
        word: Story(word, fedcopy, through, make_namespace(on=[hub, edge1]), hub, edge1, hub, file)
        for word, file in (
            *((word, through.cluster_set([proxy], members=[edge1])) for word, proxy in proxies.items()),
            ("tunnel", through.cluster_set([], members=[edge1], more=lambda c: {"proxy-url": connect.url} if c is edge1 else {})),
        )
    }
    file = through.cluster_set([])
    stories["stopped"] = Story("stopped", fedcopy, through, make_namespace(), hub, edge2, edge1, file)
    try:
        for story in stories.values():
            story.wait_begun()
        proxies["frozen"].freeze()
        proxies["deaf"].deaf()  # accepts, and does not even shake hands
        proxies["deaf"].close_all()
        proxies["away"].partition()  # the machine is gone without a word
        proxies["forgotten"].partition(listener=False)  # half open: a firewall has forgotten the connection
        connect.freeze()
        edge2.hang()
        began = time.monotonic()
        # Some have a write under way, the others nothing but a quiet watch.
        for word in ("deaf", "forgotten", "tunnel"):
            stories[word].change("2")
        for story in stories.values():
            story.change_other("2")
        wait_for(
            lambda: all([story.look(began) for story in stories.values()]),
            NOTICED_S,
            lambda: f"noticed: {[(story.word, story.noticed) for story in stories.values()]}",
        )
        # And still nobody else is held up.
        for story in stories.values():
            story.change("3")
            story.change_other("3")
        # This one comes back by itself: new connections get through.
        stories["forgotten"].wait_copy("3", 15)
        for story in stories.values():
            if story.word != "forgotten":
                story.program.wait_rule(f"/{story.namespace}/copy", state=("ClusterUnreachable", "Pending", "Error"))
        wait_for(lambda: time.monotonic() > began + 60, 60, "a stopped server is away for a minute")
    finally:
        edge2.resume()
        connect.thaw()
        proxies["frozen"].thaw()
        proxies["deaf"].deaf(False)
        proxies["away"].partition(False)
    ended = time.monotonic()
    run_all([lambda s=story: s.wait_recovered("3", ended) for story in stories.values()])
    for story in stories.values():
        print(f"{story.word}: noticed after {story.noticed:.1f} s, right {story.recovered:.1f} s after the end")
        story.change("4")
    for story in stories.values():
        story.wait_copy("4", 5)
    connect.stop()


@pytest.mark.full
def test_a_muted_watch_is_opened_again_within_5_min_30_s(through, fedcopy, hub, edge1, namespace):
    # Its connection answers all the while: only the watch's own deadline helps (kube-client 5.25).
    proxies = [through.proxy(hub), through.proxy(edge1)]
    file = through.cluster_set(proxies, members=[edge1])
    configmap(hub, namespace, "source", {"a": "1"})
    configmap(edge1, namespace, "copy", {}, RULE)
    configmap(edge1, namespace, "literal", {}, {"data.a": 'json:"1"'})
    program = fedcopy("run", "--clusters", file, "--target", "configmaps", "--namespace", namespace)
    for name in ("copy", "literal"):
        wait_writes(program, f"/{name}", "data.a", 1)
    assert all(proxy.mute(WATCH) >= 1 for proxy in proxies)
    set_data(hub, "configmaps", namespace, "source", {"a": "2"})
    set_data(edge1, "configmaps", namespace, "literal", {"a": "meddled"})
    began = time.monotonic()
    never(lambda: at(edge1.api.get("configmaps", namespace, "copy"), "data", "a") == "2", 5)
    wait_data(edge1, "configmaps", namespace, "copy", {"a": "2"}, 330)
    wait_data(edge1, "configmaps", namespace, "literal", {"a": "1"}, began + 330 - time.monotonic())
    assert "unreachable" not in program.stderr() and "given up" not in program.stderr()


@pytest.mark.full
def test_answers_that_never_come_are_given_up_after_a_minute(through, fedcopy, hub, edge1, make_namespace):
    # The connection lives, the answer alone does not come: of a write, of a list, of a watch's head.
    faults = {
        "write": lambda p: p.drop(count=1, forward=True, method="PATCH"),
        "list": lambda p: p.drop(count=1, **LIST),
    }
    stories = []
    for word, fault in faults.items():
        namespace = make_namespace(on=[hub, edge1])
        configmap(hub, namespace, "source", {"a": "1"})
        configmap(edge1, namespace, "copy", {}, RULE)
        proxy = through.proxy(edge1)
        fault(proxy)
        args = ["--target", "configmaps", "--namespace", namespace]
        program = fedcopy("run", "--clusters", through.cluster_set([proxy], members=[edge1]), *args, ready=False)
        stories.append((word, namespace, program))
    for _, namespace, program in stories:
        wait_data(edge1, "configmaps", namespace, "copy", {"a": "1"}, 75)
        program.wait_rule(f"/{namespace}/copy", timeout=75)


# --- Stores and histories ---------------------------------------------------------------------------------------------


@pytest.mark.real("etcd")
def test_etcd_restarts_under_all_clusters_and_nothing_is_lost(fedcopy, clusters, cluster_set, hub, edge1, edge2, namespace):
    configmap(hub, namespace, "source", {"a": "1"})
    for member in (edge1, edge2):
        configmap(member, namespace, "copy", {}, RULE)
    args = ["--clusters", cluster_set, "--target", "configmaps", "--namespace", namespace]
    before = fedcopy("run", *args)
    for member in (edge1, edge2):
        wait_writes(before, f"{member.name}/configmaps/{namespace}/copy", "data.a", 1)
    clusters.etcd.stop()
    # One that starts meanwhile gets nothing but errors.
    during = fedcopy("run", *args, ready=False)
    wait_for(lambda: during.get("/readyz")[0] == 503, 10, "it is not ready")
    clusters.etcd.start()
    run_all([cluster.wait_ready for cluster in clusters])
    set_data(hub, "configmaps", namespace, "source", {"a": "2"})
    for member in (edge1, edge2):
        wait_data(member, "configmaps", namespace, "copy", {"a": "2"}, 30)
        for program in (before, during):
            program.wait_rule(f"{member.name}/configmaps/{namespace}/copy", timeout=30)
    during.wait_ready(15)
    set_data(hub, "configmaps", namespace, "source", {"a": "3"})
    for member in (edge1, edge2):
        wait_data(member, "configmaps", namespace, "copy", {"a": "3"}, 5)


def event(cluster, namespace, name):
    """An Event that bears a rule."""
    involved = {"kind": "ConfigMap", "namespace": namespace, "name": "source"}
    body = {"metadata": metadata(name, {"message": "configmap:source:data.a"}), "involvedObject": involved}
    return cluster.api.create("events", namespace, body)


def test_a_compacted_history_is_listed_anew_and_nothing_is_missed(through, fedcopy, hub, edge1, namespace):
    # kube-client 5.11. API servers keep no watch cache of Events: a watch of them goes on from etcd's own history.
    configmap(hub, namespace, "source", {"a": "1"})
    for name in ("kept", "meddled", "deleted", "replaced"):
        event(edge1, namespace, name)
    proxy = through.proxy(edge1)
    file = through.cluster_set([proxy], members=[edge1])
    program = fedcopy("run", "--clusters", file, "--target", "events", "--namespace", namespace)
    wait_for(lambda: len(program.rules(namespace, state="InSync")) == 4, 10, lambda: program.rules(namespace))
    proxy.answer(503)
    proxy.close_all()
    edge1.api.patch("events", namespace, "meddled", {"message": "theirs"})
    for name in ("deleted", "replaced"):
        edge1.api.delete("events", namespace, name)
    for name in ("replaced", "new"):
        event(edge1, namespace, name)
    edge1.compact()
    with edge1.counting() as count:
        proxy.clear()
        for name in ("meddled", "replaced", "new"):
            wait_value(edge1, "events", namespace, name, "message", "1", 20)
        wait_for(lambda: len(program.rules(namespace, state="InSync")) == 4, 10, lambda: program.rules(namespace))
        assert program.rules("/deleted") == []
        assert len(asked(count, "patch")) == 3
    assert program.metrics().total("fedcopy_watch_restarts_total", cluster="edge-1", reason="gone") >= 1
    set_data(hub, "configmaps", namespace, "source", {"a": "2"})
    wait_value(edge1, "events", namespace, "kept", "message", "2", 5)


# --- Certificates -----------------------------------------------------------------------------------------------------


def test_a_server_certificate_of_a_new_authority_is_trusted_when_the_file_is_replaced(
    through, fedcopy, hub, edge1, namespace, tmp_path
):
    # kube-client 1.26; no restart.
    configmap(hub, namespace, "source", {"a": "1"})
    configmap(edge1, namespace, "copy", {}, RULE)
    old, new = (Authority(tmp_path / word, f"{word}-ca") for word in ("old", "new"))
    proxy = through.proxy(edge1, authority=old)
    file = through.cluster_set([proxy], members=[edge1], ca="file")
    ca_file = next(tmp_path.glob("kubeconfig-*-edge-1-ca.crt"))
    program = fedcopy("run", "--clusters", file, "--target", "configmaps", "--namespace", namespace)
    wait_writes(program, "/copy", "data.a", 1)
    proxy.certificate(*new.server("renewed", "IP:127.0.0.1"))
    proxy.close_all()
    wait_for(lambda: "cluster unreachable cluster=edge-1" in program.stderr(), 10, "the new certificate is not trusted")
    set_data(hub, "configmaps", namespace, "source", {"a": "2"})
    never(lambda: at(edge1.api.get("configmaps", namespace, "copy"), "data", "a") != "1", 0.5)
    shutil.copy(new.certificate, tmp_path / "fresh.crt")
    (tmp_path / "fresh.crt").replace(ca_file)
    # Untrusted servers are tried every 30 to 60 s.
    wait_data(edge1, "configmaps", namespace, "copy", {"a": "2"}, 65)
