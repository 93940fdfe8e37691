# SPDX-License-Identifier: Apache-2.0
"""What the original k8s-copier does wrong, and this program does not: the number in a test's name is that of
docs/k8s-copier.md, which names the test of each; those that are not here stand with their matter, or are unit tests."""

import re

import pytest
from envtest import REPOSITORY, never, wait_for, write_cluster_set, write_kubeconfig
from objects import (
    TARGETS,
    asked,
    at,
    configmap,
    custom,
    deployment,
    metadata,
    secret,
    set_data,
    troubles,
    version,
    wait_data,
    wait_value,
    wait_writes,
)


def test_d02_rules_that_name_many_new_kinds_are_all_applied(fedcopy, cluster_set, hub, edge1, namespace):
    # Three such kinds used up the original's three workers.
    deployment(hub, namespace, "source", image="worker:7")
    custom(hub, namespace, "HelmRelease", "source", {"interval": "5m"})
    for resource, more in (("serviceaccounts", {}), ("roles", {"rules": []}), ("leases", {"spec": {"holderIdentity": "me"}})):
        hub.api.create(resource, namespace, {"metadata": {"name": "source"}, **more})
    configmap(hub, namespace, "source", {"a": "1"})
    program = fedcopy("run", "--clusters", cluster_set, "--target", "configmaps")
    places = {
        "deployment": ("deployments.apps:source:spec.template.spec.containers.0.image", "worker:7"),
        "release": ("helmrelease:source:spec.interval", "5m"),
        "account": ("serviceaccounts:source:metadata.name", "source"),
        "role": ("roles:source:metadata.namespace", namespace),
        "lease": ("lease.coordination.k8s.io:source:spec.holderIdentity", "me"),
    }
    for name, (value, _) in places.items():
        configmap(edge1, namespace, name, {}, {"data.x": value})
    for name, (_, want) in places.items():
        wait_data(edge1, "configmaps", namespace, name, {"x": want})
    # And what comes after them, and what changes.
    configmap(edge1, namespace, "after", {}, {"data.x": "configmap:source:data.a"})
    wait_data(edge1, "configmaps", namespace, "after", {"x": "1"})
    hub.api.patch("helmreleases", namespace, "source", {"spec": {"interval": "1m"}})
    wait_data(edge1, "configmaps", namespace, "release", {"x": "1m"})
    assert program.rules(state="Error") == []


def test_d03_a_new_kind_is_followed_in_every_selected_namespace(fedcopy, cluster_set, hub, edge1, make_namespace):
    # The original started the watch of such a kind in the first namespace only.
    namespaces = [make_namespace(), make_namespace(), make_namespace()]
    for name in namespaces:
        custom(hub, name, "HelmRelease", "source", {"interval": f"of {name}"})
    fedcopy("run", "--clusters", cluster_set, "--target", "configmaps", "-n", ",".join(namespaces))
    for name in namespaces:
        configmap(edge1, name, "copy", {}, {"data.x": "helmrelease:source:spec.interval"})
    for name in namespaces:
        wait_data(edge1, "configmaps", name, "copy", {"x": f"of {name}"})
        hub.api.patch("helmreleases", name, "source", {"spec": {"interval": "changed"}})
    for name in reversed(namespaces):
        wait_data(edge1, "configmaps", name, "copy", {"x": "changed"})


def test_d04_two_rules_of_one_target_and_source_both_follow(fedcopy, cluster_set, hub, edge1, namespace):
    # The original forgot the first of two rules with one source.
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


def test_d06_a_target_that_is_deleted_and_made_again_is_filled_again(fedcopy, cluster_set, hub, edge1, namespace):
    # The original died of the change of the source in between.
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


def test_d10_a_kind_does_not_mean_its_subresources(fedcopy, cluster_set, clusters, hub, edge1, namespace):
    # The original took deployments/status and deployments/scale for resources of their own, and waited for ever.
    deployment(hub, namespace, "source", replicas=4)
    deployment(edge1, namespace, "copy", {"spec.replicas": "Deployment:source:spec.replicas"})
    offsets = {cluster: cluster.audit_offset() for cluster in clusters}
    program = fedcopy("run", "--clusters", cluster_set, "--target", "DEPLOYMENT.apps,Namespace,secrets")
    wait_value(edge1, "deployments", namespace, "copy", ("spec", "replicas"), 4)
    program.wait_rule("/copy")
    for cluster in clusters:
        found = {r["resource"] for r in cluster.audit(offsets[cluster], user="fedcopy", verb=("list", "watch"))}
        assert found <= {"deployments", "namespaces", "secrets", "customresourcedefinitions"}, found


