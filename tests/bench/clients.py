# SPDX-License-Identifier: Apache-2.0
"""The two C programs that measure: `bare`, which patches and does nothing else, and `stamp`, which changes sources and sees
targets change. Here are the files that they read, and their answers."""

import contextlib
import json
import subprocess
import time

import envtest
import rulesets

# What fedcopy sends: the same kind of patch, of the same size, under the same name. The value is base64 and text alike.
VALUE = "@VALUE@" + "A" * 256
QUERY = "?fieldManager=fedcopy&timeout=30s"
# How many writes fedcopy has under way at once in one cluster: the default of --max-in-flight.
IN_FLIGHT = 16


def patch_body():
    return [
        {"op": "replace", "path": "/metadata/resourceVersion", "value": "@VERSION@"},
        {"op": "add", "path": f"/data/{rulesets.KEY}", "value": VALUE},
    ]


def merge_body():
    return {"data": {rulesets.KEY: VALUE}}


class Clients:
    """Both programs, on a ground. Files go into a folder of the bench."""

    def __init__(self, bench, ground):
        self.bench = bench
        self.ground = ground
        self.folder = bench.folder("clients")
        self.round = 0
        self.patch = self.file("patch.json", json.dumps(patch_body(), separators=(",", ":")))
        self.merge = self.file("merge.json", json.dumps(merge_body(), separators=(",", ":")))

    def file(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return path

    def server(self, server):
        return ["--url", server.url, "--ca", server.ca_file, "--token-file", server.token_file]

    @staticmethod
    def path(ground, key, query=""):
        return ground.server(key.server).api.path(key.resource, key.namespace, key.name) + query

    def next_round(self, count=1):
        """The number of the first of so many rounds; no value comes twice."""
        first, self.round = self.round + 1, self.round + count
        return first

    # -- bare --

    def bare(self, keys, concurrency, rounds=1, first=None):
        """Patches these objects, `rounds` times with each number of the list `concurrency`, on each server so many at once;
        what it has printed: a list of rounds."""
        versions = versions_of(self.ground, keys)
        command = [self.bench.program("bare"), "patch"]
        for name in dict.fromkeys(key.server for key in keys):
            lines = [f"{self.path(self.ground, key, QUERY)} {versions[key]}\n" for key in keys if key.server == name]
            command += [*self.server(self.ground.server(name)), "--paths", self.file(f"paths-{name}", "".join(lines))]
        first = first or self.next_round(rounds * len(concurrency))
        command += ["--body-file", self.patch, "--concurrency", ",".join(map(str, concurrency))]
        found = json.loads(run([*command, "--rounds", rounds, "--first", first]))
        for one in found:
            assert not one["failures"], f"bare: {one['failures']}"
        return found

    # -- stamp --

    def stamp(self, keys, sources=(), bare=None, rounds=1, pause_ms=20, first=None, watch_sources=True):
        """The command that patches the sources, if there are any, and watches these targets; bare: an object that is
        patched beside them."""
        hub = self.ground.hub
        command = [self.bench.program("stamp"), *self.server(hub)]
        if sources and watch_sources:
            command += ["--watch", self.collection(hub, sources)]
        for name in dict.fromkeys(key.server for key in keys):
            own = [key for key in keys if key.server == name]
            targets = self.file(f"targets-{name}", "".join(f"{key.namespace}/{key.name}\n" for key in own))
            server = self.ground.server(name)
            command += [*self.server(server), "--watch", self.collection(server, own), "--targets", targets]
        if bare is not None:
            server = self.ground.server(bare.server)
            command += [*self.server(server), "--watch", self.collection(server, [bare]), "--bare", self.path(self.ground, bare)]
            command += ["--bare-body-file", self.merge]
        if sources:
            paths = "".join(f"{self.path(self.ground, key)}\n" for key in sources)
            command += ["--sources", self.file("sources", paths), "--source-body-file", self.merge]
        first = first or self.next_round(rounds)
        return [*command, "--rounds", rounds, "--first", first, "--pause-ms", pause_ms]

    @staticmethod
    def collection(server, keys):
        """What holds them all: a namespace, or all of them."""
        namespaces = {key.namespace for key in keys}
        return server.api.path(keys[0].resource, namespaces.pop() if len(namespaces) == 1 else None)

    def look(self, command):
        """Runs stamp to its end."""
        return json.loads(run(command))

    @contextlib.contextmanager
    def looking(self, command):
        """Runs stamp beside something else. Gives a function for the end, which waits and returns what was seen."""
        log = self.folder / "stamp.log"
        with open(log, "wb") as err:
            process = envtest.spawn([*map(str, command)], stdout=subprocess.PIPE, stderr=err)
        try:
            envtest.wait_for(lambda: process.poll() is not None or "watching" in log.read_text(), 60, "stamp watches")

            def result():
                out, _ = process.communicate(timeout=300)
                assert process.returncode == 0, f"stamp ended with {process.returncode}:\n{envtest.tail(log)}"
                return json.loads(out)

            yield result
        finally:
            envtest.end_process(process, 0)


def run(command):
    done = subprocess.run([*map(str, command)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 0, f"{command[0].name} ended with {done.returncode}: {done.stderr}"
    return done.stdout


def versions_of(ground, keys):
    """{Key: resourceVersion}"""
    found = {}
    for server, resource, namespace in dict.fromkeys((key.server, key.resource, key.namespace) for key in keys):
        for item in ground.server(server).api.list(resource, namespace):
            meta = item["metadata"]
            found[rulesets.Key(server, resource, namespace, meta["name"])] = meta["resourceVersion"]
    return {key: found[key] for key in keys}


def settled(running, ground, rules, round_):
    """The sources have the values of that round; waits until the copies have them too, and the program is at rest."""
    rules.change(ground, round_)
    running.settle(ground, rules, round_)
    time.sleep(0.2)
