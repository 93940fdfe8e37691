#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Holds conversations with the sandbox and compares what it answers with what the real kube-apiserver answered.

usage: tests/conformance/run.py [FLAGS]
  --sandbox PROGRAM   the sandbox to start (default: $FEDCOPY_SANDBOX, else build/fedcopy-sandbox)
  --server WHERE      a server that runs already: a kubeconfig with a token, or https://HOST:PORT with --token
  --real              a real kube-apiserver: are the recordings still true? ($KUBEBUILDER_ASSETS, scripts/envtest-assets)
  --record            with a real one: write the recordings
  --only NAME,...     conversations, or groups of them, by name or shell pattern
  --steps             print every step, instead of comparing
  --fields            compare fieldsV1 of managedFields everywhere
  --all               also show accepted differences
  --summary           for each conversation one line, without its differences
  --tally FILE        the last line, into a file
  --times             how long each takes
  --list              the conversations there are
"""

import argparse
import fnmatch
import json
import pathlib
import re
import sys
import time
import traceback

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "e2e")]

# pylint: disable=wrong-import-position
import compare
import conversations
import differences
import os
import player
import servers
from names import Names


def arguments():
    parser = argparse.ArgumentParser(usage=__doc__, add_help=False)
    for flag in ("--sandbox", "--server", "--token", "--only", "--tally"):
        parser.add_argument(flag)
    for flag in ("--real", "--record", "--steps", "--fields", "--all", "--summary", "--list", "--times", "--clean"):
        parser.add_argument(flag, action="store_true")
    return parser.parse_args()


def wanted(patterns):
    """[(name, group, function)]"""
    chosen = []
    for name, group, function in conversations.ALL:
        if not patterns or any(fnmatch.fnmatch(word, p) for p in patterns.split(",") for word in (name, group)):
            chosen.append((name, group, function))
    if not chosen:
        raise SystemExit(f"run.py: no conversation is called {patterns}; --list names them")
    return chosen


def start(options):
    if options.real or (options.record and not options.server):
        return servers.Real()
    if options.server:
        return servers.Running(options.server, options.token)
    program = options.sandbox or os.environ.get("FEDCOPY_SANDBOX") or HERE.parent.parent / "build" / "fedcopy-sandbox"
    return servers.Sandbox(program)


def hold(server, name, function, clean):
    """The conversation's steps, and what broke it, if anything did."""
    conversation = player.Conversation(server, name)
    broke = None
    try:
        function(conversation)
    except player.Stop as error:
        broke = str(error)
    except (KeyError, TypeError, IndexError, AttributeError, ValueError) as error:
        # An answer of another shape than the conversation goes on with.
        frame = next(
            (f for f in reversed(traceback.extract_tb(error.__traceback__)) if "conversations" in f.filename), None
        )
        broke = f"{type(error).__name__}: {error}" + (f" (line {frame.lineno}: {frame.line})" if frame else "")
    conversation.close(clean)
    return conversation.steps, broke


def stored(name, function):
    """Where its recording is: written ones come from documentation, and no server answers them to --record."""
    return HERE / ("written" if getattr(function, "written", False) else "recorded") / f"{name}.json"


def write(path, title, steps):
    """A line for each step: a recording is read, and compared, by steps."""
    lines = ",\n".join(json.dumps(step, sort_keys=True) for step in steps)
    path.write_text(f'{{"conversation": {json.dumps(title)}, "steps": [\n{lines}\n]}}\n', encoding="utf-8")


assert all(len(row) == 5 for row in differences.ACCEPTED), "a row of differences.py has five members"


def accepted(difference, used):
    for row in differences.ACCEPTED:
        if (
            fnmatch.fnmatch(difference.conversation, row[0])
            and re.search(row[1], difference.ask)
            and re.search(row[2], difference.where)
            and re.search(row[3], json.dumps(difference.recorded, ensure_ascii=False))
        ):
            used.add(row)
            return True
    return False


def record(server, name, function, clean):
    began = time.monotonic()
    steps, broke = hold(server, name, function, clean)
    if broke:
        print(f"{name}: broke off: {broke}")
        return False
    write(stored(name, function), function.__doc__, Names.record(steps).replace(steps))
    print(f"{name}: {len(steps)} steps, {time.monotonic() - began:.1f} s", flush=True)
    return True


def check(server, name, function, options, used):
    """(steps, differences that are not accepted)"""
    path = stored(name, function)
    if not path.exists():
        print(f"{name}: has no recording")
        return 0, [None]
    began = time.monotonic()
    steps, broke = hold(server, name, function, options.clean)
    if options.times:
        print(f"{time.monotonic() - began:7.2f} s {name}")
    old = json.loads(path.read_text(encoding="utf-8"))["steps"]
    found = compare.conversation(name, old, steps, options.fields)
    if not options.real and not options.all:
        found = [difference for difference in found if not accepted(difference, used)]
    if found or broke:
        print(f"{name}: {len(found)} differences in {len({d.number for d in found})} of {len(old)} steps")
        if broke:
            print(f"  broke off after step {len(steps) - 1}: {broke}")
        if found and not options.summary:
            print(compare.readable(found))
    return len(steps), found or ([broke] if broke else [])


def main():
    options = arguments()
    chosen = wanted(options.only)
    if options.list:
        for name, group, function in chosen:
            print(f"{group}/{name}: {function.__doc__.splitlines()[0]}")
        return 0
    began = time.monotonic()
    server = start(options)
    used, failed, total, equal = set(), 0, 0, 0
    try:
        for name, _, function in chosen:
            if options.steps:
                steps, broke = hold(server, name, function, options.clean)
                print("\n".join(json.dumps(step, ensure_ascii=False) for step in steps), broke or "", sep="\n")
            elif options.record:
                if not getattr(function, "written", False):
                    failed += not record(server, name, function, options.clean)
            elif not (options.real and getattr(function, "written", False)):
                steps, found = check(server, name, function, options, used)
                total += steps
                failed += bool(found)
                equal += not found
            if server.died():
                print("run.py: the server has died", file=sys.stderr)
                break
    finally:
        server.stop()
    if not options.steps and not options.record:
        for row in differences.ACCEPTED if not options.real and not options.only and not server.died() else []:
            if row not in used:
                failed += 1
                print(f"accepted difference that occurs no longer: {row[0]}: {row[1]}: {row[2]}: {row[3]} ({row[4]})")
        words = f"{equal} of {equal + failed} conversations equal, {total} steps, {time.monotonic() - began:.0f} s"
        print(f"conformance: {words}")
        if options.tally:
            pathlib.Path(options.tally).write_text(f"{equal} passed, {failed} failed\n", encoding="utf-8")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
