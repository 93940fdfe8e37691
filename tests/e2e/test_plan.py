# SPDX-License-Identifier: Apache-2.0
"""fedcopy plan: every write that run would make, as a diff, and none of them made."""

import json
import re
import threading

import pytest
from envtest import run_all
from objects import TARGETS, at, configmap, custom, deployment, hidden, secret

WRITING = ("POST", "PUT", "PATCH", "DELETE", "APPLY", "CREATE", "UPDATE")
WRITTEN = ("configmaps", "secrets", "deployments", "federatedsecrets", "events", "leases", "namespaces", "serviceaccounts")
MARK = r"<\d+ bytes, hmac [0-9a-f]{12}>"


@pytest.fixture
def flags(cluster_set, namespace):
    return ["--clusters", cluster_set, "--target", TARGETS, "--namespace", namespace]


@pytest.fixture
def untouched(clusters):
    """Nobody writes into any cluster during the test's with block: by the servers' own counters, and by their audit logs."""

    class Untouched:
        def __enter__(self):
            self.counts = [cluster.counting() for cluster in clusters]
            self.inside = [count.__enter__() for count in self.counts]

        def __exit__(self, *error):
            for count in self.counts:
                count.__exit__(*error)
            for count in self.inside:
                assert count.total(verb=WRITING, resource=WRITTEN) == 0, count.cluster.name
                writes = count.requests(user="fedcopy", verb=("create", "update", "patch", "delete", "deletecollection"))
                assert writes == [], (count.cluster.name, writes)

    return Untouched()


def plan_json(fedcopy, flags, *more, status=3):
    result = fedcopy.run("plan", *flags, "-o", "json", *more)
    assert result.status == status, result
    plan = json.loads(result.out)
    assert plan["apiVersion"] == "fedcopy.dev/v1alpha1" and plan["kind"] == "Plan", plan
    return plan


def changes(plan):
    """{(cluster, resource, name): {path: (old, new)}}"""
    return {
        (write["cluster"], write["resource"], write["name"]): {
            change["path"]: (change.get("old"), change.get("new")) for change in write["changes"]
        }
        for write in plan["writes"]
    }


def test_the_writes_are_shown_by_cluster_and_object_and_none_is_made(fedcopy, flags, hub, edge1, edge2, namespace, untouched):
    configmap(hub, namespace, "source", {"url": "b", "more": "m"})
    configmap(edge2, namespace, "z", {}, {"data.url": "configmaps:source:data.url"})
    configmap(edge1, namespace, "y", {"url": "a", "own": "kept"}, {"data.url": "configmaps:source:data.url"})
    configmap(edge1, namespace, "x", {"url": "b"}, {"data": "configmaps:source:data"})
    configmap(edge1, namespace, "right", {"url": "b"}, {"data.url": "configmaps:source:data.url"})
    with untouched:
        result = fedcopy.run("plan", *flags)
    assert result.status == 3, result
    assert result.out == (
        "cluster edge-1\n"
        f"  update configmaps/{namespace}/x\n"
        '    + data.more: "m"\n'
        f"  update configmaps/{namespace}/y\n"
        '    - data.url: "a"\n'
        '    + data.url: "b"\n'
        "cluster edge-2\n"
        f"  update configmaps/{namespace}/z\n"
        '    + data.url: "b"\n'
        "\n"
        "3 writes in 2 clusters\n"
    ), result
    assert result.err == "", result
    with untouched:
        plan = plan_json(fedcopy, flags)
    assert plan["summary"] == {"writes": 3, "clusters": 2, "rules": {"InSync": 4}}, plan
    assert [(write["cluster"], write["name"], write["operation"]) for write in plan["writes"]] == [
        ("edge-1", "x", "update"),
        ("edge-1", "y", "update"),
        ("edge-2", "z", "update"),
    ]
    assert changes(plan)["edge-1", "configmaps", "y"] == {"data.url": ("a", "b")}, plan


def test_nothing_to_write_is_status_0(fedcopy, flags, hub, edge1, namespace, untouched):
    configmap(hub, namespace, "source", {"k": "v"})
    configmap(edge1, namespace, "copy", {"k": "v"}, {"data": "configmaps:source:data"})
    with untouched:
        result = fedcopy.run("plan", *flags)
    assert result.status == 0 and result.out == "0 writes in 0 clusters\n", result


