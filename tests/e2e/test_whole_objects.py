# SPDX-License-Identifier: Apache-2.0
"""Whole objects of every kind, from one namespace of a real API server into another, while its controllers run: what servers,
controllers and deploying tools own is neither taken over nor touched, and a second look finds nothing to write."""

import copy

import fedcopy as program
import pytest
from envtest import wait_for

POD = {"containers": [{"name": "c", "image": "x"}]}
LABELS = {"app": "x"}
TEMPLATE = {"metadata": {"labels": LABELS}, "spec": POD}

# resource, apiVersion, kind, what it is besides metadata
KINDS = [
    ("configmaps", "v1", "ConfigMap", {"data": {"a": "1"}, "binaryData": {"x": "/w=="}}),
    ("secrets", "v1", "Secret", {"type": "example.com/one", "data": {"a": "MQ=="}}),
    (
        "services",
        "v1",
        "Service",
        {
            "spec": {
                "type": "LoadBalancer",
                "externalTrafficPolicy": "Local",
                "selector": LABELS,
                "ports": [{"name": "web", "port": 80}, {"name": "tls", "port": 443}],
            }
        },
    ),
    ("jobs", "batch/v1", "Job", {"spec": {"template": {"metadata": {"labels": LABELS}, "spec": {**POD, "restartPolicy": "Never"}}}}),
    (
        "cronjobs",
        "batch/v1beta1",
        "CronJob",
        {
            "spec": {
                "schedule": "0 0 1 1 *",
                "suspend": True,
                "jobTemplate": {"spec": {"template": {"spec": {**POD, "restartPolicy": "Never"}}}},
            }
        },
    ),
    ("deployments", "apps/v1", "Deployment", {"spec": {"selector": {"matchLabels": LABELS}, "template": TEMPLATE, "replicas": 0}}),
    (
        "statefulsets",
        "apps/v1",
        "StatefulSet",
        {
            "spec": {
                "serviceName": "s",
                "replicas": 0,
                "selector": {"matchLabels": LABELS},
                "template": TEMPLATE,
                "volumeClaimTemplates": [
                    {
                        "metadata": {"name": "v"},
                        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
                    }
                ],
            }
        },
    ),
    ("daemonsets", "apps/v1", "DaemonSet", {"spec": {"selector": {"matchLabels": LABELS}, "template": TEMPLATE}}),
    ("serviceaccounts", "v1", "ServiceAccount", {"secrets": [{"name": "src-token-1"}], "imagePullSecrets": [{"name": "pull"}]}),
    (
        "persistentvolumeclaims",
        "v1",
        "PersistentVolumeClaim",
        {
            "spec": {
                "accessModes": ["ReadWriteOnce"],
                "resources": {"requests": {"storage": "1Gi"}},
                "storageClassName": "",
                "volumeName": "pv-of-the-source",
            }
        },
    ),
    ("endpoints", "v1", "Endpoints", {"subsets": [{"addresses": [{"ip": "192.0.2.1"}], "ports": [{"port": 80}]}]}),
    ("pods", "v1", "Pod", {"spec": {**POD, "nodeName": "node-of-the-source"}}),
    (
        "roles",
        "rbac.authorization.k8s.io/v1",
        "Role",
        {"rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]},
    ),
    (
        "rolebindings",
        "rbac.authorization.k8s.io/v1",
        "RoleBinding",
        {
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "src"},
            "subjects": [{"kind": "ServiceAccount", "name": "src", "namespace": "x"}],
        },
    ),
    (
        "horizontalpodautoscalers",
        "autoscaling/v1",
        "HorizontalPodAutoscaler",
        {
            "spec": {
                "maxReplicas": 3,
                "targetCPUUtilizationPercentage": 50,
                "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "none"},
            }
        },
    ),
    (
        "ingresses",
        "networking.k8s.io/v1",
        "Ingress",
        {"spec": {"defaultBackend": {"service": {"name": "s", "port": {"number": 80}}}}},
    ),
    ("networkpolicies", "networking.k8s.io/v1", "NetworkPolicy", {"spec": {"podSelector": {}}}),
    (
        "poddisruptionbudgets",
        "policy/v1beta1",
        "PodDisruptionBudget",
        {"spec": {"minAvailable": 1, "selector": {"matchLabels": LABELS}}},
    ),
]
NAMES = [kind[0] for kind in KINDS]

