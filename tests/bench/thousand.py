# SPDX-License-Identifier: Apache-2.0
"""1, 10, 100 and 1,000 clusters of one fedcopy-sandbox, each with 100 ConfigMaps of about 300 bytes, and the program under
test at rest with two watches each: of ConfigMaps and of Secrets, both target kinds. Measured once for all parts that tell
of it."""

import time

import envtest
import rulesets
import subject

OBJECTS = 100
KINDS = ("configmaps", "secrets")
# Seconds after the start from which on it counts as rest: memory that a start needed for a moment has been given back by
# then; and what the first questions to silent connections take of it again, for the long rest that says what it costs. In
# that one each watch is renewed once.
BEGINS, LASTS = 12, 1
LONG_BEGINS, LONG_LASTS = 60, 270


def at_rest(bench, clusters=None):
    """The figures for that number of clusters (1,000). Only for the thousand the rest is long enough to say what it costs."""
    all_of_them = bench.scaled(1000, 2)
    clusters = clusters or all_of_them
    rest = (LONG_BEGINS, bench.scaled(LONG_LASTS, 1)) if clusters == all_of_them else (BEGINS, LASTS)
    return bench.once(f"{clusters} clusters", lambda: measure(bench, clusters, *rest))


def small_objects():
    data = {f"key-{number}": "a value of about forty bytes, which is small" for number in range(5)}
    for number in range(OBJECTS):
        yield {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": f"small-{number}", "namespace": "default"},
            "data": data,
        }


def measure(bench, clusters, begins=BEGINS, lasts=LASTS):
    if not subject.multi_cluster():
        raise rulesets.Unsayable("the program under test knows one cluster alone")
    began = time.monotonic()
    with bench.on_sandbox(clusters, {"*": small_objects()}) as ground:
        found = {"clusters": clusters, "ground": ground.words, "sandbox ready, s": round(time.monotonic() - began, 1)}
        found["sandbox resident KiB, nobody there"] = subject.status_of(ground.pid)["VmRSS"]
        with bench.subject(ground, resource=",".join(KINDS)) as running:
            bench.say(f"the program meets {clusters} clusters")
            envtest.wait_for(lambda: connected(ground, running), 300, "it is connected to all clusters", interval=0.3)
            found["all clusters connected and at rest, s"] = round(running.wait_quiet(), 1)
            found["watches of one cluster"] = sum(watches(ground.server(ground.names[-1])))
            assert found["watches of one cluster"] == len(KINDS), found
            bench.say(f"at rest for {lasts} s")
            time.sleep(max(0.0, running.started + begins - time.monotonic()))
            before, sandbox_before, then = running.cpu(), subject.cpu_of(ground.pid), time.monotonic()
            time.sleep(lasts)
            seconds = time.monotonic() - then
            found["CPU percent"] = 100 * (running.cpu() - before) / seconds
            found["sandbox CPU percent"] = 100 * (subject.cpu_of(ground.pid) - sandbox_before) / seconds
            found |= running.memory()
            found["descriptors"] = running.descriptors()
            found["sandbox resident KiB, watched"] = subject.status_of(ground.pid)["VmRSS"]
    return found


def watches(server):
    """How many of each of the kinds that cluster serves now."""
    for kind in ("ConfigMap", "Secret"):
        yield server.watches(kind)


def connected(ground, running):
    running.check_alive()
    return all(ground.connections().values())
