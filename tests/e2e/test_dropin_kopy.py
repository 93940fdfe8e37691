# SPDX-License-Identifier: Apache-2.0
"""fedcopy kopy: in the place of the original, in one cluster."""

import json
import subprocess

import dropins
import envtest
import objects
import pytest
from envtest import never, wait_for

KEY = "kopy.kot-labs.com/"
SYNC, ORIGIN, FINALIZER = KEY + "sync", KEY + "origin.namespace", KEY + "finalizer"


@pytest.fixture
def start(fedcopy, kubeconfig):
    def begin(*args, **keywords):
        return dropins.DropIn(fedcopy, kubeconfig, "kopy", *args, **keywords)

    return begin


@pytest.fixture
def health():
    return f"127.0.0.1:{envtest.free_port()}"


@pytest.fixture
def place(make_namespace, namespace):
    return make_namespace(name=f"{namespace.split('-')[0]}-place", labels={"team": namespace})


def source(cluster, namespace, data=None, resource="configmaps"):
    data = objects.encode(data or {"a": "1"}) if resource == "secrets" else data or {"a": "1"}
    body = {"metadata": {"name": "src", "annotations": {SYNC: f"team={namespace}"}}, "data": data}
    return cluster.api.create(resource, namespace, body)


def copied(cluster, namespace, resource="configmaps"):
    return (cluster.api.find(resource, namespace, "src") or {}).get("data")


def test_dropin_kopy_does_its_work_with_flags_as_its_chart_gives_them(start, health, hub, edge1, namespace, place):
    process = start(f"--health-probe-bind-address={health}", "--zap-encoder=json").process
    source(hub, namespace)
    source(hub, namespace, resource="secrets")
    wait_for(lambda: copied(hub, place) == {"a": "1"}, 10, "the ConfigMap")
    wait_for(lambda: copied(hub, place, "secrets") == objects.encode({"a": "1"}), 10, "the Secret")
    hub.api.patch("configmaps", namespace, "src", {"data": {"a": "2"}})
    wait_for(lambda: copied(hub, place) == {"a": "2"}, 10, "the new value")
    copy = hub.api.get("configmaps", place, "src")
    assert copy["metadata"]["labels"] == {ORIGIN: namespace} and copy["metadata"]["finalizers"] == [FINALIZER]
    hub.api.patch("configmaps", namespace, "src", {"metadata": {"annotations": {"fedcopy.dev/clusters": "*"}}})
    never(lambda: copied(edge1, place), 1, "there are no other clusters")
    hub.api.delete("configmaps", namespace, "src")
    wait_for(lambda: "finalizers" not in hub.api.get("configmaps", place, "src")["metadata"], 10, "the copy is released")
    lines = [json.loads(line) for line in process.stderr().splitlines()]
    assert all("time" in line for line in lines)
    assert len([line for line in lines if "as in the original" in line.get("message", "") and line["level"] == "warn"]) == 1


def test_dropin_kopy_copies_into_system_namespaces_too(start, health, hub, namespace):
    hub.api.patch("namespaces", None, "kube-public", {"metadata": {"labels": {"team": namespace}}})
    try:
        start(f"-health-probe-bind-address={health}")
        source(hub, namespace)
        wait_for(lambda: copied(hub, "kube-public") == {"a": "1"}, 10, "the copy")
        hub.api.patch("configmaps", namespace, "src", {"metadata": {"annotations": {SYNC: None}}})
        wait_for(lambda: "finalizers" not in hub.api.get("configmaps", "kube-public", "src")["metadata"], 10, "released")
    finally:
        hub.api.patch("namespaces", None, "kube-public", {"metadata": {"labels": {"team": None}}})
        hub.api.delete("configmaps", "kube-public", "src")


def test_dropin_kopy_d05_strangers_are_left_alone_all_the_same(start, health, hub, namespace, place):
    hub.api.create("configmaps", place, {"metadata": {"name": "src"}, "data": {"a": "theirs"}})
    process = start(f"--health-probe-bind-address={health}").process
    source(hub, namespace)
    process.wait_rule(f"/{place}/src", state="Conflict")
    assert copied(hub, place) == {"a": "theirs"}


