# SPDX-License-Identifier: Apache-2.0
"""The behaviour of the dialect k8s-copier, statement by statement: the number in a test's name is that of docs/k8s-copier.md, which
names the test of each; those that are not here stand with their matter, among costs, paths, permissions and the others."""

import pytest
from envtest import never, wait_for
from objects import (
    PREFIX,
    TARGETS,
    asked,
    at,
    configmap,
    custom,
    encode,
    metadata,
    secret,
    set_data,
    troubles,
    version,
    wait_data,
    wait_value,
    wait_writes,
)


def rule_of(path):
    return f"{PREFIX}replace-{path}"


def test_b01_every_target_resource_is_listed_and_watched_once(fedcopy, cluster_set, clusters, hub, edge1, make_namespace):
    # That no rule is evaluated before those lists are complete: test_b01_first_rules_wait_until_the_lists_of_targets_are_complete.
    first, second = make_namespace(), make_namespace()
    configmap(hub, first, "source", {"a": "1"})
    configmap(edge1, first, "copy", {}, {"data.a": 'json:"1"'})

    def watched(*args):
        offsets = {cluster: cluster.audit_offset() for cluster in clusters}
        program = fedcopy("run", "--clusters", cluster_set, *args)
        program.wait_rule(f"{first}/copy")
        assert program.stop() == 0
        for cluster in clusters:
            found = cluster.audit(offsets[cluster], user="fedcopy")
            # Namespaces are watched for consents, not for rules.
            begun = [r for r in found if r["stage"] != "ResponseStarted" and r["resource"] != "namespaces"]
            for verb in ("list", "watch"):
                of_it = [r for r in begun if r["verb"] == verb]
                asked = "\n".join(f"{r['code']} {r['uri']} {r['time']}" for r in begun)
                where = sorted((r["resource"], r["namespace"]) for r in of_it)
                yield where, f"{verb} on {cluster.name}:\n{asked}\n{program.stderr()}"

    for where, words in watched("--target", "configmap,Secret", "--target", "configmaps"):
        assert where == [("configmaps", ""), ("secrets", "")], words
    for where, words in watched("--target", "configmaps", "-n", first, "--namespace", second):
        assert where == [("configmaps", first), ("configmaps", second)], words


@pytest.fixture
def gadgets(edge1):
    """A function that installs a new type on edge-1; it goes after the test."""
    name = "gadgets.example.org"

    def install():
        schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
        version_ = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
        names = {"kind": "Gadget", "listKind": "GadgetList", "plural": "gadgets", "singular": "gadget"}
        spec = {"group": "example.org", "scope": "Namespaced", "names": names, "versions": [version_]}
        edge1.api.create("customresourcedefinitions", None, {"metadata": {"name": name}, "spec": spec})
        wait_for(lambda: edge1.api.raw("GET", "/apis/example.org/v1/gadgets")[0] == 200, 30, "gadgets are served")

    yield install
    edge1.api.delete("customresourcedefinitions", None, name, missing_ok=True)
    wait_for(lambda: edge1.api.find("customresourcedefinitions", None, name) is None, 30, "the type is gone")


def test_b02_a_type_that_is_installed_later_is_served_then(fedcopy, cluster_set, edge1, namespace, gadgets):
    # As a target and as a source.
    configmap(edge1, namespace, "settings", {"a": "1"})
    configmap(edge1, namespace, "copy", {}, {"data.a": f"gadget:edge-1/{namespace}/thing:spec.size"})
    program = fedcopy("run", "--clusters", cluster_set, "--target", "nosuchthings,configmaps,gadgets.example.org")
    program.wait_rule("/copy", state="Pending", reason="TypeNotServed")
    # What is not served holds up nobody, and is named.
    configmap(edge1, namespace, "literal", {}, {"data.a": 'json:"1"'})
    wait_data(edge1, "configmaps", namespace, "literal", {"a": "1"}, 5)
    for word in ("nosuchthings", "gadgets.example.org"):
        assert any(word in line for line in troubles(program)), word
    gadgets()
    body = {
        "apiVersion": "example.org/v1",
        "kind": "Gadget",
        "metadata": metadata("thing", {"spec.size": f"configmap:edge-1/{namespace}/settings:data.a"}),
    }
    edge1.api.create("gadgets.v1.example.org", namespace, body)
    # A word that was never looked up is looked up at once, and the waiting ones with it; else they wait for up to 30 s.
    configmap(edge1, namespace, "hurry", {}, {"data.a": f"gizmo:edge-1/{namespace}/thing:spec.size"})
    wait_value(edge1, "gadgets.v1.example.org", namespace, "thing", ("spec", "size"), "1", 45)
    wait_data(edge1, "configmaps", namespace, "copy", {"a": "1"}, 45)
    set_data(edge1, "configmaps", namespace, "settings", {"a": "2"})
    wait_data(edge1, "configmaps", namespace, "copy", {"a": "2"})


