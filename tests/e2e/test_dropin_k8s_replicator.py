# SPDX-License-Identifier: Apache-2.0
"""fedcopy k8s-replicator: in the place of the original, in one cluster."""

import json

import dropins
import envtest
import objects
import pytest
from envtest import never, wait_for

KEY = "k8s-replicator/"


@pytest.fixture
def start(fedcopy, kubeconfig):
    def begin(*args, **keywords):
        health = f"127.0.0.1:{envtest.free_port()}"
        more = ["--kube-config", kubeconfig, "--status-address", health]
        env = {"KUBECONFIG": "/no/such/file", **keywords.pop("env", {})}
        dropin = dropins.DropIn(fedcopy, kubeconfig, "k8s-replicator", *more, *args, env=env, **keywords)
        dropin.health = health
        return dropin

    return begin


@pytest.fixture
def other(make_namespace, namespace):
    return make_namespace(name=f"{namespace.split('-')[0]}-other")


def make(cluster, namespace, name, data=None, resource="configmaps", prefix=KEY, **annotations):
    words = {prefix + key.replace("_", "-"): value for key, value in annotations.items()}
    body = {"metadata": {"name": name, "annotations": words}}
    if data:
        body["data"] = objects.encode(data) if resource == "secrets" else data
    cluster.api.create(resource, namespace, body)


def data(cluster, namespace, name, resource="configmaps"):
    return (cluster.api.find(resource, namespace, name) or {}).get("data")


# As its chart starts it.
CHART = ["--annotations-prefix", "k8s-replicator", "--resync-period", "30m", "--create-with-labels", "", "--run-replicators", "all"]


def test_dropin_k8s_replicator_does_its_work_with_the_arguments_of_its_chart(start, hub, namespace, other):
    dropin = start(*CHART)
    make(hub, namespace, "ca", {"a": "1"}, replicate_to_namespaces=f"{other}")
    make(hub, namespace, "login", {"user": "app"}, "secrets", replication_allowed_namespaces=other)
    make(hub, other, "login", None, "secrets", replicate_from=f"{namespace}/login")
    wait_for(lambda: data(hub, other, "ca") == {"a": "1"}, 10, "the pushed ConfigMap")
    wait_for(lambda: data(hub, other, "login", "secrets") == objects.encode({"user": "app"}), 10, "the pulled Secret")
    pushed = hub.api.get("configmaps", other, "ca")["metadata"]
    assert "labels" not in pushed and pushed["annotations"][KEY + "replicated-by"] == f"{namespace}/ca"
    hub.api.patch("configmaps", namespace, "ca", {"data": {"a": "2"}})
    wait_for(lambda: data(hub, other, "ca") == {"a": "2"}, 10, "the new value")
    assert dropin.get("/healthz", dropin.health) == (200, '{"notReady":[]}')
    for path in ("/metrics", "/readyz"):
        assert dropin.get(path, dropin.health)[0] == 404
    assert len(dropins.warnings(dropin.process)) == 1


def test_dropin_k8s_replicator_b06_pulls_are_decided_by_annotations_alone(start, hub, namespace, other):
    process = start().process
    # Neither annotation: denied, in the same namespace too.
    make(hub, namespace, "mute", {"a": "1"})
    make(hub, namespace, "copy", None, replicate_from="mute")
    make(hub, namespace, "open", {"a": "1"}, replication_allowed="true")
    make(hub, other, "open", None, replicate_from=f"{namespace}/open")
    wait_for(lambda: data(hub, other, "open") == {"a": "1"}, 10, "the pulled copy")
    process.wait_rule(f"/{namespace}/copy", state="NotAllowed")
    assert not data(hub, namespace, "copy")
    hub.api.patch("configmaps", namespace, "open", {"metadata": {"annotations": {KEY + "replication-allowed": "false"}}})
    wait_for(lambda: not data(hub, other, "open"), 10, "a refusal clears")