def test_dropin_kopy_pauses_hold(start, health, hub, namespace, make_namespace):
    place = make_namespace(labels={"team": namespace}, annotations={"fedcopy.dev/pause": "true"})
    process = start(f"--health-probe-bind-address={health}").process
    source(hub, namespace)
    process.wait_rule(f"/{place}/src", state="Pending", reason="Paused")
    hub.api.patch("namespaces", None, place, {"metadata": {"annotations": {"fedcopy.dev/pause": None}}})
    wait_for(lambda: copied(hub, place) == {"a": "1"}, 10, "the copy")


def test_dropin_kopy_serves_health_and_metrics_where_it_is_told(start, health, hub, namespace, place):
    where = f"127.0.0.1:{envtest.free_port()}"
    dropin = start("-health-probe-bind-address", health, f"-metrics-bind-address={where}", "-metrics-secure=false")
    for path in ("/healthz", "/readyz", "/healthz/ping", "/readyz/ping"):
        assert dropin.get(path, health) == (200, "ok"), path
    assert dropin.get("/readyz?verbose", health) == (200, "[+]ping ok\nreadyz check passed\n")
    assert dropin.get("/metrics", health)[0] == 404
    assert dropin.get("/healthz", where)[0] == 404
    source(hub, namespace)
    wait_for(lambda: copied(hub, place) == {"a": "1"}, 10, "the copy")
    metrics = dropin.metrics(where)
    assert metrics.value("controller_runtime_reconcile_total", controller="configmap", result="success") > 0
    assert metrics.value("controller_runtime_reconcile_total", controller="secret", result="error") == 0
    assert metrics.value("controller_runtime_reconcile_errors_total", controller="configmap") == 0
    assert metrics.value("workqueue_adds_total", name="configmap") > 0
    assert metrics.value("workqueue_depth", name="secret") == 0
    assert metrics.value("leader_election_master_status", name="536a408e.kopy.kot-labs.com") == 1


LEASE = "536a408e.kopy.kot-labs.com"


def test_dropin_kopy_of_two_replicas_one_acts_by_the_lease_of_the_original(start, hub, namespace, place):
    env = {"FEDCOPY_LEADER_ELECT_RESOURCE_NAMESPACE": namespace, "FEDCOPY_LEADER_ELECT_RETRY_PERIOD": "500ms"}
    health = [f"127.0.0.1:{envtest.free_port()}" for _ in range(2)]
    where = [f"127.0.0.1:{envtest.free_port()}" for _ in range(2)]
    args = [("--leader-elect", f"--health-probe-bind-address={health[n]}", f"--metrics-bind-address={where[n]}") for n in range(2)]

    def holder():
        return (hub.api.find("leases", namespace, LEASE) or {"spec": {}})["spec"].get("holderIdentity")

    first = start(*args[0], "--metrics-secure=false", env=env)
    wait_for(holder, 15, "a holder")
    leader = holder()
    second = start(*args[1], "--metrics-secure=false", env=env)
    source(hub, namespace)
    wait_for(lambda: copied(hub, place) == {"a": "1"}, 10, "the copy")
    # Who waits is healthy, ready, and shows its metrics.
    assert second.get("/healthz", health[1]) == second.get("/readyz", health[1]) == (200, "ok")
    assert first.metrics(where[0]).value("leader_election_master_status", name=LEASE) == 1
    assert second.metrics(where[1]).value("leader_election_master_status", name=LEASE) == 0
    assert second.metrics(where[1]).total("controller_runtime_reconcile_total") == 0
    assert first.process.stop() == 0
    wait_for(lambda: holder() not in (None, "", leader), 10, "the other one holds it")
    hub.api.patch("configmaps", namespace, "src", {"data": {"a": "2"}})
    wait_for(lambda: copied(hub, place) == {"a": "2"}, 10, "the other one copies")


