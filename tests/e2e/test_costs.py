# SPDX-License-Identifier: Apache-2.0
"""What fedcopy asks of the API servers, by their own counters (apiserver_request_total) and audit logs: promises 2 and 3."""

import pytest
from envtest import never, wait_for
from objects import asked, configmap, custom, secret, set_data, version, wait_data, wait_value, wait_writes

READS = ("GET", "LIST")


def test_one_change_costs_one_write_of_each_target_and_no_read(fedcopy, cluster_set, hub, edge1, edge2, namespace):
    secret(hub, namespace, "source", {"a": "0"})
    targets = [(member, name) for member in (edge1, edge2) for name in ("first", "second")]
    for member, name in targets:
        secret(member, namespace, name, {}, {"data": "secrets:source:data"})
    program = fedcopy("run", "--clusters", cluster_set, "--target", "secrets")
    for member, name in targets:
        wait_writes(program, f"{member.name}/secrets/{namespace}/{name}", "data", 1)
    changes = 5
    with hub.counting() as on_hub, edge1.counting() as on_edge1, edge2.counting() as on_edge2:
        for change in range(1, changes + 1):
            set_data(hub, "secrets", namespace, "source", {"a": str(change)})
            for member, name in targets:
                wait_writes(program, f"{member.name}/secrets/{namespace}/{name}", "data", 1 + change)
        # What would come late, comes now.
        never(lambda: any(on.total(verb="PATCH", resource="secrets") > 2 * changes for on in (on_edge1, on_edge2)), 0.5)
    for on_edge in (on_edge1, on_edge2):
        assert on_edge.total(verb="PATCH", resource="secrets") == 2 * changes
        assert on_edge.total(verb=READS, resource="secrets") == 0
        assert asked(on_edge, ("get", "list", "update", "create", "delete")) == []
    assert on_hub.total(verb=READS, resource="secrets") == 0
    assert asked(on_hub, ("get", "list", "patch", "update", "create", "delete")) == []
    for member, name in targets:
        wait_data(member, "secrets", namespace, name, {"a": str(changes)})


def test_a_foreign_change_costs_at_most_one_read_of_the_target_and_one_of_its_source(
    fedcopy, cluster_set, hub, edge1, namespace
):
    configmap(hub, namespace, "source", {"a": "1"})
    configmap(edge1, namespace, "copy", {}, {"data.a": "configmap:source:data.a"})
    program = fedcopy("run", "--clusters", cluster_set, "--target", "configmaps")
    wait_writes(program, "/copy", "data.a", 1)
    # Beside the path.
    with hub.counting() as on_hub, edge1.counting() as on_edge:
        set_data(edge1, "configmaps", namespace, "copy", {"b": "theirs"})
        wait_for(lambda: asked(on_edge, "get", name="copy"), 5, "the target is read")
        never(lambda: len(asked(on_edge, ("get", "list", "patch"))) > 1 or asked(on_hub, ("get", "list")), 0.5)
    # On the path.
    with hub.counting() as on_hub, edge1.counting() as on_edge:
        set_data(edge1, "configmaps", namespace, "copy", {"a": "meddled"})
        wait_writes(program, "/copy", "data.a", 2)
        never(lambda: len(asked(on_edge, ("get", "list", "patch"))) > 2 or len(asked(on_hub, ("get", "list"))) > 1, 0.5)
    assert on_edge.total(verb="PATCH", resource="configmaps") == 2  # theirs and ours
    assert len(asked(on_edge, "get", name="copy")) <= 1 and len(asked(on_hub, "get", name="source")) <= 1


def test_an_unchanged_generation_costs_no_read(fedcopy, cluster_set, hub, namespace):
    # Where the rules touch only spec and the kind counts generations.
    secret(hub, namespace, "source", {"a": "1"})
    custom(hub, namespace, "FederatedSecret", "copy", {}, {"spec.template.data": "secrets:source:data"})
    program = fedcopy("run", "--clusters", cluster_set, "--target", "federatedsecrets")
    wait_writes(program, "/copy", "spec.template.data", 1)
    with hub.counting() as count:
        status = {"status": {"phase": "Ready"}}
        hub.api.patch("federatedsecrets", namespace, "copy", status, subresource="status")
        hub.api.annotate("federatedsecrets", namespace, "copy", {"note": "changed"})
        never(lambda: asked(count, ("get", "list", "patch")), 0.7, "a request without need")
    # And the version that went by unread is the one that the next write names.
    with hub.counting() as count:
        set_data(hub, "secrets", namespace, "source", {"a": "2"})
        wait_writes(program, "/copy", "spec.template.data", 2)
        assert [request["code"] for request in asked(count, "patch")] == [200]
        assert asked(count, "get") == []