def test_b03_rules_are_applied_when_they_appear(fedcopy, cluster_set, hub, edge1, namespace):
    configmap(hub, namespace, "source", {"a": "1", "b": "2"})
    configmap(edge1, namespace, "annotated-later", {"a": "x"})
    fedcopy("run", "--clusters", cluster_set, "--target", "configmaps")
    rules = {"data.a": "configmap:source:data.a", "data.b": "configmap:source:data.b", "data.c": "no rule at all"}
    configmap(edge1, namespace, "new", {}, rules)
    wait_data(edge1, "configmaps", namespace, "new", {"a": "1", "b": "2"}, 5)
    edge1.api.annotate("configmaps", namespace, "annotated-later", {rule_of("data.a"): "configmap:source:data.a"})
    wait_data(edge1, "configmaps", namespace, "annotated-later", {"a": "1"}, 5)
    edge1.api.annotate("configmaps", namespace, "annotated-later", {rule_of("data.b"): "configmap:source:data.b"})
    wait_data(edge1, "configmaps", namespace, "annotated-later", {"a": "1", "b": "2"}, 5)


def test_b04_annotations_on_what_is_no_target_are_ignored(fedcopy, cluster_set, hub, edge1, namespace):
    configmap(hub, namespace, "source", {"a": "1"})
    configmap(edge1, namespace, "not-asked", {}, {"data.a": "configmaps:source:data.a"})
    custom(hub, namespace, "FederatedSecret", "asked", {}, {"spec.a": "configmaps:source:data.a"})
    program = fedcopy("run", "--clusters", cluster_set, "--target", "federatedsecrets")
    program.wait_rule("/asked")
    assert [rule["target"].rsplit("/", 1)[1] for rule in program.rules()] == ["asked"]
    assert "a" not in (at(edge1.api.get("configmaps", namespace, "not-asked"), "data") or {})


def test_b05_a_kind_that_is_not_watched_yet_blocks_nothing(through, fedcopy, hub, edge1, namespace):
    configmap(hub, namespace, "settings", {"a": "1"})
    custom(hub, namespace, "HelmRelease", "source", {"interval": "5m"})
    configmap(edge1, namespace, "plain", {}, {"data.a": "configmap:settings:data.a"})
    proxy = through.proxy(hub)
    file = through.cluster_set([proxy], members=[edge1])
    program = fedcopy("run", "--clusters", file, "--target", "configmaps", "--namespace", namespace)
    program.wait_rule("/plain")
    # The first list of it takes its time. Meanwhile all the others go on, those of the same target too.
    slow = proxy.delay(1500, count=1, method="GET", path="/helmreleases?")
    rules = {"data.x": "helmrelease:source:spec.interval", "data.a": "configmap:settings:data.a"}
    configmap(edge1, namespace, "copy", {}, rules)
    program.wait_rule("/copy", "data.x", "Pending", reason="FirstSync")
    set_data(hub, "configmaps", namespace, "settings", {"a": "2"})
    wait_data(edge1, "configmaps", namespace, "plain", {"a": "2"}, 1)
    wait_value(edge1, "configmaps", namespace, "copy", ("data",), {"a": "2"}, 1.2)
    wait_data(edge1, "configmaps", namespace, "copy", {"a": "2", "x": "5m"})
    assert proxy.hits(slow) == 1
    hub.api.patch("helmreleases", namespace, "source", {"spec": {"interval": "1m"}})
    wait_data(edge1, "configmaps", namespace, "copy", {"a": "2", "x": "1m"})


