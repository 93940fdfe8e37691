# SPDX-License-Identifier: Apache-2.0
"""Tests of the harness itself: they need no fedcopy."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import textwrap
import threading
import time

import pytest

import envtest
import fedcopy as program


def test_clusters_are_up_and_apart(clusters):
    assert [cluster.name for cluster in clusters] == ["hub", "edge-1", "edge-2"]
    assert len({cluster.id for cluster in clusters}) == 3
    for cluster in clusters:
        assert cluster.api.request("GET", "/version")["gitVersion"].startswith("v1.")


def test_kubectl_in_each_context(clusters, kubeconfig, namespace):
    for cluster in clusters:
        envtest.kubectl(
            kubeconfig,
            cluster.name,
            "create",
            "-f",
            "-",
            input={
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {"name": "who", "namespace": namespace},
                "data": {"name": cluster.name},
            },
        )
    for cluster in clusters:
        found = json.loads(cluster.kubectl("-n", namespace, "get", "configmap", "who", "-o", "json"))
        assert found["data"] == {"name": cluster.name}
        assert cluster.api.get("configmaps", namespace, "who")["data"] == {"name": cluster.name}
    with pytest.raises(AssertionError, match="NotFound"):
        clusters.hub.kubectl("-n", namespace, "get", "configmap", "nobody")


CERTIFICATES = pytest.mark.real("client certificates")
WAYS = [pytest.param("cert", marks=CERTIFICATES), pytest.param("cert-files", marks=CERTIFICATES), "token", "token-file"]


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize("ca", ["inline", "file"])
def test_kubeconfigs(clusters, tmp_path, how, ca):
    path = envtest.write_kubeconfig(tmp_path / "config", list(clusters), how=how, ca=ca)
    assert envtest.kubectl(path, "edge-2", "get", "secrets", "--all-namespaces", "-o", "name") is not None


@pytest.mark.parametrize("how", [pytest.param("cert", marks=CERTIFICATES), "token"])
def test_who_may_what(hub, namespace, how):
    assert hub.client("fedcopy", how=how).list("secrets", namespace) == []
    for user in ("limited", "nobody"):
        with pytest.raises(envtest.ApiError) as caught:
            hub.client(user, how=how).list("secrets", namespace)
        assert (caught.value.status, caught.value.reason) == (403, "Forbidden")
    with pytest.raises(envtest.ApiError) as caught:
        hub.client(how="anonymous").list("secrets", namespace)
    assert caught.value.status == 403


def test_a_role_that_is_bound_lets_its_user_in(hub, namespace):
    rules = [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get", "list"]}]
    hub.api.create("roles", namespace, {"metadata": {"name": "reader"}, "rules": rules})
    hub.bind(namespace, "reader")
    envtest.wait_for(lambda: hub.client("limited").list("secrets", namespace) == [], 10, "the role binding works")
    with pytest.raises(envtest.ApiError) as caught:
        hub.client("limited").list("configmaps", namespace)
    assert caught.value.status == 403


def test_custom_resources(clusters, namespace):
    for cluster in clusters:
        for resource, kind in (
            ("federatedsecrets", "FederatedSecret"),
            ("federateddeployments", "FederatedDeployment"),
            ("federatedhelmreleases", "FederatedHelmRelease"),
            ("helmreleases", "HelmRelease"),
        ):
            version = "helm.toolkit.fluxcd.io/v2beta1" if kind == "HelmRelease" else "types.kubefed.io/v1beta1"
            made = cluster.api.create(
                resource,
                namespace,
                {
                    "apiVersion": version,
                    "kind": kind,
                    "metadata": {"name": "x", "annotations": {"a.example.org/b": "c"}},
                    "spec": {"template": {"anything": {"goes": [1, None, ""]}}},
                    "status": {"dropped": True},
                },
            )
            assert made["metadata"]["generation"] == 1 and "status" not in made
            changed = cluster.api.patch(resource, namespace, "x", {"status": {"seen": 1}}, subresource="status")
            assert changed["status"] == {"seen": 1} and changed["metadata"]["generation"] == 1


def test_client_verbs(hub, namespace):
    api = hub.api
    made = api.create("secrets", namespace, {"metadata": {"name": "s"}, "data": {"a": envtest.b64("1")}})
    assert made["data"] == {"a": "MQ=="}
    api.patch("secrets", namespace, "s", [{"op": "add", "path": "/data/b", "value": "Mg=="}], "json")
    api.annotate("secrets", namespace, "s", {"x": "y"})
    secret = api.get("secrets", namespace, "s")
    assert secret["data"] == {"a": "MQ==", "b": "Mg=="} and secret["metadata"]["annotations"] == {"x": "y"}
    secret["data"].pop("a")
    api.update("secrets", namespace, secret)
    with pytest.raises(envtest.ApiError) as caught:
        api.update("secrets", namespace, secret)
    assert caught.value.reason == "Conflict"
    assert [item["metadata"]["name"] for item in api.list("secrets", namespace)] == ["s"]
    api.delete("secrets", namespace, "s")
    assert api.find("secrets", namespace, "s") is None
    assert api.find("customresourcedefinitions", None, "helmreleases.helm.toolkit.fluxcd.io") is not None
    assert api.list("services", namespace) == []  # found by discovery
    assert api.list("cronjobs.v1beta1.batch", namespace) == []


def test_watch(hub, namespace):
    seen = []
    version = hub.api.request("GET", hub.api.path("configmaps", namespace))["metadata"]["resourceVersion"]

    def watch():
        for kind, item in hub.api.watch("configmaps", namespace, name="w", resource_version=version, timeout=20):
            seen.append((kind, item["metadata"]["name"]))
            if kind == "DELETED":
                return

    thread = threading.Thread(target=watch)
    thread.start()
    hub.api.create("configmaps", namespace, {"metadata": {"name": "w"}})
    hub.api.create("configmaps", namespace, {"metadata": {"name": "other"}})
    hub.api.delete("configmaps", namespace, "w")
    thread.join(25)
    assert seen == [("ADDED", "w"), ("DELETED", "w")]


def test_requests_are_counted(hub, namespace):
    client = hub.client("fedcopy")
    with hub.counting() as count:
        client.create("configmaps", namespace, {"metadata": {"name": "c"}})
        client.patch("configmaps", namespace, "c", {"data": {"a": "b"}})
        client.patch("configmaps", namespace, "c", {"data": {"a": "c"}})
        client.get("configmaps", namespace, "c")
        hub.api.get("configmaps", namespace, "c")
        envtest.wait_for(lambda: len(count.requests(user="fedcopy")) == 4, 5, "the audit log has all four")
    assert count.total(verb="PATCH", resource="configmaps") == 2
    assert count.total(verb="POST", resource="configmaps", code="201") == 1
    assert count.total(verb=("GET", "LIST"), resource="configmaps") == 2
    assert [entry["verb"] for entry in count.requests(user="fedcopy")] == ["create", "patch", "patch", "get"]
    assert count.requests(user="fedcopy", verb="patch")[0]["code"] == 200
    assert len(count.requests(user="fedcopy", verb=("get", "list", "watch"))) == 1
    client.get("configmaps", namespace, "c")
    assert len(count.requests(user="fedcopy", namespace=namespace)) == 4  # the block has ended


def test_metrics_text():
    metrics = envtest.Metrics('# HELP x\na 1\nb{c="d",e="f\\"g\\\\\\n}"} 2.5\nb{c="h"} 1e3 1700000000000\n')
    assert metrics.value("a") == 1
    assert metrics.value("b", c="d") == 2.5
    assert metrics.total("b") == 1002.5
    assert metrics.select("b", c="d")[0][1]["e"] == 'f"g\\\n}'
    assert metrics.total("absent") == 0 and "absent" not in metrics


def test_killed_cluster_comes_back(clusters, make_namespace):
    cluster = clusters.edge_2
    name = make_namespace(on=[cluster])
    cluster.api.create("configmaps", name, {"metadata": {"name": "kept"}, "data": {"a": "b"}})
    identity, port = cluster.id, cluster.port
    cluster.kill()
    with pytest.raises(OSError):
        cluster.api.get("configmaps", name, "kept")
    cluster.start()
    assert cluster.port == port
    assert cluster.api.get("namespaces", None, "kube-system")["metadata"]["uid"] == identity
    assert cluster.api.get("configmaps", name, "kept")["data"] == {"a": "b"}


def test_hung_cluster(clusters):
    cluster = clusters.edge_1
    cluster.hang()
    assert not cluster.api.answers("/version", 0.5)
    cluster.resume()
    assert cluster.api.answers("/version", 10)
    assert cluster.api.request("GET", "/version")


def test_namespaces_go_with_a_controller_manager(clusters):
    cluster = clusters.edge_1
    cluster.start_controller_manager()
    try:
        cluster.create_namespace("short-lived")
        cluster.api.create("configmaps", "short-lived", {"metadata": {"name": "a"}})
        cluster.api.delete("namespaces", None, "short-lived")
        envtest.wait_for(
            lambda: cluster.api.find("namespaces", None, "short-lived") is None, 30, "the namespace is gone"
        )
    finally:
        cluster.stop_controller_manager()


def test_namespace_fixture_removes_what_it_made(clusters):
    cluster = clusters.hub
    cluster.create_namespace("by-hand")
    cluster.api.create("secrets", "by-hand", {"metadata": {"name": "a", "finalizers": ["example.org/stuck"]}})
    cluster.remove_namespace("by-hand")
    assert cluster.api.find("namespaces", None, "by-hand") is None
    assert cluster.api.find("secrets", "by-hand", "a") is None


def test_cluster_set_file(clusters, tmp_path):
    path = envtest.write_cluster_set(
        tmp_path / "clusters.yaml",
        list(clusters),
        "kubeconfig",
        permissions=[{"from": "hub/platform", "to": "*/*", "resources": ["secrets", "cronjobs.batch"]}],
        labels={"edge-2": {"tier": "gold"}},
        edge_1={"reads": "none"},
    )
    assert path.read_text() == textwrap.dedent(
        """\
        apiVersion: fedcopy.dev/v1alpha1
        kind: ClusterSet
        clusters:
        - name: hub
          labels:
            cluster-master: "true"
            region: eu
          kubeconfig: kubeconfig
          context: hub
        - name: edge-1
          labels:
            region: us
          kubeconfig: kubeconfig
          context: edge-1
          reads: none
        - name: edge-2
          labels:
            region: ap
            tier: gold
          kubeconfig: kubeconfig
          context: edge-2
        permissions:
        - from: hub/platform
          to: "*/*"
          resources:
          - secrets
          - cronjobs.batch
        """
    )


def test_leaked_values_are_found():
    assert program.leaks('x "aGVsbG8td29ybGQ=" y', ["hello-world", "other"]) == ["hello-world"]
    assert program.leaks('{"a": "two\\nlines"}', ["two\nlines"]) == ["two\nlines"]
    assert program.leaks("nothing", ["hello-world"]) == []


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_nothing_outlives_the_test_process(number):
    script = "import envtest, threading, time\n" + textwrap.dedent(
        """
        # From a thread that ends at once, since the kernel watches the thread that started a process.
        out = []
        thread = threading.Thread(target=lambda: out.append(envtest.spawn(["sleep", "600"], start_new_session=True)))
        thread.start()
        thread.join()
        time.sleep(0.2)
        assert out[0].poll() is None
        print(out[0].pid, flush=True)
        time.sleep(600)
        """
    )
    here = str(pathlib.Path(__file__).parent)
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, env=dict(os.environ, PYTHONPATH=here)
    ) as process:
        pid = int(process.stdout.readline())
        assert pathlib.Path(f"/proc/{pid}").exists()
        process.send_signal(number)

    def gone():
        try:
            return "State:\tZ" in pathlib.Path(f"/proc/{pid}/status").read_text()
        except FileNotFoundError:
            return True

    envtest.wait_for(gone, 5, "the child is gone")


def test_wait_for_says_what_was_missing():
    began = time.monotonic()
    with pytest.raises(AssertionError, match=r"not within 0.1 s: the moon \(ValueError: cheese\)"):

        def fails():
            raise ValueError("cheese")

        envtest.wait_for(fails, 0.1, "the moon")
    assert time.monotonic() - began < 1


# Behaves as far as the harness looks: ready after a moment, one rule, a metric, ends on SIGTERM.
FAKE = """\
#!/usr/bin/python3
import http.server, json, signal, sys, threading, time
if sys.argv[1] != "run":
    print(" ".join(sys.argv[1:])); sys.exit(3)