def test_b23_a_restart_in_sync_writes_nothing(fedcopy, cluster_set, clusters, hub, edge1, edge2, namespace):
    # B23
    secret(hub, namespace, "source", {"a": "1", "b": "2"})
    configmap(hub, namespace, "settings", {"a": "1"})
    objects = [(hub, "federatedsecrets", "copy")]
    custom(hub, namespace, "FederatedSecret", "copy", {}, {"spec.template.data": "secrets:source:data"})
    for member in (edge1, edge2):
        secret(member, namespace, "copy", {}, {"data": "secrets:source:data"})
        rules = {"data.a": "configmaps:settings:data.a", "metadata.labels.b": 'json:"b"', "data.c": "configmaps:missing:data.c"}
        configmap(member, namespace, "view", {}, rules)
        objects += [(member, "secrets", "copy"), (member, "configmaps", "view")]
    command = ("run", "--clusters", cluster_set, "--target", "secrets,configmaps,federatedsecrets")

    def settle(program):
        for cluster, resource, name in objects:
            for rule in program.rules(f"{cluster.name}/{resource}"):
                program.wait_rule(rule["target"], rule["path"], ("InSync", "SourceNotFound"))
        wait_for(lambda: len(program.rules()) >= 9, 10, lambda: f"all rules: {program.rules()}")
        wait_for(lambda: {r["state"] for r in program.rules()} == {"InSync", "SourceNotFound"}, 10, lambda: f"{program.rules()}")

    first = fedcopy(*command)
    settle(first)
    assert first.stop() == 0
    before = [version(cluster, resource, namespace, name) for cluster, resource, name in objects]
    offsets = {cluster: cluster.audit_offset() for cluster in clusters}
    second = fedcopy(*command)
    settle(second)
    assert second.stop() == 0
    assert [version(cluster, resource, namespace, name) for cluster, resource, name in objects] == before
    for cluster in clusters:
        assert cluster.audit(offsets[cluster], user="fedcopy", verb=("patch", "update", "create", "delete")) == []
    # Promise 3: lists, watches, and at most one read of each annotated target; none of a source, however many rules name it.
    reads = {
        (cluster.name, request["resource"], request["name"])
        for cluster in clusters
        for request in cluster.audit(offsets[cluster], user="fedcopy", verb="get", namespace=namespace)
    }
    assert reads <= {(cluster.name, resource, name) for cluster, resource, name in objects}
    for cluster, resource, name in objects:
        assert len(cluster.audit(offsets[cluster], user="fedcopy", verb="get", resource=resource, name=name)) <= 1


@pytest.mark.real("a server that is older than streaming lists")
def test_an_old_server_is_asked_for_nothing_that_it_does_not_know(fedcopy, cluster_set, hub, edge1, namespace):
    # It has neither aggregated discovery nor streaming lists. That costs no request, and nothing is refused.
    configmap(hub, namespace, "source", {"a": "1"})
    configmap(edge1, namespace, "copy", {}, {"data.a": "configmap:source:data.a"})
    before = edge1.audit_offset()
    program = fedcopy("run", "--clusters", cluster_set, "--target", "configmap")
    wait_writes(program, "/copy", "data.a", 1)
    assert program.stop() == 0
    requests = edge1.audit(before, user="fedcopy")
    for path in ("/api", "/apis", "/api/v1", "/apis/apps/v1"):
        assert [request["code"] for request in requests if request["uri"].partition("?")[0] == path] == [200], path
    lists = [request for request in requests if request["verb"] == "list" and request["resource"] == "configmaps"]
    assert [request["code"] for request in lists] == [200]
    assert [request["uri"] for request in requests if "sendInitialEvents" in request["uri"]] == []
    assert [request for request in requests if request["code"] in (400, 406, 422)] == []


def test_a_rest_costs_nothing(fedcopy, cluster_set, clusters, hub, edge1, namespace):
    configmap(hub, namespace, "source", {"a": "1"})
    configmap(edge1, namespace, "copy", {}, {"data.a": "configmap:source:data.a"})
    # What nobody asks about: no rule, or a rule of another kind.
    program = fedcopy("run", "--clusters", cluster_set, "--target", "configmaps,secrets")
    wait_writes(program, "/copy", "data.a", 1)
    offsets = {cluster: cluster.audit_offset() for cluster in clusters}
    for number in range(5):
        configmap(edge1, namespace, f"bystander-{number}", {"a": "1"})
        secret(hub, namespace, f"bystander-{number}", {"a": "1"})

    def requests():
        return [request for cluster in clusters for request in cluster.audit(offsets[cluster], user="fedcopy")]

    never(requests, 1.5, "a request at rest")


def test_b09_the_whole_value_at_the_path_is_replaced_and_nothing_beside_it(fedcopy, cluster_set, hub, edge1, namespace):
    # B9, promise 5: what fedcopy owns, says the server's own book-keeping of fields.
    configmap(hub, namespace, "source", {"a": "1"})
    meta = {"labels": {"team": "red"}, "finalizers": ["example.org/hold"]}
    created = configmap(edge1, namespace, "copy", {"own": "x"}, {"data.a": "configmap:source:data.a"}, **meta)
    fedcopy("run", "--clusters", cluster_set, "--target", "configmaps")
    wait_value(edge1, "configmaps", namespace, "copy", ("data", "a"), "1")
    after = edge1.api.get("configmaps", namespace, "copy")
    ours = [entry for entry in after["metadata"]["managedFields"] if entry["manager"] == "fedcopy"]
    assert [entry["fieldsV1"] for entry in ours] == [{"f:data": {"f:a": {}}}]
    for key in ("labels", "annotations", "finalizers", "uid"):
        assert after["metadata"][key] == created["metadata"][key]
    assert after["data"] == {"own": "x", "a": "1"}
    # A whole map: what the source does not have goes, and what stands beside the map stays.
    whole = configmap(edge1, namespace, "whole", {"own": "x"}, {"data": "configmap:source:data"}, **meta)
    wait_value(edge1, "configmaps", namespace, "whole", ("data",), {"a": "1"})
    after = edge1.api.get("configmaps", namespace, "whole")["metadata"]
    for key in ("labels", "annotations", "finalizers", "uid"):
        assert after[key] == whole["metadata"][key]
