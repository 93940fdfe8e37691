# SPDX-License-Identifier: Apache-2.0
"""What a world's history says of the promises: each version of each object is the test's own, or a write of fedcopy that
it had a reason for; no older value comes after a newer one; nothing else is touched; and no request is sent for nothing."""

import copy

from world import AGENT, MOST_REQUESTS, RESOURCES

# A write with one of these strikes may have happened without fedcopy hearing of it.
UNHEARD = ("reset-after", "timeout-done")
# What changes with every write.
BOOKKEEPING = ("resourceVersion", "managedFields", "generation")


def without(item, paths):
    """The object but for these places and for what servers keep about writes."""
    item = copy.deepcopy(item)
    for member in BOOKKEEPING:
        item["metadata"].pop(member, None)
    for path in paths:
        *way, last = path.split(".")
        place = item
        for step in way:
            place = place.get(step) or {}
        place.pop(last, None)
    for member in ("data", "stringData"):
        # A parent that fedcopy has made.
        if item.get(member) == {}:
            del item[member]
    return item


class Checker:
    """Goes through the history of one place."""

    def __init__(self, world, place, fits, servers_own):
        self.world, self.place, self.fits = world, place, fits
        self.targets = [target for target in world.targets if target.place == place]
        self.own = world.own.get(place, set())
        # The parts that fedcopy may change: those that its rules name, and what servers put there on purpose.
        self.parts = [target.path for target in self.targets] + servers_own
        self.reached = {target: 0 for target in self.targets}
        self.writes = 0
        self.problems = []

    def complain(self, words, item):
        self.problems.append(f"{'/'.join(self.place)} at {item['metadata']['resourceVersion']}: {words}")

    def go(self, history):
        before = None
        for word, item in history:
            if word == "DELETED":
                before = None
                continue
            if item["metadata"]["resourceVersion"] not in self.own:
                self._judge(before, item)
            before = item
        return self

    def _judge(self, before, item):
        """A version that is not the test's own."""
        if not self.targets:
            self.complain("written, but bears no rule", item)
            return
        if before is None:
            self.complain("made by somebody else", item)
            return
        self.writes += 1
        if without(before, self.parts) != without(item, self.parts):
            self.complain("something else than its rules' places was changed", item)
        changed = [target for target in self.targets if target.value(before) != target.value(item)]
        if not changed:
            self.complain("written without need", item)
        for target in changed:
            self._judge_value(target, item)

    def _judge_value(self, target, item):
        value = target.value(item)
        found = [i for i, known in enumerate(target.values) if self.fits(value, known)]
        if not found:
            self.complain(f"{target.path} is {value!r}, which no source ever held", item)
            return
        # Where a value came twice, the later time is meant.
        if found[-1] < self.reached[target]:
            self.complain(f"{target.path}: the older value {value!r} after a newer one", item)
        self.reached[target] = max(self.reached[target], found[-1])

    def most_writes(self):
        """One for each value of each rule, and one for each time that somebody changed the target."""
        return sum(len(target.values) for target in self.targets) + max(
            (target.disturbed for target in self.targets), default=0
        )


def check(world, fits, servers_own=(), stale=False):
    """The problems, as texts. stale: lists told fedcopy what had been true before, so it may have believed that."""
    problems, effects = [], 0
    for place, history in world.histories().items():
        checker = Checker(world, place, fits, list(servers_own)).go(history)
        problems += [words for words in checker.problems if not (stale and "older value" in words)]
        effects += checker.writes
        if not stale and checker.writes > checker.most_writes():
            problems.append(f"{'/'.join(place)}: {checker.writes} writes, at most {checker.most_writes()} have a reason")
    return problems + check_requests(world, effects)


def check_requests(world, effects):
    problems, taken, asked = [], 0, 0
    for cluster, requests in world.written().items():
        asked += len(requests)
        for entry in requests:
            if entry["resource"] not in RESOURCES or entry["verb"] in ("get", "list", "watch"):
                continue
            if entry["verb"] != "patch":
                problems.append(f"{cluster}: {entry['verb']} {entry['uri']}")
            taken += entry["code"] == 200
    unheard = sum(count for kind, count in world.struck.items() if kind in UNHEARD)
    # A server that changes what it is given cannot be told from one that somebody meddles with, after a restart.
    repeated = world.starts * len(world.targets) if "mutate" in world.struck else 0
    if taken > effects + repeated:
        problems.append(f"{taken} writes were taken, {effects} had an effect ({unheard} were not heard of)")
    if asked > MOST_REQUESTS:
        problems.append(f"{asked} requests in all")
    world.counts = {"requests": asked, "taken": taken, "effects": effects}
    return problems


__all__ = ["AGENT", "check"]
