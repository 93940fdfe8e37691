# SPDX-License-Identifier: Apache-2.0
"""The processor time of the program under test: for 1,000 copies, for 100,000 events that no rule cares for, and at rest
with a thousand clusters. As the kernel accounts for it, user and system."""

import time

import rulesets
import thousand

NAME = "cpu"
HELP = "processor time for copies, for events that no rule cares for, at rest"

# Events come at most so fast: a watcher that is slower than its server is cut off, and lists anew.
EVENTS_PER_SECOND = 8000


def measure(bench):
    figures = bench.figures(NAME)
    with bench.on_real(members=1) as ground:
        copies(bench, ground, figures)
        strangers(bench, ground, figures)
    try:
        found = thousand.at_rest(bench)
    except rulesets.Unsayable as error:
        figures.cannot("cpu.thousand", "at rest with 1,000 clusters", error)
        return figures
    figures.add(
        "cpu.thousand", f"at rest with {found['clusters']:,} clusters, 2 watches each", found["CPU percent"], "% of a core",
        note=found["ground"],
    )
    return figures


def copies(bench, ground, figures):
    """With 100, 1,000 and 10,000 rules: what a copy costs is not to grow with them."""
    line = []
    for count in dict.fromkeys(bench.scaled(number, 10) for number in (100, 1000, 10000)):
        rules = bench.in_sync(ground, count)
        each = min(count, 500)
        with bench.subject(ground, rules) as running:
            running.settle(ground, rules)
            bench.say(f"copies with {count:,} rules")
            before, done = running.cpu(), 0
            for number in range(1, bench.scaled(1000, each) // each + 1):
                rules.change(ground, number, range(each))
                running.wait_copies(ground, rules, number, which=range(each))
                done += each
            running.wait_quiet()
            line.append([count, (running.cpu() - before) / done * 1000])
    middle = line[len(line) // 2]
    figures.add("cpu.copies", f"for 1,000 copies, {middle[0]:,} rules", middle[1], "s", ground.words)
    what = f"processor time for a copy, {line[-1][0]:,} rules against {line[0][0]:,}"
    figures.add("cpu.copies_by_rules", what, line[-1][1] / line[0][1], "times")
    lines = {"copies": line}
    figures.plot("copies-by-rules", "Copies, by the number of rules", "rules", "seconds of CPU for 1,000 copies", lines)


def strangers(bench, ground, figures):
    """Secrets without a rule, of a watched kind, that change."""
    objects, rounds = bench.scaled(10000, 200), 10
    rules = bench.rules(ground, 1, namespace="bench-one")
    ground.put(rules.objects())
    place = ground.servers[-1]
    fill(ground, place, objects, 0)
    with bench.subject(ground, rules) as running:
        running.settle(ground, rules)
        bench.say(f"{objects * rounds} events that no rule cares for")
        asked = place.counts()
        before, began = running.cpu(), time.monotonic()
        for number in range(1, rounds + 1):
            fill(ground, place, objects, number, began)
        running.wait_quiet()
        spent = running.cpu() - before
        asked = place.counts() - asked
        figures.data["requests for those events"] = asked.words()
        figures.data["resident KiB afterwards"] = running.memory()["VmRSS"]
    note = "" if not asked.of("LIST", "GET") else "the server cut the watch off: some came in a list"
    each = spent / (objects * rounds)
    figures.add("cpu.strangers", "for 100,000 events of Secrets without a rule", each * 100000, "s", note)


def fill(ground, place, objects, number, began=None):
    """All of them in another version; began: when events are to come no faster than EVENTS_PER_SECOND from then on."""
    for first in range(0, objects, 1000):
        count = min(1000, objects - first)
        items = [
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": {"name": f"stranger-{first + i}", "namespace": "a-strangers"},
                "data": {"v": f"{number:04}" + "eHh4" * 60},
            }
            for i in range(count)
        ]
        ground.overwrite(place, items)
        if began is not None:
            due = ((number - 1) * objects + first + count) / EVENTS_PER_SECOND
            time.sleep(max(0.0, began + due - time.monotonic()))
