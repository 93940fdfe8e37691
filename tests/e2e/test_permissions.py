# SPDX-License-Identifier: Apache-2.0
"""Who may read what for whom, and who may stop it. D18: the original read whatever the process could."""

import os
import signal

import pytest
from envtest import end_process, free_port, never, spawn, wait_for, write_cluster_set
from fedcopy import binary, environment
from objects import PREFIX, TARGETS, asked, configmap, custom, metadata, secret, set_data, wait_data, wait_value
from objects import wait_writes

NAMESPACES = "fedcopy.dev/allow-namespaces"
CLUSTERS = "fedcopy.dev/allow-clusters"
PAUSE = "fedcopy.dev/pause"


def test_d18_a_foreign_namespace_is_not_read_and_says_nothing_of_what_it_holds(
    fedcopy, cluster_set, hub, edge1, make_namespace, secrets
):
    ours, theirs = make_namespace(), make_namespace()
    secrets.append("their password")
    secret(hub, theirs, "there", {"password": "their password"})
    configmap(hub, theirs, "there", {"a": "1"})
    configmap(hub, theirs, "paused", {"a": "1"}, annotations={PAUSE: "true"})
    for name in ("there", "missing", "paused"):
        secret(edge1, ours, f"secret-{name}", {"password": "ours"}, {"data": f"secrets:{theirs}/{name}:data"})
        configmap(edge1, ours, f"map-{name}", {"a": "ours"}, {"data.a": f"configmaps:{theirs}/{name}:data.a"})
        configmap(hub, ours, f"map-{name}", {"a": "ours"}, {"data.a": f"configmaps:{theirs}/{name}:data.a"})
    with hub.counting() as on_hub, edge1.counting() as on_edge:
        program = fedcopy("run", "--clusters", cluster_set, "--target", "secrets,configmaps")
        messages = set()
        for kind in ("secret", "map"):
            for name in ("there", "missing", "paused"):
                rule = program.wait_rule(f"edge-1/{kind == 'map' and 'configmaps' or 'secrets'}/{ours}/{kind}-{name}", None, "NotAllowed")
                messages.add((rule["reason"], rule["message"]))
        # The same words whether the source is there or not; it is watched for a consent, and costs nothing else.
        assert len(messages) == 1, messages
        assert asked(on_hub, ("get", "patch"), namespace=theirs) == []
        assert asked(on_edge, ("get", "patch"), namespace=ours) == []
    program.wait_rule(f"hub/configmaps/{ours}/map-there", state="NotAllowed")
    wait_data(edge1, "secrets", ours, "secret-there", {"password": "ours"})
    wait_data(edge1, "configmaps", ours, "map-there", {"a": "ours"})


def consent(cluster, namespace, name, **values):
    """Sets or, with None, takes away consents: allow_namespaces, allow_clusters, on a ConfigMap; name None: on the Namespace."""
    annotations = {f"fedcopy.dev/{key.replace('_', '-')}": value for key, value in values.items()}
    if name is None:
        cluster.api.annotate("namespaces", None, namespace, annotations)
    else:
        cluster.api.annotate("configmaps", namespace, name, annotations)


