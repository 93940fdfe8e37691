# SPDX-License-Identifier: Apache-2.0
"""The measuring programs themselves: that any program can be put under test, that each vocabulary says the same task, and
that what is counted is what others asked. On one sandbox, or on nothing."""

import os
import pathlib
import sys
import textwrap

import pytest

# pylint: disable=redefined-outer-name
import bench as frame
import ground as grounds
import heap
import quick
import report
import requests_made
import rulesets
import subject

# Copies one object within one cluster, by asking again and again.
STAND_IN = """
    import json, sys, time
    sys.path.append(%r)
    import http2
    server, token, ca, namespace = sys.argv[1:]
    host, _, port = server.rpartition("/")[2].partition(":")
    connection = http2.Connection(host, int(port), http2.context(open(ca).read()))
    head = [("authorization", "Bearer " + open(token).read()), ("content-type", "application/merge-patch+json")]
    path = f"/api/v1/namespaces/{namespace}/secrets/%%s-{0:023}"
    have = None
    while True:
        value = json.loads(connection.request("GET", path %% "source", head)[2])["data"]
        if value != have:
            connection.request("PATCH", path %% "target", head, json.dumps({"data": value}).encode())
            have = value
        time.sleep(0.05)
"""


@pytest.fixture
def bench(tmp_path):
    return frame.Bench(tmp_path, tmp_path)


@pytest.fixture
def stand_in(tmp_path, monkeypatch):
    script = tmp_path / "stand-in.py"
    script.write_text(textwrap.dedent(STAND_IN % str(pathlib.Path(subject.program.__file__).parent)))
    command = f"{sys.executable} {script} {{server}} {{token_file}} {{ca_file}} {{namespace}}"
    monkeypatch.setenv("BENCH_CMD", command)
    monkeypatch.setenv("BENCH_RULES", "k8s-copier")


def test_any_program_goes_through_the_frame(bench, stand_in):
    assert not subject.multi_cluster() and bench.names(members=2) == ["hub"]
    with bench.on_sandbox(1) as ground:
        rules = bench.rules(ground, 1)
        ground.put(rules.objects())
        assert rules.wrong(ground, 0) == rules.targets()
        with bench.subject(ground, rules, namespaces=[rules.task.namespace]) as running:
            running.wait_copies(ground, rules, timeout=20)
            before = running.cpu()
            made = requests_made.between(ground, lambda: requests_made.change_singly(ground, rules, running, 3))
            # It is what asks that is counted, and not what this test asks.
            assert requests_made.writes(made) == 3
            assert requests_made.reads(made) >= 3
            assert running.cpu() > before
            running.reset_peak()
            memory = running.memory()
            assert 1024 < memory["RssAnon"] < memory["VmRSS"] <= memory["VmHWM"]
        assert running.process.returncode is not None


def test_a_program_that_ends_is_told_with_its_output(bench, monkeypatch):
    monkeypatch.setenv("BENCH_CMD", "sh -c 'echo no such flag {{}}; exit 3'")
    with bench.on_sandbox(1) as ground, bench.subject(ground) as running:
        running.process.wait(10)
        with pytest.raises(AssertionError, match="(?s)status 3.*no such flag {}"):
            running.wait_quiet()


def test_a_placeholder_that_is_none_is_told(bench, monkeypatch):
    monkeypatch.setenv("BENCH_CMD", "copier {kubeconfigs}")
    with bench.on_sandbox(1) as ground, pytest.raises(SystemExit, match="kubeconfigs.*{kubeconfig}"):
        bench.subject(ground)


@pytest.fixture(scope="module")
def ground(tmp_path_factory):
    with grounds.Sandbox(tmp_path_factory.mktemp("ground"), 3) as found:
        yield found


