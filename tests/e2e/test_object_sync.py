# SPDX-License-Identifier: Apache-2.0
"""The dialect object-sync against API servers: what docs/object-sync.md says, number by number, as far as a server is part of the
statement. The rest is tested in the engine, by tests/unit/engine/test_copy_object_sync*.c."""

import objects
import pytest
from envtest import ApiError, never, wait_for, write_cluster_set

# As in a cluster that people use.
pytestmark = pytest.mark.usefixtures("controllers")

KEY = "sync.rustrial.org/"
FINALIZER, SOURCE, ADOPTED = KEY + "rustrial-object-syncer", KEY + "source-object", KEY + "adopted"
MANAGED = {"app.kubernetes.io/managed-by": "rustrial-object-syncer"}
CLUSTERS, FAR = "fedcopy.dev/clusters", "fedcopy.dev/origin"


@pytest.fixture
def stage(make_namespace, namespace):
    """A destination, on every cluster; `namespace` is that of the source."""
    return make_namespace(name=f"{namespace.split('-')[0]}-stage")


@pytest.fixture
def qa(make_namespace, namespace):
    """Another one, on the hub."""
    return make_namespace(name=f"{namespace.split('-')[0]}-qa")


@pytest.fixture
def permits(clusters, namespace, tmp_path):
    """The cluster set, with everything out of `namespace` permitted by the operator."""

    def make(*resources):
        permissions = [{"from": f"hub/{namespace}", "to": "*/*", "resources": list(resources)}]
        return write_cluster_set(tmp_path / "permits.yaml", clusters.all, clusters.kubeconfig, permissions)

    return make


@pytest.fixture
def run(fedcopy, cluster_set):
    """Starts the program. What a test leaves behind is released at its end: nobody else would take the finalizers off."""
    started = []

    def start(*more, set_file=cluster_set):
        started.append(fedcopy("run", "--clusters", set_file, "--dialect", "object-sync", *more))
        return started[-1]

    yield start
    for program in started:
        program.stop()
    fedcopy.run("release", "--clusters", cluster_set, "--dialect", "object-sync", "--yes")


def source(cluster, namespace, data=None, name="flags", **more):
    metadata = {"name": name, **more.pop("metadata", {})}
    return cluster.api.create("configmaps", namespace, {"metadata": metadata, "data": data or {"a": "1"}, **more})


def sync(cluster, namespace, *destinations, name="s", annotations=None, of=None, **more):
    to = [{"namespace": item} if isinstance(item, str) else item for item in destinations]
    body = {
        "apiVersion": "sync.rustrial.org/v1alpha1",
        "kind": "ObjectSync",
        "metadata": {"name": name, "annotations": annotations or {}},
        "spec": {"source": {"group": "", "kind": "ConfigMap", "name": "flags", **(of or {})}, "destinations": to, **more},
    }
    return cluster.api.create("objectsyncs", namespace, body)


def edit(cluster, namespace, name="s", **spec):
    return cluster.api.patch("objectsyncs", namespace, name, {"spec": spec})


def find(cluster, namespace, name="flags", kind="configmaps"):
    return cluster.api.find(kind, namespace, name)


def status(cluster, namespace, name="s"):
    found = cluster.api.find("objectsyncs", namespace, name)
    return (found or {}).get("status") or {}


def condition(cluster, namespace, kind, name="s"):
    return next((item for item in status(cluster, namespace, name).get("conditions", []) if item["type"] == kind), {})


def listed(cluster, namespace, name="s"):
    return [(item["namespace"], item["name"]) for item in status(cluster, namespace, name).get("destinations", [])]


def wait_told(cluster, namespace, ready, in_sync, message="", name="s", timeout=10):
    """Ready and InSync are so, None: whatever it is; the message of the one that is asked for last has that text."""

    def told():
        kinds = {"Ready": ready, "InSync": in_sync}
        last = "Ready" if in_sync is None else "InSync"
        return all(word is None or condition(cluster, namespace, kind, name).get("status") == word for kind, word in kinds.items()) and (
            message in condition(cluster, namespace, last, name).get("message", "")
        )

    wait_for(told, timeout, lambda: f"{ready} {in_sync} {message}: {status(cluster, namespace, name)}")


def wait_in_sync(cluster, namespace, message="", name="s", timeout=10):
    wait_told(cluster, namespace, "True", "True", message, name, timeout)


def wait_copy(cluster, namespace, data, name="flags", timeout=10):
    def stands():
        item = find(cluster, namespace, name)
        return item and item.get("data") == data

    wait_for(stands, timeout, lambda: f"{data} in {namespace} on {cluster.name}: {find(cluster, namespace, name)}")


def wait_gone(cluster, namespace, name="flags", kind="configmaps", timeout=10):
    wait_for(lambda: find(cluster, namespace, name, kind) is None, timeout, lambda: f"{find(cluster, namespace, name, kind)} is gone")


def wait_no_sync(cluster, namespace, name="s", timeout=10):
    wait_gone(cluster, namespace, name, "objectsyncs", timeout)


def finalizers(item):
    return item["metadata"].get("finalizers") or []


def delete_sync(cluster, namespace, name="s"):
    cluster.api.delete("objectsyncs", namespace, name)
    wait_no_sync(cluster, namespace, name)


# --- ObjectSyncs ---


