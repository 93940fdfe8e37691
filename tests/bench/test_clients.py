# SPDX-License-Identifier: Apache-2.0
"""The two C programs that measure, on a small sandbox: that what they say they did was done."""

import os
import pathlib
import subprocess

import pytest

# pylint: disable=redefined-outer-name
import bench as frame
import clients
import envtest
import ground as grounds
import latency
import rulesets
import share

OUT = pathlib.Path(os.environ.get("FEDCOPY") or envtest.REPOSITORY / "build" / "fedcopy").parent


@pytest.fixture
def bench(tmp_path):
    return frame.Bench(tmp_path, OUT, 0.01)


@pytest.fixture(scope="module")
def ground(tmp_path_factory):
    with grounds.Sandbox(tmp_path_factory.mktemp("ground"), 3) as found:
        yield found


@pytest.fixture
def rules(ground, request):
    namespace = request.node.name.replace("_", "-")[:50]
    task = rulesets.Task(targets=6, sources=2, places=("edge-1", "edge-2"), namespace=namespace)
    found = rulesets.write("k8s-copier", task)
    ground.put(found.objects())
    return found


def values(ground, keys):
    return {ground.server(k.server).api.get(k.resource, k.namespace, k.name)["data"][rulesets.KEY][:12] for k in keys}


def test_bare_patches_each_object_so_often(bench, ground, rules):
    helper = clients.Clients(bench, ground)
    before = ground.counts()
    found = helper.bare(rules.targets(), [1, 4], rounds=2)
    after = ground.counts()
    made = {name: (after[name] - before[name]).of("PATCH") for name in after}
    assert made == {"hub": 0, "edge-1": 12, "edge-2": 12}
    assert [(one["round"], one["concurrency"], one["count"]) for one in found] == [(1, 1, 6), (2, 1, 6), (3, 4, 6), (4, 4, 6)]
    assert all(one["seconds"] > 0 and one["ms"]["n"] == 6 and one["cpu_seconds"] > 0 for one in found)
    assert values(ground, rules.targets()) == {"p00000000004"}
    assert values(ground, rules.sources()) != {"p00000000004"}


def test_bare_tells_what_was_refused(bench, ground, rules):
    helper = clients.Clients(bench, ground)
    keys = rules.targets()[:2]
    true = clients.versions_of

    def outdated(ground, keys):
        return {key: "1" for key in true(ground, keys)}

    clients.versions_of = outdated
    try:
        with pytest.raises(AssertionError, match="409"):
            helper.bare(keys, [1])
    finally:
        clients.versions_of = true


def test_stamp_sees_what_bare_does(bench, ground, rules):
    helper = clients.Clients(bench, ground)
    first = helper.next_round()
    with helper.looking(helper.stamp(rules.targets(), first=first)) as result:
        done = helper.bare(rules.targets(), [2], first=first)[0]
        seen = result()
    assert seen["targets"] == 6
    assert done["began"] < seen["first seen"] <= seen["last seen"] < done["ended"] + 5


def test_stamp_times_a_program_that_copies(bench, ground, rules):
    helper = clients.Clients(bench, ground)
    plain = latency.plain(ground, 1)[0]
    with bench.subject(ground, rules, namespaces=[rules.task.namespace]) as running:
        clients.settled(running, ground, rules, 1)
        seen = helper.look(helper.stamp(rules.targets(), rules.sources(), plain, rounds=3))
    assert (seen["rounds"], seen["sources"], seen["targets"]) == (3, 2, 6)
    for word, spread in seen.items():
        if isinstance(spread, dict):
            assert spread["n"] == 3 == len(spread["all"]), word
    first, last = (seen[f"source acknowledged to {word} target seen"]["p50"] for word in ("first", "last"))
    assert first <= last
    assert values(ground, rules.targets()) == {"s00000000003"}
    assert values(ground, [plain]) == {"b00000000003"}


def test_stamp_gives_up_where_nobody_copies(bench, ground, rules):
    helper = clients.Clients(bench, ground)
    command = [*helper.stamp(rules.targets(), rules.sources()), "--patience-s", 1]
    with pytest.raises(AssertionError, match="round 1: not seen in 1 s: .* 6 of 6 targets"):
        helper.look(command)


@pytest.mark.parametrize("name", ["bare", "stamp"])
@pytest.mark.parametrize("args", [[], ["patch"], ["--url", "https://127.0.0.1:1"], ["patch", "--rounds", "x"]])
def test_wrong_command_lines_are_refused(bench, name, args):
    done = subprocess.run([bench.program(name), *args], stderr=subprocess.PIPE, text=True, check=False, timeout=10)
    assert done.returncode == 2
    assert f"usage: {name}" in done.stderr


def test_a_server_that_is_not_there_ends_bare_with_words(bench, ground, rules):
    helper = clients.Clients(bench, ground)
    server = helper.server(ground.hub)
    server[1] = f"https://127.0.0.1:{envtest.free_port()}"
    command = [bench.program("bare"), "patch", *server, "--paths", helper.file("p", "/x\n"), "--body-file", helper.patch]
    done = subprocess.run([*map(str, command)], stderr=subprocess.PIPE, text=True, check=False, timeout=30)
    assert done.returncode == 1
    assert "bare: https://127.0.0.1" in done.stderr


def test_the_parts_fill_their_rows(bench):
    def on_sandbox(members):
        return bench.on_sandbox(members + 1)

    found = share.measure(bench, on_sandbox)
    keys = [row["key"] for row in found.rows]
    assert [f"share.{n}" for n in (1, 3) if f"share.{n}" not in keys] == []
    assert all(row["value"] > 0 for row in found.rows)
    found = latency.measure(bench, on_sandbox, rounds=8)
    keys = [row["key"] for row in found.rows]
    for key in ("latency.1.minus.p50", "latency.1.minus.p99", "latency.100.first.p50", "latency.100.last.minus"):
        assert key in keys
