# SPDX-License-Identifier: Apache-2.0
"""How fedcopy gets into clusters, and what it says when it does not."""

import shutil

import pytest
from envtest import REPOSITORY, free_port, kubectl, never, wait_for, write_cluster_set, write_kubeconfig
from objects import asked, configmap, deployment, secret, set_data, wait_data


def test_each_cluster_may_be_reached_in_a_way_of_its_own(fedcopy, clusters, hub, edge1, edge2, namespace, tmp_path, secrets):
    secrets += [edge1.tokens["fedcopy"], edge2.tokens["fedcopy"], "the password"]
    files = {"how": "cert-files" if hub.login == "cert" else "token-file", "ca": "file"}
    ways = {hub: files, edge1: {"how": "token"}, edge2: {"how": "token-file", "ca": "file"}}
    more = {}
    for cluster, way in ways.items():
        write_kubeconfig(tmp_path / cluster.name, [cluster], **way)
        more[cluster.name.replace("-", "_")] = {"kubeconfig": cluster.name}  # relative to the cluster set file
    write_cluster_set(tmp_path / "clusters.yaml", clusters.all, "", **more)
    secret(hub, namespace, "source", {"a": "the password"})
    for member in (edge1, edge2):
        secret(member, namespace, "copy", {}, {"data": "secrets:source:data"})
    fedcopy("run", "--clusters", tmp_path / "clusters.yaml", "--target", "secrets", "--log-level", "debug")
    for member in (edge1, edge2):
        wait_data(member, "secrets", namespace, "copy", {"a": "the password"})


def test_clusters_may_be_named_by_flags_environment_and_file(fedcopy, clusters, kubeconfig, hub, edge1, namespace, tmp_path):
    configmap(hub, namespace, "source", {"a": "1"})
    configmap(edge1, namespace, "copy", {}, {"data.a": f"configmap:main/{namespace}/source:data.a"})
    (tmp_path / "config.yaml").write_text(f"target: [configmaps]\nnamespace: [{namespace}]\nmember: [wrong=nowhere]\n")
    env = {"KUBECONFIG": f"/nonexistent:{kubeconfig}", "FEDCOPY_MEMBER": "shop=edge-1,other=edge-2"}
    program = fedcopy("run", "--master", "main=hub", "--config", tmp_path / "config.yaml", env=env)
    wait_data(edge1, "configmaps", namespace, "copy", {"a": "1"})
    assert program.wait_rule("/copy")["target"] == f"shop/configmaps/{namespace}/copy"


def shipped(name, tmp_path):
    """A cluster set file as it is shipped, where its kubeconfig files can be put beside it."""
    return shutil.copy(REPOSITORY / "clusters" / name, tmp_path / name)


def write_contexts(path, contexts, **how):
    """A kubeconfig with these contexts: {name: cluster}."""
    write_kubeconfig(path, list(contexts.values()), **how)
    for name, cluster in contexts.items():
        if name != cluster.name:
            kubectl(path, cluster.name, "config", "rename-context", cluster.name, name)
    return path


def test_the_shipped_file_of_the_least_that_is_needed_works(fedcopy, hub, edge1, namespace, tmp_path):
    config = write_contexts(tmp_path / "config", {"production": hub, "staging": edge1})
    configmap(hub, namespace, "source", {"a": "1"})
    configmap(edge1, namespace, "copy", {}, {"data.a": "configmap:source:data.a"})
    file = shipped("from-kubeconfig.yaml", tmp_path)
    program = fedcopy("run", "--clusters", file, "--target", "configmaps", env={"KUBECONFIG": str(config)})
    program.wait_rule(f"staging/configmaps/{namespace}/copy")


def test_the_shipped_file_of_two_regions_works(fedcopy, hub, edge1, edge2, namespace, tmp_path):
    write_contexts(tmp_path / "eu.kubeconfig", {"hub": hub, "shop-eu-1": edge1})
    # Two names of one cluster are refused, and the session has three: us-lab is a server that does not answer.
    nowhere = f"https://127.0.0.1:{free_port()}"
    contexts = {"us-1": edge2, "us-lab": edge1}
    write_contexts(tmp_path / "us.kubeconfig", contexts, server=lambda c: nowhere if c is edge1 else c.server)
    configmap(hub, namespace, "source", {"a": "1"})
    for member in (edge1, edge2):
        configmap(member, namespace, "copy", {}, {"data.a": "configmap:source:data.a"})
    program = fedcopy("run", "--clusters", shipped("two-regions.yaml", tmp_path), "--target", "configmaps", ready=False)
    wait_for(lambda: program.get("/livez")[0] == 200, 10, "it serves")
    program.wait_rule(f"eu-1/configmaps/{namespace}/copy")
    # This member reads only what the source consents to.
    program.wait_rule(f"us-1/configmaps/{namespace}/copy", state="NotAllowed")
    up = {cluster: program.metrics().value("fedcopy_cluster_up", cluster=cluster) for cluster in ("hub", "eu-1", "us-1", "us-lab")}
    assert up == {"hub": 1, "eu-1": 1, "us-1": 1, "us-lab": 0}


