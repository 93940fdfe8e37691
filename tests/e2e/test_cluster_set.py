# SPDX-License-Identifier: Apache-2.0
"""The cluster set lives: its file and kubeconfigs are read again when they change, and nothing else is disturbed."""

import os
import pathlib
import select
import shutil
import signal
import socket
import ssl
import threading
import time

import pytest
from envtest import Authority, b64, free_port, kubectl, never, to_yaml, wait_for
from objects import asked, at, configmap, set_data, version, wait_data

TARGETS = ("--target", "configmaps")
UNREADABLE = "the cluster set cannot be read again; going on with the old one"
RELOADED = "fedcopy_cluster_set_last_reload_success_timestamp_seconds"


def entry(cluster, name=None, user="fedcopy", server=None, ca=None, labels=None, **more):
    """One cluster of a set: by default as it is. more: further keys of its entry in the cluster set file."""
    return {
        "name": name or cluster.name,
        "server": server or cluster.server,
        "ca": ca or cluster.authority.certificate,
        "token": cluster.tokens[user],
        "labels": labels,
        "more": more,
    }


def replace(path, text):
    """As editors and other careful writers do it."""
    new = path.with_name(path.name + ".new")
    new.write_text(text)
    os.replace(new, path)


class Files:
    """A cluster set file and the kubeconfig that it names, in a folder; written anew as often as a test likes."""

    def __init__(self, folder, secrets):
        self.set = pathlib.Path(folder) / "clusters.yaml"
        self.kubeconfig = pathlib.Path(folder) / "kubeconfig"
        self.secrets = secrets

    @staticmethod
    def set_text(entries, master):
        clusters = []
        for one in entries:
            cluster = {"name": one["name"], "kubeconfig": "kubeconfig", **one["more"]}
            if one["labels"]:
                cluster["labels"] = one["labels"]
            clusters.append(cluster)
        return to_yaml({"apiVersion": "fedcopy.dev/v1alpha1", "kind": "ClusterSet", "master": master, "clusters": clusters})

    def kubeconfig_text(self, entries):
        self.secrets += [one["token"] for one in entries]
        config = {"apiVersion": "v1", "kind": "Config", "current-context": entries[0]["name"]}
        config["clusters"] = [
            {
                "name": one["name"],
                "cluster": {"server": one["server"], "certificate-authority-data": b64(pathlib.Path(one["ca"]).read_bytes())},
            }
            for one in entries
        ]
        config["users"] = [{"name": one["name"], "user": {"token": one["token"]}} for one in entries]
        config["contexts"] = [{"name": one["name"], "context": {"cluster": one["name"], "user": one["name"]}} for one in entries]
        return to_yaml(config)

    def write(self, *entries, master=None):
        """The first is the master unless another one is named."""
        replace(self.kubeconfig, self.kubeconfig_text(entries))
        replace(self.set, self.set_text(entries, master or entries[0]["name"]))
        return self.set


@pytest.fixture
def files(tmp_path, secrets):
    return Files(tmp_path, secrets)


@pytest.fixture
def sources(hub, edge1, edge2, namespace):
    """A source on the hub and a copy of it on every member."""
    configmap(hub, namespace, "source", {"a": "1"})
    for member in (edge1, edge2):
        configmap(member, namespace, "copy", {}, {"data.a": "configmap:source:data.a"})
    return namespace


def change(hub, namespace, value):
    set_data(hub, "configmaps", namespace, "source", {"a": value})


def wait_copy(cluster, namespace, value, timeout=15):
    wait_data(cluster, "configmaps", namespace, "copy", {"a": value}, timeout)


def last_reload(program):
    return program.metrics().value(RELOADED)


def settled_reload(program):
    """When it was read last, once nothing more is read. After a start it is read once of itself, a moment later: what
    changed before the files were watched would be missed else."""
    wait_for(lambda: time.time() - last_reload(program) > 1, 10, "nothing more is read")
    return last_reload(program)


def threads(program):
    return len(list(pathlib.Path(f"/proc/{program.pid}/task").iterdir()))