def test_b06_every_rule_that_names_a_source_follows_it(fedcopy, cluster_set, hub, edge1, edge2, namespace):
    configmap(hub, namespace, "source", {"a": "1", "b": "1"})
    targets = [(cluster, name) for cluster in (hub, edge1, edge2) for name in ("one", "two")]
    rules = {"data.a": "configmap:source:data.a", "data.b": "configmap:source:data.b", "data.all": "configmap:source:data.a"}
    for cluster, name in targets:
        configmap(cluster, namespace, name, {}, rules)
    fedcopy("run", "--clusters", cluster_set, "--target", "configmaps")
    for number in range(1, 4):
        set_data(hub, "configmaps", namespace, "source", {"a": str(number), "b": f"b{number}"})
        for cluster, name in targets:
            wait_data(cluster, "configmaps", namespace, name, {"a": str(number), "b": f"b{number}", "all": str(number)})


def test_b07_a_missing_source_or_path_leaves_the_target_as_it_is(fedcopy, cluster_set, hub, edge1, namespace):
    # Missing, and null.
    configmap(edge1, namespace, "no-source", {"a": "kept"}, {"data.a": "configmaps:source:data.a"})
    configmap(hub, namespace, "other", {"b": "1"})
    configmap(edge1, namespace, "no-path", {"a": "kept"}, {"data.a": "configmaps:other:data.a"})
    custom(hub, namespace, "HelmRelease", "nothing", {"value": None, "list": ["one"]})
    configmap(edge1, namespace, "null", {"a": "kept"}, {"data.a": "helmrelease:nothing:spec.value"})
    configmap(edge1, namespace, "beyond", {"a": "kept"}, {"data.a": "helmrelease:nothing:spec.list.1"})
    program = fedcopy("run", "--clusters", cluster_set, "--target", "configmaps")
    program.wait_rule("/no-source", "data.a", "SourceNotFound")
    for name in ("no-path", "null", "beyond"):
        program.wait_rule(f"/{name}", "data.a", "PathNotFound", reason="PathNotFound")
    configmap(hub, namespace, "source", {"a": "1"})
    wait_data(edge1, "configmaps", namespace, "no-source", {"a": "1"})
    set_data(hub, "configmaps", namespace, "other", {"a": "2"})
    wait_data(edge1, "configmaps", namespace, "no-path", {"a": "2"})
    # And gone again: kept.
    set_data(hub, "configmaps", namespace, "other", {"a": None})
    program.wait_rule("/no-path", "data.a", "PathNotFound")
    for name, value in (("no-path", "2"), ("null", "kept"), ("beyond", "kept")):
        assert at(edge1.api.get("configmaps", namespace, name), "data") == {"a": value}


def test_b08_equal_values_cost_no_write(fedcopy, cluster_set, hub, edge1, namespace):
    configmap(hub, namespace, "source", {"a": "1", "b": "1"})
    configmap(edge1, namespace, "copy", {}, {"data.a": "configmaps:source:data.a"})
    same = configmap(edge1, namespace, "same", {"a": "1", "own": "x"}, {"data.a": "configmaps:source:data.a"})
    program = fedcopy("run", "--clusters", cluster_set, "--target", TARGETS)
    wait_writes(program, "/copy", "data.a", 1)
    assert program.wait_rule("/same", "data.a")["writes"] == 0
    assert version(edge1, "configmaps", namespace, "same") == same["metadata"]["resourceVersion"]
    with edge1.counting() as count:
        set_data(hub, "configmaps", namespace, "source", {"b": "2"})
        hub.api.annotate("configmaps", namespace, "source", {"note": "changed"})
        never(lambda: asked(count, ("patch", "update", "get"), resource="configmaps"), 0.7, "a request without need")


