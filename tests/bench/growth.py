# SPDX-License-Identifier: Apache-2.0
"""What an event costs must not grow with the number of rules or clusters.

Counted: the instructions of the engine for each change of a source, by callgrind, with 1,000 and with 10,000 rules. Timed,
with tolerance: the engine alone with up to 100,000 rules, and the whole program with up to 200 clusters. What other parts
measure at 1x, 10x and 100x they draw themselves."""

import json
import re
import subprocess

import envtest
import rulesets
import subject

NAME = "growth"
HELP = "the cost of an event with 1, 10 and 100 times as many rules and clusters"

# So many in measure_irrelevant of bench_engine.
IRRELEVANT = 16000
# What bench_engine says of one event, in microseconds.
TIMES = {
    "change_whole_us": "source changes, write, answer, echo",
    "beside_us": "source changes beside the path",
    "alone_us": "target changed by another",
    "come_us": "a rule comes",
    "go_us": "a rule goes",
}


def measure(bench):
    figures = bench.figures(NAME)
    instructions(bench, figures)
    engine_times(bench, figures)
    try:
        by_clusters(bench, figures)
    except rulesets.Unsayable as error:
        figures.cannot("growth.clusters", "a copy with 100 times as many clusters", error)
    return figures


def instructions(bench, figures):
    """The engine's instructions for one change of a source with the write, its answer and the echo, and for one event that
    no rule cares for, in a run of bench_engine that measures 1,000 rules first, then `many`. callgrind writes a file for
    what came before each call of these functions."""
    many, changes = bench.scaled(10000, 1000), bench.scaled(990, 30)
    bench.say("instructions for each event, under callgrind")
    written = bench.folder("callgrind") / "counts"
    command = ["valgrind", "--tool=callgrind", "--toggle-collect=fc_engine_step", f"--callgrind-out-file={written}"]
    command += [f"--dump-before={function}*" for function in ("measure_changes", "measure_irrelevant", "measure_beside")]
    # Its limits are of times, which valgrind does not keep.
    subprocess.run(
        [*command, bench.program("bench_engine"), str(many), written.with_name("figures"), str(changes)],
        check=False,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    # Parts of the run: 1 loading, 2 changes, 3 events that no rule cares for, 4 the rest and loading, 5, 6 as 2, 3.
    for key, what, events, parts in (
        ("change", "a change of a source", changes, (2, 5)),
        ("stranger", "an event that no rule cares for", IRRELEVANT, (3, 6)),
    ):
        few, more = (counted(written.with_name(f"counts.{part}")) / events for part in parts)
        figures.add(f"growth.{key}_few", f"the engine's instructions for {what}, 1,000 rules", round(few))
        figures.add(f"growth.{key}_many", f"the same, {many:,} rules", round(more))
        ratio = f"instructions for {what}, {many:,} rules against 1,000"
        figures.add(f"growth.{key}", ratio, more / few, "times", "counted by callgrind")


def counted(path):
    return int(re.search(r"^(?:totals|summary): (\d+)", path.read_text(encoding="ascii"), re.M).group(1))


def engine_times(bench, figures):
    points = {words: [] for words in TIMES.values()}
    ratios = []
    for count in (bench.scaled(10000, 2000), bench.scaled(100000, 3000)):
        bench.say(f"the engine alone with {count:,} rules")
        path = bench.folder("engine") / "figures.json"
        subprocess.run([bench.program("bench_engine"), str(count), path], check=False, stdout=subprocess.DEVNULL)
        found = json.loads(path.read_text(encoding="utf-8"))
        for key, words in TIMES.items():
            if not points[words]:
                points[words].append([1000, found[key]["few"]])
            points[words].append([count, found[key]["all"]])
    for words, line in points.items():
        ratios.append(line[-1][1] / line[0][1])
    what = f"the engine's time for an event, {count:,} rules against 1,000: the worst ratio"
    figures.add("growth.engine", what, max(ratios), "times")
    figures.plot("engine-events", "One event in the engine alone", "rules", "microseconds of CPU", points)


def by_clusters(bench, figures):
    """1,000 copies to one member, while so many clusters are watched."""
    if not subject.multi_cluster():
        raise rulesets.Unsayable("the program under test knows one cluster alone")
    line = []
    for count in dict.fromkeys(bench.scaled(number, 2) for number in (2, 20, 200)):
        rules = bench.rules(["hub", "edge-1"], bench.scaled(200, 5))
        with bench.on_sandbox(count, rules.objects()) as ground:
            with bench.subject(ground, rules) as running:
                running.settle(ground, rules)
                envtest.wait_for(lambda: all(ground.connections().values()), 60, "it is connected to all clusters")
                running.wait_quiet()
                bench.say(f"copies with {count} clusters")
                before, copies = running.cpu(), 0
                for number in range(1, 6):
                    rules.change(ground, number)
                    running.wait_copies(ground, rules, number)
                    copies += rules.task.targets
                line.append([count, (running.cpu() - before) / copies * 1000])
    what = f"processor time for a copy, {line[-1][0]} clusters against {line[0][0]}"
    figures.add("growth.clusters", what, line[-1][1] / line[0][1], "times")
    title, lines = "Copies while many clusters are watched", {"copies": line}
    figures.plot("copies-by-clusters", title, "clusters", "seconds of CPU for 1,000 copies", lines)