def test_a_member_that_is_added_is_served_without_a_restart(fedcopy, files, hub, edge1, edge2, sources):
    program = fedcopy("run", *TARGETS, "--clusters", files.write(entry(hub), entry(edge1)))
    wait_copy(edge1, sources, "1")
    before = version(edge1, "configmaps", sources, "copy")
    files.write(entry(hub), entry(edge1), entry(edge2))
    wait_copy(edge2, sources, "1")
    program.wait_rule(f"edge-2/configmaps/{sources}/copy")
    wait_for(lambda: program.metrics().value("fedcopy_cluster_up", cluster="edge-2") == 1, 5, "edge-2 is up")
    status, text = program.get("/readyz")
    assert status == 200 and "[+]edge-2 member ok: synced\n" in text, text
    assert version(edge1, "configmaps", sources, "copy") == before
    change(hub, sources, "2")
    for member in (edge1, edge2):
        wait_copy(member, sources, "2")


def test_a_member_that_is_added_and_away_takes_readiness_from_nobody(fedcopy, files, hub, edge1, edge2, sources):
    program = fedcopy("run", *TARGETS, "--clusters", files.write(entry(hub), entry(edge1)))
    edge2.hang()
    files.write(entry(hub), entry(edge1), entry(edge2))
    wait_for(lambda: "edge-2" in program.get("/readyz")[1], 10, "it knows edge-2")
    never(lambda: program.get("/readyz")[0] != 200, 1, "not ready")
    change(hub, sources, "2")
    wait_copy(edge1, sources, "2")
    edge2.resume()
    wait_copy(edge2, sources, "2", 60)


def test_nothing_is_touched_on_a_member_that_was_removed(fedcopy, files, hub, edge1, edge2, sources):
    program = fedcopy("run", *TARGETS, "--clusters", files.write(entry(hub), entry(edge1), entry(edge2)))
    for member in (edge1, edge2):
        wait_copy(member, sources, "1")
    configmap(hub, sources, "from-edge", {"a": "its own"}, {"data.a": f"configmap:edge-1/{sources}/copy:data.a"})
    program.wait_rule(f"hub/configmaps/{sources}/from-edge", state="NotAllowed")
    before, beside = version(edge1, "configmaps", sources, "copy"), threads(program)
    files.write(entry(hub), entry(edge2))
    wait_for(lambda: threads(program) == beside - 1, 15, "the thread of edge-1 has ended")
    wait_for(lambda: not program.rules("edge-1/"), 5, "no rule of edge-1 is there")
    wait_for(lambda: 'cluster="edge-1"' not in program.metrics().text, 5, "no series of edge-1 is there")
    never(lambda: 'cluster="edge-1"' in program.metrics().text, 0.5)
    assert "edge-1" not in program.get("/readyz")[1]
    # Who reads from it is told that there is no such cluster.
    program.wait_rule(f"hub/configmaps/{sources}/from-edge", state="Invalid", reason="BadInstance")
    with edge1.counting() as count:
        change(hub, sources, "2")
        wait_copy(edge2, sources, "2")
        # The ends of its watches may be noted only now.
        never(lambda: asked(count, ("get", "list", "create", "update", "patch", "delete")), 0.5)
    assert version(edge1, "configmaps", sources, "copy") == before
    # It may come back.
    files.write(entry(hub), entry(edge1), entry(edge2))
    wait_copy(edge1, sources, "2")
    program.wait_rule(f"hub/configmaps/{sources}/from-edge", state="NotAllowed")