def test_object_sync_b03_b05_b09_b13_b15_d25_a_copy_its_marks_and_the_status(run, hub, namespace, stage):
    metadata = {"labels": {"l": "1", "app.kubernetes.io/managed-by": "me"}, "annotations": {"n": "1"}, "finalizers": ["x.y/z"]}
    made = source(hub, namespace, metadata=metadata)
    sync(hub, namespace, stage)
    run()
    wait_in_sync(hub, namespace, "1 of 1")
    copy, original, resource = find(hub, stage), find(hub, namespace), hub.api.get("objectsyncs", namespace, "s")
    assert copy["data"] == {"a": "1"}
    assert copy["metadata"]["labels"] == {"l": "1", **MANAGED}
    assert copy["metadata"]["annotations"] == {"n": "1", SOURCE: f"{namespace}/flags"}
    assert finalizers(copy) == [FINALIZER] and finalizers(resource) == [FINALIZER]
    assert set(finalizers(original)) == {"x.y/z", FINALIZER}
    ours = [item for item in original["metadata"]["managedFields"] if item["manager"] == "fedcopy-source"]
    assert [item["operation"] for item in ours] == ["Apply"]
    assert ours[0]["fieldsV1"] == {"f:metadata": {"f:finalizers": {f'v:"{FINALIZER}"': {}}}}
    assert original["metadata"]["uid"] == made["metadata"]["uid"] and original["data"] == made["data"]
    told = resource["status"]
    assert told["destinations"] == [
        {
            "name": "flags",
            "namespace": stage,
            "group": "",
            "version": "v1",
            "kind": "ConfigMap",
            "sourceVersion": {
                "uid": original["metadata"]["uid"],
                "resource_version": told["destinations"][0]["sourceVersion"]["resource_version"],
            },
            "syncedVersion": {"uid": copy["metadata"]["uid"], "resource_version": copy["metadata"]["resourceVersion"]},
        }
    ]
    for item in told["conditions"]:
        assert item["observedGeneration"] == resource["metadata"]["generation"] and item["reason"] == "Success"
        assert item["lastTransitionTime"].endswith("Z")
    hub.api.patch("configmaps", namespace, "flags", {"metadata": {"finalizers": [FINALIZER]}})


def test_object_sync_b02_one_in_another_namespace_is_ignored(run, hub, namespace, stage, qa):
    source(hub, namespace)
    source(hub, qa)
    sync(hub, namespace, stage)
    sync(hub, qa, stage, name="t")
    run("-n", f"{namespace},{stage}")
    wait_in_sync(hub, namespace)
    assert finalizers(hub.api.get("objectsyncs", qa, "t")) == [] and not status(hub, qa, "t")
    assert finalizers(find(hub, qa)) == []


def test_object_sync_b36_stopping_cleans_nothing_up(run, hub, namespace, stage):
    source(hub, namespace)
    sync(hub, namespace, stage)
    program = run()
    wait_in_sync(hub, namespace)
    before = [find(hub, place)["metadata"]["resourceVersion"] for place in (namespace, stage)]
    assert program.stop() == 0
    assert [find(hub, place)["metadata"]["resourceVersion"] for place in (namespace, stage)] == before


def test_object_sync_b08_d07_deletion_takes_copies_and_finalizers_and_no_stranger(run, hub, namespace, stage, qa):
    hub.api.create("configmaps", qa, {"metadata": {"name": "flags"}, "data": {"a": "theirs"}})
    source(hub, namespace)
    sync(hub, namespace, stage, qa)
    run()
    wait_told(hub, namespace, "True", "False", "1 of 2")
    delete_sync(hub, namespace)
    assert find(hub, stage) is None
    assert find(hub, qa)["data"] == {"a": "theirs"}
    assert finalizers(find(hub, namespace)) == []


def test_object_sync_b08_d16_a_source_that_another_one_uses_keeps_its_finalizer(run, hub, namespace, stage, qa):
    source(hub, namespace)
    sync(hub, namespace, stage)
    sync(hub, namespace, qa, name="t")
    run()
    wait_in_sync(hub, namespace)
    wait_in_sync(hub, namespace, name="t")
    delete_sync(hub, namespace)
    assert find(hub, stage) is None
    assert finalizers(find(hub, namespace)) == [FINALIZER] and find(hub, qa)["data"] == {"a": "1"}
    delete_sync(hub, namespace, "t")
    assert finalizers(find(hub, namespace)) == []


def test_object_sync_b07_b26_another_source_takes_the_place_of_the_first(run, hub, namespace, stage):
    source(hub, namespace)
    source(hub, namespace, {"a": "2"}, name="other")
    sync(hub, namespace, stage)
    run()
    wait_in_sync(hub, namespace)
    edit(hub, namespace, source={"name": "other"})
    wait_gone(hub, stage)
    wait_copy(hub, stage, {"a": "2"}, name="other")
    wait_in_sync(hub, namespace)
    wait_for(lambda: finalizers(find(hub, namespace)) == [], 10, "the first source is free")
    assert finalizers(find(hub, namespace, "other")) == [FINALIZER]


# --- destinations ---


def test_object_sync_b10_b14_d01_all_namespaces_and_those_that_come(run, hub, namespace, stage, make_namespace):
    name = f"all-{namespace}"
    source(hub, namespace, name=name)
    sync(hub, namespace, "*", of={"name": name})
    run()
    wait_in_sync(hub, namespace)
    assert (stage, name) in listed(hub, namespace) and (namespace, name) not in listed(hub, namespace)
    assert not any(place.startswith("kube-") for place, _ in listed(hub, namespace))
    late = make_namespace(name=f"{namespace.split('-')[0]}-late", on=[hub])
    wait_copy(hub, late, {"a": "1"}, name=name, timeout=3)
    edit(hub, namespace, destinations=[{"namespace": late}])
    wait_gone(hub, stage, name)
    wait_for(lambda: listed(hub, namespace) == [(late, name)], 10, lambda: listed(hub, namespace))
    # A namespace that goes is not held up, and counts for nothing.
    hub.api.delete("namespaces", None, late)
    wait_for(lambda: hub.api.find("namespaces", None, late) is None, 60, "the namespace is gone")
    wait_in_sync(hub, namespace, "0 of 0")
    delete_sync(hub, namespace)


