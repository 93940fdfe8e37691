# SPDX-License-Identifier: Apache-2.0
"""The memory of the program under test: resident and anonymous as the kernel counts them (VmRSS, RssAnon), the peak
(VmHWM), and the heap by the place in the source that asked for it.

At rest: when it has used no processor for a second, and at least twelve seconds after its start, since fedcopy gives back
after ten what a start needed for a moment. What something adds is the difference to a start without it, on the same ground."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import time

import envtest
import fedcopy as program
import heap
import rulesets
import subject
import thousand

NAME = "memory"
HELP = "resident, anonymous, and heap by allocation site: empty, many objects, many rules, many clusters"

SETTLED = 12
SECRET = "eHh4" * 683  # 2 KiB in base64


def measure(bench):
    figures = bench.figures(NAME)
    small(bench, figures)
    strangers(bench, figures)
    rules(bench, figures)
    clusters(bench, figures)
    heap.measure(bench, figures)
    binary(figures)
    return figures


def at_rest(running):
    running.wait_quiet()
    time.sleep(max(0.0, running.started + SETTLED - time.monotonic()))
    return running.memory()


def mib(kib):
    return kib / 1024


def small(bench, figures):
    """Three clusters: nothing in them, then 1,000 rules."""
    targets = bench.scaled(1000, 10)
    with bench.on_real(members=2) as ground:
        task = bench.rules(ground, targets)
        ground.put({name: items[:1] for name, items in task.objects().items()})
        with bench.subject(ground, task) as running:
            empty = at_rest(running)
        ground.put({name: items[1:] for name, items in task.objects().items()})
        with bench.subject(ground, task) as running:
            running.settle(ground, task)
            full = at_rest(running)
        words = ground.words
    figures.add("memory.empty", "3 clusters, nothing to do: resident", mib(empty["VmRSS"]), "MiB", words)
    figures.add("memory.empty_anonymous", "the same, anonymous", mib(empty["RssAnon"]), "MiB", words)
    figures.add("memory.small", f"3 clusters, {targets:,} rules: resident", mib(full["VmRSS"]), "MiB", words)
    figures.add("memory.small_anonymous", f"3 clusters, {targets:,} rules: anonymous", mib(full["RssAnon"]), "MiB", words)


def stranger(number):
    """Lists are told by namespace and name: these come before the targets."""
    meta = {"name": f"stranger-{number:07}", "namespace": "a-strangers"}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "data": {"v": SECRET}}


def strangers(bench, figures):
    """Secrets without a rule, where Secrets may carry rules. One rule beside them shows when the program is there."""
    series = figures.data["strangers"] = []
    with bench.on_real(members=1) as ground:
        task = bench.rules(ground, 1)
        ground.put(task.objects())
        there = 0
        for count in (0, *(bench.scaled(number, 10) for number in (1000, 10000, 100000))):
            bench.say(f"{count:,} Secrets without a rule")
            ground.overwrite(ground.servers[-1], (stranger(number) for number in range(there, count)))
            there = count
            series.append(one_start(bench, ground, task) | {"n": count})
            # Out of sync again for the next start.
            for number in range(task.task.targets):
                key = task.target(number)
                ground.server(key.server).api.patch(key.resource, key.namespace, key.name, {"data": {rulesets.KEY: ""}})
        words = ground.words
    figures.data["strangers ground"] = words
    without = series[0]
    for found in series[1:]:
        more = mib(found["VmRSS"] - without["VmRSS"])
        peak = mib(found["VmHWM"] - without["VmHWM"])
        last = found is series[-1]
        name = "100000" if last else str(found["n"])
        what = f"{found['n']:,} Secrets of 2 KiB without a rule add"
        figures.add(f"memory.strangers.{name}", f"{what}: resident", more, "MiB", words)
        figures.add(f"memory.strangers_peak.{name}", f"{what}: to the peak while they are listed", peak, "MiB", words)
    plot(figures, "memory-strangers", "Secrets of 2 KiB without a rule", "Secrets", series[1:])


def one_start(bench, ground, task, **more):
    with bench.subject(ground, task, **more) as running:
        right = running.settle(ground, task)
        found = at_rest(running)
    return found | {"settled, s": round(right, 2)}


def rules(bench, figures):
    """Each rule has a source of its own. On the sandbox, which is loaded quickly."""
    series = figures.data["rules"] = []
    for count in (bench.scaled(number, 10) for number in (1000, 10000, 50000)):
        names = bench.names(members=2)
        task = bench.rules(names, count)
        with bench.on_sandbox(len(names), task.objects(in_sync=task.in_sync_at_once)) as ground:
            bench.say(f"{count:,} rules")
            series.append(one_start(bench, ground, task) | {"n": count})
            words = ground.words
        last = series[-1]
        figures.add(f"memory.rules.{count}", f"{count:,} rules: resident", mib(last["VmRSS"]), "MiB", words)
    figures.data["rules ground"] = words
    figures.add(
        "memory.per_rule", "each further rule adds: resident, by least squares",
        slope([(found["n"], found["VmRSS"] * 1024) for found in series]), "bytes", words,
    )
    plot(figures, "memory-rules", "Rules, each with a source of its own", "rules", series)


def plot(figures, name, title, x, series):
    words = {"VmRSS": "resident", "RssAnon": "anonymous", "VmHWM": "peak"}
    lines = {words[key]: [[found["n"], mib(found[key])] for found in series] for key in words}
    figures.plot(name, title, x, "MiB", lines, grows=True)


def slope(points):
    """By least squares: y for each x."""
    x_mean = sum(x for x, _ in points) / len(points)
    y_mean = sum(y for _, y in points) / len(points)
    return sum((x - x_mean) * (y - y_mean) for x, y in points) / sum((x - x_mean) ** 2 for x, _ in points)


def clusters(bench, figures):
    if not subject.multi_cluster():
        figures.cannot("memory.thousand", "1,000 clusters", "the program under test knows one cluster alone")
        return
    names_for_one(bench, figures)
    sandbox_clusters(bench, figures)


def names_for_one(bench, figures):
    """Names for one real API server, each with a watch of Secrets and one of ConfigMaps."""
    series = figures.data["names"] = []
    with bench.on_real(members=0) as ground:
        # Its own, by which it knows about tokens.
        own = {kind: ground.hub.watches(kind) for kind in ("Secret", "ConfigMap")}

        def others(kind):
            return ground.hub.watches(kind) - own[kind]

        for count in dict.fromkeys((1, *(bench.scaled(number, 2) for number in (10, 100, 1000)))):
            bench.say(f"{count:,} names for one API server")
            envtest.wait_for(lambda: not others("Secret"), 60, "the watches before have ended")
            cluster_set = ground.names_for_one(count)
            with bench.subject(ground, resource="secrets,configmaps", cluster_set=cluster_set) as running:
                watching(running, others, count)
                series.append(at_rest(running) | {"n": count, "descriptors": running.descriptors()})
        words = ground.words
    figures.data["names ground"] = words
    points = [(found["n"], found["VmRSS"]) for found in series]
    what = f"{points[-1][0]:,} names for one API server, 2 watches each: resident"
    figures.add("memory.names", what, mib(points[-1][1]), "MiB", words)
    figures.add("memory.per_name", "each further name adds: resident, by least squares", slope(points), "KiB", words)
    plot(figures, "memory-names", "Names for one real API server, two watches each", "names", series)


def watching(running, others, count):
    def all_do():
        running.check_alive()
        return others("Secret") >= count and others("ConfigMap") >= count

    envtest.wait_for(all_do, 300, f"{count} names watch", interval=0.2)


def sandbox_clusters(bench, figures):
    series = figures.data["clusters"] = []
    for count in dict.fromkeys((2, *(bench.scaled(number, 2) for number in (10, 100, 1000)))):
        series.append(thousand.at_rest(bench, count) | {"n": count})
    plot(figures, "memory-clusters", "Clusters of the sandbox, two watches each", "clusters", series)
    last = series[-1]
    what = f"{last['n']:,} clusters, 2 watches each: resident"
    figures.add("memory.thousand", what, mib(last["VmRSS"]), "MiB", last["ground"])
    figures.add("memory.thousand_anonymous", "the same, anonymous", mib(last["RssAnon"]), "MiB", last["ground"])
    each = slope([(found["n"], found["VmRSS"]) for found in series])
    figures.add("memory.per_cluster", "each further cluster adds: resident, by least squares", each, "KiB", "sandbox")
    figures.add(
        "memory.sandbox", f"the sandbox that serves them, with {thousand.OBJECTS} ConfigMaps each: resident",
        mib(last["sandbox resident KiB, watched"]), "MiB",
    )


def binary(figures):
    """What is installed on a disk; of fedcopy alone."""
    if "BENCH_CMD" in os.environ:
        return
    with tempfile.TemporaryDirectory() as folder:
        copy = pathlib.Path(folder) / "fedcopy"
        shutil.copy(program.binary(), copy)
        subprocess.run(["strip", copy], check=True)
        figures.add("memory.binary", "the program on the disk, stripped", copy.stat().st_size / (1 << 20), "MiB")