def test_a_member_of_another_name_is_the_same_cluster(fedcopy, files, hub, edge1, edge2, sources):
    program = fedcopy("run", *TARGETS, "--clusters", files.write(entry(hub), entry(edge1), entry(edge2)))
    for member in (edge1, edge2):
        wait_copy(member, sources, "1")
    configmap(edge1, sources, "by-old-name", {}, {"data.a": f"configmap:edge-1/{sources}/copy:data.a"})
    configmap(edge1, sources, "by-new-name", {}, {"data.a": f"configmap:paris/{sources}/copy:data.a"})
    program.wait_rule("/by-old-name")
    program.wait_rule("/by-new-name", state="Invalid", reason="BadInstance")
    versions = {c: version(c, "configmaps", sources, "copy") for c in (edge1, edge2)}
    with edge1.counting() as count:
        files.write(entry(hub), entry(edge1, "paris"), entry(edge2))
        program.wait_rule(f"paris/configmaps/{sources}/copy")
        program.wait_rule("/by-new-name")
        program.wait_rule("/by-old-name", state="Invalid", reason="BadInstance")
        # Its connections and watches go on, and only what the new name brought is written.
        assert not asked(count, "list", name="", namespace="")
        assert [request["name"] for request in asked(count, "patch")] == ["by-new-name"]
    assert not program.rules("edge-1/")
    assert {c: version(c, "configmaps", sources, "copy") for c in versions} == versions
    assert at(edge1.api.get("configmaps", sources, "by-new-name"), "data") == {"a": "1"}
    change(hub, sources, "2")
    wait_copy(edge1, sources, "2")
    wait_data(edge1, "configmaps", sources, "by-new-name", {"a": "2"})
    # What named it by its old name keeps what it had.
    assert at(edge1.api.get("configmaps", sources, "by-old-name"), "data") == {"a": "1"}
    wait_for(lambda: 'cluster="edge-1"' not in program.metrics().text, 5, "no series of edge-1 is there")
    assert program.metrics().value("fedcopy_cluster_up", cluster="paris") == 1
    assert "[+]paris member ok: synced" in program.get("/readyz")[1]


def test_a_member_may_get_another_name_and_other_credentials_at_once(fedcopy, files, hub, edge1, sources):
    program = fedcopy("run", *TARGETS, "--clusters", files.write(entry(hub), entry(edge1)))
    program.wait_rule(f"edge-1/configmaps/{sources}/copy")
    before = version(edge1, "configmaps", sources, "copy")
    files.write(entry(hub), entry(edge1, "paris", user="admin"))
    program.wait_rule(f"paris/configmaps/{sources}/copy")
    assert "cluster renamed cluster=paris was=edge-1" in program.stderr()
    assert version(edge1, "configmaps", sources, "copy") == before
    change(hub, sources, "2")
    wait_copy(edge1, sources, "2")


def test_other_reads_of_a_member_count_at_once(fedcopy, files, hub, edge1, edge2, sources):
    program = fedcopy("run", *TARGETS, "--clusters", files.write(entry(hub), entry(edge1), entry(edge2)))
    for member in (edge1, edge2):
        wait_copy(member, sources, "1")
    files.write(entry(hub), entry(edge1, reads="none"), entry(edge2))
    program.wait_rule(f"edge-1/configmaps/{sources}/copy", state="NotAllowed")
    change(hub, sources, "2")
    wait_copy(edge2, sources, "2")
    # What was copied stays.
    assert at(edge1.api.get("configmaps", sources, "copy"), "data") == {"a": "1"}
    files.write(entry(hub), entry(edge1, labels={"region": "us"}), entry(edge2))
    wait_copy(edge1, sources, "2")
    program.wait_rule(f"edge-1/configmaps/{sources}/copy")


def users(count):
    """Who has asked as fedcopy does, by user; the ends of watches are not counted."""
    return {request["user"] for request in count.requests(agent="fedcopy/") if request["verb"] != "watch"}


def test_new_credentials_are_used_and_the_old_ones_are_not(fedcopy, files, hub, edge1, edge2, sources):
    program = fedcopy("run", *TARGETS, "--clusters", files.write(entry(hub), entry(edge1), entry(edge2)))
    for member in (edge1, edge2):
        wait_copy(member, sources, "1")
    before = version(edge1, "configmaps", sources, "copy")
    with edge1.counting() as count:
        files.write(entry(hub), entry(edge1, user="admin"), entry(edge2))
        wait_for(lambda: "admin" in users(count), 10, "edge-1 is asked as the other user")
        # Nothing went wrong for a moment.
        never(lambda: not program.rules(f"edge-1/configmaps/{sources}/copy", state="InSync"), 0.5)
        assert version(edge1, "configmaps", sources, "copy") == before
        # The watches of the old user have ended; the log tells of those of the new one when they end.
        wait_for(lambda: asked(count, "watch"), 10, "edge-1 is watched anew")
    with edge1.counting() as count:
        change(hub, sources, "2")
        wait_copy(edge1, sources, "2")
        set_data(edge1, "configmaps", sources, "copy", {"a": "meddled"})
        wait_copy(edge1, sources, "2")
        wait_for(lambda: users(count) == {"admin"}, 5, lambda: f"{users(count)}")
    # Nothing of the other clusters was concerned.
    with edge2.counting() as count:
        change(hub, sources, "3")
        wait_copy(edge2, sources, "3")
        wait_for(lambda: users(count) == {"fedcopy"}, 5, lambda: f"{users(count)}")
    # Credentials that do not work: the old ones go on, or the cluster is down; no other cluster suffers.
    files.secrets.append("a wrong token")
    broken = dict(entry(edge1), token="a wrong token")
    files.write(entry(hub), broken, entry(edge2))
    wait_for(lambda: "other credentials" in program.stderr(), 10, "they are tried")
    change(hub, sources, "4")
    wait_copy(edge2, sources, "4")
    files.write(entry(hub), entry(edge1), entry(edge2))
    wait_copy(edge1, sources, "4", 60)