@pytest.mark.real("a built-in kind of several versions")
def test_d12_a_kind_of_several_versions_is_watched_and_written_once(fedcopy, cluster_set, hub, edge1, namespace):
    # horizontalpodautoscalers are served as v1, v2beta1 and v2beta2.
    reference = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "worker"}
    body = {
        "metadata": metadata("copy", {"spec.maxReplicas": "horizontalpodautoscalers:source:spec.maxReplicas"}),
        "spec": {"scaleTargetRef": reference, "maxReplicas": 2},
    }
    resource = "horizontalpodautoscalers"
    hub.api.create(resource, namespace, {"metadata": {"name": "source"}, "spec": dict(body["spec"], maxReplicas=5)})
    edge1.api.create(resource, namespace, body)
    with edge1.counting() as on_edge, hub.counting() as on_hub:
        program = fedcopy("run", "--clusters", cluster_set, "--target", f"{resource},HorizontalPodAutoscaler,secrets")
        wait_writes(program, "/copy", "spec.maxReplicas", 1)
        hub.api.patch(resource, namespace, "source", {"spec": {"maxReplicas": 6}})
        wait_writes(program, "/copy", "spec.maxReplicas", 2)
        never(lambda: len(asked(on_edge, "patch")) > 2, 0.3, "a write of what has been written")
        assert program.stop() == 0
        # Of the targets, and on the master of the one source.
        for cluster, count, watches in (("edge-1", on_edge, 1), ("hub", on_hub, 2)):
            ended = [r for r in asked(count, "watch", resource=resource) if r["stage"] == "ResponseComplete"]
            assert len(ended) == watches, f"{cluster}: {ended}"
    assert edge1.api.get(resource, namespace, "copy")["spec"]["maxReplicas"] == 6
    for cluster, name in ((hub, "source"), (edge1, "copy")):
        cluster.api.delete(resource, namespace, name)


def test_d16_numbers_are_compared_by_value(fedcopy, cluster_set, hub, namespace):
    # The original never found the 3.0 that it had made of an annotation's 3 equal to the 3 of an object.
    deployment(hub, namespace, "same", {"spec.replicas": "json:3.0", "metadata.labels.a": 'json:"1"'}, replicas=3)
    deployment(hub, namespace, "other", {"spec.replicas": "json:4"}, replicas=3)
    custom(hub, namespace, "HelmRelease", "whole", {"a": 5, "b": 0.5, "c": [1, 2]})
    custom(hub, namespace, "FederatedHelmRelease", "copy", {"a": 5.0, "b": 5e-1, "c": [1.0, 2]}, {"spec": "helmrelease:whole:spec"})
    before = version(hub, "federatedhelmreleases", namespace, "copy")
    with hub.counting() as count:
        program = fedcopy("run", "--clusters", cluster_set, "--target", TARGETS)
        for name, path in (("same", "spec.replicas"), ("other", "spec.replicas"), ("copy", "spec")):
            program.wait_rule(f"{namespace}/{name}", path)
        program.wait_rule(f"{namespace}/same", "metadata.labels.a")
        wait_value(hub, "deployments", namespace, "other", ("spec", "replicas"), 4)
        never(lambda: len(asked(count, "patch")) > 2, 0.5, "an endless update")
    assert program.rules(f"{namespace}/same", "spec.replicas")[0]["writes"] == 0
    assert version(hub, "federatedhelmreleases", namespace, "copy") == before
    assert at(hub.api.get("deployments", namespace, "same"), "spec", "replicas") == 3


