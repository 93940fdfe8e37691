#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Measures what fedcopy costs while nothing happens, and how soon it notices that a server has fallen silent.

    KUBEBUILDER_ASSETS=DIR FEDCOPY=build/fedcopy tests/bench/idle.py [--clusters N] [--rest SECONDS] [--json FILE]

Rest: N names for one API server, entered as a user who may not read the Namespace kube-system, so that no cluster has an id
and all of them pass for different ones; one watch of a target kind each. Memory as the kernel counts it for the process,
descriptors and connections out of /proc, CPU as the process's own time, requests as the API server counts them.

Silence: the time from the moment in which the API server's process is stopped (SIGSTOP) to the metric fedcopy_cluster_up
being 0, for a connection that was at work, and for a server that accepts and never answers from the start."""

import argparse
import json
import os
import pathlib
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))

# pylint: disable=wrong-import-position
import envtest
import fedcopy as program

TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(process):
    fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def descriptors(process):
    return len(os.listdir(f"/proc/{process.pid}/fd"))


def connections(process, port):
    """Established TCP connections of the process to that port of this machine."""
    inodes = set()
    for name in os.listdir(f"/proc/{process.pid}/fd"):
        try:
            target = os.readlink(f"/proc/{process.pid}/fd/{name}")
        except OSError:
            continue
        if target.startswith("socket:["):
            inodes.add(target[8:-1])
    wanted = f":{port:04X}"
    count = 0
    for line in pathlib.Path(f"/proc/{process.pid}/net/tcp").read_text(encoding="ascii").splitlines()[1:]:
        fields = line.split()
        count += fields[2].endswith(wanted) and fields[3] == "01" and fields[9] in inodes
    return count


def allow(cluster):
    """The user `limited` may read and patch Secrets everywhere, and nothing else."""
    role = {"metadata": {"name": "idle"}, "rules": [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get", "list", "watch", "patch"]}]}
    cluster.api.create("clusterroles", None, role)
    group = "rbac.authorization.k8s.io"
    cluster.api.create(
        "clusterrolebindings",
        None,
        {
            "metadata": {"name": "idle"},
            "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": "idle"},
            "subjects": [{"apiGroup": group, "kind": "User", "name": "limited"}],
        },
    )


def start(directory, cluster_set):
    process = program.Fedcopy(directory, "run", "--clusters", cluster_set, "--target", "secrets")
    process.start().wait_ready()
    return process


def many_names(cluster, directory, count):
    """A cluster set of so many names for one cluster."""
    envtest.write_kubeconfig(directory / "kubeconfig", [cluster], user="limited", how="token")
    clusters = [{"name": f"c{i}", "kubeconfig": "kubeconfig", "context": cluster.name} for i in range(count)]
    clusters[0]["labels"] = {"cluster-master": "true"}
    path = directory / f"clusters-{count}.yaml"
    path.write_text(envtest.to_yaml({"apiVersion": "fedcopy.dev/v1alpha1", "kind": "ClusterSet", "clusters": clusters}))
    return path


def up(process):
    return int(process.metrics().total("fedcopy_cluster_up"))


def at_rest(cluster, directory, count, seconds):
    process = start(directory / f"rest-{count}", many_names(cluster, directory, count))
    envtest.wait_for(lambda: up(process) == count, 120, f"{count} clusters are up")
    # Memory that the start needed is given back after ten seconds.
    time.sleep(15)
    memory, began, cpu = process.memory(), time.monotonic(), cpu_seconds(process)
    before = cluster.metrics()
    time.sleep(seconds)
    spent = cpu_seconds(process) - cpu
    after = cluster.metrics()
    name = "apiserver_request_total"
    asked = sum(after.total(name, resource="secrets", verb=v) - before.total(name, resource="secrets", verb=v) for v in ("LIST", "GET", "WATCH"))
    minutes = (time.monotonic() - began) / 60
    figures = {
        "VmRSS": memory["VmRSS"],
        "RssAnon": memory["RssAnon"],
        "descriptors": descriptors(process),
        "connections": connections(process, cluster.port),
        "threads": len(os.listdir(f"/proc/{process.pid}/task")),
        "CPU percent of a core": round(100 * spent / (minutes * 60), 2),
        "requests per cluster and minute": round(asked / count / minutes, 2),
    }
    process.stop()
    return figures


def silence(hub, other, directory):
    """The seconds until each kind of silence is told, both measured at the same time on two servers."""
    envtest.write_kubeconfig(directory / "both", [hub, other])
    cluster_set = envtest.write_cluster_set(directory / "both.yaml", [hub, other], directory / "both")
    process = start(directory / "silence", cluster_set)
    envtest.wait_for(lambda: up(process) == 2, 30, "both are up")
    other.hang()
    began = time.monotonic()
    noticed = {}

    def told(running, name):
        return lambda: running.metrics().value("fedcopy_cluster_up", cluster=name) == 0

    # A second process meets the stopped server for the first time: the kernel accepts, nobody answers.
    fresh = program.Fedcopy(directory / "fresh", "run", "--clusters", cluster_set, "--target", "secrets")
    fresh.start()
    first = time.monotonic()
    envtest.wait_for(lambda: f"{other.name} member ok: unreachable" in fresh.get("/readyz")[1], 60, "it never answers")
    noticed["accepts and never answers (s)"] = round(time.monotonic() - first, 1)
    envtest.wait_for(told(process, other.name), 90, "it is stopped")
    noticed["stopped under a watch (s)"] = round(time.monotonic() - began, 1)
    other.resume()
    began = time.monotonic()
    envtest.wait_for(lambda: up(process) == 2 and up(fresh) == 2, 60, "it is back")
    noticed["back after it goes on (s)"] = round(time.monotonic() - began, 1)
    process.stop()
    fresh.stop()
    return noticed


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clusters", type=int, default=100)
    parser.add_argument("--rest", type=int, default=60)
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    figures = {}
    with tempfile.TemporaryDirectory(prefix="fedcopy-idle-") as folder:
        directory = pathlib.Path(folder)
        etcd = envtest.Etcd(directory / "etcd")
        clusters = [envtest.Cluster(name, directory, etcd, audit=False) for name in ("hub", "edge-1")]
        try:
            envtest.start_all(etcd, clusters)
            allow(clusters[0])
            for count in (1, options.clusters):
                figures[f"{count} cluster{'s' if count > 1 else ''} at rest"] = at_rest(clusters[0], directory, count, options.rest)
            figures["silence"] = silence(*clusters, directory)
        finally:
            for cluster in clusters:
                cluster.kill()
            etcd.stop()
    for what, values in figures.items():
        print(what)
        for key, value in values.items():
            print(f"    {key:40} {value}")
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
