# SPDX-License-Identifier: Apache-2.0
"""fedcopy k8s-copier: in the place of the original, in one cluster."""

import dropins
import envtest
import objects
import pytest
from envtest import never, wait_for


@pytest.fixture
def start(fedcopy, kubeconfig):
    def begin(*args, **keywords):
        return dropins.DropIn(fedcopy, kubeconfig, "k8s-copier", *args, **keywords)

    return begin


def data(cluster, namespace, name="view"):
    return cluster.api.get("configmaps", namespace, name).get("data") or {}


def test_dropin_k8s_copier_does_its_work_with_the_arguments_of_its_manifest(start, hub, namespace, make_namespace):
    other = make_namespace()
    for place in (namespace, other):
        objects.secret(hub, place, "issued", {"tls.crt": "one"})
        spec = {"template": {}}
        objects.custom(hub, place, "FederatedSecret", "web", spec, rules={"spec.template.data": "secret:issued:data"})
    start(f"--namespace={namespace}", "--target=federatedsecret,federatedhelmrelease")

    def template(place):
        return hub.api.get("federatedsecrets", place, "web")["spec"]["template"].get("data")

    wait_for(lambda: template(namespace) == objects.encode({"tls.crt": "one"}), 10, "the Secret's data")
    hub.api.patch("secrets", namespace, "issued", {"data": objects.encode({"tls.crt": "two"})})
    wait_for(lambda: template(namespace) == objects.encode({"tls.crt": "two"}), 10, "the new data")
    never(lambda: template(other), 1, "outside of --namespace nothing is written")


def test_dropin_k8s_copier_d18_reads_other_namespaces_without_consent_and_says_so(start, hub, namespace, make_namespace):
    far = make_namespace()
    objects.configmap(hub, far, "src", {"a": "far"})
    objects.secret(hub, namespace, "hidden", {"s": "1"})
    rules = {"data.a": f"configmap:{far}/src:data.a", "data.system": "configmap:kube-system/fedcopy-drop-in:data.a"}
    objects.configmap(hub, namespace, "view", rules=rules)
    hub.api.create("configmaps", "kube-system", {"metadata": {"name": "fedcopy-drop-in"}, "data": {"a": "system"}})
    try:
        dropin = start("-t", "configmaps")
        want = {"a": "far", "system": "system"}
        wait_for(lambda: data(hub, namespace) == want, 10, lambda: f"{data(hub, namespace)}")
    finally:
        hub.api.delete("configmaps", "kube-system", "fedcopy-drop-in")
    assert len(dropins.warnings(dropin.process)) == 1
    assert " warn " in dropins.warnings(dropin.process)[0]


def test_dropin_k8s_copier_other_clusters_are_not_known(start, hub, edge1, namespace):
    for cluster in (hub, edge1):
        objects.configmap(cluster, namespace, "src", {"a": cluster.name})
    rules = {"data.a": "configmap:edge-1/default/src:data.a", "data.b": "configmap:src:data.a"}
    objects.configmap(hub, namespace, "view", rules=rules)
    dropin = start("-t", "configmaps")
    wait_for(lambda: data(hub, namespace) == {"b": "hub"}, 10, lambda: f"{data(hub, namespace)}")
    assert [rule["state"] for rule in dropin.process.rules(path="data.a")] != ["InSync"]


def test_dropin_k8s_copier_serves_metrics_where_the_original_does(fedcopy, kubeconfig, hub, namespace):
    objects.configmap(hub, namespace, "src", {"a": "1"})
    objects.configmap(hub, namespace, "view", rules={"data.a": "configmap:src:data.a"})
    args, env = ["--target=configmaps", "--logtostderr=true", "--v=2"], {"KUBECONFIG": str(kubeconfig)}
    process = fedcopy("k8s-copier", *args, env=env, endpoints=False, ready=False)
    process.status_address = "127.0.0.1:8080"
    wait_for(lambda: data(hub, namespace) == {"a": "1"}, 10, lambda: process.stderr())
    metrics = process.metrics()
    assert metrics.value("workqueue_adds_total", name="copier") > 0
    assert metrics.value("workqueue_work_duration_seconds_count", name="copier") > 0
    assert metrics.value("workqueue_depth", name="copier") == 0
    assert not metrics.select("workqueue_adds_total", name="engine")
    # As with the original, there is nothing else.
    for path in ("/healthz", "/readyz", "/debug/rules"):
        assert process.get(path)[0] == 404


def test_dropin_k8s_copier_takes_another_address_for_the_server(start, hub, namespace, tmp_path):
    broken = tmp_path / "kubeconfig"
    envtest.write_kubeconfig(broken, [hub], server=lambda cluster: "https://127.0.0.1:1")
    objects.configmap(hub, namespace, "src", {"a": "1"})
    objects.configmap(hub, namespace, "view", rules={"data.a": "configmap:src:data.a"})
    start("--target=configmaps", f"--kubeconfig={broken}", f"--master={hub.server}")
    wait_for(lambda: data(hub, namespace) == {"a": "1"}, 10, "the value")


@pytest.mark.parametrize("args", [[], ["--target=secrets", "--leader-elect"], ["--target=secrets", "more"], ["--target="]])
def test_dropin_k8s_copier_usage_errors_end_with_2(fedcopy, kubeconfig, args):
    result = fedcopy.run("k8s-copier", *args, env={"KUBECONFIG": str(kubeconfig)})
    assert result.status == 2 and result.err.startswith("fedcopy k8s-copier: "), result
