# SPDX-License-Identifier: Apache-2.0
"""A dozen cases of what fedcopy does, once for each cruelty: while it lasts, sources, targets, consents, namespaces and
members change, and fedcopy is killed and started again. When it ends, every rule holds within a bound; no write was lost or
had its effect twice, nothing was written without need, no older value came after a newer one, nothing foreign was touched.

Each cruelty has a world of its own; worlds run side by side (conftest.py). The seed of a world stands in its failure."""

import dataclasses
import time

import cases
import fedcopy as program
import objects
import promises
import pytest
from envtest import wait_for
from world import AGENT, MEMORY_KIB, World

WRITES = {"verb": "patch", "agent": AGENT}
READS = {"verb": "list", "agent": AGENT}
WATCHES = {"verb": "watch", "agent": AGENT}
ALL = {"agent": AGENT}
# Watches end and streamed lists fail, so that there are lists in pages, again and again.
LISTS = [{"kind": "gone-watch", **WATCHES, "share": 0.1}, {"kind": "error", **WATCHES, "share": 0.6}]
# fedcopy's connections, so that new ones are made.
BREAK = {"kind": "reset-before", "agent": AGENT, "count": 3}


@dataclasses.dataclass
class Cruelty:
    """rules: as the admin endpoint takes them, and `on`: the clusters; within: the seconds that everything has, once it is
    over, to be right."""

    rules: list
    within: float = 30
    crowd: int = 0  # objects on each cluster that bear no rule: lists have several pages
    crash: bool = True  # fedcopy is killed in the middle
    mutates: bool = False
    stale: bool = False


def one(kind, where=None, within=30, **members):
    return Cruelty([{"kind": kind, **(ALL if where is None else where), **members}], within)


CRUELTIES = {
    "silent-watch": one("silent-watch", WATCHES, share=0.5, count=6),
    # A watch that is silent in the midst of its time is opened again at its own deadline, within 5 min 30 s.
    "silent-watch-to-its-end": Cruelty([{"kind": "silent-watch", **WATCHES, "share": 0.5}], 345, crash=False),
    "hang": one("hang", share=0.1, within=75),
    "latency-and-jitter": one("latency", delay="150ms", jitter="400ms"),
    "cut-watch": one("cut-watch", WATCHES, share=0.4),
    "doubled-event": one("doubled-event", WATCHES),
    "late-event": one("late-event", WATCHES, delay="700ms", share=0.5),
    "skipped-bookmark": one("skipped-bookmark", WATCHES),
    "gone-watch": one("gone-watch", WATCHES, share=0.4),
    "gone-continue": Cruelty([{"kind": "gone-continue", **READS, "count": 12}, *LISTS], crowd=600),
    "conflict": one("conflict", WRITES, share=0.6),
    "throttle": one("throttle", share=0.4),
    "throttle-retry-after": one("throttle", share=0.3, retryAfter=1),
    "error": one("error", share=0.4),
    "bad-gateway": one("bad-gateway", share=0.4),
    "unavailable": one("unavailable", share=0.4),
    "timeout-done": one("timeout-done", WRITES, share=0.5),
    "reset-before": one("reset-before", share=0.1),
    "reset-after": one("reset-after", share=0.1),
    "goaway": one("goaway", share=0.3),
    "refused-stream": one("refused-stream", share=0.4),
    "few-streams": Cruelty([{"kind": "few-streams", "streams": 2}, BREAK]),
    "other-certificate": Cruelty([{"kind": "other-certificate", "share": 0.7}, BREAK], 75),
    "token-refused": one("token-refused", share=0.3, within=45),
    "slow-bytes": one("slow-bytes", bytesPerSecond=4000, share=0.5),
    "refused-connection": Cruelty([{"kind": "refused-connection"}, BREAK]),
    "some-refused-connections": Cruelty([{"kind": "refused-connection", "share": 0.6}, BREAK]),
    "stale-list": Cruelty([{"kind": "stale-list", **READS, "back": 3}, *LISTS], crash=False),
    "stale-list-at-the-start": Cruelty([{"kind": "stale-list", **READS, "back": 3}, *LISTS], stale=True),
    "broken-group": one("broken-group", group="apps"),
    "mutate": one(
        "mutate",
        WRITES,
        resource="configmaps",
        set={"data": {cases.WholeMap.defaulted: "by the server"}},
        prune=[f"/data/{cases.WholeMap.pruned}"],
    ),
}
CRUELTIES["mutate"].mutates = True
CRUELTIES["everything"] = Cruelty(
    [
        {"kind": kind, "agent": AGENT, "share": 0.03}
        for kind in ("latency", "cut-watch", "doubled-event", "late-event", "gone-watch", "conflict", "throttle", "error")
        + ("bad-gateway", "unavailable", "timeout-done", "reset-before", "reset-after", "goaway", "refused-stream")
        + ("token-refused",)
    ]
    + [{"kind": "refused-connection", "share": 0.2}],
    45,
)


