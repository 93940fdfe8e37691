# SPDX-License-Identifier: Apache-2.0
"""What happens to copies when sources, targets and rules change, come and go."""

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
    version,
    wait_data,
    wait_value,
    wait_writes,
)


def rule_of(path):
    return f"{PREFIX}replace-{path}"


def test_two_rules_of_one_target_make_one_write_and_both_follow(fedcopy, cluster_set, hub, edge1, namespace):
    # B11; D4: the original forgot the first of two rules with one source.
    configmap(hub, namespace, "settings", {"url": "u1", "mode": "m1"})
    configmap(hub, namespace, "other", {"colour": "c1"})
    rules = {"data.url": "configmap:settings:data.url", "data.mode": "configmap:settings:data.mode"}
    rules["data.colour"] = "configmap:other:data.colour"
    configmap(edge1, namespace, "view", {"own": "kept"}, rules)
    with edge1.counting() as count:
        program = fedcopy("run", "--clusters", cluster_set, "--target", "configmap")
        for path in rules:
            program.wait_rule(f"edge-1/configmaps/{namespace}/view", path)
        wait_data(edge1, "configmaps", namespace, "view", {"own": "kept", "url": "u1", "mode": "m1", "colour": "c1"})
        assert len(asked(count, "patch", name="view")) == 1
    set_data(hub, "configmaps", namespace, "settings", {"url": "u2"})
    wait_value(edge1, "configmaps", namespace, "view", ("data", "url"), "u2")
    set_data(hub, "configmaps", namespace, "settings", {"mode": "m2"})
    wait_value(edge1, "configmaps", namespace, "view", ("data", "mode"), "m2")
    set_data(hub, "configmaps", namespace, "other", {"colour": "c2"})
    wait_data(edge1, "configmaps", namespace, "view", {"own": "kept", "url": "u2", "mode": "m2", "colour": "c2"})


def test_drift_is_repaired_and_foreign_fields_are_left_alone(fedcopy, cluster_set, hub, edge1, namespace):
    configmap(hub, namespace, "source", {"a": "1"})
    configmap(edge1, namespace, "copy", {"own": "x"}, {"data.a": "configmaps:source:data.a"})
    program = fedcopy("run", "--clusters", cluster_set, "--target", "configmaps")
    program.wait_rule("/copy", "data.a")
    # B12
    set_data(edge1, "configmaps", namespace, "copy", {"a": "meddled", "own": "y"})
    wait_data(edge1, "configmaps", namespace, "copy", {"a": "1", "own": "y"})
    set_data(edge1, "configmaps", namespace, "copy", {"a": None})
    wait_data(edge1, "configmaps", namespace, "copy", {"a": "1", "own": "y"})
    edge1.api.patch("configmaps", namespace, "copy", {"data": None})
    wait_data(edge1, "configmaps", namespace, "copy", {"a": "1"})


def test_a_deleted_source_leaves_the_copy_and_is_followed_when_it_is_back(fedcopy, cluster_set, hub, edge1, namespace):
    # B13, B14, D21
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


def test_a_target_that_is_deleted_and_made_again_is_filled_again(fedcopy, cluster_set, hub, edge1, namespace):
    # D6
    secret(hub, namespace, "source", {"a": "3"})
    secret(edge1, namespace, "copy", {}, {"data": "secrets:source:data"})
    program = fedcopy("run", "--clusters", cluster_set, "--target", "secrets")
    wait_data(edge1, "secrets", namespace, "copy", {"a": "3"})
    edge1.api.delete("secrets", namespace, "copy")
    wait_for(lambda: not program.rules("/copy"), 10, "the rules of a deleted target are forgotten")
    set_data(hub, "secrets", namespace, "source", {"a": "4"})
    secret(edge1, namespace, "copy", {}, {"data": "secrets:source:data"})
    wait_data(edge1, "secrets", namespace, "copy", {"a": "4"})
    program.wait_rule("/copy", "data")


def test_a_changed_rule_obeys_its_new_source_alone(fedcopy, cluster_set, hub, edge1, namespace):
    # B15, D5: the original went on obeying rules that were gone.
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


def test_a_withdrawn_rule_leaves_the_field_and_acts_no_more(fedcopy, cluster_set, hub, edge1, namespace):
    # B16, D5
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


def test_overlapping_rules_are_applied_parent_first(fedcopy, cluster_set, hub, namespace):
    # B11: whatever order the annotations have.
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