def test_b11_overlapping_rules_are_applied_parent_first(fedcopy, cluster_set, hub, namespace):
    # Whatever order the annotations have.
    custom(hub, namespace, "HelmRelease", "source", {"values": {"a": 1, "b": {"c": 2}}, "interval": "5m"})
    configmap(hub, namespace, "override", {"interval": "1m"})
    rules = {
        "spec.template.values.b.c": "json:7",
        "spec.template": "helmrelease:source:spec",
        "spec.template.interval": "configmap:override:data.interval",
    }
    custom(hub, namespace, "FederatedHelmRelease", "copy", {"placement": {}}, rules)
    program = fedcopy("run", "--clusters", cluster_set, "--target", "federatedhelmreleases")
    where = (hub, "federatedhelmreleases", namespace, "copy", ("spec", "template"))
    wait_value(*where, {"values": {"a": 1, "b": {"c": 7}}, "interval": "1m"})
    for path in rules:
        program.wait_rule("/copy", path)
    hub.api.patch("helmreleases", namespace, "source", {"spec": {"values": {"a": 2, "b": {"d": 3}}}})
    wait_value(*where, {"values": {"a": 2, "b": {"c": 7, "d": 3}}, "interval": "1m"})
    set_data(hub, "configmaps", namespace, "override", {"interval": "2m"})
    wait_value(*where, {"values": {"a": 2, "b": {"c": 7, "d": 3}}, "interval": "2m"})
    # The parent's rule goes: what it wrote stays, the children go on.
    hub.api.annotate("federatedhelmreleases", namespace, "copy", {rule_of("spec.template"): None})
    set_data(hub, "configmaps", namespace, "override", {"interval": "3m"})
    wait_value(*where, {"values": {"a": 2, "b": {"c": 7, "d": 3}}, "interval": "3m"})


def test_b12_drift_is_undone_and_foreign_fields_are_left_alone(fedcopy, cluster_set, hub, edge1, namespace):
    configmap(hub, namespace, "source", {"a": "1"})
    configmap(edge1, namespace, "copy", {"own": "x"}, {"data.a": "configmaps:source:data.a"})
    program = fedcopy("run", "--clusters", cluster_set, "--target", "configmaps")
    program.wait_rule("/copy", "data.a")
    set_data(edge1, "configmaps", namespace, "copy", {"a": "meddled", "own": "y"})
    wait_data(edge1, "configmaps", namespace, "copy", {"a": "1", "own": "y"})
    set_data(edge1, "configmaps", namespace, "copy", {"a": None})
    wait_data(edge1, "configmaps", namespace, "copy", {"a": "1", "own": "y"})
    edge1.api.patch("configmaps", namespace, "copy", {"data": None})
    wait_data(edge1, "configmaps", namespace, "copy", {"a": "1"})


def test_b13_a_deleted_source_leaves_the_copy_and_is_followed_when_it_is_back(fedcopy, cluster_set, hub, edge1, namespace):
    secret(hub, namespace, "source", {"a": "1"})
    secret(edge1, namespace, "copy", {}, {"data": "secrets:source:data"})
    program = fedcopy("run", "--clusters", cluster_set, "--target", "secrets")
    program.wait_rule("/copy", "data")
    hub.api.delete("secrets", namespace, "source")
    program.wait_rule("/copy", "data", "SourceNotFound")
    wait_data(edge1, "secrets", namespace, "copy", {"a": "1"})
    secret(hub, namespace, "source", {"a": "2"})
    wait_data(edge1, "secrets", namespace, "copy", {"a": "2"})
    # Deleted and made again at once: the new one counts.
    hub.api.delete("secrets", namespace, "source")
    secret(hub, namespace, "source", {"a": "3"})
    wait_data(edge1, "secrets", namespace, "copy", {"a": "3"})


def test_b14_a_deleted_target_is_forgotten(fedcopy, cluster_set, hub, edge1, namespace):
    secret(hub, namespace, "source", {"a": "1"})
    for name in ("gone", "stays"):
        secret(edge1, namespace, name, {}, {"data": "secrets:source:data"})
    program = fedcopy("run", "--clusters", cluster_set, "--target", "secrets")
    for name in ("gone", "stays"):
        program.wait_rule(f"/{name}")
    edge1.api.delete("secrets", namespace, "gone")
    wait_for(lambda: not program.rules("/gone"), 10, "its rules are forgotten")
    with edge1.counting() as count:
        for value in ("2", "3"):
            set_data(hub, "secrets", namespace, "source", {"a": value})
            wait_data(edge1, "secrets", namespace, "stays", {"a": value})
        wait_for(lambda: len(asked(count, "patch", name="stays")) == 2, 5, "both writes are in the audit log")
        assert len(asked(count, ("get", "patch"))) == 2 and count.requests(user="fedcopy", name="gone") == []
    assert troubles(program) == []