def test_what_follows_from_a_write_is_planned_too(fedcopy, flags, hub, edge1, edge2, namespace, untouched):
    """C copies from B, which copies from A; D reads two places that come by two ways."""
    configmap(hub, namespace, "a", {"k": "1", "l": "2"})
    configmap(hub, namespace, "b", {}, {"data.k": "configmaps:a:data.k"})
    configmap(hub, namespace, "c", {"k": "old"}, {"data": "configmaps:b:data"})
    configmap(edge1, namespace, "d", {"x": "old"}, {"data.x": "configmaps:c:data.k", "data.y": "configmaps:a:data.l"})
    configmap(edge2, namespace, "e", {}, {"data": "configmaps:c:data"})
    with untouched:
        plan = plan_json(fedcopy, flags)
    assert changes(plan) == {
        ("hub", "configmaps", "b"): {"data.k": (None, "1")},
        ("hub", "configmaps", "c"): {"data.k": ("old", "1")},
        ("edge-1", "configmaps", "d"): {"data.x": ("old", "1"), "data.y": (None, "2")},
        ("edge-2", "configmaps", "e"): {"data.k": (None, "1")},
    }, plan
    assert plan["rules"] == [] and plan["problems"] == [], plan


def test_a_run_after_the_plan_makes_exactly_its_writes(fedcopy, flags, clusters, hub, edge1, edge2, namespace):
    configmap(hub, namespace, "a", {"k": "1"})
    configmap(hub, namespace, "b", {}, {"data.k": "configmaps:a:data.k"})
    for cluster in (edge1, edge2):
        configmap(cluster, namespace, "c", {"k": "old"}, {"data": "configmaps:b:data"})
        configmap(cluster, namespace, "d", {}, {"data.tls..crt": "configmaps:a:data.k", "metadata.labels.l": "configmaps:a:data.k"})
    deployment(edge1, namespace, "web", {"spec.template.spec.containers.0.image": "configmaps:a:data.k"})
    plan = plan_json(fedcopy, flags)
    planned = sorted((write["cluster"], write["resource"], write["name"]) for write in plan["writes"])
    assert len(planned) == 6, plan

    counts = [cluster.counting() for cluster in clusters]
    inside = [count.__enter__() for count in counts]
    result = fedcopy.run("run", "--once", "--status-address=", "--debug-address=", *flags)
    for count in counts:
        count.__exit__(None, None, None)
    assert result.status == 0, result
    made = []
    for count in inside:
        for write in count.requests(user="fedcopy", verb=("create", "update", "patch", "delete", "deletecollection")):
            resource = write["resource"] + (f".{write['group']}" if write["group"] else "")
            made.append((count.cluster.name, resource, write["name"]))
    assert sorted(made) == planned, (made, planned)
    # And what stands there is what was planned.
    for write in plan["writes"]:
        have = clusters[write["cluster"]].api.get(write["resource"].partition(".")[0], namespace, write["name"])
        for change in write["changes"]:
            steps = [step.replace("\0", ".") for step in change["path"].replace("..", "\0").split(".")]
            steps = [int(step) if step.isdigit() else step for step in steps]
            assert at(have, *steps) == change["new"], (write, have)
    assert plan_json(fedcopy, flags, status=0)["writes"] == []


def test_dotted_keys_and_list_elements_are_shown_as_annotations_spell_them(fedcopy, flags, hub, edge1, namespace):
    configmap(hub, namespace, "source", {"tls.crt": "new", "image": "worker:2"})
    configmap(edge1, namespace, "dots", {"tls.crt": "old"}, {"data.tls..crt": "configmaps:source:data['tls.crt']"})
    deployment(edge1, namespace, "web", {"spec.template.spec.containers.0.image": "configmaps:source:data.image"})
    result = fedcopy.run("plan", *flags)
    assert result.status == 3, result
    assert '    - data.tls..crt: "old"\n    + data.tls..crt: "new"\n' in result.out, result
    image = "spec.template.spec.containers.0.image"
    assert f"  update deployments.apps/{namespace}/web\n" in result.out, result
    assert f'    - {image}: "worker:1"\n    + {image}: "worker:2"\n' in result.out, result


def test_values_of_secrets_are_sizes_and_marks(fedcopy, flags, hub, edge1, edge2, namespace, secrets, untouched):
    """That no value stands in any output is looked at after each test; that each is marked, here."""
    secret(hub, namespace, "source", {"password": "new", "user": "same"})
    secret(edge1, namespace, "t", {"password": "old", "user": "same"}, {"data": "secrets:source:data"})
    secret(edge2, namespace, "t", {}, {"data.a": "secrets:source:data.password", "data.b": 'json:"bGl0ZXJhbA=="'})
    with untouched:
        result = fedcopy.run("plan", *flags)
        plan = plan_json(fedcopy, flags)
    assert result.status == 3, result
    assert re.search(rf"    - data.password: {MARK}\n    \+ data.password: {MARK}\n", result.out), result
    assert "data.user" not in result.out and "bGl0ZXJhbA" not in result.out, result
    assert "bGl0ZXJhbA" not in json.dumps(plan), plan
    found = changes(plan)
    old, new = found["edge-1", "secrets", "t"]["data.password"]
    assert old != new and found["edge-2", "secrets", "t"]["data.a"] == (None, new), plan
    assert set(new) == {"bytes", "hmac"} and new["bytes"] > len(hidden("new")), plan
    # Under another key in the next run.
    assert changes(plan_json(fedcopy, flags))["edge-1", "secrets", "t"]["data.password"][1]["hmac"] != new["hmac"]


