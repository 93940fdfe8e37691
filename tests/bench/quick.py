#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The quick form of the measurement: counts and memory, no times, on fedcopy-sandbox; half a minute. So requests per change
and bytes per rule cannot grow unseen.

    tests/bench/quick.py [--out build]

What has a bound `quick` in limits.json is held against it, one check each; the tests of the measuring programs themselves
count one each too. The sum comes last, OUT/bench-quick.tally holds it too. For a build without sanitizers."""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml

# pylint: disable=wrong-import-position
import bench as frame
import ground as grounds  # noqa: F401, for its path
import envtest
import memory
import report
import requests_made
import thousand

HERE = pathlib.Path(__file__).resolve().parent
FEW, MANY = 500, 5000
STRANGERS = 5000
CLUSTERS = 50


def engine_bytes(bench, figures):
    path = bench.folder("engine") / "figures.json"
    # Its own limits of times are of a machine that is at rest.
    subprocess.run([bench.program("bench_engine"), str(MANY), path, "300"], check=False, stdout=subprocess.DEVNULL)
    found = json.loads(path.read_text(encoding="utf-8"))["bytes_per_rule"]["all"]
    figures.add("quick.engine_bytes_per_rule", f"the engine alone: bytes for each of {MANY:,} rules", found, "bytes")


def start_with(bench, rules, strangers=0):
    """The memory at rest on a sandbox of its own."""
    loads = rules.objects(in_sync=rules.in_sync_at_once)
    if strangers:
        namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a-strangers"}}
        loads["edge-1"] = [namespace, *map(memory.stranger, range(strangers)), *loads["edge-1"]]
    with bench.on_sandbox(3, loads) as ground:
        return memory.one_start(bench, ground, rules)


def memories(bench, figures):
    """All starts side by side: each waits most of its time."""
    names = bench.names(members=2)
    few, many, one, strangers, two_clusters, clusters = envtest.run_all(
        [
            lambda: start_with(bench, bench.rules(names, FEW)),
            lambda: start_with(bench, bench.rules(names, MANY)),
            lambda: start_with(bench, bench.rules(names, 1)),
            lambda: start_with(bench, bench.rules(names, 1), STRANGERS),
            lambda: thousand.measure(bench, 2),
            lambda: thousand.measure(bench, 2 + CLUSTERS),
        ]
    )
    each = (many["VmRSS"] - few["VmRSS"]) * 1024 / (MANY - FEW)
    figures.add("quick.bytes_per_rule", f"resident for each further rule, {FEW:,} to {MANY:,}", each, "bytes")
    more, peak = (memory.mib(strangers[word] - one[word]) for word in ("VmRSS", "VmHWM"))
    figures.add("quick.strangers", f"resident that {STRANGERS:,} Secrets of 2 KiB without a rule add", more, "MiB")
    figures.add("quick.strangers_peak", "the same, the peak while they are listed", peak, "MiB")
    each = (clusters["VmRSS"] - two_clusters["VmRSS"]) / CLUSTERS
    figures.add("quick.per_cluster", f"resident for each of {CLUSTERS} further clusters", each, "KiB")
    figures.data["memories"] = [few, many, one, strangers, two_clusters, clusters]


def hold(figures):
    """(passed, failed): each bound of limits.json against its figure. A bound without a figure fails."""
    passed = failed = 0
    rows = {row["key"]: row for row in figures.rows}
    for key, limit in report.limits().items():
        if "quick" not in limit:
            continue
        row = rows.get(key)
        good = row is not None and row["value"] is not None and row["value"] <= limit["quick"]
        passed, failed = passed + good, failed + (not good)
        what, value = (row["what"], f"{report.shown(row['value'])} {row['unit']}".strip()) if row else (key, "not measured")
        print(f"{'ok  ' if good else 'FAIL'}  {what:<70} {value:>16}  at most {report.shown(limit['quick'])}")
    return passed, failed


def tests(directory):
    """(passed, failed) of the tests beside this file."""
    written = directory / "tests.xml"
    command = [sys.executable, "-m", "pytest", HERE, "-q", "-p", "no:cacheprovider", f"--junit-xml={written}"]
    subprocess.run([*command, f"--basetemp={directory / 'tests'}"], check=False)
    cases = list(xml.parse(written).iter("testcase")) if written.is_file() else []
    bad = sum(any(case.find(word) is not None for word in ("failure", "error", "skipped")) for case in cases)
    return len(cases) - bad, bad or not cases


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, default=envtest.REPOSITORY / "build", metavar="FOLDER")
    options = parser.parse_args()
    out = options.out.resolve()
    os.environ.setdefault("FEDCOPY", str(out / "fedcopy"))
    os.environ.setdefault("FEDCOPY_SANDBOX", str(out / "fedcopy-sandbox"))
    for word in ("BENCH_CMD", "BENCH_RULES"):
        os.environ.pop(word, None)
    # Not below /tmp: fedcopy watches the folders above its files, and would wake for whatever others do there.
    with tempfile.TemporaryDirectory(prefix="fedcopy-bench-", dir="/var/tmp") as folder:
        bench = frame.Bench(folder, out)
        # As the part of that name has them.
        figures = bench.figures("requests")
        with bench.on_sandbox(3) as ground:
            requests_made.measure_on(bench, ground, figures, targets=60, changes=12, rest=2)
        engine_bytes(bench, figures)
        memories(bench, figures)
        memory.binary(figures)
        passed, failed = hold(figures)
        more, worse = tests(pathlib.Path(folder))
    (out / "bench-quick.json").write_text(json.dumps({"rows": figures.rows, "data": figures.data}, indent=1) + "\n")
    (out / "bench-quick.tally").write_text(f"{passed + more} passed, {failed + worse} failed\n")
    print(f"bench: {passed + more} passed, {failed + worse} failed")
    return 1 if failed + worse else 0


if __name__ == "__main__":
    sys.exit(main())