def make_pair(folder, name="localhost"):
    """tls.crt and tls.key in that folder."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}"]
        + ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", folder / "tls.key", "-out", folder / "new.crt"],
        check=True,
        stderr=subprocess.DEVNULL,
    )
    (folder / "new.crt").rename(folder / "tls.crt")
    return (folder / "tls.crt").read_text()


@pytest.mark.real("token reviews")
def test_dropin_kopy_metrics_by_https_are_for_whom_the_server_lets_read_them(start, health, hub, namespace, secrets):
    where = f"127.0.0.1:{envtest.free_port()}"
    secrets += [hub.tokens["fedcopy"], hub.tokens["nobody"]]
    start("--metrics-bind-address", where, f"--health-probe-bind-address={health}", "--zap-encoder=json")
    assert dropins.ask_secure(where)[0] == 401
    assert dropins.ask_secure(where, token="0123456789-no-such-token")[0] == 401
    assert dropins.ask_secure(where, token="no;\x7ftoken")[0] == 401
    assert dropins.ask_secure(where, token=hub.tokens["nobody"])[0] == 403
    status, text, _ = dropins.ask_secure(where, token=hub.tokens["fedcopy"])
    assert status == 200 and "controller_runtime_reconcile_total" in text
    assert dropins.ask_secure(where, path="/other", token=hub.tokens["fedcopy"])[0] == 404


def test_dropin_kopy_metrics_by_https_are_for_nobody_while_the_server_cannot_be_asked(fedcopy, hub, health, tmp_path, secrets):
    broken, where = tmp_path / "kubeconfig", f"127.0.0.1:{envtest.free_port()}"
    envtest.write_kubeconfig(broken, [hub], server=lambda cluster: "https://127.0.0.1:1")
    secrets.append("a token that nobody may see".replace(" ", "-"))
    args = [f"--kubeconfig={broken}", f"--metrics-bind-address={where}", f"--health-probe-bind-address={health}"]
    process = fedcopy("kopy", *args, endpoints=False, ready=False)

    def asked():
        try:
            return dropins.ask_secure(where, token=secrets[-1])[0]
        except OSError:
            return None

    wait_for(lambda: asked() == 500, 15, "a refusal")
    wait_for(lambda: "asked in vain" in process.stderr(), 5, "a line about it")
    assert process.get("/healthz", health) == (200, "ok")


@pytest.mark.real("token reviews")
def test_dropin_kopy_metrics_by_https_ask_by_the_kubeconfig_as_it_is_now(fedcopy, hub, health, tmp_path, secrets):
    file, where = tmp_path / "kubeconfig", f"127.0.0.1:{envtest.free_port()}"
    envtest.write_kubeconfig(file, [hub], server=lambda cluster: "https://127.0.0.1:1")
    secrets.append(hub.tokens["fedcopy"])
    args = [f"--kubeconfig={file}", f"--metrics-bind-address={where}", f"--health-probe-bind-address={health}"]
    process = fedcopy("kopy", *args, endpoints=False, ready=False)

    def asked():
        try:
            return dropins.ask_secure(where, token=hub.tokens["fedcopy"])[0]
        except OSError:
            return None

    wait_for(lambda: asked() == 500, 15, "a refusal")
    envtest.write_kubeconfig(file, [hub])
    wait_for(lambda: asked() == 200, 15, lambda: f"an answer: {process.stderr()}")


@pytest.mark.real("token reviews")
def test_dropin_kopy_serves_the_certificate_that_it_is_given_and_the_next_one(start, health, hub, tmp_path, secrets):
    where, ca = f"127.0.0.1:{envtest.free_port()}", make_pair(tmp_path)
    secrets.append(hub.tokens["fedcopy"])
    start(f"--metrics-bind-address={where}", f"--metrics-cert-path={tmp_path}", f"--health-probe-bind-address={health}")
    assert dropins.ask_secure(where, token=hub.tokens["fedcopy"], ca=ca)[0] == 200
    ca = make_pair(tmp_path, "another")
    wait_for(lambda: dropins.ask_secure(where)[2] == ca, 20, "the new certificate")
    assert dropins.ask_secure(where, token=hub.tokens["fedcopy"], ca=ca)[0] == 200


def test_dropin_kopy_certificate_that_cannot_be_used_is_a_usage_error(fedcopy, kubeconfig, health, tmp_path):
    args = [f"--metrics-bind-address=127.0.0.1:{envtest.free_port()}", f"--metrics-cert-path={tmp_path}"]
    result = fedcopy.run("kopy", *args, f"--health-probe-bind-address={health}", env={"KUBECONFIG": str(kubeconfig)})
    assert result.status == 2 and "--metrics-cert-path" in result.err, result


def test_dropin_kopy_prints_its_version(fedcopy):
    result = fedcopy.run("kopy", "--version")
    assert result.status == 0 and result.out.startswith("fedcopy "), result


@pytest.mark.parametrize("args", [["--no-such"], ["-leader-elect=maybe"], ["--zap-log-level=loud"], ["--health-probe-bind-address"]])
def test_dropin_kopy_usage_errors_end_with_2(fedcopy, kubeconfig, args):
    result = fedcopy.run("kopy", *args, env={"KUBECONFIG": str(kubeconfig)})
    assert result.status == 2 and result.err.startswith("fedcopy kopy: "), result