class Gateway:
    """Another address of an API server, with a certificate of another CA: takes TLS off and puts it on again."""

    def __init__(self, folder, cluster):
        self.cluster = cluster
        self.port = free_port()
        self.server = f"https://127.0.0.1:{self.port}"
        authority = Authority(folder, "gateway-ca")
        self.ca = authority.certificate
        certificate, key = authority.server("server", "IP:127.0.0.1")
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate, key)
        self.context.set_alpn_protocols(["h2"])
        self.listener = socket.create_server(("127.0.0.1", self.port))
        self.connections = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, raw):
        there = ssl.create_default_context(cafile=str(self.cluster.authority.certificate))
        there.set_alpn_protocols(["h2"])
        try:
            near = self.context.wrap_socket(raw, server_side=True)
            far = there.wrap_socket(socket.create_connection(("127.0.0.1", self.cluster.port)), server_hostname="127.0.0.1")
        except OSError:
            raw.close()
            return
        self.connections += 1
        # A TLS connection of this module is not to be read and written at once: one thread does both.
        _pump(near, far)

    def close(self):
        self.listener.close()


def _pump(near, far):
    ends = {near: far, far: near}
    try:
        while True:
            ready = [end for end in ends if end.pending()] or select.select(list(ends), [], [])[0]
            for end in ready:
                data = end.recv(65536)
                if not data:
                    return
                ends[end].sendall(data)
    except OSError:
        pass
    finally:
        near.close()
        far.close()


def test_a_new_address_with_a_new_ca_is_gone_over_to(fedcopy, files, hub, edge1, edge2, sources, tmp_path):
    gateway = Gateway(tmp_path / "gateway", edge1)
    try:
        program = fedcopy("run", *TARGETS, "--clusters", files.write(entry(hub), entry(edge1), entry(edge2)))
        for member in (edge1, edge2):
            wait_copy(member, sources, "1")
        before = version(edge1, "configmaps", sources, "copy")
        files.write(entry(hub), entry(edge1, server=gateway.server, ca=gateway.ca), entry(edge2))
        wait_for(lambda: gateway.connections > 0, 10, "the gateway is used")
        program.wait_rule(f"edge-1/configmaps/{sources}/copy")
        change(hub, sources, "2")
        wait_copy(edge1, sources, "2")
        assert version(edge1, "configmaps", sources, "copy") != before
        # The new CA with the old address fits nothing: the other clusters go on, and the way back is open.
        files.write(entry(hub), entry(edge1, ca=gateway.ca), entry(edge2))
        wait_for(lambda: program.stderr().count("other credentials") == 2, 10, "it is tried")
        change(hub, sources, "3")
        wait_copy(edge2, sources, "3")
        files.write(entry(hub), entry(edge1), entry(edge2))
        wait_copy(edge1, sources, "3", 60)
    finally:
        gateway.close()