def test_consents_of_sources_and_namespaces_open_what_they_name(fedcopy, cluster_set, hub, edge1, edge2, make_namespace):
    ours, theirs = make_namespace(), make_namespace()
    opened = make_namespace(on=[hub, edge1], annotations={NAMESPACES: f"x, {ours}"})
    make_namespace(opened, on=[edge2], annotations={NAMESPACES: ours, CLUSTERS: "*"})
    for cluster in (hub, edge1, edge2):
        for namespace in (theirs, opened):
            configmap(cluster, namespace, "silent", {"a": f"of {cluster.name}"})
        configmap(cluster, theirs, "far", {"a": f"of {cluster.name}"}, annotations={NAMESPACES: "*", CLUSTERS: "edge-1"})
        configmap(cluster, theirs, "near", {"a": f"of {cluster.name}"}, annotations={NAMESPACES: f"{ours[:-3]}*"})
        configmap(cluster, theirs, "other", {"a": f"of {cluster.name}"}, annotations={NAMESPACES: "x,y", CLUSTERS: "hub"})
        configmap(cluster, theirs, "empty", {"a": f"of {cluster.name}"}, annotations={NAMESPACES: "", CLUSTERS: ""})
    configmap(edge2, ours, "same-namespace", {"a": "of edge-2"}, annotations={CLUSTERS: "edge-*"})
    # The rule of a ConfigMap of edge-1, and what it gets; None: nothing.
    rules = {
        f"{theirs}/near": "of hub",
        f"{theirs}/far": "of hub",
        f"{theirs}/silent": None,
        f"{theirs}/other": None,
        f"{theirs}/empty": None,
        f"{opened}/silent": "of hub",
        f"edge-1/{theirs}/near": "of edge-1",
        f"edge-1/{theirs}/silent": None,
        f"edge-1/{opened}/silent": "of edge-1",
        f"edge-2/{theirs}/near": None,
        f"edge-2/{theirs}/far": "of edge-2",
        f"edge-2/{theirs}/other": None,
        f"edge-2/{opened}/silent": "of edge-2",
        f"edge-2/{ours}/same-namespace": "of edge-2",
    }
    for number, source in enumerate(rules):
        configmap(edge1, ours, f"c{number}", {"a": "x"}, {"data.a": f"configmaps:{source}:data.a"})
    program = fedcopy("run", "--clusters", cluster_set, "--target", "configmaps")
    for number, (source, value) in enumerate(rules.items()):
        program.wait_rule(f"{ours}/c{number}", state="InSync" if value else "NotAllowed")
        wait_data(edge1, "configmaps", ours, f"c{number}", {"a": value or "x"})


def test_a_consent_that_is_given_or_withdrawn_counts_at_once_and_copies_stay(
    fedcopy, cluster_set, hub, edge1, make_namespace
):
    ours, theirs = make_namespace(), make_namespace()
    configmap(hub, theirs, "source", {"a": "1"})
    configmap(edge1, ours, "copy", {"a": "x"}, {"data.a": f"configmaps:{theirs}/source:data.a"})
    configmap(edge1, ours, "of-missing", {"a": "x"}, {"data.a": f"configmaps:{theirs}/missing:data.a"})
    program = fedcopy("run", "--clusters", cluster_set, "--target", "configmaps")
    copy = f"{ours}/copy"
    program.wait_rule(copy, state="NotAllowed")
    consent(hub, theirs, "source", allow_namespaces=ours)
    wait_data(edge1, "configmaps", ours, "copy", {"a": "1"})
    consent(hub, theirs, "source", allow_namespaces=None)
    program.wait_rule(copy, state="NotAllowed")
    set_data(hub, "configmaps", theirs, "source", {"a": "2"})
    set_data(edge1, "configmaps", ours, "copy", {"a": "drift"})
    never(lambda: edge1.api.get("configmaps", ours, "copy")["data"] != {"a": "drift"}, 0.5, "a write without consent")
    # The Namespace speaks for all in it, and lets be known what is missing.
    program.wait_rule(f"{ours}/of-missing", state="NotAllowed")
    consent(hub, theirs, None, allow_namespaces=ours)
    wait_data(edge1, "configmaps", ours, "copy", {"a": "2"})
    program.wait_rule(f"{ours}/of-missing", state="SourceNotFound")
    consent(hub, theirs, None, allow_namespaces="")
    program.wait_rule(copy, state="NotAllowed")
    program.wait_rule(f"{ours}/of-missing", state="NotAllowed")
    wait_data(edge1, "configmaps", ours, "copy", {"a": "2"})


def permission(source, target, *resources):
    return {"from": source, "to": target, "resources": list(resources)}