def test_b15_a_withdrawn_rule_leaves_the_field_and_acts_no_more(fedcopy, cluster_set, hub, edge1, namespace):
    configmap(hub, namespace, "source", {"a": "newer"})
    configmap(edge1, namespace, "copy", {}, {"data.a": "configmaps:source:data.a"})
    program = fedcopy("run", "--clusters", cluster_set, "--target", "configmaps")
    wait_data(edge1, "configmaps", namespace, "copy", {"a": "newer"})
    edge1.api.annotate("configmaps", namespace, "copy", {rule_of("data.a"): None})
    wait_for(lambda: not program.rules("/copy"), 10, "the rule is gone")
    assert at(edge1.api.get("configmaps", namespace, "copy"), "data") == {"a": "newer"}
    set_data(edge1, "configmaps", namespace, "copy", {"a": "mine"})
    before = version(edge1, "configmaps", namespace, "copy")
    set_data(hub, "configmaps", namespace, "source", {"a": "newest"})
    # A copy that goes after it shows that the change has passed by.
    configmap(edge1, namespace, "later", {}, {"data.a": "configmaps:source:data.a"})
    wait_data(edge1, "configmaps", namespace, "later", {"a": "newest"})
    assert version(edge1, "configmaps", namespace, "copy") == before


def test_b16_a_changed_rule_obeys_its_new_source_alone(fedcopy, cluster_set, hub, edge1, namespace):
    # D5: the original went on obeying rules that were gone.
    configmap(hub, namespace, "old", {"a": "old"})
    configmap(hub, namespace, "new", {"a": "new"})
    configmap(edge1, namespace, "copy", {}, {"data.a": "configmaps:old:data.a"})
    program = fedcopy("run", "--clusters", cluster_set, "--target", "configmaps")
    wait_data(edge1, "configmaps", namespace, "copy", {"a": "old"})
    edge1.api.annotate("configmaps", namespace, "copy", {rule_of("data.a"): "configmaps:new:data.a"})
    wait_data(edge1, "configmaps", namespace, "copy", {"a": "new"})
    set_data(hub, "configmaps", namespace, "old", {"a": "older"})
    set_data(hub, "configmaps", namespace, "new", {"a": "newer"})
    wait_data(edge1, "configmaps", namespace, "copy", {"a": "newer"})
    assert [rule["source"] for rule in program.rules("/copy")] == [f"hub/configmaps/{namespace}/new"]


def test_b17_namespaces_may_go_and_come(fedcopy, cluster_set, hub, edge1, make_namespace):
    program = fedcopy("run", "--clusters", cluster_set, "--target", "configmaps")
    later = make_namespace()
    configmap(edge1, later, "copy", {}, {"data.x": "configmap:source:data.x"})
    program.wait_rule(f"{later}/copy", state="SourceNotFound")
    configmap(hub, later, "source", {"x": "1"})
    wait_data(edge1, "configmaps", later, "copy", {"x": "1"})
    # The source's namespace goes: the copy stays as it is. Then it comes again.
    hub.remove_namespace(later)
    program.wait_rule(f"{later}/copy", state="SourceNotFound")
    wait_data(edge1, "configmaps", later, "copy", {"x": "1"})
    hub.create_namespace(later, labels={"colour": "red"})
    configmap(hub, later, "source", {"x": "2"})
    wait_data(edge1, "configmaps", later, "copy", {"x": "2"})
    # The target's: its rules are forgotten, and found again with it.
    edge1.remove_namespace(later)
    wait_for(lambda: not program.rules(f"{later}/copy"), 10, "the rules are forgotten")
    set_data(hub, "configmaps", later, "source", {"x": "3"})
    edge1.create_namespace(later)
    configmap(edge1, later, "copy", {}, {"data.x": "configmap:source:data.x"})
    wait_data(edge1, "configmaps", later, "copy", {"x": "3"})
    assert troubles(program) == []