def test_d17_rules_that_nest_into_each_other_do_not_grow(fedcopy, cluster_set, hub, edge1, namespace):
    one = {"spec.of.two": "federatedhelmrelease:two:spec"}
    two = {"spec.of.one": "federatedhelmrelease:one:spec"}
    itself = {"spec.of.itself": "federatedhelmrelease:itself:spec"}
    far = {"spec.of.home": "federatedhelmrelease:home:spec"}
    home = {"spec.of.far": f"federatedhelmrelease:edge-1/{namespace}/far:spec"}
    for name, rules in (("one", one), ("two", two), ("itself", itself)):
        custom(hub, namespace, "FederatedHelmRelease", name, {"a": 1}, rules)
    # A loop over two clusters: the way back to the master is not permitted, so there is none.
    custom(edge1, namespace, "FederatedHelmRelease", "far", {"a": 1}, far)
    custom(hub, namespace, "FederatedHelmRelease", "home", {"a": 1}, home)
    program = fedcopy("run", "--clusters", cluster_set, "--target", "federatedhelmreleases")
    for name in ("one", "two", "itself"):
        assert program.wait_rule(f"{namespace}/{name}", state="Cycle")["writes"] == 0
    wait_value(edge1, "federatedhelmreleases", namespace, "far", ("spec",), {"a": 1, "of": {"home": {"a": 1}}})
    for name in ("one", "two", "itself"):
        assert hub.api.get("federatedhelmreleases", namespace, name)["spec"] == {"a": 1}


def test_d21_deletions_are_no_errors(fedcopy, cluster_set, hub, edge1, namespace):
    configmap(hub, namespace, "source", {"a": "1"})
    for name in ("first", "second", "third"):
        configmap(edge1, namespace, name, {}, {"data.a": "configmap:source:data.a"})
    program = fedcopy("run", "--clusters", cluster_set, "--target", "configmaps")
    for name in ("first", "second", "third"):
        program.wait_rule(f"/{name}")
    with edge1.counting() as count:
        edge1.api.delete("configmaps", namespace, "first")
        hub.api.delete("configmaps", namespace, "source")
        edge1.api.delete("configmaps", namespace, "second")
        program.wait_rule("/third", state="SourceNotFound")
        wait_for(lambda: len(program.rules(f"{namespace}/")) == 1, 10, "deleted targets are forgotten")
        assert asked(count, ("get", "patch")) == []
    assert troubles(program) == [] and program.rules(state="Error") == []


def rights_of_the_page():
    """The Role that docs/k8s-copier.md shows."""
    page = (REPOSITORY / "docs" / "k8s-copier.md").read_text()
    return next(block for block in re.findall(r"```yaml\n(.*?)```", page, re.S) if "\nkind: Role\n" in block)


def test_d22_the_rights_that_the_page_shows_are_enough_and_of_version_v1(fedcopy, hub, namespace, tmp_path):
    manifests = [path for part in ("docs", "examples", "clusters", "deploy") for path in (REPOSITORY / part).rglob("*") if path.is_file()]
    for path in [*manifests, REPOSITORY / "README.md"]:
        versions = re.findall(r"rbac\.authorization\.k8s\.io/(v\w+)", path.read_text(errors="replace"))
        assert set(versions) <= {"v1"}, path
    role = rights_of_the_page()
    assert "rbac.authorization.k8s.io/v1\n" in role
    hub.kubectl("apply", "-f", "-", input=re.sub(r"namespace: \w+", f"namespace: {namespace}", role))
    name = re.search(r"name: (\w+)", role).group(1)
    hub.bind(namespace, name)
    secret(hub, namespace, "source", {"a": "1"})
    custom(hub, namespace, "FederatedSecret", "copy", {}, {"spec.template.data": "secrets:source:data"})
    write_kubeconfig(tmp_path / "limited", [hub], user="limited", how="token")
    write_cluster_set(tmp_path / "limited.yaml", [hub], tmp_path / "limited")
    arguments = ("--clusters", tmp_path / "limited.yaml", "--target", "federatedsecrets", "--namespace", namespace)
    program = fedcopy("run", *arguments, ready=False)
    wait_writes(program, "/copy", "spec.template.data", 1)
    set_data(hub, "secrets", namespace, "source", {"a": "2"})
    wait_writes(program, "/copy", "spec.template.data", 2)
