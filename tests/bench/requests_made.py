# SPDX-License-Identifier: Apache-2.0
"""What the API servers are asked: for each change and target, at rest, at the first start, after a restart. By the servers'
own counters, in which a watch appears when it ends; what this program asks itself is taken out.

A change is over when its targets are right: the next one comes after that, so that none is left out because two came at
once. `Other requests` of a start are discovery, identity, lists and watches that ended."""

import contextlib
import time

import ground as grounds

NAME = "requests"
HELP = "requests for each change and target, at rest, at a cold start, after a restart"


def measure(bench):
    figures = bench.figures(NAME)
    with bench.on_real(members=2) as ground:
        targets, changes, rest = bench.scaled(1000, 10), bench.scaled(100, 3), bench.scaled(60, 2)
        measure_on(bench, ground, figures, targets, changes, rest)
    return figures


def measure_on(bench, ground, figures, targets, changes, rest):
    """Used by the quick form as well, on the sandbox."""
    figures.data["ground"] = ground.words
    rules = bench.rules(ground, targets)
    ground.put(rules.objects())
    with contextlib.ExitStack() as ends:
        running = bench.subject(ground, rules)
        ends.callback(running.stop)
        bench.say(f"{targets} rules, first copies")
        made = between(ground, lambda: running.start().settle(ground, rules))
        first_start(figures, made, ground, rules)
        bench.say(f"{changes} changes of single sources")
        made = between(ground, lambda: change_singly(ground, rules, running, changes))
        for_each(figures, "change", "one source changes, one target", made, changes)
        bench.say(f"at rest for {rest} s")
        made = between(ground, lambda: time.sleep(rest))
        asked = sum(counts.of() for counts in made.values())
        figures.add(
            "requests.rest", "at rest: requests for each cluster and minute", asked / len(made) / (rest / 60), note=ground.words
        )
        figures.data["rest"] = words(made)
    restart(bench, ground, figures, rules)
    fan_out(bench, ground, figures, max(2, targets // 10), max(2, changes // 10))


def restart(bench, ground, figures, rules):
    """Everything is in sync: nothing shows that it is over but rest."""
    before = rules.versions(ground)
    with contextlib.ExitStack() as ends:
        running = bench.subject(ground, rules)
        ends.callback(running.stop)
        bench.say("a restart")
        made = between(ground, lambda: running.start().wait_quiet(quiet=3))
    after_restart(figures, made, ground, rules)
    changed = sum(version != before[key] for key, version in rules.versions(ground).items())
    figures.add("requests.restart_changed", "after a restart in sync: resourceVersions changed", changed)


def between(ground, act):
    """{name of the cluster: Counts} of what is asked meanwhile."""
    before = ground.counts()
    act()
    after = ground.counts()
    return {name: after[name] - before[name] for name in after}


def words(made):
    return {name: counts.words() for name, counts in made.items()}


def writes(made):
    return sum(counts.of(*grounds.WRITES) for counts in made.values())


def reads(made):
    return sum(counts.of(*grounds.READS) for counts in made.values())


def change_singly(ground, rules, running, changes):
    for number in range(changes):
        source = number % rules.task.sources
        rules.change(ground, 1 + number, [source])
        running.wait_copies(ground, rules, 1 + number, which=[source])


def for_each(figures, key, what, made, copies):
    figures.add(f"requests.{key}_writes", f"{what}: writes for each copy", writes(made) / copies)
    figures.add(f"requests.{key}_reads", f"{what}: reads for each copy", reads(made) / copies)
    figures.data[key] = words(made)


def first_start(figures, made, ground, rules):
    targets = rules.task.targets
    figures.add("requests.first_writes", f"first start, {targets:,} targets to write: writes for each", writes(made) / targets)
    started(figures, "first", "first start", made, ground, rules)


def after_restart(figures, made, ground, rules):
    figures.add("requests.restart_writes", "after a restart in sync: writes", writes(made))
    started(figures, "restart", "after a restart in sync", made, ground, rules)


def started(figures, key, when, made, ground, rules, beside=0):
    """Discovery, the cluster's identity and the like are of `others`, as is what a streaming list begins with. beside:
    reads that are not counted, since what is read had changed."""
    name = figures.name
    resource = rules.task.resource
    single = sum(counts.of("GET", resource=resource) for counts in made.values()) - beside
    figures.add(f"{name}.{key}_reads", f"{when}: reads of single objects for each target", single / rules.task.targets)
    others = sum(counts.of() for counts in made.values()) - single - beside - writes(made)
    figures.add(f"{name}.{key}_others", f"{when}: lists and all others, for each cluster", others / len(ground.names))
    figures.data[when] = words(made)


def fan_out(bench, ground, figures, targets, changes):
    """One source with 1, 10 and 100 targets."""
    lines = {"writes": [], "reads": []}
    for count in dict.fromkeys(max(1, targets // part) for part in (100, 10, 1)):
        rules = bench.rules(ground, count, sources=1, namespace=f"bench-fan-out-{count}")
        ground.put(rules.objects())
        with bench.subject(ground, rules) as running:
            running.settle(ground, rules)
            bench.say(f"{changes} changes of one source with {count} targets")
            made = between(ground, lambda: change_singly(ground, rules, running, changes))
        lines["writes"].append([count, writes(made) / changes / count])
        lines["reads"].append([count, reads(made) / changes / count])
    for_each(figures, "fan_out", f"one source changes, {count} targets", made, count * changes)
    title = "One source changes, in the steady state"
    figures.plot("requests-by-targets", title, "targets", "requests for each copy", lines)