def test_one_cluster_alone_is_the_current_context(fedcopy, clusters, kubeconfig, hub, namespace):
    configmap(hub, namespace, "source", {"a": "1"})
    configmap(hub, namespace, "copy", {}, {"data.a": "configmap:source:data.a"})
    fedcopy("run", "--kubeconfig", kubeconfig, "--target", "configmaps")
    wait_data(hub, "configmaps", namespace, "copy", {"a": "1"})


def test_a_server_that_another_authority_vouches_for_is_refused(fedcopy, clusters, hub, edge1, edge2, namespace, tmp_path):
    # The context edge-2 trusts edge-2's authority and points at edge-1's server.
    config = tmp_path / "kubeconfig"
    write_kubeconfig(config, clusters.all, how="token", server=lambda c: edge1.server if c is edge2 else c.server)
    write_cluster_set(tmp_path / "clusters.yaml", clusters.all, config)
    configmap(hub, namespace, "source", {"a": "1"})
    configmap(edge1, namespace, "copy", {}, {"data.a": "configmap:source:data.a"})
    configmap(hub, namespace, "needs-it", {"a": "x"}, {"data.a": f"configmap:edge-2/{namespace}/source:data.a"})
    with edge1.counting() as count:
        program = fedcopy("run", "--clusters", tmp_path / "clusters.yaml", "--target", "configmaps")
        rule = program.wait_rule("/needs-it", state="ClusterUnreachable")
        assert "certificate" in rule["message"] and "edge-2" in rule["message"], rule
        assert "certificate" in program.get("/readyz")[1]
        wait_data(edge1, "configmaps", namespace, "copy", {"a": "1"})
        # It never got as far as telling that server a token.
        assert {request["user"] for request in count.requests(agent="fedcopy/")} <= {"fedcopy"}


def test_two_names_for_one_cluster_are_a_usage_error(fedcopy, kubeconfig, edge1, namespace):
    configmap(edge1, namespace, "copy", {}, {"data.a": 'json:"1"'})
    with edge1.counting() as count:
        result = fedcopy.run(
            *("run", "--kubeconfig", kubeconfig, "--master", "hub", "--member", "one=edge-1", "--member", "two=edge-1"),
            *("--target", "configmaps", "--status-address=", "--debug-address="),
        )
        assert result.status == 2, result
        assert "same cluster as" in result.err and "one" in result.err and "two" in result.err, result
        assert len(asked(count, "patch")) <= 1


READ = ["get", "list", "watch"]


def grant(cluster, namespace, name, *rules):
    """Gives the user `limited` these rights in the namespace: (resource, verbs), or (resource, verbs, names of objects)."""
    rules = [
        {"apiGroups": ["", "apps"], "resources": [resource], "verbs": verbs, **({"resourceNames": names[0]} if names else {})}
        for resource, verbs, *names in rules
    ]
    cluster.api.create("roles", namespace, {"metadata": {"name": name}, "rules": rules})
    cluster.bind(namespace, name)


@pytest.fixture
def limited(clusters, tmp_path):
    """A cluster set whose every cluster is entered as a user who may do what is granted."""
    write_kubeconfig(tmp_path / "limited", clusters.all, user="limited", how="token")
    return write_cluster_set(tmp_path / "limited.yaml", clusters.all, tmp_path / "limited")


def test_rights_in_one_namespace_are_enough_for_that_namespace(fedcopy, limited, hub, edge1, namespace):
    # Nothing cluster-wide, and no look at kube-system.
    grant(hub, namespace, "reader", ("secrets", READ))
    grant(edge1, namespace, "writer", ("secrets", READ + ["patch"]))
    secret(hub, namespace, "source", {"a": "1"})
    secret(edge1, namespace, "copy", {}, {"data": "secrets:source:data"})
    program = fedcopy("run", "--clusters", limited, "--target", "secrets", "--namespace", namespace, ready=False)
    wait_data(edge1, "secrets", namespace, "copy", {"a": "1"})
    set_data(hub, "secrets", namespace, "source", {"a": "2"})
    wait_data(edge1, "secrets", namespace, "copy", {"a": "2"})
    program.wait_rule("/copy")