def test_the_operator_permits_what_nobody_else_can(
    fedcopy, clusters, hub, edge1, make_namespace, system_objects, tmp_path, secrets
):
    ours, theirs = make_namespace(), make_namespace()
    secrets.append("of the system")
    file = tmp_path / "clusters.yaml"
    allowed = [
        permission("hub/", f"edge-1/{ours}", "namespaces"),
        permission("edge-2/", f"*/{ours}", "namespaces"),
        permission(f"edge-2/{theirs}", f"edge-*/{ours[:-2]}*", "configmaps"),
        permission(f"hub/{ours}", f"hub/{ours}", "roles.rbac.authorization.k8s.io", "federatedsecrets.types.kubefed.io"),
        permission("hub/kube-system", f"edge-1/{ours}", "secrets"),
        permission(f"hub/{ours}", f"edge-1/{ours}", "secrets"),
    ]
    write_cluster_set(file, clusters.all, clusters.kubeconfig, permissions=allowed)
    configmap(hub, ours, "source", {"a": "1"})
    configmap(clusters.edge_2, theirs, "source", {"a": "far"})
    secret(hub, ours, "password", {"a": "public by order"})
    # Cluster-scoped sources.
    configmap(edge1, ours, "scoped", {}, {"data.a": f"namespaces:/{theirs}:metadata.name"})
    configmap(edge1, ours, "scoped-far", {}, {"data.a": f"namespaces:edge-2//{theirs}:metadata.name"})
    configmap(edge1, ours, "not-named", {"a": "x"}, {"data.a": "clusterroles:/some:metadata.name"})
    # Another member and namespace; a system namespace that is named, and one that is not.
    configmap(edge1, ours, "far", {}, {"data.a": f"configmaps:edge-2/{theirs}/source:data.a"})
    secret(edge1, ours, "system", {"a": "x"}, {"data": "secrets:kube-system/e2e-source:data"})
    # A Secret into a ConfigMap.
    configmap(edge1, ours, "open", {}, {"data.a": "secrets:password:data.a"})
    # A guarded group, and a path under status.
    hub.api.create("roles", ours, {"metadata": metadata("role", {"metadata.labels.a": "configmap:source:data.a"}), "rules": []})
    custom(hub, ours, "FederatedSecret", "status", {}, {"status.a": "configmap:source:data.a"})
    program = fedcopy("run", "--clusters", file, "--target", "roles,federatedsecrets,configmaps,secrets")
    wait_data(edge1, "configmaps", ours, "scoped", {"a": theirs})
    wait_data(edge1, "configmaps", ours, "scoped-far", {"a": theirs})
    wait_data(edge1, "configmaps", ours, "far", {"a": "far"})
    wait_data(edge1, "secrets", ours, "system", {"a": "of the system"})
    wait_value(edge1, "configmaps", ours, "open", ("data", "a"), hub.api.get("secrets", ours, "password")["data"]["a"])
    wait_value(hub, "roles", ours, "role", ("metadata", "labels", "a"), "1")
    wait_value(hub, "federatedsecrets", ours, "status", ("status", "a"), "1")
    program.wait_rule(f"{ours}/not-named", state="NotAllowed")
    program.wait_rule("kube-system/e2e-target", state="NotAllowed")
    # A list that is edited counts as soon as it is read.
    write_cluster_set(file, clusters.all, clusters.kubeconfig, permissions=allowed[:2])
    for name in ("far", "system", "open", "role", "status"):
        program.wait_rule(f"{ours}/{name}", state="NotAllowed")
    program.wait_rule(f"{ours}/scoped")
    set_data(clusters.edge_2, "configmaps", theirs, "source", {"a": "later"})
    never(lambda: edge1.api.get("configmaps", ours, "far")["data"] != {"a": "far"}, 0.3, "a write without permission")
    write_cluster_set(file, clusters.all, clusters.kubeconfig, permissions=[permission("*/*", "*/*", "*")])
    wait_data(edge1, "configmaps", ours, "far", {"a": "later"})
    program.wait_rule(f"{ours}/system", state="NotAllowed")  # no star covers it


def test_allow_all_asks_nobody_and_warns(fedcopy, cluster_set, hub, edge1, edge2, make_namespace, system_objects, secrets):
    ours, theirs = make_namespace(), make_namespace()
    secrets.append("of the system")
    configmap(edge2, theirs, "source", {"a": "1"})
    configmap(edge1, ours, "copy", {}, {"data.a": f"configmaps:edge-2/{theirs}/source:data.a"})
    secret(edge1, ours, "system", {}, {"data": "secrets:kube-system/e2e-source:data"})
    program = fedcopy("run", "--clusters", cluster_set, "--target", "configmaps,secrets", "--allow-all")
    wait_data(edge1, "configmaps", ours, "copy", {"a": "1"})
    wait_data(edge1, "secrets", ours, "system", {"a": "of the system"})
    assert [line for line in program.stderr().splitlines() if " warn " in line and "--allow-all" in line]