TRACKED = {
    "labels": {
        "app.kubernetes.io/instance": "argo-app",
        "app.kubernetes.io/managed-by": "Helm",
        "kustomize.toolkit.fluxcd.io/name": "apps",
        "team": "x",
    },
    "annotations": {
        "argocd.argoproj.io/tracking-id": "argo-app:/x",
        "meta.helm.sh/release-name": "web",
        "kubectl.kubernetes.io/last-applied-configuration": "{}",
        "note": "mine",
    },
}


@pytest.fixture(autouse=True)
def _copies(monkeypatch):
    """The program with the dialect for tests."""
    monkeypatch.setenv("FEDCOPY", str(program.binary().parent / "tests" / "fedcopy-copies"))


@pytest.fixture
def controllers(hub):
    hub.start_controller_manager("job,cronjob,deployment,replicaset,statefulset,daemonset,horizontalpodautoscaling,disruption")
    yield
    hub.stop_controller_manager()


@pytest.fixture
def flags(kubeconfig):
    return ["--kubeconfig", kubeconfig, "--master", "hub", "--dialect", "copy-test", "--allow-all"]


def make(cluster, home, to, kind):
    resource, version, name, rest = kind
    metadata = copy.deepcopy(TRACKED)
    metadata["name"] = "src"
    metadata["annotations"]["test.fedcopy/copy-to"] = to
    cluster.api.create(resource, home, {"apiVersion": version, "kind": name, "metadata": metadata, **copy.deepcopy(rest)})


def state(fedcopy_, resource, namespace):
    return [
        (rule["state"], rule["message"])
        for rule in fedcopy_.rules()
        if rule["target"].split("/")[1].split(".")[0] == resource and rule["target"].split("/")[2] == namespace
    ]


def wait_in_sync(fedcopy_, resources, namespace):
    for resource in resources:
        wait_for(
            lambda r=resource: [s for s, _ in state(fedcopy_, r, namespace)] == ["InSync"],
            30,
            lambda r=resource: f"{r} in sync; it is {state(fedcopy_, r, namespace)}",
        )


@pytest.mark.real("kinds that the sandbox does not serve, and their controllers")
def test_every_kind_is_copied_and_a_second_look_finds_no_difference(fedcopy, flags, hub, make_namespace, controllers):
    home, to = make_namespace(on=[hub]), make_namespace(on=[hub])
    for kind in KINDS:
        make(hub, home, to, kind)
    run = fedcopy("run", *flags)
    wait_in_sync(run, NAMES, to)
    # Controllers have had their say on the copies.
    wait_for(lambda: "annotations" in hub.api.get("deployments", to, "src")["metadata"], 10)
    wait_for(
        lambda: hub.api.get("deployments", to, "src")["metadata"]["annotations"].get("deployment.kubernetes.io/revision"), 20
    )
    wait_in_sync(run, NAMES, to)
    run.stop()
    with hub.counting() as count:
        result = fedcopy.run("plan", *flags)
        assert result.status == 0, result
        assert fedcopy.run("run", "--once", *flags).status == 0
    # By fedcopy: controllers may still write states.
    written = count.requests(user="fedcopy", verb=("create", "update", "patch", "delete"))
    assert [request["uri"] for request in written if request["resource"] in NAMES] == []
    assert count.requests(user="fedcopy", verb="list")

    for resource in NAMES:
        metadata = hub.api.get(resource, to, "src")["metadata"]
        for key in ("app.kubernetes.io/instance", "app.kubernetes.io/managed-by", "kustomize.toolkit.fluxcd.io/name"):
            assert key not in metadata["labels"], resource
        for key in TRACKED["annotations"]:
            assert (key in metadata["annotations"]) == (key == "note"), (resource, key)
        assert metadata["labels"]["team"] == "x", resource
        assert "ownerReferences" not in metadata, resource
    service = hub.api.get("services", to, "src")["spec"]
    source = hub.api.get("services", home, "src")["spec"]
    assert service["clusterIP"] != source["clusterIP"] and service["healthCheckNodePort"] != source["healthCheckNodePort"]
    assert hub.api.get("jobs", to, "src")["spec"]["selector"] != hub.api.get("jobs", home, "src")["spec"]["selector"]
    assert "volumeName" not in hub.api.get("persistentvolumeclaims", to, "src")["spec"]
    assert "secrets" not in hub.api.get("serviceaccounts", to, "src")
    assert "nodeName" not in hub.api.get("pods", to, "src")["spec"]