def test_a_change_goes_down_a_chain(fedcopy, cluster_set, hub, edge1, namespace):
    # B21: b copies a, c copies b, and d on a member copies c.
    configmap(hub, namespace, "a", {"x": "1"})
    configmap(hub, namespace, "b", {}, {"data.x": "configmap:a:data.x"})
    configmap(hub, namespace, "c", {}, {"data.y": "configmap:b:data.x"})
    configmap(edge1, namespace, "d", {}, {"data": "configmap:c:data"})
    fedcopy("run", "--clusters", cluster_set, "--target", "configmap")
    wait_data(edge1, "configmaps", namespace, "d", {"y": "1"})
    for value in ("2", "3", "4"):
        set_data(hub, "configmaps", namespace, "a", {"x": value})
        wait_data(edge1, "configmaps", namespace, "d", {"y": value})


def test_rules_that_feed_themselves_are_suspended_until_an_edit(fedcopy, cluster_set, hub, edge1, namespace):
    # B22, D17: the original let such objects grow without bound.
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


def test_a_missing_source_or_path_leaves_the_target_as_it_is(fedcopy, cluster_set, hub, edge1, namespace):
    # B7: missing, and null.
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


def test_a_target_that_is_being_deleted_is_not_written(fedcopy, cluster_set, hub, edge1, namespace):
    # B30
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


def test_rules_work_in_namespaces_and_for_types_that_come_later(fedcopy, cluster_set, hub, edge1, make_namespace, namespace):
    # B17, and B5: no watch of the source's kind is there when the rule comes.
    program = fedcopy("run", "--clusters", cluster_set, "--target", "configmaps,federatedsecrets,nosuchthings")
    later = make_namespace()
    configmap(edge1, later, "copy", {}, {"data.x": "helmrelease:source:spec.interval"})
    program.wait_rule(f"{later}/copy", state="SourceNotFound")
    custom(hub, later, "HelmRelease", "source", {"interval": "5m"})
    wait_data(edge1, "configmaps", later, "copy", {"x": "5m"})
    # B2, D11: a word that nothing serves holds up nobody; the log says so once.
    wait_for(lambda: "nosuchthings" in program.stderr(), 5, "the unserved target word is named in the log")
    configmap(edge1, namespace, "copy", {}, {"data.x": "gadgets.v1.example.org:source:spec.interval"})
    program.wait_rule(f"{namespace}/copy", state="Pending", reason="TypeNotServed")


def test_annotations_on_what_is_no_target_are_ignored(fedcopy, cluster_set, hub, edge1, namespace):
    # B4
    configmap(hub, namespace, "source", {"a": "1"})
    configmap(edge1, namespace, "not-asked", {}, {"data.a": "configmaps:source:data.a"})
    custom(hub, namespace, "FederatedSecret", "asked", {}, {"spec.a": "configmaps:source:data.a"})
    program = fedcopy("run", "--clusters", cluster_set, "--target", "federatedsecrets")
    program.wait_rule("/asked")
    assert [rule["target"].rsplit("/", 1)[1] for rule in program.rules()] == ["asked"]
    assert "a" not in (at(edge1.api.get("configmaps", namespace, "not-asked"), "data") or {})


def test_the_last_of_many_quick_changes_wins_against_other_writers(fedcopy, cluster_set, hub, edge1, namespace):
    # B26, kube-client 6: every write carries the version that it was decided on, so 409s happen and are no errors.
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


def test_nothing_is_written_for_a_source_change_beside_the_path(fedcopy, cluster_set, hub, edge1, namespace):
    # B8
    configmap(hub, namespace, "source", {"a": "1", "b": "1"})
    configmap(edge1, namespace, "copy", {}, {"data.a": "configmaps:source:data.a"})
    program = fedcopy("run", "--clusters", cluster_set, "--target", TARGETS)
    wait_writes(program, "/copy", "data.a", 1)
    with edge1.counting() as count:
        set_data(hub, "configmaps", namespace, "source", {"b": "2"})
        hub.api.annotate("configmaps", namespace, "source", {"note": "changed"})
        never(lambda: asked(count, ("patch", "update", "get"), resource="configmaps"), 0.7, "a request without need")


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


def test_a_type_that_is_installed_later_is_served_then(fedcopy, cluster_set, edge1, namespace, gadgets):
    # B2, B5, D11: as a target and as a source.
    configmap(edge1, namespace, "settings", {"a": "1"})
    configmap(edge1, namespace, "copy", {}, {"data.a": f"gadget:edge-1/{namespace}/thing:spec.size"})
    program = fedcopy("run", "--clusters", cluster_set, "--target", "configmaps,gadgets.example.org")
    program.wait_rule("/copy", state="Pending", reason="TypeNotServed")
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
