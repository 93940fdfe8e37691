#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Measures what copying costs, on real API servers and on fedcopy-sandbox, and holds it against the aims in limits.json.

    tests/bench/bench.py [--only PART,...] [--scale 0.01] [--json build/bench.json]

A part is a module beside this one with

    NAME             one word
    HELP             one line
    measure(bench)   -> report.Figures, made by bench.figures(NAME)

Environment: FEDCOPY, FEDCOPY_SANDBOX (the programs; those of the build folder when not set), KUBEBUILDER_ASSETS
(kube-apiserver and etcd), BENCH_CMD and BENCH_RULES (another program under test: subject.py)."""

import argparse
import importlib
import json
import os
import pathlib
import sys
import tempfile
import time
import traceback

HERE = pathlib.Path(__file__).resolve().parent

# pylint: disable=wrong-import-position
import ground as grounds
import envtest
import plots
import report
import rulesets
import subject

# In the order in which they run.
ORDER = ("requests_made", "share", "latency", "memory", "cpu", "start", "silence", "growth")
PARTS = [name for name in ORDER if (HERE / f"{name}.py").is_file()]


class Bench:
    """What a part works with."""

    def __init__(self, directory, out, scale=1.0):
        self.directory = pathlib.Path(directory)
        self.out = pathlib.Path(out)  # the build folder
        self.scale = scale
        self.real = False
        self.found = {}  # the parts measured so far, as bench.json has them
        self.last = None  # the figures that a part began with last
        self._folders = 0
        self._once = {}
        self._began = time.monotonic()

    def say(self, text):
        """Progress, for whoever waits."""
        print(f"   {time.monotonic() - self._began:6.0f} s  {text}", file=sys.stderr, flush=True)

    def scaled(self, number, least=1):
        """So many, or a part of them in a quick look."""
        return max(least, round(number * self.scale))

    def figures(self, name):
        self.last = report.Figures(name)
        return self.last

    def folder(self, word):
        """A fresh folder."""
        self._folders += 1
        path = self.directory / f"{self._folders}-{word}"
        path.mkdir()
        return path

    def once(self, what, measure):
        """The value of measure(), which is called once in a run, whichever parts ask for it."""
        if what not in self._once:
            self._once[what] = measure()
        return self._once[what]

    def program(self, name):
        """One of the C programs of tests/bench, which make has built."""
        path = self.out / "tests" / "bench" / name
        if not path.is_file():
            raise SystemExit(f"{path} is not there: make bench-programs")
        return path

    # -- grounds: `with bench.on_real(members=3) as ground:` --

    def on_real(self, members=1):
        """Real API servers: the hub and members; none where the program under test knows one cluster alone."""
        self.real = True
        names = self.names(members)
        self.say(f"starting {len(names)} real API servers")
        return grounds.Real(self.folder("real"), len(names) - 1)

    def on_sandbox(self, clusters, loads=None):
        self.say(f"starting a sandbox with {clusters} clusters")
        return grounds.Sandbox(self.folder("sandbox"), clusters, loads)

    @staticmethod
    def names(members):
        """The names of the hub and so many members; of the hub alone where the program knows one cluster alone."""
        return ["hub"] + [f"edge-{number}" for number in range(1, members + 1 if subject.multi_cluster() else 1)]

    # -- the task and the program --

    def rules(self, ground, targets, sources=0, **more):
        """The task in the vocabulary of the program under test; targets are on all members, by turns, or, where there are
        none, on the hub. ground: or the names of its clusters. more: of rulesets.Task."""
        places = tuple(getattr(ground, "names", ground)[1:])
        task = rulesets.Task(targets=targets, sources=sources, places=places, **more)
        return rulesets.write(subject.vocabulary(), task, subject.multi_cluster())

    def in_sync(self, ground, targets, **more):
        """The same, put on the ground, and in sync: written so, or by the program under test."""
        rules = self.rules(ground, targets, **more)
        ground.put(rules.objects(in_sync=rules.in_sync_at_once))
        if not rules.in_sync_at_once:
            with self.subject(ground, rules) as running:
                running.settle(ground, rules)
        return rules

    def subject(self, ground, rules=None, **more):
        """The program under test, not started yet: `with bench.subject(ground, rules) as running:`. more: of
        subject.Subject."""
        if rules is not None:
            more.setdefault("resource", rules.task.resource)
        return subject.Subject(ground, self.folder("subject"), **more)


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", help="parts, as a comma list: " + ", ".join(PARTS))
    parser.add_argument("--scale", type=float, default=1.0, help="a part of the work, for a quick look: 0.01")
    build = envtest.REPOSITORY / "build"
    parser.add_argument("--out", type=pathlib.Path, default=build, metavar="FOLDER", help="the build folder")
    parser.add_argument("--json", type=pathlib.Path, help="where the figures go (default: OUT/bench.json)")
    parser.add_argument("--list", action="store_true", help="tell of the parts, and end")
    parsed = parser.parse_args()
    parsed.parts = parsed.only.split(",") if parsed.only else PARTS
    for name in parsed.parts:
        if name not in PARTS:
            parser.error(f"there is no part {name}; there are {', '.join(PARTS)}")
    os.environ.setdefault("FEDCOPY", str(parsed.out / "fedcopy"))
    os.environ.setdefault("FEDCOPY_SANDBOX", str(parsed.out / "fedcopy-sandbox"))
    parsed.json = parsed.json or parsed.out / "bench.json"
    return parsed


def run(bench, names):
    """(figures of each part, names of those that failed)"""
    found, failed = bench.found, []
    for name in names:
        part = importlib.import_module(name)
        bench.say(f"== {part.HELP}")
        bench.figures(part.NAME)
        began, load = time.monotonic(), os.getloadavg()[0]
        try:
            figures = part.measure(bench)
        except rulesets.Unsayable as error:
            figures = bench.figures(part.NAME)
            figures.cannot(f"{part.NAME}.all", part.HELP, error)
        except Exception:  # pylint: disable=broad-except
            traceback.print_exc()
            failed.append(name)
            figures = bench.last
            figures.lines.append("  FAILED: the rest is missing")
        found[part.NAME] = {
            "rows": figures.rows,
            "data": figures.data,
            "seconds": round(time.monotonic() - began, 1),
            "load": [round(load, 2), round(os.getloadavg()[0], 2)],
        }
        print("\n".join(report.lines(figures)), flush=True)
    return found, failed


def main():
    parsed = options()
    if parsed.list:
        for name in PARTS:
            part = importlib.import_module(name)
            print(f"{part.NAME:<14} {part.HELP}")
        return 0
    # Not below /tmp: fedcopy watches the folders above its files, and would wake for whatever others do there.
    with tempfile.TemporaryDirectory(prefix="fedcopy-bench-", dir="/var/tmp") as folder:
        bench = Bench(folder, parsed.out, parsed.scale)
        found, failed = run(bench, parsed.parts)
        machine = report.machine(bench.real)
    complete = parsed.parts == PARTS and not failed
    result = {"machine": machine, "subject": subject.words(), "scale": parsed.scale, "complete": complete, "parts": found}
    parsed.json.parent.mkdir(parents=True, exist_ok=True)
    parsed.json.write_text(json.dumps(result, indent=1) + "\n")
    drawn = plots.draw_all(parsed.out / "bench", {name: part["data"] for name, part in found.items()})
    print(f"bench: {len(drawn)} pictures in {parsed.out / 'bench'}")
    missed = [row for part in found.values() for row in part["rows"] if row.get("reached") is False]
    print(f"bench: {parsed.json}; {len(missed)} aims not reached" + (f"; failed: {', '.join(failed)}" if failed else ""))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
