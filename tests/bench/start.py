# SPDX-License-Identifier: Apache-2.0
"""A cold start with 10,000 rules in sync on three clusters: until the program has nothing left to do, by its own processor
time and requests, and what it changed.

One of the sources has changed meanwhile: when its copy is right and the program uses no processor any more, it is ready.
fedcopy's /readyz is not asked, which other programs do not have."""

import requests_made

NAME = "start"
HELP = "a cold start with 10,000 rules in sync: seconds, processor time, requests, what it changed"


def measure(bench):
    figures = bench.figures(NAME)
    seconds, spent, asked = [], [], []
    with bench.on_real(members=2) as ground:
        for targets in dict.fromkeys(bench.scaled(number, 10) for number in (100, 1000, 10000)):
            found = one(bench, ground, targets)
            seconds.append([targets, found["seconds"]])
            spent.append([targets, found["cpu"]])
            asked.append([targets, sum(counts.of() for counts in found["made"].values()) / targets])
    report_last(figures, targets, found, ground)
    lines = {"until nothing is left to do": seconds, "processor time": spent}
    figures.plot("start", "A cold start, everything in sync", "rules", "seconds", lines, grows=True)
    title = "Requests of a cold start, everything in sync"
    figures.plot("start-requests", title, "rules", "requests for each rule", {"all requests": asked})
    return figures


def one(bench, ground, targets):
    """A start with so many rules: those of the starts before are among them."""
    rules = bench.in_sync(ground, targets)
    before = rules.versions(ground)
    changed = targets - 1
    rules.change(ground, 1, [changed])
    bench.say(f"a start with {targets:,} rules in sync")
    running = bench.subject(ground, rules)
    found = {"rules": rules}

    def start():
        running.start().wait_copies(ground, rules, 1, which=[changed])
        found["seconds"] = running.wait_quiet()

    try:
        found["made"] = requests_made.between(ground, start)
        found["cpu"] = running.cpu()
    finally:
        running.stop()
    of_us = {rules.source(changed), rules.target(changed)}
    after = rules.versions(ground)
    found["changed"] = sum(version != before[key] for key, version in after.items() if key not in of_us)
    return found


def report_last(figures, targets, found, ground):
    what = f"a cold start, {targets:,} rules in sync"
    figures.add("start.seconds", f"{what}: until nothing is left to do", found["seconds"], "s", ground.words)
    figures.add("start.cpu", f"{what}: processor time of the program", found["cpu"], "s")
    requests_made.started(figures, "start", what, found["made"], ground, found["rules"], beside=1)
    writes = requests_made.writes(found["made"]) - 1
    figures.add("start.writes", f"{what}: writes, beside the one for the source that had changed", writes)
    figures.add("start.changed", f"{what}: resourceVersions changed, beside that one", found["changed"])
