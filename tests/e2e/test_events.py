# SPDX-License-Identifier: Apache-2.0
"""Kubernetes Events on targets: one for each change into a bad state and out of one, and nothing else."""

import envtest
import pytest
from envtest import never, wait_for, write_cluster_set, write_kubeconfig
from objects import PREFIX, configmap, secret, set_data, wait_data, wait_writes


def events(cluster, namespace, name=None):
    """The Events of fedcopy in that namespace, about that object, in the order in which they were made."""
    found = cluster.api.request("GET", f"/apis/events.k8s.io/v1/namespaces/{namespace}/events")["items"]
    return sorted(
        (
            event
            for event in found
            if (event.get("reportingController") or event.get("deprecatedSource", {}).get("component", "")).startswith("fedcopy")
            and name in (None, event["regarding"]["name"])
        ),
        key=lambda event: event["metadata"]["name"].rsplit(".", 1)[1],
    )


def words(cluster, namespace, name=None):
    return [(event["type"], event["reason"]) for event in events(cluster, namespace, name)]


def wait_events(cluster, namespace, name, want, timeout=10):
    """Until these Events, as (type, reason), are all that there are about the object; returns them."""
    wait_for(
        lambda: words(cluster, namespace, name) == want,
        timeout,
        lambda: f"Events about {name}: {want}: {words(cluster, namespace, name)}",
    )
    return events(cluster, namespace, name)


def rule(path, value):
    return {f"{PREFIX}replace-{path}": value}


def about_events(cluster, offset, user="fedcopy"):
    """What fedcopy has asked of Events since then."""
    return cluster.audit(offset, user=user, resource="events")


def test_a_target_is_told_why_it_is_not_copied_and_that_it_is_again(fedcopy, cluster_set, hub, edge1, make_namespace, secrets):
    ours, theirs = make_namespace(), make_namespace()
    secrets.append("the literal")
    secret(hub, ours, "source", {"a": "the value"})
    secret(hub, theirs, "source", {"a": "their value"})
    configmap(hub, ours, "source", {"a": "1"})
    denied = configmap(edge1, ours, "denied", {"a": "0"}, {"data": f"secrets:{theirs}/source:data"})
    secret(edge1, ours, "invalid", {"a": "the old value"}, {"data.a": "jsn:the literal"})
    secret(edge1, ours, "fine", {}, {"data": "secrets:source:data"})
    program = fedcopy("run", "--clusters", cluster_set, "--target", "secrets,configmaps")
    (event,) = wait_events(edge1, ours, "denied", [("Warning", "NotAllowed")])
    wait_events(edge1, ours, "invalid", [("Warning", "Invalid")])
    meta = denied["metadata"]
    assert event["regarding"] == {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "namespace": ours,
        "name": "denied",
        "uid": meta["uid"],
        "resourceVersion": meta["resourceVersion"],
    }
    assert event["action"] == "Copy" and event["metadata"]["namespace"] == ours
    assert event["metadata"]["name"].startswith("denied.")
    assert event["reportingController"] == "fedcopy.dev/fedcopy" and event["reportingInstance"].startswith("fedcopy-")
    message = program.rules("/denied")[0]["message"]
    assert event["note"] == f"data from hub/secrets/{theirs}/source: {message}"
    # What people see of it.
    described = edge1.kubectl("describe", "configmap", "denied", "-n", ours)
    assert "Warning" in described and "NotAllowed" in described and message in described, described
    # Mended.
    edge1.api.annotate("configmaps", ours, "denied", rule("data", "configmaps:source:data"))
    edge1.api.annotate("secrets", ours, "invalid", rule("data.a", "secrets:source:data.a"))
    wait_data(edge1, "configmaps", ours, "denied", {"a": "1"})
    wait_data(edge1, "secrets", ours, "invalid", {"a": "the value"})
    wait_events(edge1, ours, "denied", [("Warning", "NotAllowed"), ("Normal", "InSync")])
    wait_events(edge1, ours, "invalid", [("Warning", "Invalid"), ("Normal", "InSync")])
    described = edge1.kubectl("describe", "configmap", "denied", "-n", ours)
    assert "Normal" in described and "InSync" in described, described
    # Nothing about what was well from the start, and nothing on the master, where nothing was wrong.
    wait_writes(program, "/fine", "data", 1)
    assert words(edge1, ours, "fine") == [] and words(hub, ours) == [] and words(hub, theirs) == []


