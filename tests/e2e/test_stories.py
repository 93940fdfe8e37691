# SPDX-License-Identifier: Apache-2.0
"""What people use the k8s-copier dialect for, from the first copy to the next change."""

from objects import TARGETS, configmap, custom, deployment, encode, secret, set_data, wait_data, wait_value


def test_a_certificate_reaches_the_federated_secret_of_the_master(fedcopy, cluster_set, hub, namespace):
    secret(hub, namespace, "cloud-certificate", {"tls.crt": "certificate", "tls.key": "the private key"})
    custom(
        hub,
        namespace,
        "FederatedSecret",
        "cloud-certificate",
        {"placement": {"clusterSelector": {}}, "template": {"type": "kubernetes.io/tls"}},
        {"spec.template.data": "secrets:cloud-certificate:data"},
    )
    fedcopy("run", "--clusters", cluster_set, "--target", "federatedsecret")
    where = (hub, "federatedsecrets", namespace, "cloud-certificate")
    wait_value(*where, ("spec", "template", "data"), encode({"tls.crt": "certificate", "tls.key": "the private key"}))
    # B9: nothing beside the path has changed.
    spec = hub.api.get(*where[1:])["spec"]
    assert spec["template"]["type"] == "kubernetes.io/tls" and spec["placement"] == {"clusterSelector": {}}
    set_data(hub, "secrets", namespace, "cloud-certificate", {"tls.key": "the renewed key"})
    wait_value(*where, ("spec", "template", "data"), encode({"tls.crt": "certificate", "tls.key": "the renewed key"}))


def test_a_secret_reaches_plain_secrets_on_both_members(fedcopy, cluster_set, hub, edge1, edge2, namespace):
    secret(hub, namespace, "database", {"user": "shop", "password": "the first password"})
    for member in (edge1, edge2):
        secret(member, namespace, "database", {"password": "unset"}, {"data": "secrets:database:data"})
    fedcopy("run", "--clusters", cluster_set, "--target", "secrets", "--log-level", "debug")
    for member in (edge1, edge2):
        wait_data(member, "secrets", namespace, "database", {"user": "shop", "password": "the first password"})
    set_data(hub, "secrets", namespace, "database", {"password": "the second password"})
    for member in (edge1, edge2):
        wait_data(member, "secrets", namespace, "database", {"user": "shop", "password": "the second password"})


def test_a_key_removed_from_the_source_disappears_from_the_targets(fedcopy, cluster_set, hub, edge1, edge2, namespace):
    # B9: the whole subtree is replaced, so a key that went goes.
    secret(hub, namespace, "database", {"user": "shop", "password": "the password"})
    for member in (edge1, edge2):
        secret(member, namespace, "database", {}, {"data": "secrets:database:data"})
    fedcopy("run", "--clusters", cluster_set, "--target", "secrets")
    for member in (edge1, edge2):
        wait_data(member, "secrets", namespace, "database", {"user": "shop", "password": "the password"})
    set_data(hub, "secrets", namespace, "database", {"user": None})
    for member in (edge1, edge2):
        wait_data(member, "secrets", namespace, "database", {"password": "the password"})


def test_a_deployment_fills_a_federated_deployment(fedcopy, cluster_set, hub, namespace):
    source = deployment(hub, namespace, "podinfo", replicas=2, image="podinfo:6.0.0")
    custom(
        hub,
        namespace,
        "FederatedDeployment",
        "podinfo",
        {"placement": {"clusterSelector": {}}},
        {"spec.template.spec": "deployments.v1.apps:podinfo:spec"},
    )
    fedcopy("run", "--clusters", cluster_set, "--target", "federateddeployment")
    where = (hub, "federateddeployments", namespace, "podinfo")
    wait_value(*where, ("spec", "template", "spec"), source["spec"])
    hub.api.patch("deployments", namespace, "podinfo", {"spec": {"replicas": 5}})
    wait_value(*where, ("spec", "template", "spec", "replicas"), 5)


def test_a_helm_release_fills_a_federated_helm_release(fedcopy, cluster_set, hub, namespace):
    release = {"chart": {"spec": {"chart": "podinfo", "version": "6.0.0"}}, "interval": "5m", "values": {"replicas": 2}}
    custom(hub, namespace, "HelmRelease", "podinfo", release)
    custom(hub, namespace, "FederatedHelmRelease", "podinfo", {}, {"spec.template.spec": "helmrelease:podinfo:spec"})
    fedcopy("run", "--clusters", cluster_set, "--target", "federatedhelmreleases.v1beta1.types.kubefed.io")
    where = (hub, "federatedhelmreleases", namespace, "podinfo")
    wait_value(*where, ("spec", "template", "spec"), release)
    hub.api.patch("helmreleases", namespace, "podinfo", {"spec": {"chart": {"spec": {"version": "6.1.0"}}}})
    wait_value(*where, ("spec", "template", "spec", "chart", "spec", "version"), "6.1.0")


def test_b28_a_literal_is_set_and_kept(fedcopy, cluster_set, edge1, namespace):
    # D1: the original parsed these rules and never applied them. D16: it never found 3 equal to 3.0.
    deployment(
        edge1, namespace, "worker", {"spec.replicas": "json:3", "spec.template.spec.nodeSelector": 'json:{"pool":"batch"}'}
    )
    configmap(edge1, namespace, "view", {}, {"data.text": 'json:"grüß\\tGott"', "metadata.labels.team": 'json:"red"'})
    program = fedcopy("run", "--clusters", cluster_set, "--target", TARGETS)
    wait_value(edge1, "deployments", namespace, "worker", ("spec", "replicas"), 3)
    wait_value(edge1, "deployments", namespace, "worker", ("spec", "template", "spec", "nodeSelector"), {"pool": "batch"})
    wait_data(edge1, "configmaps", namespace, "view", {"text": "grüß\tGott"})
    wait_value(edge1, "configmaps", namespace, "view", ("metadata", "labels"), {"team": "red"})
    # B28: a literal corrects drift too.
    edge1.api.patch("deployments", namespace, "worker", {"spec": {"replicas": 1}})
    wait_value(edge1, "deployments", namespace, "worker", ("spec", "replicas"), 3)
    # One write made both rules true, one undid the drift: equal numbers are equal.
    rule = program.wait_rule(f"edge-1/deployments.apps/{namespace}/worker", "spec.replicas")
    assert rule["writes"] == 2, rule