def test_values_of_federated_objects_are_marks_whatever_they_come_from(fedcopy, flags, hub, namespace, secrets):
    secret(hub, namespace, "source", {"password": "new"})
    configmap(hub, namespace, "plain", {"k": "visible-elsewhere"})
    rules = {"spec.template.data": "secrets:source:data", "spec.note": "configmaps:plain:data.k", "spec.literal": 'json:"text"'}
    custom(hub, namespace, "FederatedSecret", "f", {"template": {}}, rules)
    plan = plan_json(fedcopy, flags)
    assert all(change["confidential"] for write in plan["writes"] for change in write["changes"]), plan
    assert set(changes(plan)["hub", "federatedsecrets.types.kubefed.io", "f"]) >= {"spec.note", "spec.template.data.password"}
    assert "visible-elsewhere" not in json.dumps(plan), plan


def test_what_a_chain_brings_from_a_secret_is_a_mark_everywhere(fedcopy, flags, hub, edge1, namespace, secrets):
    """The rule from the Secret into the ConfigMap is not allowed, and its old copy stands there still."""
    secret(hub, namespace, "s", {"password": "value"})
    secrets.append("copied-long-ago")
    rules = {"data.password": "secrets:s:data.password"}
    configmap(hub, namespace, "middle", {"password": "copied-long-ago", "other": "shown"}, rules)
    rules = {"data.p": "configmaps:middle:data.password", "data.o": "configmaps:middle:data.other"}
    configmap(edge1, namespace, "end", {"p": "x"}, rules)
    plan = plan_json(fedcopy, flags)
    found = changes(plan)["edge-1", "configmaps", "end"]
    assert found["data.o"] == (None, "shown"), plan
    assert set(found["data.p"][0]) == set(found["data.p"][1]) == {"bytes", "hmac"}, plan
    assert plan["summary"]["rules"] == {"InSync": 2, "NotAllowed": 1}, plan
    result = fedcopy.run("plan", *flags)
    assert "1 write in 1 cluster; 1 rule NotAllowed\n" in result.out, result
    warnings = [line for line in result.out.splitlines() if line.startswith("warning: ")]
    assert len(warnings) == 1 and f"hub/configmaps/{namespace}/middle data.password: NotAllowed: " in warnings[0], result


def test_a_planned_copy_of_a_secret_is_a_mark_wherever_it_goes_on_to(fedcopy, flags, hub, edge1, namespace, secrets, untouched):
    """Where the operator permits it: no value has been copied yet, the plan itself carries it on."""
    secret(hub, namespace, "s", {"password": "value"})
    configmap(hub, namespace, "middle", {}, {"data.p": "secrets:s:data.password"})
    configmap(edge1, namespace, "end", {}, {"data": "configmaps:middle:data", "metadata.labels.plain": 'json:"shown"'})
    with untouched:
        plan = plan_json(fedcopy, flags, "--allow-all")
    found = changes(plan)
    mark = found["hub", "configmaps", "middle"]["data.p"][1]
    assert set(mark) == {"bytes", "hmac"}, plan
    assert found["edge-1", "configmaps", "end"] == {"data.p": (None, mark), "metadata.labels.plain": (None, "shown")}, plan


def test_rules_that_do_not_hold_are_listed_with_their_reason(fedcopy, flags, hub, edge1, namespace):
    configmap(hub, namespace, "source", {"k": "v"})
    rules = {
        "data.k": "configmaps:source:data.k",
        "data.invalid": "no rule",
        "data.missing": "configmaps:nothing:data.k",
        "data.nowhere": "configmaps:source:data.nothing",
        "data.untyped": "gadgets.example.org:x:data.k",
    }
    configmap(edge1, namespace, "t", {}, rules)
    plan = plan_json(fedcopy, flags)
    states = {rule["path"]: rule["state"] for rule in plan["rules"]}
    assert states == {
        "data.invalid": "Invalid",
        "data.missing": "SourceNotFound",
        "data.nowhere": "PathNotFound",
        "data.untyped": "Pending",
    }, plan
    result = fedcopy.run("plan", *flags)
    assert result.status == 3, result
    assert "; 1 rule Invalid, 1 rule Pending, 1 rule SourceNotFound, 1 rule PathNotFound\n" in result.out, result
    assert f"warning: edge-1/configmaps/{namespace}/t data.untyped: Pending (TypeNotServed): " in result.out, result


