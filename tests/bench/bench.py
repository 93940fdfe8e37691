#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Measures fedcopy on real API servers, beside a bare client on the same servers in the same run.

    KUBEBUILDER_ASSETS=DIR FEDCOPY=build/fedcopy tests/bench/bench.py [--changes N] [--rules N] [--json FILE]

Latency of one change: from the answer to the patch of the source (it has changed, the API server says so) to the target's
event at a watcher of the member. The bare patch: from sending a patch of an object of that member to its event at the same
watcher. Both are clocked by this process, so its own delay is in both."""

import argparse
import json
import pathlib
import queue
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))

# pylint: disable=wrong-import-position
import envtest
import fedcopy as program

NAMESPACE = "bench"


def percentile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * share))]


def milliseconds(values):
    return {"p50": round(percentile(values, 0.5) * 1000, 2), "p99": round(percentile(values, 0.99) * 1000, 2), "n": len(values)}


class Observer:
    """Watches the Secrets of a namespace of one cluster, and notes when each version of each value was seen."""

    def __init__(self, cluster):
        self.seen = queue.Queue()
        self.events = cluster.client("admin").watch("secrets", NAMESPACE, timeout=600)
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        for _, thing in self.events:
            self.seen.put((time.monotonic(), thing["metadata"]["name"], thing.get("data", {}).get("v")))

    def wait(self, name, value, timeout=30):
        until = time.monotonic() + timeout
        while True:
            at, have, what = self.seen.get(timeout=max(0.01, until - time.monotonic()))
            if have == name and what == value:
                return at


def secret(name, value, source=None):
    metadata = {"name": name}
    if source:
        metadata["annotations"] = {"k8s-copier.fig.org/replace-data": f"secret:{source}:data"}
    return {"metadata": metadata, "data": {"v": envtest.b64(value)}}


def bare_patches(cluster, observer, changes):
    cluster.api.create("secrets", NAMESPACE, secret("bare", "0"))
    took = []
    for i in range(changes):
        value = envtest.b64(f"bare-{i}")
        began = time.monotonic()
        cluster.api.patch("secrets", NAMESPACE, "bare", {"data": {"v": value}})
        took.append(observer.wait("bare", value) - began)
    return took


def changes_of_source(hub, observer, name, source, changes):
    took = []
    for i in range(changes):
        value = envtest.b64(f"{source}-{i}")
        hub.api.patch("secrets", NAMESPACE, source, {"data": {"v": value}})
        began = time.monotonic()
        took.append(max(0.0, observer.wait(name, value) - began))
    return took


def start_program(directory, cluster_set, *more):
    process = program.Fedcopy(directory, "run", "--clusters", cluster_set, "--target", "secrets", "--namespace", NAMESPACE, *more)
    process.start().wait_ready()
    return process


def in_sync(process, count, timeout=120):
    def done():
        return process.metrics().total("fedcopy_rules", state="InSync") == count

    envtest.wait_for(done, timeout, f"{count} rules in sync")


def requests_of(cluster, do):
    """The requests for Secrets that a change costs, by the API server's own count."""
    before = cluster.metrics()
    do()
    after = cluster.metrics()
    verbs = ("GET", "LIST", "PATCH", "PUT", "POST", "DELETE")
    name = "apiserver_request_total"
    return {v: int(after.total(name, verb=v, resource="secrets") - before.total(name, verb=v, resource="secrets")) for v in verbs}


def versions(cluster):
    return {i["metadata"]["name"]: i["metadata"]["resourceVersion"] for i in cluster.api.list("secrets", NAMESPACE)}


def measure(clusters, cluster_set, directory, options):
    hub, edge = clusters[0], clusters[1]
    figures = {}
    for cluster in clusters:
        cluster.create_namespace(NAMESPACE)
    observer = Observer(edge)
    hub.api.create("secrets", NAMESPACE, secret("one", "0"))
    edge.api.create("secrets", NAMESPACE, secret("one", "", source="one"))
    process = start_program(directory / "one", cluster_set)
    in_sync(process, 1)
    bare_patches(edge, observer, 20)
    edge.api.delete("secrets", NAMESPACE, "bare")
    bare = bare_patches(edge, observer, options.changes)
    changes_of_source(hub, observer, "one", "one", 20)
    cost = {}

    def change():
        cost["took"] = changes_of_source(hub, observer, "one", "one", options.changes)

    cost["requests"] = requests_of(edge, change)
    figures["bare patch, sent to seen (ms)"] = milliseconds(bare)
    figures["source changed to target seen (ms)"] = milliseconds(cost["took"])
    figures["the same minus the p50 of a bare patch (ms)"] = {
        key: round(milliseconds(cost["took"])[key] - milliseconds(bare)["p50"], 2) for key in ("p50", "p99")
    }
    figures[f"requests on the member for {options.changes} changes"] = cost["requests"]
    process.stop()

    for i in range(options.rules):
        hub.api.create("secrets", NAMESPACE, secret(f"s{i}", "x" * 200))
        clusters[1 + i % 2].api.create("secrets", NAMESPACE, secret(f"t{i}", "", source=f"s{i}"))
    process = start_program(directory / "many", cluster_set)
    in_sync(process, options.rules + 1)
    before = [versions(cluster) for cluster in clusters]
    process.stop()
    began = time.monotonic()
    process = start_program(directory / "again", cluster_set)
    in_sync(process, options.rules + 1)
    figures[f"restart with {options.rules + 1} rules, to all in sync (s)"] = round(time.monotonic() - began, 2)
    figures["resourceVersions that the restart changed"] = sum(
        old[name] != new[name] for old, new in zip(before, [versions(c) for c in clusters]) for name in old
    )
    memory = process.memory()
    figures[f"memory, 3 clusters, {options.rules + 1} rules (KiB)"] = {k: memory[k] for k in ("VmRSS", "RssAnon")}
    process.stop()
    return figures


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--changes", type=int, default=300)
    parser.add_argument("--rules", type=int, default=100)
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fedcopy-bench-") as folder:
        directory = pathlib.Path(folder)
        etcd = envtest.Etcd(directory / "etcd")
        clusters = [envtest.Cluster(name, directory, etcd, audit=False) for name in ("hub", "edge-1", "edge-2")]
        try:
            envtest.start_all(etcd, clusters)
            envtest.write_kubeconfig(directory / "kubeconfig", clusters)
            envtest.write_cluster_set(directory / "clusters.yaml", clusters, "kubeconfig")
            figures = measure(clusters, directory / "clusters.yaml", directory, options)
        finally:
            for cluster in clusters:
                cluster.kill()
            etcd.stop()
    for what, value in figures.items():
        print(f"{what:55} {value if not isinstance(value, dict) else '  '.join(f'{k} {v}' for k, v in value.items())}")
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
