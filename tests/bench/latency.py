# SPDX-License-Identifier: Apache-2.0
"""How soon a change of a source is in its targets, with nothing else going on: 1, 100 and 1,000 targets of one source.

An independent watcher patches the source and stamps, on the clock of its own process: source acknowledged, source's own
event seen (one bare watch delivery), first and last target's event seen; then, in the same round, one patch of an object
that the program under test does not watch, from sending to its event seen: one bare patch. As many bare patches as there
are targets, as many at a time as the program has under way, are made between the rounds, also of objects of their own."""

import clients
import report
import rulesets

NAME = "latency"
HELP = "latency: source acknowledged to target seen, for 1, 100 and 1,000 targets"

TARGETS = (1, 100, 1000)
ROUNDS = 200
PARTS = 4  # of the rounds; between them the bare patches are made


def plain(ground, count):
    """Keys of so many objects without rules, on the last server; they are made."""
    name = ground.names[-1]
    keys = [rulesets.Key(name, "secrets", "bench-plain", f"target-{number:023}") for number in range(count)]
    meta = [{"name": key.name, "namespace": key.namespace} for key in keys]
    data = {rulesets.KEY: "", "what": "QSBydWxlIHdvdWxkIHN0YW5kIGluIGFuIGFubm90YXRpb24gb2YgYWJvdXQgdGhpcyBsZW5ndGg="}
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "bench-plain"}}
    ground.put({name: [space] + [{"apiVersion": "v1", "kind": "Secret", "metadata": m, "data": data, "type": "Opaque"} for m in meta]})
    return keys


def merged(results, bares):
    """The percentiles of all rounds together."""
    found = {}
    for word, value in results[0].items():
        if isinstance(value, dict):
            values = [ms for one in results for ms in one[word]["all"]]
            found[word] = {name: report.percentile(values, share) for name, share in (("p50", 0.5), ("p90", 0.9), ("p99", 0.99))}
    found["bare patches, all"] = report.median([1000 * one["seconds"] for one in bares])
    found["bare patches, first answer"] = report.median([1000 * (one["first_answer"] - one["began"]) for one in bares])
    return found


def of(bench, ground, helper, running, rules, objects, rounds):
    """Stamps of one task."""
    clients.settled(running, ground, rules, 1)
    helper.look(helper.stamp(rules.targets(), rules.sources(), objects[0], max(1, rounds // 10)))  # to warm up
    results, bares = [], []
    for _ in range(PARTS):
        results.append(helper.look(helper.stamp(rules.targets(), rules.sources(), objects[0], max(1, rounds // PARTS))))
        bares += helper.bare(objects[: rules.task.targets], [clients.IN_FLIGHT], 5)
    return merged(results, bares)


def tell(figures, targets, found, rounds):
    first, last = "source acknowledged to first target seen", "source acknowledged to last target seen"
    bare, delivery = "bare patch sent to seen", "source acknowledged to its own event seen"
    note = f"{rounds} rounds"
    key = f"latency.{targets}"
    for word, what in ((first, "first"), (last, "last")):
        for p in ("p50", "p90", "p99"):
            if word == first or targets > 1:
                figures.add(f"{key}.{what}.{p}", f"{targets} target(s): {word}, {p}", found[word][p], "ms", note)
    for p in ("p50", "p90", "p99"):
        figures.add(f"{key}.bare.{p}", f"one bare patch sent to seen, {p}", found[bare][p], "ms")
        figures.add(f"{key}.delivery.{p}", f"one bare delivery: {delivery}, {p}", found[delivery][p], "ms")
    if targets == 1:
        for p in ("p50", "p99"):
            words = f"1 target: {p} minus the p50 of one bare patch"
            figures.add(f"{key}.minus.{p}", words, found[first][p] - found[bare]["p50"], "ms")
    else:
        all_ = found["bare patches, all"]
        words = f"{targets} bare patches, {clients.IN_FLIGHT} at a time, all"
        figures.add(f"{key}.bare_all", words, all_, "ms")
        words = f"{targets} bare patches, {clients.IN_FLIGHT} at a time, the first answered"
        figures.add(f"{key}.bare_first", words, found["bare patches, first answer"], "ms")
        words = f"{targets} targets: last seen p50 minus the time of as many bare patches"
        figures.add(f"{key}.last.minus", words, found[last]["p50"] - all_, "ms")


def draw(figures):
    words = {
        "first target seen, p50": lambda found: found["source acknowledged to first target seen"]["p50"],
        "last target seen, p50": lambda found: found["source acknowledged to last target seen"]["p50"],
        "as many bare patches, all": lambda found: found["bare patches, all"],
    }
    lines = {what: [[number, of_(figures.data[f"{number} targets"])] for number in TARGETS] for what, of_ in words.items()}
    figures.plot("latency", "From a source acknowledged to its targets", "targets", "milliseconds", lines, grows=True)


def measure(bench, grounds=None, rounds=ROUNDS):
    figures = bench.figures(NAME)
    rounds = bench.scaled(rounds, 2 * PARTS)
    with (grounds or bench.on_real)(1) as ground:
        tasks = [bench.rules(ground, bench.scaled(number), 1, namespace=f"bench-{number}") for number in TARGETS]
        helper = clients.Clients(bench, ground)
        for rules in tasks:
            ground.put(rules.objects())
        objects = plain(ground, max(rules.task.targets for rules in tasks))
        with bench.subject(ground, tasks[0], namespaces=[rules.task.namespace for rules in tasks]) as running:
            for number, rules in zip(TARGETS, tasks):
                found = of(bench, ground, helper, running, rules, objects, rounds)
                figures.data[f"{number} targets"] = found
                tell(figures, number, found, rounds)
    draw(figures)
    return figures