def test_dropin_k8s_replicator_allow_all_lets_pull_what_says_nothing(start, hub, namespace, other):
    process = start("--allow-all", "--annotations-prefix=example.com").process
    make(hub, namespace, "mute", {"a": "1"})
    make(hub, namespace, "closed", {"a": "1"}, prefix="example.com/", replication_allowed="false")
    for name in ("closed", "mute"):
        make(hub, other, name, None, prefix="example.com/", replicate_from=f"{namespace}/{name}")
    wait_for(lambda: data(hub, other, "mute") == {"a": "1"}, 10, "the pulled copy")
    process.wait_rule(f"/{other}/closed", state="NotAllowed")
    assert len([line for line in process.stderr().splitlines() if " warn " in line and "--allow-all" in line]) == 1


def test_dropin_k8s_replicator_d15_pushes_need_no_consent_and_overwrite_nobody(start, hub, namespace, other):
    hub.api.create("configmaps", other, {"metadata": {"name": "taken"}, "data": {"a": "theirs"}})
    process = start().process
    make(hub, namespace, "system", {"a": "1"}, replicate_to="kube-public/fedcopy-drop-in")
    make(hub, namespace, "taken", {"a": "1"}, replicate_to=f"{other}/taken")
    try:
        wait_for(lambda: data(hub, "kube-public", "fedcopy-drop-in") == {"a": "1"}, 10, "the copy in a system namespace")
        process.wait_rule(f"/{other}/taken", state="Conflict")
        assert data(hub, other, "taken") == {"a": "theirs"}
    finally:
        hub.api.delete("configmaps", namespace, "system")
        wait_for(lambda: data(hub, "kube-public", "fedcopy-drop-in") is None, 10, "the copy goes with its source")


def test_dropin_k8s_replicator_runs_the_kinds_that_it_is_told_to(start, hub, namespace, other):
    start("--run-replicators=Secret")
    make(hub, namespace, "src", {"a": "1"}, "secrets", replicate_to=f"{other}/src")
    make(hub, namespace, "src", {"a": "1"}, "configmaps", replicate_to=f"{other}/src")
    wait_for(lambda: data(hub, other, "src", "secrets"), 10, "the Secret")
    never(lambda: data(hub, other, "src"), 1, "no ConfigMap")


def test_dropin_k8s_replicator_is_not_ready_before_its_cluster_was_read(fedcopy, kubeconfig, hub, tmp_path):
    broken, health = tmp_path / "kubeconfig", f"127.0.0.1:{envtest.free_port()}"
    envtest.write_kubeconfig(broken, [hub], server=lambda cluster: "https://127.0.0.1:1")
    process = fedcopy("k8s-replicator", f"--kube-config={broken}", f"-status-address={health}", endpoints=False, ready=False)

    def answer():
        try:
            return process.get("/healthz", health)
        except OSError:
            return None

    wait_for(lambda: answer() is not None, 10, "an answer")
    status, text = answer()
    assert status == 503 and json.loads(text) == {"notReady": ["configMap", "secret"]}


@pytest.mark.parametrize("args", [["--no-such"], ["--resync-period=often"], ["--run-replicators=pods"], ["--create-with-labels=a"], []])
def test_dropin_k8s_replicator_usage_errors_end_with_2(fedcopy, kubeconfig, args):
    # Without --kube-config it knows the Pod's cluster alone, whatever KUBECONFIG says.
    result = fedcopy.run("k8s-replicator", *args, env={"KUBECONFIG": str(kubeconfig)})
    assert result.status == 2 and result.err.startswith("fedcopy k8s-replicator: "), result


def test_dropin_k8s_replicator_d11_a_port_that_is_taken_ends_it_with_an_error(fedcopy, kubeconfig, clusters):
    address = f"127.0.0.1:{clusters.hub.port}"
    result = fedcopy.run("k8s-replicator", f"--kube-config={kubeconfig}", f"--status-address={address}", timeout=20)
    assert result.status == 2 and address in result.err and "--status-address" in result.err, result