def test_no_event_is_written_at_rest_or_for_what_is_well(fedcopy, cluster_set, clusters, hub, edge1, namespace):
    # Promise 3.
    configmap(hub, namespace, "source", {"a": "1"})
    configmap(edge1, namespace, "copy", {}, {"data.a": "configmaps:source:data.a", "data.b": "configmaps:missing:data.a"})
    configmap(edge1, namespace, "bad", {}, {"data.a": "nonsense"})
    begun = edge1.audit_offset()
    program = fedcopy("run", "--clusters", cluster_set, "--target", "configmaps")
    wait_events(edge1, namespace, "bad", [("Warning", "Invalid")])
    wait_writes(program, "/copy", "data.a", 1)
    assert [(request["verb"], request["code"]) for request in about_events(edge1, begun)] == [("create", 201)]
    offsets = {cluster: cluster.audit_offset() for cluster in clusters}
    # Neither a new value nor a foreign change of a target that is bad changes a state.
    set_data(hub, "configmaps", namespace, "source", {"a": "2"})
    wait_writes(program, "/copy", "data.a", 2)
    edge1.api.annotate("configmaps", namespace, "bad", {"note": "changed"})
    never(lambda: [request for cluster in clusters for request in about_events(cluster, offsets[cluster])], 1.0)


def test_fifty_rules_of_one_target_are_one_event(fedcopy, cluster_set, edge1, make_namespace):
    ours, theirs = make_namespace(), make_namespace()
    configmap(edge1, ours, "copy", {}, {f"data.k{number:02}": f"configmaps:{theirs}/source:data.a" for number in range(50)})
    fedcopy("run", "--clusters", cluster_set, "--target", "configmaps")
    (event,) = wait_events(edge1, ours, "copy", [("Warning", "NotAllowed")])
    assert event["note"].startswith("data.k00 from ") and event["note"].endswith(" (and 49 more rules)"), event["note"]
    assert not event.get("series")


def test_an_event_that_comes_again_is_a_series(fedcopy, cluster_set, hub, edge1, make_namespace):
    ours, theirs = make_namespace(), make_namespace()
    configmap(hub, ours, "source", {"a": "1"})
    bad, good = rule("data.a", f"configmaps:{theirs}/source:data.a"), rule("data.a", "configmaps:source:data.a")
    configmap(edge1, ours, "copy", {}, annotations=bad)
    program = fedcopy("run", "--clusters", cluster_set, "--target", "configmaps")
    begun = edge1.audit_offset()
    for _ in range(3):
        program.wait_rule("/copy", state="NotAllowed")
        edge1.api.annotate("configmaps", ours, "copy", good)
        program.wait_rule("/copy", state="InSync")
        edge1.api.annotate("configmaps", ours, "copy", bad)
    program.wait_rule("/copy", state="NotAllowed")
    wait_for(lambda: all(event.get("series") for event in events(edge1, ours, "copy")), 10, "both are series")
    found = wait_events(edge1, ours, "copy", [("Warning", "NotAllowed"), ("Normal", "InSync")])
    # The third and the fourth are counted, and told later.
    assert [event["series"]["count"] for event in found] == [2, 2]
    assert len([request for request in about_events(edge1, begun) if request["verb"] == "patch"]) == 2


def test_events_about_cluster_scoped_targets_are_in_the_namespace_default(fedcopy, cluster_set, edge1, make_namespace):
    name = make_namespace(on=[edge1], annotations=rule("metadata.labels.a", "nonsense"))
    fedcopy("run", "--clusters", cluster_set, "--target", "namespaces")
    (event,) = wait_events(edge1, "default", name, [("Warning", "Invalid")])
    assert event["regarding"]["kind"] == "Namespace" and "namespace" not in event["regarding"]
    assert "Invalid" in edge1.kubectl("get", "events", "-n", "default", "--field-selector", f"involvedObject.name={name}")
    edge1.api.delete("events", "default", event["metadata"]["name"])


READ = ["get", "list", "watch"]
WRITE_EVENTS = ("events.k8s.io", "events", ["create", "patch"])


def grant(cluster, namespace, name, *rules):
    """Gives the user `limited` these rights in the namespace: (group, resource, verbs)."""
    rules = [{"apiGroups": [group], "resources": [resource], "verbs": verbs} for group, resource, verbs in rules]
    cluster.api.create("roles", namespace, {"metadata": {"name": name}, "rules": rules})
    cluster.bind(namespace, name)


