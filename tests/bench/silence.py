# SPDX-License-Identifier: Apache-2.0
"""How soon a server that falls silent is noticed: stopped (SIGSTOP) under a watch, and one that accepts connections and
never answers from the start. By fedcopy's own metric fedcopy_cluster_up, so of fedcopy alone."""

import time

import envtest
import fedcopy as program
import rulesets
import subject

NAME = "silence"
HELP = "how soon a server that falls silent is noticed"


def up(running):
    return int(running.metrics().total("fedcopy_cluster_up"))


def measure(bench):
    if "BENCH_CMD" in subject.os.environ:
        raise rulesets.Unsayable("only fedcopy says which clusters it takes for reachable")
    figures = bench.figures(NAME)
    with bench.on_real(members=1) as ground:
        other = ground.members[0].cluster
        arguments = ("run", "--clusters", ground.cluster_set, "--target", "secrets")
        running = program.Fedcopy(bench.folder("silence"), *arguments).start()
        fresh = program.Fedcopy(bench.folder("silence"), *arguments)
        envtest.wait_for(lambda: up(running) == 2, 30, "both clusters are up")
        # Until nothing is under way but watches.
        time.sleep(3)
        # The stopped server goes on to accept, since the kernel does.
        other.hang()
        stopped = time.monotonic()
        fresh.start()
        began = time.monotonic()
        envtest.wait_for(lambda: f"{other.name} member ok: unreachable" in fresh.get("/readyz")[1], 60, "it never answers")
        figures.add("silence.never_answers", "a server accepts and never answers, noticed after", time.monotonic() - began, "s")
        bench.say("waiting for the stopped server to be noticed")
        envtest.wait_for(lambda: running.metrics().value("fedcopy_cluster_up", cluster=other.name) == 0, 90, "it is stopped")
        figures.add("silence.stopped", "a server is stopped under a watch, noticed after", time.monotonic() - stopped, "s")
        other.resume()
        began = time.monotonic()
        envtest.wait_for(lambda: up(running) == 2 and up(fresh) == 2, 60, "it is back")
        figures.add("silence.back", "it goes on, and is used again after", time.monotonic() - began, "s")
        running.stop()
        fresh.stop()
    return figures