@pytest.mark.parametrize("places", [(), ("edge-1",), ("edge-1", "edge-2")])
@pytest.mark.parametrize("sources", [0, 1, 2])
@pytest.mark.parametrize("name", rulesets.VOCABULARIES)
def test_each_vocabulary_says_the_task_or_refuses_it(ground, name, sources, places):
    def write():
        task = rulesets.Task(targets=4, sources=sources, places=places, namespace=f"{name}-{sources}-{len(places)}")
        rules = rulesets.write(name, task)
        return rules, rules.objects()

    if places and name == "k8s-replicator":
        with pytest.raises(rulesets.Unsayable, match=name):
            write()
        return
    rules, objects = write()
    ground.put(objects)
    rules.change(ground, 1)
    # Nobody has copied yet; whoever copies by hand what is to be copied makes it right.
    assert rules.wrong(ground, 1) == rules.targets() and len(set(rules.targets())) == 4
    copies = {}
    for number, key in enumerate(rules.targets()):
        item = rules.body(key, rules.data(1, rules.task.source_of(number)))
        copies.setdefault(key.server, []).append(item)
    ground.put(copies)
    assert rules.wrong(ground, 1) == []
    assert len(rules.versions(ground)) == rules.task.sources + 4
    assert {key.server for key in rules.targets()} == set(places or ["hub"])


def test_a_vocabulary_that_nobody_knows_is_told():
    with pytest.raises(rulesets.Unsayable, match="BENCH_RULES=esperanto.*kopy"):
        rulesets.write("esperanto", rulesets.Task(targets=1))


def test_a_program_of_one_cluster_is_not_asked_for_others():
    with pytest.raises(rulesets.Unsayable, match="BENCH_CMD with {clusters}"):
        rulesets.write("k8s-copier", rulesets.Task(targets=1, places=("edge-1",)), multi_cluster=False)


def test_what_is_asked_is_counted_as_servers_count_it():
    assert grounds.counted_as("GET", "/api/v1/namespaces/a/secrets/b") == ("GET", "secrets")
    assert grounds.counted_as("GET", "/api/v1/secrets?limit=5") == ("LIST", "secrets")
    assert grounds.counted_as("POST", "/api/v1/namespaces") == ("POST", "namespaces")
    assert grounds.counted_as("GET", "/api/v1/namespaces/a") == ("GET", "namespaces")
    assert grounds.counted_as("PATCH", "/apis/g/v1/namespaces/a/things/b/status") == ("PATCH", "things/status")
    assert grounds.counted_as("GET", "/metrics") == ("GET", "")


def test_an_aim_is_reached_or_not():
    figures = report.Figures("test")
    assert figures.add("requests.change_writes", "writes", 1.0)["reached"]
    assert not figures.add("requests.change_writes", "writes", 1.01)["reached"]
    assert not figures.add("share.1", "share", 0.89)["reached"]
    assert "reached" not in figures.add("no.such.key", "whatever", 1)


def test_the_quick_form_fails_for_what_passes_its_bound_or_was_not_measured(monkeypatch, capsys):
    bounds = {"a": {"quick": 1}, "b": {"quick": 1}, "c": {"quick": 1}, "d": {"aim": 1}}
    monkeypatch.setattr(report, "limits", lambda: bounds)
    figures = report.Figures("test")
    figures.add("a", "a", 1)
    figures.add("b", "b", 1.5)
    assert quick.hold(figures) == (1, 2)
    assert "not measured" in capsys.readouterr().out


def test_the_heap_belongs_to_the_innermost_function_of_ours():
    assert heap.place(["main (main.c)", "step (engine.c)", "fc_xcalloc (mem.c)"]) == "step (engine.c)"
    frames = ["main (main.c)", "on_timer (connection.c)", "curl_multi_socket_action", "0x7f00", "0x7f01"]
    assert heap.place(frames) == "on_timer (connection.c), in curl_multi_socket_action"
    assert heap.place(["_dl_init (dl-init.c)", "0x7f00"]) == "libraries when they are loaded"


def test_processor_time_is_that_of_all_processes():
    assert subject.cpu_of(os.getpid()) > 0