def test_a_name_that_leads_to_another_cluster_is_stopped_and_nothing_is_written_there(
    fedcopy, files, hub, edge1, edge2, sources
):
    program = fedcopy("run", *TARGETS, "--clusters", files.write(entry(hub), entry(edge1)))
    wait_copy(edge1, sources, "1")
    set_data(edge2, "configmaps", sources, "copy", {"a": "its own"})
    before = version(edge2, "configmaps", sources, "copy")
    with edge2.counting() as count:
        files.write(entry(hub), entry(edge2, "edge-1"))
        program.wait_rule(f"edge-1/configmaps/{sources}/copy", state="ClusterUnreachable", reason="TargetCluster", timeout=20)
        change(hub, sources, "2")
        never(lambda: asked(count, ("list", "create", "update", "patch", "delete")), 2)
    assert version(edge2, "configmaps", sources, "copy") == before
    assert "[+]edge-1 member ok: unreachable, " in program.get("/readyz")[1]
    # Where it had led before nothing goes on either, until the name leads there again.
    assert at(edge1.api.get("configmaps", sources, "copy"), "data") == {"a": "1"}
    files.write(entry(hub), entry(edge1))
    wait_copy(edge1, sources, "2", 60)
    assert version(edge2, "configmaps", sources, "copy") == before


def test_a_second_name_of_a_cluster_is_left_alone_when_it_is_added(fedcopy, files, hub, edge1, sources):
    program = fedcopy("run", *TARGETS, "--clusters", files.write(entry(hub), entry(edge1)))
    wait_copy(edge1, sources, "1")
    before = version(edge1, "configmaps", sources, "copy")
    files.write(entry(hub), entry(edge1), entry(edge1, "twin", user="admin"))
    wait_for(lambda: "cluster is left alone" in program.stderr(), 15, "the twin was found out")
    assert "it is the same cluster as edge-1" in program.get("/readyz")[1]
    assert version(edge1, "configmaps", sources, "copy") == before
    change(hub, sources, "2")
    wait_copy(edge1, sources, "2")
    program.wait_rule(f"edge-1/configmaps/{sources}/copy")
    assert not program.rules("twin/", state="InSync")
    files.write(entry(hub), entry(edge1))
    wait_for(lambda: "twin" not in program.get("/readyz")[1], 10, "the twin is gone")
    change(hub, sources, "3")
    wait_copy(edge1, sources, "3")


def test_another_master_is_refused_and_everything_goes_on(fedcopy, files, hub, edge1, edge2, sources):
    program = fedcopy("run", *TARGETS, "--clusters", files.write(entry(hub), entry(edge1)))
    wait_copy(edge1, sources, "1")
    files.write(entry(hub), entry(edge1), entry(edge2), master="edge-1")
    wait_for(lambda: "another master needs a restart" in program.stderr(), 10, "it is refused")
    text = program.stderr()
    assert UNREADABLE in text and "edge-1 would be the master in place of hub" in text, text
    assert program.metrics().value("fedcopy_cluster_set_last_reload_successful") == 0
    assert "edge-2" not in program.get("/readyz")[1] and "[+]hub master ok" in program.get("/readyz")[1]
    change(hub, sources, "2")
    wait_copy(edge1, sources, "2")
    files.write(entry(hub), entry(edge1), entry(edge2))
    wait_copy(edge2, sources, "2")
    assert program.metrics().value("fedcopy_cluster_set_last_reload_successful") == 1


def test_the_current_context_is_the_master_for_as_long_as_it_runs(fedcopy, files, hub, edge1, sources):
    files.write(entry(hub), entry(edge1))
    program = fedcopy("run", *TARGETS, "--kubeconfig", files.kubeconfig, "--member", "edge-1")
    wait_copy(edge1, sources, "1")
    kubectl(files.kubeconfig, "hub", "config", "use-context", "hub")
    kubectl(files.kubeconfig, "hub", "config", "set-context", "spare", "--cluster=hub", "--user=edge-1")
    kubectl(files.kubeconfig, "hub", "config", "use-context", "spare")
    # The same address: the same cluster under another name, with credentials that do not work there.
    wait_for(lambda: "cluster renamed cluster=spare was=hub" in program.stderr(), 10, "the master has another name")
    kubectl(files.kubeconfig, "hub", "config", "use-context", "hub")
    wait_for(lambda: "cluster renamed cluster=hub was=spare" in program.stderr(), 10, "and its old one")
    kubectl(files.kubeconfig, "hub", "config", "set-cluster", "elsewhere", "--server=https://127.0.0.1:1")
    kubectl(files.kubeconfig, "hub", "config", "set-context", "other", "--cluster=elsewhere", "--user=hub")
    kubectl(files.kubeconfig, "hub", "config", "use-context", "other")
    wait_for(lambda: "another master needs a restart" in program.stderr(), 10, "it is refused")
    kubectl(files.kubeconfig, "hub", "config", "set-context", "other", "--namespace=anywhere")
    change(hub, sources, "2")
    wait_copy(edge1, sources, "2", 60)
    # Said once, however often the file is written.
    assert program.stderr().count("other would be the master in place of hub") == 1