def test_a_cluster_that_is_not_reached_is_named_and_the_others_are_planned(fedcopy, flags, hub, edge1, edge2, namespace):
    configmap(hub, namespace, "source", {"k": "v"})
    for cluster in (edge1, edge2):
        configmap(cluster, namespace, "t", {}, {"data": "configmaps:source:data"})
    edge2.kill()
    result = fedcopy.run("plan", *flags, "--timeout", "3s")
    assert result.status == 1 and 2.5 < result.seconds < 10, result
    assert "fedcopy plan: cluster edge-2 was not reached: " in result.err and "refused" in result.err, result
    assert f"cluster edge-1\n  update configmaps/{namespace}/t\n" in result.out, result
    edge2.spawn()
    edge2.wait_ready()
    edge2.hang()
    plan = plan_json(fedcopy, flags, "--timeout", "3s", status=1)
    edge2.resume()
    assert len(plan["problems"]) == 1 and "edge-2" in plan["problems"][0], plan
    assert [write["cluster"] for write in plan["writes"]] == ["edge-1"], plan


def test_a_source_that_may_not_be_read_is_not_decided(fedcopy, clusters, hub, edge1, namespace, tmp_path):
    """The user may read all but the source's kind."""
    import envtest

    configmap(hub, namespace, "source", {"k": "v"})
    secret(edge1, namespace, "t", {}, {"data": "configmaps:source:data"})
    role = {
        "metadata": {"name": "reader"},
        "rules": [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get", "list", "watch"]}],
    }
    for cluster in clusters:
        cluster.api.create("roles", namespace, role)
        cluster.bind(namespace, "reader")
    path = tmp_path / "kubeconfig"
    envtest.write_kubeconfig(path, clusters.all, user="limited")
    result = fedcopy.run(
        "plan", "--kubeconfig", path, "--master", "hub", "--member", "edge-1", "-t", "secrets", "-n", namespace
    )
    assert result.status == 1, result
    assert "0 writes in 0 clusters; 1 rule Forbidden\n" in result.out, result
    result = fedcopy.run(
        "plan", "--kubeconfig", path, "--master", "hub", "--member", "edge-1", "-t", "secrets,configmaps", "-n", namespace
    )
    assert result.status == 1 and "cluster edge-1: configmaps of namespace" in result.err, result


def test_two_plans_at_once_and_a_change_between_do_no_harm(fedcopy, flags, hub, edge1, namespace, untouched):
    """The object changes while it is planned: what was decided on the old one is decided anew."""
    configmap(hub, namespace, "source", {"k": "v"})
    for number in range(40):
        configmap(edge1, namespace, f"t{number}", {}, {"data.k": "configmaps:source:data.k"})
    stop = threading.Event()

    def change():
        number = 0
        while not stop.is_set():
            number += 1
            hub.api.annotate("configmaps", namespace, "source", {"touched": str(number)})
            edge1.api.annotate("configmaps", namespace, f"t{number % 40}", {"touched": str(number)})

    changing = threading.Thread(target=change)
    changing.start()
    try:
        results = run_all([lambda: fedcopy.run("plan", *flags) for _ in range(2)])
    finally:
        stop.set()
        changing.join()
    for result in results:
        assert result.status == 3 and "40 writes in 1 cluster\n" in result.out, result
    with untouched:
        assert fedcopy.run("plan", *flags).status == 3


def test_flags_come_from_environment_and_file_too(fedcopy, flags, hub, edge1, namespace, tmp_path):
    configmap(hub, namespace, "source", {"k": "v"})
    configmap(edge1, namespace, "t", {}, {"data": "configmaps:source:data"})
    config = tmp_path / "config.yaml"
    config.write_text(f"target: [configmaps]\nnamespace: [{namespace}]\noutput: json\nonce: true\ntimeout: 20s\n")
    result = fedcopy.run("plan", *flags[:2], "--config", config)
    assert result.status == 3 and json.loads(result.out)["summary"]["writes"] == 1, result
    result = fedcopy.run("plan", *flags, env={"FEDCOPY_OUTPUT": "yaml"})
    assert result.status == 2 and "FEDCOPY_OUTPUT" in result.err and "text or json" in result.err, result
    result = fedcopy.run("plan", *flags, "--timeout=0s")
    assert result.status == 2 and "--timeout" in result.err, result