@pytest.mark.real("a Service as a real server keeps it")
def test_a_changed_service_keeps_its_address_and_node_ports(fedcopy, flags, hub, make_namespace):
    home, to = make_namespace(on=[hub]), make_namespace(on=[hub])
    make(hub, home, to, KINDS[2])
    run = fedcopy("run", *flags)
    wait_in_sync(run, ["services"], to)
    before = hub.api.get("services", to, "src")["spec"]
    ports = hub.api.get("services", home, "src")["spec"]["ports"]
    ports[0]["port"] = 8080
    ports.append({"name": "more", "port": 9000})
    hub.api.patch("services", home, "src", {"spec": {"ports": ports}})
    wait_for(lambda: len(hub.api.get("services", to, "src")["spec"]["ports"]) == 3, 10)
    after = hub.api.get("services", to, "src")["spec"]
    assert after["clusterIP"] == before["clusterIP"] and after["healthCheckNodePort"] == before["healthCheckNodePort"]
    assert [p["nodePort"] for p in after["ports"][:2]] == [p["nodePort"] for p in before["ports"]]
    assert after["ports"][0]["port"] == 8080
    # Another type, which may have no node ports.
    hub.api.patch("services", home, "src", {"spec": {"type": "ClusterIP", "externalTrafficPolicy": None}})
    wait_for(lambda: hub.api.get("services", to, "src")["spec"]["type"] == "ClusterIP", 10)
    wait_in_sync(run, ["services"], to)
    assert hub.api.get("services", to, "src")["spec"]["clusterIP"] == before["clusterIP"]


def test_keys_and_bytes_of_every_form_arrive(fedcopy, flags, hub, make_namespace):
    home, to = make_namespace(on=[hub]), make_namespace(on=[hub])
    annotations = {"test.fedcopy/copy-to": to, "example.com/a.b": "~/ ~0 ~1"}
    data = {".a": "~1", "tls.crt": "~/", "a-b_C": "\u00e9\n"}
    source = {"metadata": {"name": "src", "annotations": annotations}, "data": data, "binaryData": {"x.y": "/w=="}}
    hub.api.create("configmaps", home, source)
    run = fedcopy("run", *flags)
    wait_in_sync(run, ["configmaps"], to)
    hub.api.patch("configmaps", home, "src", {"metadata": {"annotations": {"example.com/c_d": "new"}}, "data": {".b": "2"}})
    wait_for(lambda: hub.api.get("configmaps", to, "src")["data"] == {**data, ".b": "2"}, 10)
    got = hub.api.get("configmaps", to, "src")
    assert got["binaryData"] == {"x.y": "/w=="}
    assert got["metadata"]["annotations"]["example.com/a.b"] == "~/ ~0 ~1"
    assert got["metadata"]["annotations"]["example.com/c_d"] == "new"


def source(cluster, home, to, strategy, **more):
    annotations = {"test.fedcopy/copy-to": to, "test.fedcopy/strategy": strategy}
    metadata = {"name": "src", "annotations": annotations, "labels": {"team": "x", "old": "1"}}
    cluster.api.create("configmaps", home, {"metadata": metadata, "data": {"a": "1", "b": "2"}, **more})


@pytest.mark.parametrize("strategy", ["apply", "replace"])
def test_foreign_fields_stay_under_apply_and_go_under_replace(fedcopy, flags, hub, make_namespace, strategy):
    home, to = make_namespace(on=[hub]), make_namespace(on=[hub])
    source(hub, home, to, strategy)
    run = fedcopy("run", *flags)
    wait_in_sync(run, ["configmaps"], to)
    foreign = {"metadata": {"labels": {"foreign": "x"}, "finalizers": ["example.com/keep"]}, "data": {"foreign": "x"}}
    hub.api.patch("configmaps", to, "src", foreign)
    # What the source loses the copy loses, as a key and as a label; what is changed is changed.
    hub.api.patch("configmaps", home, "src", {"metadata": {"labels": {"old": None}}, "data": {"a": "new", "b": None}})
    stays = strategy == "apply"
    want = {"a": "new", **({"foreign": "x"} if stays else {})}
    wait_for(lambda: hub.api.get("configmaps", to, "src")["data"] == want, 10, lambda: hub.api.get("configmaps", to, "src"))
    wait_in_sync(run, ["configmaps"], to)
    copied = hub.api.get("configmaps", to, "src")["metadata"]
    assert copied["labels"] == {"team": "x", **({"foreign": "x"} if stays else {})}
    assert copied["finalizers"] == ["example.com/keep"]
    run.stop()
    version = copied["resourceVersion"]
    assert fedcopy.run("run", "--once", *flags).status == 0
    assert hub.api.get("configmaps", to, "src")["metadata"]["resourceVersion"] == version
    hub.api.patch("configmaps", to, "src", {"metadata": {"finalizers": None}})