def test_object_sync_b11_d09_bad_input_an_explicit_namespace_counts_before_every_one(run, hub, namespace, stage, qa):
    name = f"all-{namespace}"
    source(hub, namespace, name=name)
    sync(
        hub,
        namespace,
        {"namespace": "*", "strategy": "replace"},
        {"namespace": stage, "strategy": "apply"},
        {"namespace": stage, "strategy": "replace"},
        of={"name": name},
    )
    run()
    wait_in_sync(hub, namespace)
    told = {item["namespace"]: item.get("strategy") for item in status(hub, namespace)["destinations"]}
    assert told[stage] == "apply" and told[qa] == "replace"
    assert len(told) == len(status(hub, namespace)["destinations"])
    version = hub.api.get("objectsyncs", namespace, "s")["metadata"]["resourceVersion"]
    for place in (stage, qa):
        hub.api.patch("configmaps", place, name, {"metadata": {"labels": {"foreign": "1"}}})
    wait_for(lambda: "foreign" not in find(hub, qa, name)["metadata"]["labels"], 10, "what is foreign goes")
    never(lambda: "foreign" not in find(hub, stage, name)["metadata"]["labels"], 1, "what is foreign stays under apply")
    assert version
    delete_sync(hub, namespace)


def test_object_sync_b10_bad_input_a_missing_namespace_waits_and_the_source_is_no_copy(run, hub, namespace, stage, make_namespace):
    late = f"{namespace.split('-')[0]}-late"
    made = source(hub, namespace)
    sync(hub, namespace, late, namespace, {"namespace": namespace, "name": "twin"})
    run()
    wait_in_sync(hub, namespace, "1 of 1")
    assert listed(hub, namespace) == [(namespace, "twin")]
    assert find(hub, namespace)["data"] == made["data"] and SOURCE not in find(hub, namespace)["metadata"].get("annotations", {})
    make_namespace(name=late, on=[hub])
    wait_copy(hub, late, {"a": "1"}, timeout=5)
    wait_in_sync(hub, namespace, "2 of 2")


def test_object_sync_bad_input_no_destination_is_in_sync(run, hub, namespace, stage):
    source(hub, namespace)
    sync(hub, namespace, stage)
    run()
    wait_in_sync(hub, namespace, "1 of 1")
    edit(hub, namespace, destinations=[])
    wait_gone(hub, stage)
    wait_in_sync(hub, namespace, "0 of 0")
    assert finalizers(find(hub, namespace)) == [FINALIZER]


# --- kinds ---