def test_a_file_that_cannot_be_read_changes_nothing_until_it_is_mended(fedcopy, files, hub, edge1, edge2, sources):
    program = fedcopy("run", *TARGETS, "--clusters", files.write(entry(hub), entry(edge1)))
    wait_copy(edge1, sources, "1")
    good = settled_reload(program)
    replace(files.set, "clusters: [")
    wait_for(lambda: UNREADABLE in program.stderr(), 10, "it is told")
    # In place, half of it, and gone: each is told once, nothing else happens.
    files.set.write_text("clusters: [\n")
    files.set.unlink()
    wait_for(lambda: program.stderr().count(UNREADABLE) >= 2, 10, "that it is gone is told")
    metrics = program.metrics()
    assert metrics.value("fedcopy_cluster_set_last_reload_successful") == 0 and metrics.value(RELOADED) == good
    change(hub, sources, "2")
    wait_copy(edge1, sources, "2")
    files.write(entry(hub), entry(edge1), entry(edge2))
    wait_copy(edge2, sources, "2")
    assert program.metrics().value("fedcopy_cluster_set_last_reload_successful") == 1
    # The kubeconfig in the same way.
    replace(files.kubeconfig, "apiVersion: [")
    wait_for(lambda: f"{files.kubeconfig}: " in program.stderr(), 10, "it is told")
    change(hub, sources, "3")
    for member in (edge1, edge2):
        wait_copy(member, sources, "3")
    files.write(entry(hub), entry(edge2))
    wait_for(lambda: "edge-1" not in program.get("/readyz")[1], 10, "edge-1 is gone")


def test_a_mounted_secret_is_followed_when_its_links_are_swapped(fedcopy, files, hub, edge1, edge2, sources, tmp_path):
    # What kubelet makes of a Secret: FILE -> ..data/FILE, ..data -> ..TIMESTAMP, and a rename over ..data.
    mount = tmp_path / "mount"
    mount.mkdir()
    names = (files.set.name, files.kubeconfig.name)

    def project(stamp, *entries):
        files.write(*entries)
        folder = mount / f"..{stamp}"
        folder.mkdir()
        for name in names:
            shutil.move(files.set.with_name(name), folder / name)
        (mount / "..data_tmp").symlink_to(folder.name)
        (mount / "..data_tmp").rename(mount / "..data")
        for old in mount.glob("..2*"):
            if old != folder:
                shutil.rmtree(old)

    project("2026_01", entry(hub), entry(edge1))
    for name in names:
        (mount / name).symlink_to(f"..data/{name}")
    program = fedcopy("run", *TARGETS, "--clusters", mount / files.set.name)
    wait_copy(edge1, sources, "1")
    project("2026_02", entry(hub), entry(edge1), entry(edge2))
    wait_copy(edge2, sources, "1")
    project("2026_03", entry(hub), entry(edge2))
    wait_for(lambda: "edge-1" not in program.get("/readyz")[1], 10, "edge-1 is gone")
    assert UNREADABLE not in program.stderr()


def test_a_hangup_makes_it_read_the_set_again(fedcopy, files, hub, edge1, sources):
    program = fedcopy("run", *TARGETS, "--clusters", files.write(entry(hub), entry(edge1)))
    wait_copy(edge1, sources, "1")
    before, beside = settled_reload(program), version(edge1, "configmaps", sources, "copy")
    program.signal(signal.SIGHUP)
    wait_for(lambda: last_reload(program) > before, 10, "the set was read again")
    assert version(edge1, "configmaps", sources, "copy") == beside
    assert "changes=" not in program.stderr()
