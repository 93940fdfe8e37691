# SPDX-License-Identifier: Apache-2.0
"""What fedcopy tells about itself: in logs, metrics and /debug/rules."""

import json
import re

from envtest import REPOSITORY, wait_for
from objects import TARGETS, configmap, secret, set_data, wait_data, wait_writes


def test_rules_writes_and_clusters_are_counted(fedcopy, cluster_set, hub, edge1, namespace):
    configmap(hub, namespace, "source", {"a": "1"})
    rules = {"data.a": "configmap:source:data.a", "data.b": "configmap:source:data.b", "data.c": "configmap:missing:data.c"}
    rules["data.d"] = "nonsense"
    configmap(edge1, namespace, "copy", {}, rules)
    program = fedcopy("run", "--clusters", cluster_set, "--target", TARGETS)
    wait_writes(program, "/copy", "data.a", 1)
    states = {"InSync": 1, "PathNotFound": 1, "SourceNotFound": 1, "Invalid": 1, "Pending": 0, "Error": 0}

    def counted():
        metrics = program.metrics()
        return {state: metrics.value("fedcopy_rules", dialect="k8s-copier", state=state) for state in states}

    wait_for(lambda: counted() == states, 10, lambda: f"{states}: {counted()}")
    set_data(hub, "configmaps", namespace, "source", {"a": "2"})
    wait_writes(program, "/copy", "data.a", 2)
    metrics = program.metrics()
    written = {"cluster": "edge-1", "dialect": "k8s-copier", "verb": "patch", "result": "changed"}
    assert metrics.value("fedcopy_writes_total", **written) == 2
    assert metrics.value("fedcopy_propagation_seconds_count", dialect="k8s-copier") == 2
    for cluster in ("hub", "edge-1", "edge-2"):
        assert metrics.value("fedcopy_cluster_up", cluster=cluster) == 1
    for path in ("/healthz", "/livez", "/readyz"):
        assert program.get(path)[0] == 200


# Counters that show nothing before what they count has happened, and what that is: this test does not wait for it.
NOT_YET = {
    "fedcopy_objects_skipped_total": "an object that cannot be decoded",
    "fedcopy_watch_restarts_total": "the end of a watch: API servers end them after minutes",
    "leader_election_slowpath_total": "an election in which the Lease was read",
    "workqueue_retries_total": "a read or a write that failed",
}


def test_every_metric_of_the_reference_is_served(fedcopy, cluster_set, hub, edge1, namespace):
    configmap(hub, namespace, "source", {"a": "1"})
    configmap(edge1, namespace, "copy", {}, {"data.a": "configmap:source:data.a"})
    program = fedcopy("run", "--clusters", cluster_set, "--target", "configmaps")
    wait_writes(program, "/copy", "data.a", 1)
    set_data(hub, "configmaps", namespace, "source", {"a": "2"})
    wait_writes(program, "/copy", "data.a", 2)
    page = (REPOSITORY / "docs" / "reference.md").read_text()
    table = page.partition("<!-- begin: metrics -->")[2].partition("<!-- end -->")[0]
    # Those of the drop-ins are looked for in their own tests.
    rows = re.findall(r"^\| `([a-z_]+)` \| (counter|gauge|histogram) \| (.*?) \| (?!Drop-in)", table, re.MULTILINE)
    assert len(rows) > 20 and set(NOT_YET) < {name for name, _, _ in rows}
    metrics = program.metrics()
    for name, kind, labels in rows:
        samples = metrics.select(f"{name}_count" if kind == "histogram" else name)
        assert samples or name in NOT_YET, name
        for _, have, _ in samples:
            assert sorted(have) == sorted(re.findall(r"`(.*?)`", labels)), name


def test_every_rule_has_all_its_words(fedcopy, cluster_set, hub, edge1, namespace):
    configmap(hub, namespace, "source", {"a": "1"})
    configmap(edge1, namespace, "copy", {}, {"data.tls..crt": "configmap:source:data.a", "data.b": 'json:"x"'})
    program = fedcopy("run", "--clusters", cluster_set, "--target", "configmaps")
    copied = program.wait_rule("/copy", "data.tls..crt")
    literal = program.wait_rule("/copy", "data.b")
    for rule in (copied, literal):
        assert set(rule) == {"dialect", "source", "target", "path", "state", "reason", "message", "since", "writes"}
        assert rule["target"] == f"edge-1/configmaps/{namespace}/copy" and rule["dialect"] == "k8s-copier"
    assert copied["source"] == f"hub/configmaps/{namespace}/source"
    assert "x" not in literal["source"].split(":")


def test_b31_the_log_names_what_was_copied_and_never_the_value(fedcopy, cluster_set, hub, edge1, namespace, secrets):
    # B31
    secrets.append("another of that kind")
    secret(hub, namespace, "source", {"a": "a value that nobody must see"})
    secret(edge1, namespace, "copy", {}, {"data": "secrets:source:data", "metadata.labels.x": "secrets:source:metadata.name"})
    secret(edge1, namespace, "bad", {}, {"data": 'json:{"a": "another of that kind" "b"}'})
    arguments = ["run", "--clusters", cluster_set, "--target", "secrets", "--log-level", "debug", "--log-format", "json"]
    program = fedcopy(*arguments)
    wait_data(edge1, "secrets", namespace, "copy", {"a": "a value that nobody must see"})
    wait_for(lambda: '"copied"' in program.stderr(), 5, "the write is logged")
    program.wait_rule("/bad", state="Invalid", reason="BadJson")
    lines = wait_for(lambda: [json.loads(line) for line in program.stderr().splitlines()], 5, "every line is JSON")
    copied = [line for line in lines if line["message"] == "copied"]
    assert [line["target"] for line in copied] == [f"edge-1/secrets/{namespace}/copy"], lines
    assert copied[0]["path"] == "data,metadata.labels.x" and copied[0]["cluster"] == "edge-1", copied
