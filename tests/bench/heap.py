# SPDX-License-Identifier: Apache-2.0
"""Which places in the source hold the heap of fedcopy: heaptrack counts what is allocated and not freed while the program is
at rest. A place is the innermost function of ours, with the first function below it of a library that was called there."""

import collections
import os
import pathlib
import re
import signal
import subprocess
import time

import envtest
import fedcopy as program
import thousand

TOP = 12
# With this set it does not become itself again, which heaptrack would not follow (src/cli/heap.c).
SETTLED = ["env", "GLIBC_TUNABLES=glibc.malloc.tcache_max=128"]
FRAME = re.compile(r"^(\S+) \((\S+)\)$")
# Functions whose only work is to get memory: who called them is of interest.
HELPERS = ("mem.c", "buf.c")


def measure(bench, figures):
    """Adds to figures.data["heap"] and prints with the table."""
    if "BENCH_CMD" in os.environ:
        return
    found = figures.data["heap"] = {}
    count = bench.scaled(10000, 10)
    names = bench.names(members=2)
    task = bench.rules(names, count)
    with bench.on_sandbox(len(names), task.objects(in_sync=task.in_sync_at_once)) as ground:

        def copied(running):
            running.wait_copies(ground, task)

        found[f"{count:,} rules"] = of_rest(bench, ground, copied, resource=task.task.resource)
    count = bench.scaled(100, 2)
    with bench.on_sandbox(count, {"*": thousand.small_objects()}) as ground:

        def connected(running):
            envtest.wait_for(lambda: thousand.connected(ground, running), 120, "it is connected to all clusters")

        found[f"{count} clusters"] = of_rest(bench, ground, connected, resource=",".join(thousand.KINDS))
    for what, sites in found.items():
        figures.lines.append(f"  the heap at rest, {what}: {sites['total KiB']:,} KiB, of them in")
        figures.lines += [f"    {site['KiB']:>10,.1f} KiB  {site['place']}" for site in sites["top"]]


def of_rest(bench, ground, ready, **more):
    """{"total KiB", "top": [{"place", "KiB"}]}"""
    bench.say("the heap by allocation site")
    record = bench.folder("heaptrack") / "record"
    with bench.subject(ground, wrap=[*SETTLED, "heaptrack", "-o", record], **more) as running:
        ready(running)
        time.sleep(12)
        # Killed, not stopped: what it holds is still there then.
        os.kill(own_pid(running), signal.SIGKILL)
        running.process.wait(60)
    (written,) = record.parent.glob("record*")
    stacks = record.parent / "stacks"
    command = ["heaptrack_print", "-f", written, "-p", "0", "-a", "0", "-T", "0", "-F", stacks]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run([*command, "--flamegraph-cost-type", "leaked"], check=True, **quiet)
    return summary(stacks.read_text(encoding="utf-8", errors="replace"))


def own_pid(running):
    binary = os.path.realpath(program.binary())
    return next(pid for pid in running.pids() if os.path.realpath(f"/proc/{pid}/exe") == binary)


def summary(stacks):
    sites = collections.Counter()
    for line in stacks.splitlines():
        frames, _, size = line.rpartition("; ")
        sites[place(frames.split(";"))] += int(size)
    top = [{"place": where, "KiB": round(size / 1024, 1)} for where, size in sites.most_common(TOP)]
    return {"total KiB": round(sum(sites.values()) / 1024), "top": top}


def place(frames):
    """frames: outermost first, as heaptrack tells them: `function (file.c)`, `function`, or an address."""
    beneath = None
    for frame in reversed(frames):
        match = FRAME.match(frame)
        if match and match.group(2) in sources():
            if match.group(2) in HELPERS:
                continue
            return f"{match.group(1)} ({match.group(2)})" + (f", in {beneath}" if beneath else "")
        if not frame.startswith("0x"):
            beneath = frame.partition(" ")[0].removeprefix("__GI_").lstrip("_")
    return "libraries when they are loaded" if "_dl_init (dl-init.c)" in frames else "elsewhere"


def sources(known={}):  # pylint: disable=dangerous-default-value
    if not known:
        known |= dict.fromkeys(path.name for path in (envtest.REPOSITORY / "src").glob("*/*.c"))
    return known