@pytest.fixture
def limited(clusters, tmp_path):
    """A cluster set whose every cluster is entered as a user who may do what is granted."""
    write_kubeconfig(tmp_path / "limited", clusters.all, user="limited", how="token")
    return write_cluster_set(tmp_path / "limited.yaml", clusters.all, tmp_path / "limited")


def test_a_target_is_told_that_rights_are_missing_and_that_they_are_there(fedcopy, limited, hub, edge1, namespace):
    # The rights that Events need, and no more: create and patch in events.k8s.io.
    grant(hub, namespace, "reader", ("", "secrets", READ))
    grant(edge1, namespace, "reader", ("", "secrets", READ), WRITE_EVENTS)
    secret(hub, namespace, "source", {"a": "the value"})
    secret(edge1, namespace, "copy", {}, {"data": "secrets:source:data"})
    program = fedcopy("run", "--clusters", limited, "--target", "secrets", "--namespace", namespace, ready=False)
    program.wait_rule("/copy", state="Forbidden")
    (event,) = wait_events(edge1, namespace, "copy", [("Warning", "Forbidden")])
    assert event["note"].startswith(f"data from hub/secrets/{namespace}/source: ") and "403" in event["note"], event["note"]
    grant(edge1, namespace, "writer", ("", "secrets", ["patch"]))
    program.wait_rule("/copy", timeout=20)
    wait_events(edge1, namespace, "copy", [("Warning", "Forbidden"), ("Normal", "InSync")])


def test_without_rights_to_events_all_else_goes_on_and_it_is_said_once(fedcopy, limited, hub, edge1, make_namespace):
    ours, theirs = make_namespace(), make_namespace()
    for cluster in (hub, edge1):
        grant(cluster, ours, "copier", ("", "configmaps", READ + ["patch"]))
    configmap(hub, ours, "source", {"a": "1"})
    configmap(edge1, ours, "copy", {}, {"data.a": "configmaps:source:data.a"})
    for number in range(5):
        configmap(edge1, ours, f"bad-{number}", {}, {"data.a": f"configmaps:{theirs}/source:data.a"})
    begun = edge1.audit_offset()
    program = fedcopy("run", "--clusters", limited, "--target", "configmaps", "--namespace", ours, ready=False)
    wait_data(edge1, "configmaps", ours, "copy", {"a": "1"})
    for number in range(5):
        program.wait_rule(f"/bad-{number}", state="NotAllowed")
    wait_for(lambda: "Events may not be written" in program.stderr(), 5, "it is said")
    configmap(edge1, ours, "bad-later", {}, {"data.a": "nonsense"})
    program.wait_rule("/bad-later", state="Invalid")
    set_data(hub, "configmaps", ours, "source", {"a": "2"})
    wait_data(edge1, "configmaps", ours, "copy", {"a": "2"})
    # One request, one line: the next ten minutes are not asked for again.
    never(lambda: len(about_events(edge1, begun, "limited")) > 1, 0.5)
    assert [request["code"] for request in about_events(edge1, begun, "limited")] == [403]
    assert program.stderr().count("Events may not be written") == 1
    assert words(edge1, ours) == []


@pytest.mark.real("kube-apiserver flags")
def test_a_server_without_the_new_events_gets_core_ones(fedcopy, clusters, tmp_path):
    # As one of 1.18.
    old = envtest.Cluster("old", tmp_path, clusters.etcd, flags=["--runtime-config=events.k8s.io/v1=false"])
    try:
        old.start()
        write_kubeconfig(tmp_path / "kubeconfig", [old])
        old.create_namespace("ours")
        configmap(old, "ours", "bad", {}, {"data.a": "nonsense"})
        cluster_set = write_cluster_set(tmp_path / "old.yaml", [old], tmp_path / "kubeconfig")
        program = fedcopy("run", "--clusters", cluster_set, "--target", "configmaps")
        (event,) = wait_for(lambda: old.api.list("events", "ours"), 10, "there is an Event")
        assert event["source"]["component"] == "fedcopy" and event["count"] == 1
        assert event["message"].startswith("data.a: ")
        assert "Invalid" in old.kubectl("describe", "configmap", "bad", "-n", "ours")
        old.api.annotate("configmaps", "ours", "bad", rule("data.a", "nonsense too"))
        wait_for(lambda: old.api.list("events", "ours")[0]["count"] == 2, 10, lambda: f"{old.api.list('events', 'ours')}")
        assert [request["group"] for request in about_events(old, 0) if request["code"] == 201] == [""]
        assert program.stop() == 0
    finally:
        old.kill()