def test_rights_to_single_sources_by_name_are_enough(fedcopy, limited, hub, edge1, namespace):
    """Sources are watched by a field selector on their names, which RBAC's resourceNames allow. More of them than are
    watched one by one must do with that too: the watch of the whole namespace is refused."""
    names = [f"web-{i}" for i in range(10)]
    grant(hub, namespace, "named", ("deployments", READ, names[:-1]), ("configmaps", READ))
    grant(edge1, namespace, "writer", ("configmaps", READ + ["patch"]), ("deployments", READ))
    for i, name in enumerate(names):
        deployment(hub, namespace, name, replicas=0, image=f"worker:{i}")
    image = "spec.template.spec.containers.0.image"
    for i in range(3):
        configmap(edge1, namespace, f"copy-{i}", {}, {"data.image": f"deployments:web-{i}:{image}"})
    program = fedcopy("run", "--clusters", limited, "--target", "configmaps", "--namespace", namespace, ready=False)
    for i in range(3):
        wait_data(edge1, "configmaps", namespace, f"copy-{i}", {"image": f"worker:{i}"})
    # Beyond the threshold of 8, those that may be read stay readable, and the tenth is said to be out of bounds.
    for i in range(3, 10):
        configmap(edge1, namespace, f"copy-{i}", {}, {"data.image": f"deployments:web-{i}:{image}"})
    for i in range(9):
        wait_data(edge1, "configmaps", namespace, f"copy-{i}", {"image": f"worker:{i}"}, 20)
    program.wait_rule("/copy-9", state="Forbidden")
    hub.api.patch(
        "deployments", namespace, "web-8", [{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "new:8"}], "json"
    )
    wait_data(edge1, "configmaps", namespace, "copy-8", {"image": "new:8"}, 20)


def test_missing_rights_are_named_and_later_ones_are_used(fedcopy, limited, hub, edge1, namespace, secrets):
    # kube-client 13.6: rights may come later; they are asked for again, slowly.
    secrets.append("the password")
    grant(hub, namespace, "targets", ("configmaps", READ))
    grant(edge1, namespace, "targets", ("secrets", READ), ("configmaps", READ + ["patch"]))
    configmap(hub, namespace, "source", {"a": "1"})
    secret(hub, namespace, "source", {"a": "the password"})
    # Its target may not be written; its source may not be read.
    secret(edge1, namespace, "may-not-write", {}, {"metadata.labels.a": "configmaps:source:data.a"})
    secret(edge1, namespace, "may-not-read", {"a": "x"}, {"data": "secrets:source:data"})
    configmap(edge1, namespace, "may", {}, {"data.a": "configmaps:source:data.a"})
    program = fedcopy("run", "--clusters", limited, "--target", "secrets,configmaps", "--namespace", namespace, ready=False)
    wait_data(edge1, "configmaps", namespace, "may", {"a": "1"})
    rule = program.wait_rule("/may-not-write", state="Forbidden", reason="TargetForbidden")
    assert "403" in rule["message"], rule
    rule = program.wait_rule("/may-not-read", state="Forbidden", reason="SourceForbidden")
    assert "secrets" in rule["message"], rule
    # A right that is lacking is not asked for again and again.
    with edge1.counting() as count:
        never(lambda: len(count.requests(user="limited", verb="patch")) > 1, 1.0, "hot retries")
    grant(edge1, namespace, "more", ("secrets", ["patch"]))
    program.wait_rule("/may-not-write", timeout=20)
    wait_data(edge1, "secrets", namespace, "may-not-read", {"a": "x"})


def test_a_user_without_rights_is_said_to_be_one(fedcopy, clusters, hub, edge1, namespace, tmp_path):
    write_kubeconfig(tmp_path / "members", clusters.members, user="nobody", how="token")
    write_cluster_set(
        tmp_path / "clusters.yaml", clusters.all, tmp_path / "members", hub={"kubeconfig": str(clusters.kubeconfig)}
    )
    configmap(edge1, namespace, "source", {"a": "1"})
    configmap(hub, namespace, "copy", {"a": "x"}, {"data.a": f"configmap:edge-1/{namespace}/source:data.a"})
    configmap(hub, namespace, "fine", {}, {"data.a": 'json:"1"'})
    program = fedcopy("run", "--clusters", tmp_path / "clusters.yaml", "--target", "configmaps", ready=False)
    program.wait_ready(12)
    wait_data(hub, "configmaps", namespace, "fine", {"a": "1"})
    wait_for(lambda: "403" in program.stderr(), 5, "the log says 403")
    wait_data(hub, "configmaps", namespace, "copy", {"a": "x"})


def test_a_wrong_token_is_said_to_be_one(fedcopy, clusters, edge1, edge2, hub, namespace, tmp_path, secrets, monkeypatch):
    wrong = "0123456789abcdef-no-such-token"
    secrets.append(wrong)
    monkeypatch.setitem(edge1.tokens, "fedcopy", wrong)
    write_kubeconfig(tmp_path / "kubeconfig", clusters.all, how="token")
    write_cluster_set(tmp_path / "clusters.yaml", clusters.all, tmp_path / "kubeconfig")
    configmap(hub, namespace, "source", {"a": "1"})
    for member in (edge1, edge2):
        configmap(member, namespace, "copy", {"a": "x"}, {"data.a": "configmap:source:data.a"})
    program = fedcopy("run", "--clusters", tmp_path / "clusters.yaml", "--target", "configmaps", "--log-level", "debug")
    wait_data(edge2, "configmaps", namespace, "copy", {"a": "1"})
    wait_for(lambda: "401" in program.stderr(), 5, "the log says 401")
    wait_data(edge1, "configmaps", namespace, "copy", {"a": "x"})