began = time.monotonic()
print("a log line", sys.argv[2], file=sys.stderr, flush=True)
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        ready = time.monotonic() - began > 0.2
        text, status = "", 200
        if self.path == "/readyz": status = 200 if ready else 503
        if self.path == "/metrics": text = 'fedcopy_rules{dialect="k8s-copier",state="InSync"} 1\\n'
        if self.path == "/debug/rules":
            text = json.dumps([{"dialect": "k8s-copier", "source": "hub/secrets/a/s", "target": "edge-1/secrets/a/t",
                "path": "data", "state": "InSync" if time.monotonic() - began > 0.5 else "Pending", "reason": "",
                "message": "", "since": "", "writes": 1}])
        self.send_response(status); self.end_headers(); self.wfile.write(text.encode())
    def log_message(self, *_): pass
for flag in ("--status-address", "--debug-address"):
    port = int(sys.argv[sys.argv.index(flag) + 1].split(":")[1])
    threading.Thread(target=http.server.HTTPServer(("127.0.0.1", port), Handler).serve_forever, daemon=True).start()
signal.signal(signal.SIGTERM, (lambda *_: None) if "deaf" in sys.argv else (lambda *_: sys.exit(0)))
while True: time.sleep(1)
"""


@pytest.fixture
def fake(tmp_path, monkeypatch):
    path = tmp_path / "fake"
    path.write_text(FAKE)
    path.chmod(0o755)
    monkeypatch.setenv("FEDCOPY", str(path))


def test_program_is_started_asked_and_stopped(fake, fedcopy):
    process = fedcopy("run", "hello")
    assert process.running
    rule = process.wait_rule("edge-1/secrets/a", "data")
    assert rule["source"] == "hub/secrets/a/s"
    assert process.rules(target="hub/") == [] and len(process.rules(state="InSync")) == 1
    assert process.metrics().value("fedcopy_rules", state="InSync") == 1
    assert process.memory()["VmRSS"] > 1000
    with pytest.raises(AssertionError, match=r"(?s)is Conflict .*there is.*InSync.*a log line hello"):
        process.wait_rule("a/t", state="Conflict", timeout=0.1)
    assert process.output() == "a log line hello\n"
    assert process.stop() == 0
    result = fedcopy.run("plan", "-x")
    assert (result.status, result.out) == (3, "plan -x\n")


def test_waiting_ends_when_the_program_does(fake, fedcopy):
    process = fedcopy("run", "hello")
    process.kill()
    began = time.monotonic()
    with pytest.raises(AssertionError, match="ended with status -9"):
        process.wait_rule("a/t", state="Conflict", timeout=60)
    with pytest.raises(AssertionError, match="ended with status 3"):
        fedcopy("fails-at-once")
    assert time.monotonic() - began < 10


def test_program_that_does_not_stop(fake, tmp_path):
    process = program.Fedcopy(tmp_path / "f", "run", "deaf").start()
    process.wait_ready()
    with pytest.raises(AssertionError, match="did not end within 0.5 s of SIGTERM"):
        process.stop(0.5)
    assert not process.running


def test_program_that_talks(fake, clusters, tmp_path):
    factory = program.Factory(tmp_path, clusters, ["topsecret"])
    factory("run", envtest.b64("topsecret"))
    with pytest.raises(AssertionError, match="'topsecret' stands in the output of fedcopy run"):
        factory.finish()
