# SPDX-License-Identifier: Apache-2.0
"""Who may read what for whom. In this version: a target reads from the namespace of its own name, on the master or its own
cluster; D18: the original read whatever the process could."""

import pytest
from envtest import write_cluster_set
from objects import PREFIX, TARGETS, configmap, custom, metadata, secret, set_data, wait_data, wait_value


def test_d18_a_foreign_namespace_is_not_read_and_says_nothing_of_what_it_holds(
    fedcopy, cluster_set, hub, edge1, make_namespace, secrets
):
    ours, theirs = make_namespace(), make_namespace()
    secrets.append("their password")
    secret(hub, theirs, "there", {"password": "their password"})
    configmap(hub, theirs, "there", {"a": "1"})
    for name in ("there", "missing"):
        secret(edge1, ours, f"secret-{name}", {"password": "ours"}, {"data": f"secrets:{theirs}/{name}:data"})
        configmap(edge1, ours, f"map-{name}", {"a": "ours"}, {"data.a": f"configmaps:{theirs}/{name}:data.a"})
        configmap(hub, ours, f"map-{name}", {"a": "ours"}, {"data.a": f"configmaps:{theirs}/{name}:data.a"})
    with hub.counting() as count:
        program = fedcopy("run", "--clusters", cluster_set, "--target", "secrets,configmaps")
        messages = set()
        for kind in ("secret", "map"):
            for name in ("there", "missing"):
                rule = program.wait_rule(f"{ours}/{kind}-{name}", state="NotAllowed")
                messages.add((rule["reason"], rule["message"]))
        # The same words whether the source is there or not, and nothing is read to be refused.
        assert len(messages) == 1, messages
        assert count.requests(user="fedcopy", name="there") == [] and count.requests(user="fedcopy", namespace=theirs) == []
    program.wait_rule(f"hub/configmaps/{ours}/map-there", state="NotAllowed")
    wait_data(edge1, "secrets", ours, "secret-there", {"password": "ours"})
    wait_data(edge1, "configmaps", ours, "map-there", {"a": "ours"})


def test_the_master_and_the_own_cluster_are_read_and_no_other_member(fedcopy, cluster_set, hub, edge1, edge2, namespace):
    for cluster in (hub, edge1, edge2):
        configmap(cluster, namespace, "source", {"a": f"of {cluster.name}"})
    names = {
        "plain": ("source", "of hub"),
        "with-namespace": (f"{namespace}/source", "of hub"),
        "with-master": (f"hub/{namespace}/source", "of hub"),
        "own": (f"edge-1/{namespace}/source", "of edge-1"),
        "other-member": (f"edge-2/{namespace}/source", "x"),
    }
    for name, (instance, _) in names.items():
        configmap(edge1, namespace, name, {"a": "x"}, {"data.a": f"configmap:{instance}:data.a"})
    configmap(hub, namespace, "from-member", {"a": "x"}, {"data.a": f"configmap:edge-1/{namespace}/source:data.a"})
    program = fedcopy("run", "--clusters", cluster_set, "--target", "configmap")
    for name, (_, value) in names.items():
        program.wait_rule(f"edge-1/configmaps/{namespace}/{name}", state="NotAllowed" if value == "x" else "InSync")
        wait_data(edge1, "configmaps", namespace, name, {"a": value})
    program.wait_rule("/from-member", state="NotAllowed")
    set_data(edge1, "configmaps", namespace, "source", {"a": "changed"})
    wait_data(edge1, "configmaps", namespace, "own", {"a": "changed"})


@pytest.fixture
def system_objects(hub, edge1):
    """Objects in kube-system: a source on the master, a target on a member."""
    secret(hub, "kube-system", "e2e-source", {"a": "of the system"})
    secret(edge1, "kube-system", "e2e-target", {"a": "x"}, {"data": "secrets:e2e-source:data"})
    configmap(edge1, "kube-system", "e2e-literal", {"a": "x"}, {"data.a": 'json:"1"'})
    yield
    hub.api.delete("secrets", "kube-system", "e2e-source")
    edge1.api.delete("secrets", "kube-system", "e2e-target")
    edge1.api.delete("configmaps", "kube-system", "e2e-literal")


def test_system_namespaces_are_neither_read_nor_written(fedcopy, cluster_set, edge1, namespace, system_objects, secrets):
    secrets.append("of the system")
    secret(edge1, namespace, "copy", {"a": "x"}, {"data": "secrets:kube-system/e2e-source:data"})
    program = fedcopy("run", "--clusters", cluster_set, "--target", "secrets,configmaps")
    for target in (f"{namespace}/copy", "kube-system/e2e-target", "kube-system/e2e-literal"):
        rule = program.wait_rule(target, state="NotAllowed")
        assert "system namespace" in rule["message"], rule
    wait_data(edge1, "secrets", namespace, "copy", {"a": "x"})
    wait_data(edge1, "secrets", "kube-system", "e2e-target", {"a": "x"})
    wait_data(edge1, "configmaps", "kube-system", "e2e-literal", {"a": "x"})