def test_b18_a_source_outside_the_selected_namespaces_counts_as_missing(fedcopy, cluster_set, hub, edge1, make_namespace):
    ours, theirs = make_namespace(), make_namespace()
    configmap(hub, theirs, "source", {"a": "1"})
    configmap(edge1, ours, "copy", {"a": "kept"}, {"data.a": f"configmap:{theirs}/source:data.a"})
    # With every permission: nothing else keeps the copy from being made.
    everything = ("run", "--clusters", cluster_set, "--target", "configmaps", "--allow-all")
    with hub.counting() as count:
        program = fedcopy(*everything, "--namespace", ours)
        assert "--namespace" in program.wait_rule(f"{ours}/copy", state="SourceNotFound")["message"]
        assert program.stop() == 0
        assert count.requests(user="fedcopy", namespace=theirs) == []
    wait_data(edge1, "configmaps", ours, "copy", {"a": "kept"})
    fedcopy(*everything, "--namespace", ours, "--namespace", theirs)
    wait_data(edge1, "configmaps", ours, "copy", {"a": "1"})


def test_b19_the_value_is_overwritten_whoever_set_it(fedcopy, cluster_set, hub, edge1, namespace):
    configmap(hub, namespace, "source", {"a": "1"})
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "copy"}, "data": {"a": "theirs", "b": "theirs"}}
    edge1.api.patch("configmaps", namespace, "copy", body, "apply")
    program = fedcopy("run", "--clusters", cluster_set, "--target", "configmaps")
    edge1.api.annotate("configmaps", namespace, "copy", {rule_of("data.a"): "configmap:source:data.a"})
    wait_data(edge1, "configmaps", namespace, "copy", {"a": "1", "b": "theirs"})
    body["data"]["a"] = "theirs again"
    edge1.api.patch("configmaps", namespace, "copy", body, "apply")
    wait_data(edge1, "configmaps", namespace, "copy", {"a": "1", "b": "theirs"})
    program.wait_rule("/copy")


def test_b21_a_change_goes_down_a_chain(fedcopy, cluster_set, hub, edge1, namespace):
    # b copies a, c copies b, and d on a member copies c.
    configmap(hub, namespace, "a", {"x": "1"})
    configmap(hub, namespace, "b", {}, {"data.x": "configmap:a:data.x"})
    configmap(hub, namespace, "c", {}, {"data.y": "configmap:b:data.x"})
    configmap(edge1, namespace, "d", {}, {"data": "configmap:c:data"})
    fedcopy("run", "--clusters", cluster_set, "--target", "configmap")
    wait_data(edge1, "configmaps", namespace, "d", {"y": "1"})
    for value in ("2", "3", "4"):
        set_data(hub, "configmaps", namespace, "a", {"x": value})
        wait_data(edge1, "configmaps", namespace, "d", {"y": value})


def test_b22_rules_that_feed_themselves_are_suspended_until_an_edit(fedcopy, cluster_set, hub, edge1, namespace):
    # D17: the original let such objects grow without bound.
    configmap(hub, namespace, "one", {"x": "1"}, {"data.x": "configmap:two:data.x"})
    configmap(hub, namespace, "two", {"x": "2"}, {"data.x": "configmap:one:data.x"})
    configmap(hub, namespace, "self", {"x": "1"}, {"data": "configmap:self:data"})
    # A member that copies a copy of its own object back to the master, and one that nests into itself.
    configmap(edge1, namespace, "nest", {"x": "1"}, {"data.x": f"configmap:edge-1/{namespace}/nest:data.x"})
    configmap(hub, namespace, "apart", {"from": "here"}, {"data.to": "configmap:apart:data.from"})
    program = fedcopy("run", "--clusters", cluster_set, "--target", "configmap")
    for name in ("one", "two", "self", "nest"):
        rule = program.wait_rule(f"{namespace}/{name}", state="Cycle")
        assert rule["writes"] == 0, rule
    # A self-copy whose paths lie apart is none.
    wait_data(hub, "configmaps", namespace, "apart", {"from": "here", "to": "here"})
    assert at(hub.api.get("configmaps", namespace, "one"), "data") == {"x": "1"}
    hub.api.annotate("configmaps", namespace, "two", {rule_of("data.x"): None})
    wait_data(hub, "configmaps", namespace, "one", {"x": "2"})
    program.wait_rule(f"{namespace}/one")