def test_object_sync_b04_b15_d12_a_cron_job_a_service_an_account_and_a_helm_release(run, permits, hub, namespace, stage):
    job = {"spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "i:1"}]}}}}
    hub.api.create("cronjobs", namespace, {"metadata": {"name": "audit"}, "spec": {"schedule": "0 0 1 1 *", "jobTemplate": job}})
    hub.api.create("services", namespace, {"metadata": {"name": "web"}, "spec": {"selector": {"a": "b"}, "ports": [{"port": 80}]}})
    hub.api.create("serviceaccounts", namespace, {"metadata": {"name": "robot"}, "imagePullSecrets": [{"name": "pull"}]})
    chart = {"interval": "5m", "chart": {"spec": {"chart": "c", "sourceRef": {"kind": "HelmRepository", "name": "r"}}}}
    objects.custom(hub, namespace, "HelmRelease", "app", chart)
    kinds = {
        "cronjobs": ("batch", "CronJob", "audit"),
        "services": ("", "Service", "web"),
        "serviceaccounts": ("", "ServiceAccount", "robot"),
        "helmreleases": ("helm.toolkit.fluxcd.io", "HelmRelease", "app"),
    }
    for plural, (group, kind, name) in kinds.items():
        sync(hub, namespace, stage, name=plural, of={"group": group, "kind": kind, "name": name})
    run(set_file=permits("cronjobs.batch", "services", "serviceaccounts", "helmreleases.helm.toolkit.fluxcd.io"))
    for plural, (_, _, name) in kinds.items():
        wait_in_sync(hub, namespace, "1 of 1", name=plural)
        assert finalizers(find(hub, namespace, name, plural)) == [FINALIZER]
    assert find(hub, stage, "audit", "cronjobs")["spec"] == find(hub, namespace, "audit", "cronjobs")["spec"]
    web, copy = find(hub, namespace, "web", "services"), find(hub, stage, "web", "services")
    assert copy["spec"]["ports"] == web["spec"]["ports"] and copy["spec"]["clusterIP"] != web["spec"]["clusterIP"]
    robot = find(hub, stage, "robot", "serviceaccounts")
    assert robot["imagePullSecrets"] == [{"name": "pull"}]
    assert not {item["name"] for item in robot.get("secrets", [])} & {
        item["name"] for item in find(hub, namespace, "robot", "serviceaccounts").get("secrets", [])
    }
    assert find(hub, stage, "app", "helmreleases")["spec"] == find(hub, namespace, "app", "helmreleases")["spec"]
    uid = copy["metadata"]["uid"]
    hub.api.patch("services", namespace, "web", {"spec": {"ports": [{"port": 81}]}})
    wait_for(lambda: find(hub, stage, "web", "services")["spec"]["ports"][0]["port"] == 81, 10, "the port")
    assert find(hub, stage, "web", "services")["metadata"]["uid"] == uid
    for plural in kinds:
        delete_sync(hub, namespace, plural)
    for plural, (_, _, name) in kinds.items():
        assert find(hub, stage, name, plural) is None and finalizers(find(hub, namespace, name, plural)) == []


@pytest.mark.parametrize(
    "of",
    [{"kind": "Wombat"}, {"group": "none.such.example.org"}, {"version": "v9"}, {"kind": "configmap"}],
    ids=["kind", "group", "version", "case"],
)
def test_object_sync_b04_d05_bad_input_an_unknown_kind_is_told_and_can_be_deleted(run, hub, namespace, stage, of):
    source(hub, namespace)
    sync(hub, namespace, stage, of=of)
    run()
    wait_told(hub, namespace, "False", None, "the cluster serves no such")
    assert condition(hub, namespace, "Ready")["reason"] == "Failure" and find(hub, stage) is None
    edit(hub, namespace, source={"group": "", "kind": "ConfigMap", "version": "v1"})
    wait_in_sync(hub, namespace, "1 of 1")
    edit(hub, namespace, source=of)
    delete_sync(hub, namespace)
    assert find(hub, stage) is None


def test_object_sync_b08_d04_bad_input_a_cluster_scoped_kind_is_told_and_can_be_deleted(run, hub, namespace, stage):
    sync(hub, namespace, stage, of={"kind": "Namespace", "name": namespace})
    run()
    wait_told(hub, namespace, "False", None, "cluster-scoped")
    delete_sync(hub, namespace)


# --- keeping true ---


def test_object_sync_b16_d11_keys_that_the_source_loses_go_and_others_fields_stay(run, hub, namespace, stage):
    source(hub, namespace, {"a": "1", "b": "2"})
    sync(hub, namespace, stage)
    run()
    wait_in_sync(hub, namespace)
    hub.api.patch("configmaps", stage, "flags", {"data": {"foreign": "1"}})
    hub.api.patch("configmaps", namespace, "flags", {"data": {"b": None, "a": "3"}})
    wait_copy(hub, stage, {"a": "3", "foreign": "1"})
    wait_in_sync(hub, namespace)


def test_object_sync_b17_b21_replace_takes_what_is_foreign_and_a_new_strategy_counts(run, hub, namespace, stage):
    source(hub, namespace)
    sync(hub, namespace, stage)
    run()
    wait_in_sync(hub, namespace)
    hub.api.patch("configmaps", stage, "flags", {"data": {"foreign": "1"}, "metadata": {"finalizers": [FINALIZER, "x.y/z"]}})
    edit(hub, namespace, destinations=[{"namespace": stage, "strategy": "replace"}])
    wait_copy(hub, stage, {"a": "1"})
    assert set(finalizers(find(hub, stage))) == {FINALIZER, "x.y/z"}
    hub.api.patch("configmaps", stage, "flags", {"metadata": {"finalizers": [FINALIZER]}})


def test_object_sync_b18_b34_d28_nothing_is_written_at_rest_or_after_a_restart(run, hub, edge1, namespace, stage, qa):
    source(hub, namespace)
    sync(hub, namespace, stage, {"namespace": qa, "strategy": "replace"}, annotations={CLUSTERS: "*"})
    program = run()
    wait_in_sync(hub, namespace)
    hub.api.patch("configmaps", stage, "flags", {"data": {"foreign": "1"}})
    never(lambda: "foreign" not in find(hub, stage)["data"], 1, "what is foreign goes")

    def versions():
        found = [find(hub, stage), find(hub, qa), find(edge1, stage), find(hub, namespace)]
        return [item["metadata"]["resourceVersion"] for item in [*found, hub.api.get("objectsyncs", namespace, "s")]]

    before = versions()
    program.stop()
    run().wait_ready()
    never(lambda: versions() != before, 2, "a write")


def test_object_sync_b20_d22_what_cannot_be_changed_is_made_anew(run, hub, namespace, stage):
    hub.api.create("secrets", namespace, {"metadata": {"name": "token"}, "type": "example.org/a"})
    sync(hub, namespace, stage, of={"kind": "Secret", "name": "token"})
    run()
    wait_in_sync(hub, namespace)
    uid = find(hub, stage, "token", "secrets")["metadata"]["uid"]
    hub.api.patch("secrets", namespace, "token", {"metadata": {"finalizers": None}})
    hub.api.delete("secrets", namespace, "token")
    wait_gone(hub, stage, "token", "secrets")
    wait_told(hub, namespace, "True", "False")
    hub.api.create("secrets", namespace, {"metadata": {"name": "token"}, "type": "example.org/b"})
    wait_for(lambda: (find(hub, stage, "token", "secrets") or {}).get("type") == "example.org/b", 10, "the other type")
    assert find(hub, stage, "token", "secrets")["metadata"]["uid"] != uid


@pytest.mark.real("immutable fields of Deployments")
def test_object_sync_b20_a_refused_change_of_a_field_makes_it_anew(run, permits, hub, namespace, stage):
    def body(label):
        template = {"metadata": {"labels": {"app": label}}, "spec": {"containers": [{"name": "c", "image": "i:1"}]}}
        return {"metadata": {"name": "web"}, "spec": {"replicas": 0, "selector": {"matchLabels": {"app": label}}, "template": template}}

    hub.api.create("deployments", namespace, body("a"))
    sync(hub, namespace, stage, of={"group": "apps", "kind": "Deployment", "name": "web"})
    program = run(set_file=permits("deployments.apps"))
    wait_in_sync(hub, namespace)
    uid = find(hub, stage, "web", "deployments")["metadata"]["uid"]
    program.stop()
    hub.api.patch("deployments", namespace, "web", {"metadata": {"finalizers": None}})
    hub.api.delete("deployments", namespace, "web")
    wait_gone(hub, namespace, "web", "deployments")
    hub.api.create("deployments", namespace, body("b"))
    run(set_file=permits("deployments.apps"))

    def is_anew():
        found = find(hub, stage, "web", "deployments")
        return found and found["metadata"]["uid"] != uid and found["spec"]["selector"]["matchLabels"] == {"app": "b"}

    wait_for(is_anew, 10, lambda: f"made anew: {find(hub, stage, 'web', 'deployments')} {status(hub, namespace)}")
    wait_in_sync(hub, namespace)


def test_object_sync_b22_b27_drift_and_lost_marks_are_mended(run, hub, namespace, stage):
    source(hub, namespace)
    sync(hub, namespace, stage)
    run()
    wait_in_sync(hub, namespace)
    hub.api.patch("configmaps", stage, "flags", {"data": {"a": "9"}})
    wait_copy(hub, stage, {"a": "1"})
    gone = {"labels": {key: None for key in MANAGED}, "annotations": {SOURCE: None}, "finalizers": None}
    hub.api.patch("configmaps", stage, "flags", {"metadata": gone})

    def is_marked():
        metadata = find(hub, stage)["metadata"]
        return metadata.get("annotations", {}).get(SOURCE) and metadata.get("labels") == MANAGED and metadata.get("finalizers") == [FINALIZER]

    wait_for(is_marked, 10, lambda: f"its marks are back: {find(hub, stage)}")


def test_object_sync_b23_d13_a_copy_that_is_deleted_is_made_again(run, hub, namespace, stage):
    source(hub, namespace)
    sync(hub, namespace, stage)
    run()
    wait_in_sync(hub, namespace)
    uid = find(hub, stage)["metadata"]["uid"]
    hub.api.delete("configmaps", stage, "flags")
    wait_for(lambda: (find(hub, stage) or {"metadata": {"uid": uid}})["metadata"]["uid"] != uid, 10, "a new copy")
    wait_in_sync(hub, namespace)
    # One that waits for somebody else is not written, and counts as not in sync.
    hub.api.patch("configmaps", stage, "flags", {"metadata": {"finalizers": [FINALIZER, "x.y/z"]}})
    hub.api.delete("configmaps", stage, "flags")
    wait_for(lambda: finalizers(find(hub, stage)) == ["x.y/z"], 10, "its own finalizer goes")
    hub.api.patch("configmaps", namespace, "flags", {"data": {"a": "2"}})
    wait_told(hub, namespace, "True", "False")
    assert find(hub, stage)["data"] == {"a": "1"}
    hub.api.patch("configmaps", stage, "flags", {"metadata": {"finalizers": None}})
    wait_copy(hub, stage, {"a": "2"})
    wait_in_sync(hub, namespace)


def test_object_sync_b24_d15_a_deleted_source_waits_for_its_copies(run, hub, namespace, stage, qa):
    source(hub, namespace)
    sync(hub, namespace, stage)
    sync(hub, namespace, qa, name="t")
    run()
    wait_in_sync(hub, namespace)
    wait_in_sync(hub, namespace, name="t")
    hub.api.delete("configmaps", namespace, "flags")
    for place in (stage, qa, namespace):
        wait_gone(hub, place)
    for name in ("s", "t"):
        wait_told(hub, namespace, "True", "False", name=name)
        assert listed(hub, namespace, name) == []
    source(hub, namespace, {"a": "2"})
    wait_copy(hub, stage, {"a": "2"})
    wait_in_sync(hub, namespace)


def test_object_sync_b25_b32_d03_a_missing_source_is_told_and_copied_when_it_comes(run, hub, namespace, stage):
    sync(hub, namespace, stage)
    sync(hub, namespace, name="none")
    run()
    wait_told(hub, namespace, "True", "False")
    wait_told(hub, namespace, "True", "False", name="none")
    source(hub, namespace)
    wait_in_sync(hub, namespace, "1 of 1")
    wait_in_sync(hub, namespace, "0 of 0", name="none")
    # Gone without its finalizer.
    hub.api.patch("configmaps", namespace, "flags", {"metadata": {"finalizers": None}})
    hub.api.delete("configmaps", namespace, "flags")
    wait_gone(hub, stage)
    wait_told(hub, namespace, "True", "False")


# --- whose it is ---


def test_object_sync_b28_d06_a_stranger_is_neither_overwritten_nor_deleted(run, hub, namespace, stage):
    made = hub.api.create("configmaps", stage, {"metadata": {"name": "flags"}, "data": {"a": "theirs"}})
    source(hub, namespace)
    sync(hub, namespace, stage)
    run()
    wait_told(hub, namespace, "True", "False", f"{stage}/flags")
    never(lambda: find(hub, stage)["metadata"]["resourceVersion"] != made["metadata"]["resourceVersion"], 1, "a write")

    def events():
        return [item for item in hub.api.list("events", namespace) if item["involvedObject"]["kind"] == "ObjectSync"]

    wait_for(lambda: any(item["type"] == "Warning" for item in events()), 10, "a Warning on the ObjectSync")
    hub.api.delete("configmaps", stage, "flags")
    wait_copy(hub, stage, {"a": "1"})
    wait_in_sync(hub, namespace)


def test_object_sync_b28_what_is_adopted_says_so_and_stays(run, hub, namespace, stage, qa):
    made = [
        hub.api.create("configmaps", place, {"metadata": {"name": "flags", "labels": {"mine": "1"}}, "data": {"a": "theirs"}})
        for place in (stage, qa)
    ]
    source(hub, namespace)
    sync(hub, namespace, stage, {"namespace": qa, "strategy": "replace"})
    program = run("--object-sync-adopt-existing")
    wait_in_sync(hub, namespace, "2 of 2")
    for place, was in zip((stage, qa), made):
        copy = find(hub, place)
        assert copy["data"] == {"a": "1"} and copy["metadata"]["uid"] == was["metadata"]["uid"]
        assert copy["metadata"]["annotations"][ADOPTED] == "true"
    program.stop()
    hub.api.patch("configmaps", namespace, "flags", {"data": {"a": "2"}})
    run()
    for place in (stage, qa):
        wait_copy(hub, place, {"a": "2"})
        assert find(hub, place)["metadata"]["annotations"][ADOPTED] == "true"
    wait_in_sync(hub, namespace)
    delete_sync(hub, namespace)
    for place, was in zip((stage, qa), made):
        left = find(hub, place)
        assert left["data"] == {"a": "2"} and left["metadata"]["uid"] == was["metadata"]["uid"]
        assert not left["metadata"].get("annotations") and finalizers(left) == []
        assert not set(left["metadata"].get("labels", {})) & set(MANAGED)


def test_object_sync_b29_d10_the_first_of_two_sources_keeps_the_place(run, hub, namespace, stage):
    source(hub, namespace)
    source(hub, namespace, {"a": "other"}, name="other")
    sync(hub, namespace, stage)
    run()
    wait_in_sync(hub, namespace)
    sync(hub, namespace, {"namespace": stage, "name": "flags"}, name="t", of={"name": "other"})
    wait_told(hub, namespace, "True", "False", name="t")
    assert find(hub, stage)["data"] == {"a": "1"}
    delete_sync(hub, namespace)
    wait_copy(hub, stage, {"a": "other"})
    wait_in_sync(hub, namespace, name="t")


def test_object_sync_b29_of_one_source_both_may_list_it(run, hub, namespace, stage):
    source(hub, namespace)
    sync(hub, namespace, stage)
    sync(hub, namespace, stage, name="t")
    run()
    wait_in_sync(hub, namespace)
    wait_in_sync(hub, namespace, name="t")
    uid = find(hub, stage)["metadata"]["uid"]
    delete_sync(hub, namespace)
    never(lambda: (find(hub, stage) or {"metadata": {}})["metadata"].get("uid") != uid, 1, "it is gone too early")
    delete_sync(hub, namespace, "t")
    assert find(hub, stage) is None


def test_object_sync_b30_what_was_put_in_the_place_of_a_copy_stays(run, hub, namespace, stage):
    source(hub, namespace)
    sync(hub, namespace, stage)
    program = run()
    wait_in_sync(hub, namespace)
    program.stop()
    hub.api.patch("configmaps", stage, "flags", {"metadata": {"finalizers": None}})
    hub.api.delete("configmaps", stage, "flags")
    hub.api.create("configmaps", stage, {"metadata": {"name": "flags"}, "data": {"a": "theirs"}})
    hub.api.delete("objectsyncs", namespace, "s")
    run()
    wait_no_sync(hub, namespace)
    assert find(hub, stage)["data"] == {"a": "theirs"}


# --- chains ---


def test_object_sync_b31_d20_chains_run_through_and_go_from_their_end(run, hub, namespace, stage, qa):
    source(hub, namespace)
    sync(hub, namespace, stage)
    sync(hub, stage, qa, name="next")
    run()
    wait_copy(hub, qa, {"a": "1"})
    hub.api.patch("configmaps", namespace, "flags", {"data": {"a": "2"}})
    wait_copy(hub, qa, {"a": "2"})
    sync(hub, qa, namespace, name="back")
    wait_told(hub, qa, "True", "False", "feeds itself", name="back")
    hub.api.patch("configmaps", namespace, "flags", {"data": {"a": "3"}})
    wait_copy(hub, qa, {"a": "3"})
    wait_in_sync(hub, namespace)
    wait_in_sync(hub, stage, name="next")
    delete_sync(hub, namespace)
    for place in (qa, stage):
        wait_gone(hub, place)
    assert find(hub, namespace)["data"] == {"a": "3"}
    for place, name in ((stage, "next"), (qa, "back")):
        delete_sync(hub, place, name)


def test_object_sync_b31_a_copy_is_a_source_of_k8s_copier(fedcopy, cluster_set, hub, namespace, stage):
    source(hub, namespace)
    sync(hub, namespace, stage)
    rule = {"k8s-copier.fig.org/replace-data.b": "configmaps:flags:data.a"}
    hub.api.create("configmaps", stage, {"metadata": {"name": "reader", "annotations": rule}, "data": {}})
    fedcopy("run", "--clusters", cluster_set, "--dialect", "object-sync,k8s-copier", "--target", "configmaps")
    wait_for(lambda: find(hub, stage, "reader").get("data") == {"b": "1"}, 10, lambda: find(hub, stage, "reader"))
    hub.api.patch("configmaps", namespace, "flags", {"data": {"a": "2"}})
    wait_for(lambda: find(hub, stage, "reader")["data"] == {"b": "2"}, 10, lambda: find(hub, stage, "reader"))


# --- permissions ---


def test_object_sync_another_namespaces_source_needs_its_consent(run, hub, namespace, stage, qa):
    made = source(hub, namespace)
    sync(hub, qa, stage, of={"namespace": namespace})
    run()
    wait_told(hub, qa, "True", "False")
    assert find(hub, stage) is None
    assert find(hub, namespace)["metadata"]["resourceVersion"] == made["metadata"]["resourceVersion"]
    hub.api.patch("configmaps", namespace, "flags", {"metadata": {"annotations": {"fedcopy.dev/allow-namespaces": stage}}})
    wait_copy(hub, stage, {"a": "1"})
    wait_in_sync(hub, qa)


def made_up(cluster, namespace, *items, name="s"):
    """Writes into the status that these objects are copies."""
    entries = [
        {
            "group": "",
            "version": "v1",
            "kind": item.get("kind", "ConfigMap"),
            "namespace": item["metadata"]["namespace"],
            "name": item["metadata"]["name"],
            "syncedVersion": {"uid": item["metadata"]["uid"], "resource_version": item["metadata"]["resourceVersion"]},
            **more,
        }
        for item, more in items
    ]
    cluster.api.patch("objectsyncs", namespace, name, {"status": {"destinations": entries}}, subresource="status")


def test_object_sync_hostile_status_and_spec_give_no_right_to_what_others_have(run, hub, edge1, namespace, stage, qa):
    """Whoever may write ObjectSyncs and their statuses in one namespace (qa) changes nothing elsewhere, and learns nothing."""
    theirs = hub.api.create("configmaps", stage, {"metadata": {"name": "theirs"}, "data": {"a": "theirs"}})
    far = edge1.api.create("configmaps", stage, {"metadata": {"name": "theirs"}, "data": {"a": "theirs"}})
    system = hub.api.create("configmaps", "kube-system", {"metadata": {"name": f"{stage}-theirs"}, "data": {"a": "theirs"}})
    source(hub, namespace)
    source(hub, qa)
    sync(hub, namespace, stage)
    run()
    wait_in_sync(hub, namespace)
    victim = find(hub, namespace)
    sync(hub, qa, {"namespace": stage, "name": "theirs"})
    sync(hub, qa, {"namespace": namespace, "name": "planted"}, namespace, name="twice", of={"namespace": namespace}, annotations={CLUSTERS: "*"})
    sync(hub, qa, name="there", of={"namespace": namespace})
    sync(hub, qa, name="missing", of={"namespace": namespace, "name": "none"})
    wait_told(hub, qa, "True", "False")
    for name in ("twice", "there", "missing"):
        wait_told(hub, qa, "False", None, "the source is in another namespace", name=name)
    assert [condition(hub, qa, kind, "there").get("message") for kind in ("Ready", "InSync")] == [
        condition(hub, qa, kind, "missing").get("message") for kind in ("Ready", "InSync")
    ]

    def untouched():
        return (
            find(hub, stage, "theirs") == theirs
            and find(edge1, stage, "theirs") == far
            and find(hub, "kube-system", f"{stage}-theirs") == system
            and find(hub, namespace) == victim
            and find(hub, namespace, "planted") is None
            and find(edge1, namespace, "planted") is None
            and find(edge1, namespace) is None
        )

    made_up(hub, qa, (theirs, {}), (far, {"cluster": "edge-1"}), (system, {}), (victim, {}))
    never(lambda: not untouched(), 2)
    edit(hub, qa, destinations=[])
    made_up(hub, qa, (theirs, {}), (far, {"cluster": "edge-1"}), (system, {}), (victim, {}))
    never(lambda: not untouched(), 2)
    for name in ("s", "twice", "there", "missing"):
        delete_sync(hub, qa, name)
    assert untouched()
    hub.api.delete("configmaps", "kube-system", f"{stage}-theirs")


def test_object_sync_b12_d08_bad_input_only_in_the_namespaces_that_are_named(run, hub, namespace, stage, qa):
    source(hub, namespace)
    source(hub, qa, {"a": "q"})
    sync(hub, namespace, stage, qa)
    sync(hub, stage, namespace, name="out", of={"namespace": qa})
    run("-n", f"{namespace},{stage}")
    wait_in_sync(hub, namespace, "1 of 1")
    assert listed(hub, namespace) == [(stage, "flags")]
    wait_told(hub, stage, "False", None, "worked in", name="out")


# --- bad input ---


@pytest.mark.parametrize(
    "spec",
    [
        {"destinations": [{"namespace": "stage", "strategy": "merge"}]},
        {"destinations": [{"namespace": "stage", "name": "No Name"}]},
        {"destinations": [{"namespace": "a/b"}]},
        {"source": {"name": ""}},
        {"source": {"kind": ""}},
    ],
    ids=["strategy", "name", "namespace", "no-name", "no-kind"],
)
def test_object_sync_bad_input_d19_what_cannot_be_followed_is_told_of_that_one_only(run, hub, namespace, stage, spec):
    source(hub, namespace)
    sync(hub, namespace, stage, name="good")
    sync(hub, namespace, stage, name="bad")
    edit(hub, namespace, "bad", **spec)
    run()
    wait_told(hub, namespace, "False", None, "spec" if "source" in spec else "destination", name="bad")
    assert not condition(hub, namespace, "InSync", "bad")
    wait_in_sync(hub, namespace, "1 of 1", name="good")
    delete_sync(hub, namespace, "bad")


def test_object_sync_bad_input_a_missing_group_is_refused_by_the_schema(hub, namespace, stage):
    with pytest.raises(ApiError) as refused:
        sync(hub, namespace, stage, of={"group": None})
    assert refused.value.status == 422


@pytest.mark.real("ResourceQuota")
def test_object_sync_b19_d21_d23_bad_input_a_refused_write_is_told_and_holds_up_no_other(run, hub, namespace, stage, qa):
    objects.quota_of_none(hub, stage, "q")
    source(hub, namespace)
    sync(hub, namespace, stage, qa)
    run()
    wait_copy(hub, qa, {"a": "1"})
    wait_told(hub, namespace, "True", "False", f"1 of 2; {stage}/flags")
    hub.api.delete("resourcequotas", stage, "q")
    wait_copy(hub, stage, {"a": "1"}, timeout=40)
    wait_in_sync(hub, namespace, "2 of 2")


def test_object_sync_b33_d14_d18_a_condition_keeps_its_time_while_its_status_stays(run, hub, namespace, stage, qa):
    source(hub, namespace)
    sync(hub, namespace, stage)
    run()
    wait_in_sync(hub, namespace, "1 of 1")
    before = condition(hub, namespace, "InSync")
    edit(hub, namespace, destinations=[{"namespace": stage}, {"namespace": qa}])
    wait_in_sync(hub, namespace, "2 of 2")
    after = condition(hub, namespace, "InSync")
    assert after["lastTransitionTime"] == before["lastTransitionTime"]
    assert after["observedGeneration"] == before["observedGeneration"] + 1


def test_object_sync_columns_are_shown(run, hub, namespace, stage):
    source(hub, namespace)
    sync(hub, namespace, stage)
    run()
    wait_in_sync(hub, namespace)
    head, line = hub.kubectl("get", "objectsyncs", "-n", namespace).splitlines()
    assert head.split() == ["NAME", "READY", "INSYNC"] and line.split() == ["s", "True", "True"]


# --- other clusters ---


def test_object_sync_clusters_each_copy_is_listed_with_its_cluster(run, hub, edge1, edge2, namespace, stage):
    edge2.api.create("configmaps", stage, {"metadata": {"name": "flags"}, "data": {"a": "theirs"}})
    source(hub, namespace)
    sync(hub, namespace, stage, annotations={CLUSTERS: "*"})
    run()
    for cluster in (hub, edge1):
        wait_copy(cluster, stage, {"a": "1"})
    wait_told(hub, namespace, "True", "False", "2 of 3; edge-2/")
    told = [(item.get("cluster"), item["namespace"]) for item in status(hub, namespace)["destinations"]]
    assert sorted(told, key=str) == sorted([(None, stage), ("edge-1", stage), ("edge-2", stage)], key=str)
    copy = find(edge1, stage)["metadata"]
    assert copy["annotations"]["fedcopy.dev/origin-rule"] == f"object-sync/{namespace}/s"
    assert set(copy["labels"]) == {"fedcopy.dev/origin-cluster"} and SOURCE not in copy["annotations"] and not finalizers(find(edge1, stage))
    edge2.api.delete("configmaps", stage, "flags")
    wait_copy(edge2, stage, {"a": "1"})
    wait_in_sync(hub, namespace, "3 of 3")
    hub.api.patch("objectsyncs", namespace, "s", {"metadata": {"annotations": {CLUSTERS: "edge-2"}}})
    wait_gone(edge1, stage)
    wait_in_sync(hub, namespace, "2 of 2")
    delete_sync(hub, namespace)
    assert find(edge2, stage) is None and find(hub, stage) is None


def test_object_sync_clusters_a_member_that_was_away_is_right_when_it_is_back(run, hub, edge1, edge2, namespace, stage):
    source(hub, namespace)
    sync(hub, namespace, stage, annotations={CLUSTERS: "*"})
    run()
    wait_in_sync(hub, namespace, "3 of 3")
    edge1.stop()
    hub.api.patch("configmaps", namespace, "flags", {"data": {"a": "2"}})
    for cluster in (hub, edge2):
        wait_copy(cluster, stage, {"a": "2"}, timeout=5)
    wait_told(hub, namespace, "True", "False", "edge-1", timeout=60)
    edge1.start()
    wait_copy(edge1, stage, {"a": "2"}, timeout=30)
    wait_in_sync(hub, namespace, "3 of 3", timeout=30)


def test_object_sync_release_takes_back_all_finalizers_and_marks(run, fedcopy, cluster_set, hub, edge1, namespace, stage):
    source(hub, namespace)
    sync(hub, namespace, stage, annotations={CLUSTERS: "edge-1"})
    ended = run()
    wait_in_sync(hub, namespace)
    ended.stop()
    done = fedcopy.run("release", "--clusters", cluster_set, "--dialect", "object-sync", "--yes")
    assert done.status == 0, done
    for item in (find(hub, namespace), find(hub, stage), find(edge1, stage), hub.api.get("objectsyncs", namespace, "s")):
        assert finalizers(item) == [] and SOURCE not in item["metadata"].get("annotations", {})
        assert not set(item["metadata"].get("labels", {})) & set(MANAGED) and FAR not in item["metadata"].get("annotations", {})
    assert find(hub, stage)["data"] == find(edge1, stage)["data"] == {"a": "1"}