def play(name, directory, seed):
    """The whole story of one world; what it says in the end."""
    cruelty = CRUELTIES[name]
    world = World(name, directory, seed, cruelty.rules, cruelty.crowd)
    try:
        return Story(world, cruelty).play()
    except BaseException as error:
        raise AssertionError(f"{name}, seed {seed}: {error}") from error
    finally:
        world.end()


class Story:
    def __init__(self, world, cruelty):
        self.world, self.cruelty = world, cruelty
        self.cases = [case(world) for case in cases.CASES]
        self.fits = cases.fits_mutated if cruelty.mutates else cases.fits

    def play(self):
        self.begin()
        self.suffer()
        seconds = self.settle(self.cruelty.within)
        self.world.reconnect()
        for case in self.cases:
            case.change()
        again = self.settle(10)
        self.restart_in_sync()
        self.judge()
        counts = " ".join(f"{word}={count}" for word, count in self.world.counts.items())
        return f"right after {seconds:.1f} s, then {again:.1f} s; {counts}; met {self.world.struck}"

    def expected(self):
        result = {}
        for case in self.cases:
            result.update(case.expected)
        return result

    def settle(self, within):
        return self.world.wait_settled(within, self.fits, self.expected())

    def begin(self):
        self.world.start()
        for case in self.cases:
            self.world.namespace(case.name)
            case.begin()
        self.world.start_program()
        self.settle(30)

    def suffer(self):
        world = self.world
        world.be_cruel()
        for number in range(cases.ROUNDS):
            down = number == 2 and self.cruelty.crash
            if down:
                world.crash()
            for case in self.cases:
                case.act(number)
            if down:
                world.start_program(ready=False)
            time.sleep(1.5)
            world.look()
        if len(self.cruelty.rules) < 5:
            wait_for(self.all_have_struck, 20, lambda: f"each cruelty struck: {world.met()}", interval=0.2)
        world.be_kind()

    def all_have_struck(self):
        """Until then something goes on."""
        if all(self.world.met().values()):
            return True
        for case in self.cases:
            if isinstance(case, cases.Drift):
                case.act(cases.ROUNDS)
        return False

    def versions(self):
        return {target: self.world.get(target)["metadata"]["resourceVersion"] for target in self.world.targets}

    def restart_in_sync(self):
        """Nothing is written when there is nothing to write."""
        before = self.versions()
        self.world.stop_program()
        self.world.start_program()
        self.settle(20)
        after = self.versions()
        assert before == after, f"a restart changed {[target.key for target in before if before[target] != after[target]]}"
        self.world.stop_program()

    def judge(self):
        own = [f"data.{cases.WholeMap.defaulted}", f"data.{cases.WholeMap.pruned}"] if self.cruelty.mutates else []
        problems = promises.check(self.world, self.fits, own, self.cruelty.stale)
        text = "\n".join(self.world.texts)
        if program.sanitizer_spoke(text):
            problems.append("a sanitizer has found something")
        elif self.world.highest_kib > MEMORY_KIB and not sanitized():
            problems.append(f"{self.world.highest_kib} KiB of memory")
        problems += [f"the secret value {value!r} stands in its output" for value in program.leaks(text, [*objects.VALUES])]
        assert not problems, "\n".join(problems[:20])


def sanitized():
    return b"__asan_init" in program.binary().read_bytes() or b"__tsan_init" in program.binary().read_bytes()


LONG = ("silent-watch-to-its-end",)


@pytest.mark.parametrize("name", [pytest.param(name, marks=[pytest.mark.full] * (name in LONG)) for name in CRUELTIES])
def test_all_is_right_after(name, worlds):
    print(worlds(name))
