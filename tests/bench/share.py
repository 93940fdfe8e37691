# SPDX-License-Identifier: Apache-2.0
"""How many copies a second, as a share of the patches a second that a bare client gets from the same API servers.

Fifty sources change at once, of which each feeds a hundred targets. For both, the program under test and the bare client,
the clock runs from the first patch that is sent (of a source; of a target) to the last event of a target that an
independent watcher sees, which is the same for both. The bare client patches the same objects with patches of the same
kind and size, as many at once as the program under test has under way; while the program does not run, so that the server
is its alone. Three rounds, by turns; medians.

The limit is what the bare client gets without any watcher, with 1, 4, 16 and 64 requests at a time."""

import clients
import report
import subject

NAME = "share"
HELP = "share: copies a second beside the patches a second of a bare client on the same servers"

TARGETS = 5000
SOURCES = 50
ROUNDS = 3
LIMITS = (1, 4, 16, 64)


def burst(bench, ground, rules, helper, round_):
    """(seconds, seconds of processor time) of the program under test."""
    with bench.subject(ground, rules, namespaces=[rules.task.namespace]) as running:
        clients.settled(running, ground, rules, round_)
        before = running.cpu()
        seen = helper.look(helper.stamp(rules.targets(), rules.sources(), watch_sources=False))
        return seen["last seen"] - seen["began"], running.cpu() - before


def bare(rules, helper):
    """The same of the bare client."""
    first = helper.next_round()
    with helper.looking(helper.stamp(rules.targets(), first=first)) as result:
        done = helper.bare(rules.targets(), [clients.IN_FLIGHT], first=first)[0]
        return result()["last seen"] - done["began"], done["cpu_seconds"]


def on(bench, figures, ground, members):
    targets = bench.scaled(TARGETS, members * 10)
    sources = SOURCES if targets % SOURCES == 0 else 1
    rules = bench.rules(ground, targets, sources)
    helper = clients.Clients(bench, ground)
    ground.put(rules.objects())
    rounds = []
    for number in range(ROUNDS):
        own, own_cpu = burst(bench, ground, rules, helper, number + 1)
        other, other_cpu = bare(rules, helper)
        rounds.append({"subject": own, "subject cpu": own_cpu, "bare": other, "bare cpu": other_cpu})
        bench.say(f"{members} member(s): {targets / own:.0f} copies, {targets / other:.0f} bare patches a second: {other / own:.3f}")
    limit = [{key: one[key] for key in ("concurrency", "per_second", "ms")} for one in helper.bare(rules.targets(), LIMITS)]
    figures.data[f"{members} member(s)"] = {"ground": ground.words, "targets": targets, "rounds": rounds, "limit": limit}
    tell(figures, members, targets, rounds, limit)


def tell(figures, members, targets, rounds, limit):
    def median(word):
        return report.median([one[word] for one in rounds])

    of = f"{targets:,} targets on {members} member{'s' if members > 1 else ''}"
    note = f"each {clients.IN_FLIGHT} at a time on each member, {len(rounds)} rounds by turns, medians"
    share = median("bare") / median("subject")
    figures.add(f"share.{members}", f"copies as a share of bare patches, {of}", share, "", note)
    figures.add(f"share.{members}.copies", f"copies a second, {of}", targets / median("subject"), "/s")
    figures.add(f"share.{members}.bare", f"bare patches a second, {of}", targets / median("bare"), "/s")
    figures.add(f"share.{members}.cpu", "processor time for 1,000 copies", 1e6 * median("subject cpu") / targets, "ms")
    figures.add(f"share.{members}.bare_cpu", "processor time of the bare client for as many", 1e6 * median("bare cpu") / targets, "ms")
    for one in limit:
        words = f"the limit: bare patches a second, {one['concurrency']} at a time on each member, no watcher"
        figures.add(f"share.{members}.limit.{one['concurrency']}", words, one["per_second"], "/s")


def measure(bench, grounds=None):
    figures = bench.figures(NAME)
    for members in (1, 3) if subject.multi_cluster() else (1,):
        with (grounds or bench.on_real)(members) as ground:
            on(bench, figures, ground, members)
    lines = {
        f"{members}: bare client": [[one["concurrency"], one["per_second"]] for one in data["limit"]]
        for members, data in figures.data.items()
    }
    figures.plot("share-limit", "The limit: a bare client and no watcher", "at a time on each member", "patches a second", lines)
    return figures