def test_b29_a_path_under_status_is_written_by_way_of_the_subresource(fedcopy, cluster_set, hub, edge1, namespace):
    configmap(hub, namespace, "source", {"phase": "Ready", "x": "1"})
    rules = {"status.phase": "configmap:source:data.phase", "spec.x": "configmap:source:data.x"}
    custom(edge1, namespace, "FederatedSecret", "copy", {"own": True}, rules)
    where = (edge1, "federatedsecrets", namespace, "copy")
    with edge1.counting() as count:
        # Only the operator can permit such paths.
        program = fedcopy("run", "--clusters", cluster_set, "--target", "federatedsecrets", "--allow-all")
        wait_value(*where, ("status",), {"phase": "Ready"})
        wait_value(*where, ("spec",), {"own": True, "x": "1"})
        set_data(hub, "configmaps", namespace, "source", {"phase": "Degraded"})
        wait_value(*where, ("status", "phase"), "Degraded")
        # Drift there is undone too.
        edge1.api.patch("federatedsecrets", namespace, "copy", {"status": {"phase": "Meddled"}}, subresource="status")
        wait_writes(program, "/copy", "status.phase", 3)
        wait_value(*where, ("status", "phase"), "Degraded")
        program.wait_rule("/copy", "spec.x")
        wait_for(lambda: len(asked(count, "patch", resource="federatedsecrets/status")) == 3, 5, "three writes of the status")
        assert len(asked(count, "patch", resource="federatedsecrets")) == 1
    assert program.wait_rule("/copy", "spec.x")["writes"] == 1


def test_b30_a_target_that_is_being_deleted_is_not_written(fedcopy, cluster_set, hub, edge1, namespace):
    configmap(hub, namespace, "source", {"a": "1"})
    configmap(edge1, namespace, "leaving", {}, {"data.a": "configmaps:source:data.a"}, finalizers=["example.org/hold"])
    configmap(edge1, namespace, "staying", {}, {"data.a": "configmaps:source:data.a"})
    program = fedcopy("run", "--clusters", cluster_set, "--target", "configmaps")
    program.wait_rule("/leaving")
    edge1.api.delete("configmaps", namespace, "leaving")
    program.wait_rule("/leaving", state="Pending", reason="TargetTerminating")
    before = version(edge1, "configmaps", namespace, "leaving")
    set_data(hub, "configmaps", namespace, "source", {"a": "2"})
    wait_data(edge1, "configmaps", namespace, "staying", {"a": "2"})
    assert version(edge1, "configmaps", namespace, "leaving") == before
    edge1.api.patch("configmaps", namespace, "leaving", {"metadata": {"finalizers": None}})
    wait_for(lambda: not program.rules("/leaving"), 10, "the rules of the deleted target are forgotten")


def test_the_last_of_many_quick_changes_wins_against_other_writers(fedcopy, cluster_set, hub, edge1, namespace):
    # kube-client 6: every write carries the version that it was decided on, so 409s happen and are no errors.
    secret(hub, namespace, "source", {"a": "0"})
    secret(edge1, namespace, "copy", {}, {"data": "secrets:source:data"})
    program = fedcopy("run", "--clusters", cluster_set, "--target", "secrets")
    program.wait_rule("/copy")
    for number in range(1, 41):
        set_data(hub, "secrets", namespace, "source", {"a": str(number)})
        edge1.api.patch("secrets", namespace, "copy", {"metadata": {"labels": {"number": str(number)}}})
    wait_data(edge1, "secrets", namespace, "copy", {"a": "40"})
    program.wait_rule("/copy")
    after = edge1.api.get("secrets", namespace, "copy")
    assert after["metadata"]["labels"] == {"number": "40"} and after["data"] == encode({"a": "40"})
    assert program.rules(state="Error") == []