def test_secrets_feed_only_kinds_that_hold_secrets(fedcopy, cluster_set, hub, namespace, secrets):
    secrets.append("the password")
    secret(hub, namespace, "source", {"a": "the password"})
    custom(hub, namespace, "FederatedSecret", "federated", {"template": {"stringData": {"a": "the password"}}})
    configmap(hub, namespace, "plain", {"a": "public"})
    configmap(hub, namespace, "from-secret", {"a": "x"}, {"data.a": "secret:source:data.a"})
    configmap(hub, namespace, "from-federated", {"a": "x"}, {"data.a": "federatedsecret:federated:spec.template.stringData.a"})
    configmap(hub, namespace, "from-metadata", {"a": "x"}, {"data.a": "secret:source:metadata.name"})
    custom(hub, namespace, "FederatedHelmRelease", "may", {}, {"spec.a": "secret:source:data"})
    secret(hub, namespace, "may-too", {}, {"metadata.labels.a": "configmap:plain:data.a"})
    program = fedcopy("run", "--clusters", cluster_set, "--target", TARGETS)
    for name in ("from-secret", "from-federated", "from-metadata"):
        program.wait_rule(f"{namespace}/{name}", state="NotAllowed")
        wait_data(hub, "configmaps", namespace, name, {"a": "x"})
    program.wait_rule(f"{namespace}/may")
    wait_value(hub, "secrets", namespace, "may-too", ("metadata", "labels", "a"), "public")


def test_guarded_groups_status_and_cluster_scoped_sources_want_the_operator(fedcopy, cluster_set, hub, namespace):
    configmap(hub, namespace, "source", {"a": "1"})
    role = {"metadata": metadata("role", {"metadata.labels.a": 'json:"1"'}), "rules": []}
    hub.api.create("roles", namespace, role)
    custom(hub, namespace, "FederatedSecret", "status", {}, {"status.a": "configmap:source:data.a"})
    configmap(hub, namespace, "of-a-namespace", {}, {"data.a": "namespaces:default:metadata.name"})
    configmap(hub, namespace, "of-a-node", {}, {"data.a": "nodes:/some-node:metadata.name"})
    program = fedcopy("run", "--clusters", cluster_set, "--target", "roles,federatedsecrets,configmaps")
    for name in ("role", "status", "of-a-namespace", "of-a-node"):
        program.wait_rule(f"{namespace}/{name}", state="NotAllowed")
    assert "labels" not in hub.api.get("roles", namespace, "role")["metadata"]


def test_d13_cluster_scoped_targets_take_literals(fedcopy, cluster_set, edge1, make_namespace):
    # D13: the original died of cluster-scoped objects.
    namespace = make_namespace(on=[edge1], annotations={f"{PREFIX}replace-metadata.labels.team": 'json:"red"'})
    program = fedcopy("run", "--clusters", cluster_set, "--target", "namespaces")
    wait_value(edge1, "namespaces", None, namespace, ("metadata", "labels", "team"), "red")
    edge1.api.annotate("namespaces", None, namespace, {f"{PREFIX}replace-metadata.labels.x": "configmap:source:data.a"})
    program.wait_rule(namespace, "metadata.labels.x", "Invalid")


def test_a_member_that_reads_nothing_is_given_nothing(fedcopy, clusters, hub, edge1, edge2, namespace, tmp_path):
    closed = tmp_path / "clusters.yaml"
    write_cluster_set(closed, clusters.all, clusters.kubeconfig, edge_1={"reads": "none"}, edge_2={"reads": "consented"})
    configmap(hub, namespace, "source", {"a": "1"})
    for member in (edge1, edge2):
        configmap(member, namespace, "source", {"a": "own"})
        configmap(member, namespace, "copy", {"a": "x"}, {"data.a": "configmap:source:data.a"})
        configmap(member, namespace, "own", {}, {"data.a": f"configmap:{member.name}/{namespace}/source:data.a"})
    program = fedcopy("run", "--clusters", closed, "--target", "configmap")
    for member, word in ((edge1, "reads: none"), (edge2, "reads: consented")):
        rule = program.wait_rule(f"{member.name}/configmaps/{namespace}/copy", state="NotAllowed")
        assert word in rule["message"]
        wait_data(member, "configmaps", namespace, "own", {"a": "own"})
        wait_data(member, "configmaps", namespace, "copy", {"a": "x"})


def test_d20_namespace_limits_what_is_watched(fedcopy, cluster_set, clusters, hub, edge1, make_namespace):
    # B18, D3, D20: the flag did not limit the original's watches, and with two namespaces it forgot the second.
    first, second, other = make_namespace(), make_namespace(), make_namespace()
    for name in (first, second, other):
        configmap(hub, name, "source", {"a": "1"})
        configmap(edge1, name, "copy", {"a": "x"}, {"data.a": "configmap:source:data.a"})
    offsets = {cluster: cluster.audit_offset() for cluster in clusters}
    program = fedcopy("run", "--clusters", cluster_set, "-t", "configmap", "-n", first, "--namespace", f"{second},{second}-late")
    for name in (first, second):
        wait_data(edge1, "configmaps", name, "copy", {"a": "1"})
        set_data(hub, "configmaps", name, "source", {"a": "2"})
        wait_data(edge1, "configmaps", name, "copy", {"a": "2"})
    # B17: a namespace that is named may come later.
    late = make_namespace(f"{second}-late")
    configmap(hub, late, "source", {"a": "late"})
    configmap(edge1, late, "copy", {"a": "x"}, {"data.a": "configmap:source:data.a"})
    wait_data(edge1, "configmaps", late, "copy", {"a": "late"})
    wait_data(edge1, "configmaps", other, "copy", {"a": "x"})
    assert program.rules(f"/{other}/") == []
    for cluster in clusters:
        asked = cluster.audit(offsets[cluster], user="fedcopy", resource="configmaps")
        assert {request["namespace"] for request in asked} <= {first, second, late}, asked