@pytest.mark.real("a Service as a real server keeps it")
@pytest.mark.parametrize("strategy", ["apply", "replace"])
def test_a_service_keeps_what_it_was_given_under_every_strategy(fedcopy, flags, hub, make_namespace, strategy):
    home, to = make_namespace(on=[hub]), make_namespace(on=[hub])
    make(hub, home, to, KINDS[2])
    hub.api.annotate("services", home, "src", {"test.fedcopy/strategy": strategy})
    run = fedcopy("run", *flags)
    wait_in_sync(run, ["services"], to)
    before = hub.api.get("services", to, "src")["spec"]
    hub.api.patch("services", home, "src", {"spec": {"sessionAffinity": "ClientIP"}, "metadata": {"labels": {"new": "1"}}})
    wait_for(lambda: hub.api.get("services", to, "src")["spec"]["sessionAffinity"] == "ClientIP", 10)
    wait_in_sync(run, ["services"], to)
    after = hub.api.get("services", to, "src")["spec"]
    assert (after["clusterIP"], after["ports"], after["healthCheckNodePort"]) == (
        before["clusterIP"],
        before["ports"],
        before["healthCheckNodePort"],
    )


def test_immutable_copies_and_types_are_deleted_and_made_again(fedcopy, flags, hub, make_namespace):
    home, to = make_namespace(on=[hub]), make_namespace(on=[hub])
    annotations = {"test.fedcopy/copy-to": to}
    hub.api.create("configmaps", home, {"metadata": {"name": "src", "annotations": annotations}, "immutable": True, "data": {"a": "1"}})
    hub.api.create("secrets", home, {"metadata": {"name": "src", "annotations": annotations}, "type": "x/one"})
    run = fedcopy("run", *flags)
    wait_in_sync(run, ["configmaps", "secrets"], to)
    uids = [hub.api.get(kind, to, "src")["metadata"]["uid"] for kind in ("configmaps", "secrets")]
    for kind, body in (("configmaps", {"immutable": True, "data": {"a": "2"}}), ("secrets", {"type": "x/two"})):
        hub.api.delete(kind, home, "src")
        hub.api.create(kind, home, {"metadata": {"name": "src", "annotations": annotations}, **body})
    wait_for(lambda: hub.api.get("configmaps", to, "src")["data"] == {"a": "2"}, 10)
    wait_for(lambda: hub.api.get("secrets", to, "src")["type"] == "x/two", 10)
    assert hub.api.get("configmaps", to, "src")["immutable"] is True
    assert not set(uids) & {hub.api.get(kind, to, "src")["metadata"]["uid"] for kind in ("configmaps", "secrets")}


def resident(run, what="Rss"):
    with open(f"/proc/{run.pid}/smaps_rollup", encoding="utf-8") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith(what + ":"))


def test_objects_of_a_mebibyte_are_copied_and_not_kept(fedcopy, flags, hub, make_namespace):
    """Sources of nearly 1 MiB, which is all that etcd takes, each into two namespaces."""
    home, to = make_namespace(on=[hub]), [make_namespace(on=[hub]) for _ in range(2)]
    run = fedcopy("run", *flags, env=program.LEAN)
    run.wait_ready()
    count = 24
    before = resident(run)
    text = "x" * (1024 * 1024 - 2048)
    for number in range(count):
        annotations = {"test.fedcopy/copy-to": ",".join(to)}
        hub.api.create("configmaps", home, {"metadata": {"name": f"big-{number}", "annotations": annotations}, "data": {"a": text}})
    for namespace in to:
        for number in range(count):
            wait_for(lambda ns=namespace, n=number: hub.api.find("configmaps", ns, f"big-{n}"), 30)
            assert hub.api.get("configmaps", namespace, f"big-{number}")["data"]["a"] == text
    # None of 24 sources or 48 copies is held; what the allocator keeps for the next ones is less than half of the sources.
    wait_for(lambda: resident(run) < before + 12 * 1024, 15, lambda: f"{resident(run)} KiB, at first {before} KiB")
    hub.api.patch("configmaps", home, "big-0", {"data": {"a": text[1:]}})
    wait_for(lambda: hub.api.get("configmaps", to[1], "big-0")["data"]["a"] == text[1:], 10)