def test_pauses_on_either_side_hold_copying_until_they_are_taken_off(
    fedcopy, cluster_set, hub, edge1, make_namespace
):
    ours, theirs = make_namespace(), make_namespace()
    configmap(hub, theirs, "source", {"a": "0"}, annotations={NAMESPACES: "*"})
    configmap(edge1, ours, "copy", {}, {"data.a": f"configmaps:{theirs}/source:data.a"})
    program = fedcopy("run", "--clusters", cluster_set, "--target", "configmaps")
    wait_writes(program, f"{ours}/copy", "data.a", 1)
    places = [
        (edge1, "configmaps", ours, "copy"),
        (hub, "configmaps", theirs, "source"),
        (edge1, "namespaces", None, ours),
        (hub, "namespaces", None, theirs),
    ]
    for number, (cluster, resource, namespace, name) in enumerate(places, 1):
        cluster.api.annotate(resource, namespace, name, {PAUSE: "true"})
        program.wait_rule(f"{ours}/copy", state="Pending", reason="Paused")
        with edge1.counting() as count:
            set_data(hub, "configmaps", theirs, "source", {"a": str(number)})
            never(lambda: asked(count, ("get", "patch"), name="copy"), 0.3, "a request while paused")
        cluster.api.annotate(resource, namespace, name, {PAUSE: None})
        wait_data(edge1, "configmaps", ours, "copy", {"a": str(number)})


def test_targets_follow_the_hub_that_they_name(fedcopy, clusters, hub, edge1, namespace, tmp_path):
    configmap(hub, namespace, "source", {"a": "1"})
    for name, master in (("ours", "hub"), ("theirs", "berlin"), ("anyones", None)):
        annotations = {"fedcopy.dev/hub": master} if master else {}
        configmap(edge1, namespace, name, {"a": "x"}, {"data.a": "configmap:source:data.a"}, annotations=annotations)
    file = write_cluster_set(tmp_path / "clusters.yaml", clusters.all, clusters.kubeconfig)
    program = fedcopy("run", "--clusters", file, "--target", "configmaps")
    wait_data(edge1, "configmaps", namespace, "ours", {"a": "1"})
    wait_data(edge1, "configmaps", namespace, "anyones", {"a": "1"})
    assert program.rules(f"{namespace}/theirs") == []
    # The master gets the name that the others follow.
    file.write_text(file.read_text().replace("name: hub", "name: berlin", 1).replace('"hub"', '"berlin"', 1))
    wait_data(edge1, "configmaps", namespace, "theirs", {"a": "1"})
    wait_for(lambda: program.rules(f"{namespace}/ours") == [], 5, "its rule is none any more")
    edge1.api.annotate("configmaps", namespace, "theirs", {"fedcopy.dev/hub": "hub"})
    wait_for(lambda: program.rules(f"{namespace}/theirs") == [], 5, "its rule is none any more")


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
    configmap(hub, namespace, "of-a-role", {}, {"data.a": "clusterroles:/some-role:metadata.name"})
    program = fedcopy("run", "--clusters", cluster_set, "--target", "roles,federatedsecrets,configmaps")
    for name in ("role", "status", "of-a-namespace", "of-a-role"):
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


def test_a_crash_leaves_no_core_dump(cluster_set, tmp_path):
    address = f"127.0.0.1:{free_port()}"
    command = [binary(), "run", "--clusters", cluster_set, "--target", "secrets", "--status-address", address, "--debug-address="]
    log = tmp_path / "stderr"
    with open(log, "ab") as err:
        # Whoever starts it asks for one.
        process = spawn(["prlimit", "--core=unlimited", "--", *command], env=environment(), cwd=tmp_path, stderr=err)
    try:
        wait_for(lambda: b"started" in log.read_bytes(), 10, "it has started")
        process.send_signal(signal.SIGSEGV)
        end = os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert end.si_code != os.CLD_DUMPED and list(tmp_path.glob("core*")) == [], end
    finally:
        end_process(process, 0)
