# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the end-to-end tests.

clusters        the three clusters, running: clusters.hub, clusters.edge_1, clusters.edge_2, clusters["edge-1"], iteration
hub edge1 edge2 each of them
kubeconfig      a file with a context for each, as user fedcopy, by client certificate
cluster_set     a cluster set file with hub as the master
controllers     kube-controller-manager on the hub, for all tests of a file: namespaces end, dependents go with their owners
namespace       the name of a fresh namespace that is on all three, and is removed after the test
make_namespace  a function that makes further ones
fedcopy         a factory: fedcopy("run", "--clusters", cluster_set, "--target", "secrets") starts the program;
                fedcopy.run(...) runs it to its end
through         proxies in front of clusters, which break what a test tells them to: proxy = through.proxy(edge1);
                through.cluster_set([proxy]) is a cluster set file in which fedcopy comes to edge-1 by that way, with tokens
secrets         a list: values in it must not occur in anything that fedcopy writes or serves. What objects.py puts into Secrets
                is in it by itself; a test may add more
"""

import itertools
import os
import pathlib
import re
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

# pylint: disable=wrong-import-position,redefined-outer-name
import envtest
import fault_proxy
import fedcopy as program
import objects
import sandbox


def pytest_configure(config):
    config.addinivalue_line("markers", "full: takes minutes; only `make test-full` runs it")
    config.addinivalue_line("markers", "real(why): needs the real API server; not on the sandbox")
    # What is asked for by -m counts; otherwise what takes minutes is left out.
    config.option.markexpr = config.option.markexpr or ("not full and not real" if ON_SANDBOX else "not full")


# Worlds full of cruelty are played by `make e2e-cruel` alone.
collect_ignore = [] if os.environ.get("GROUND") == "cruel" else ["cruel"]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    """SHARD=2/4: every fourth test, from the second on; scripts/run-e2e runs the four side by side."""
    if "SHARD" in os.environ:
        number, count = map(int, os.environ["SHARD"].split("/"))
        config.hook.pytest_deselected(items=[item for index, item in enumerate(items) if index % count != number - 1])
        items[:] = items[number - 1 :: count]


CRDS = pathlib.Path(__file__).with_name("crds")

# GROUND=sandbox: the clusters are those of fedcopy-sandbox.
ON_SANDBOX = os.environ.get("GROUND") == "sandbox"

# The kinds that tests make, and that go before their namespace does.
TEST_RESOURCES = (
    "configmapsyncs",
    "objectsyncs",
    "configmaps",
    "secrets",
    "deployments",
    "cronjobs",
    "events",
    "leases",
    "roles",
    "rolebindings",
    "serviceaccounts",
    "federatedsecrets",
    "federateddeployments",
    "federatedhelmreleases",
    "helmreleases",
)


class Clusters:
    """The clusters of the session, by name, by attribute, or one after the other; the first is the master."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        names = ("hub", "edge-1", "edge-2")
        if ON_SANDBOX:
            self.etcd = None
            self.all = [sandbox.Cluster(name, self.directory) for name in names]
        else:
            self.etcd = envtest.Etcd(self.directory / "etcd")
            self.all = [envtest.Cluster(name, self.directory, self.etcd) for name in names]
        self.hub, self.edge_1, self.edge_2 = self.all
        self.master, self.members = self.all[0], self.all[1:]
        self.kubeconfig = self.directory / "kubeconfig"
        self.cluster_set = self.directory / "clusters.yaml"

    def start(self):
        if ON_SANDBOX:
            envtest.run_all([cluster.start for cluster in self.all])
        else:
            envtest.start_all(self.etcd, self.all)
        for folder in (CRDS, envtest.REPOSITORY / "deploy" / "crds"):
            envtest.apply_crds(self.all, folder)
        envtest.write_kubeconfig(self.kubeconfig, self.all)
        envtest.write_cluster_set(self.cluster_set, self.all, "kubeconfig")

    def ensure(self):
        """Brings back what a test has stopped, killed or hung."""
        for cluster in self.all:
            if cluster.running:
                cluster.resume()
            else:
                cluster.spawn()
        for cluster in self.all:
            cluster.wait_ready()

    def stop(self):
        for cluster in self.all:
            cluster.end() if ON_SANDBOX else cluster.kill()
        if self.etcd:
            self.etcd.stop()

    def __getitem__(self, name):
        return next(cluster for cluster in self.all if cluster.name == name)

    def __iter__(self):
        return iter(self.all)

    def __len__(self):
        return len(self.all)


@pytest.fixture(scope="session")
def _session_clusters(tmp_path_factory):
    clusters = Clusters(tmp_path_factory.mktemp("clusters"))
    try:
        clusters.start()
        yield clusters
    finally:
        clusters.stop()


@pytest.fixture
def clusters(_session_clusters):
    _session_clusters.ensure()
    return _session_clusters


@pytest.fixture
def hub(clusters):
    return clusters.hub


@pytest.fixture
def edge1(clusters):
    return clusters.edge_1


@pytest.fixture
def edge2(clusters):
    return clusters.edge_2


@pytest.fixture
def kubeconfig(clusters):
    return clusters.kubeconfig


@pytest.fixture
def cluster_set(clusters):
    return clusters.cluster_set


@pytest.fixture(scope="module")
def controllers(_session_clusters):
    _session_clusters.ensure()
    _session_clusters.hub.start_controller_manager()
    yield
    _session_clusters.hub.stop_controller_manager()


_namespace_numbers = itertools.count(1)


@pytest.fixture
def make_namespace(clusters, request):
    """make_namespace(name=None, on=None, labels=None, annotations=None): a namespace on these clusters (all); its name."""
    made = []
    words = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower()).strip("-").removeprefix("test-")[:30].strip("-")

    def make(name=None, on=None, labels=None, annotations=None):
        name = name or f"t{next(_namespace_numbers)}-{words}"
        for cluster in on or clusters:
            cluster.create_namespace(name, labels, annotations)
            made.append((cluster, name))
        return name

    yield make
    clusters.ensure()
    envtest.run_all([lambda c=cluster, n=name: c.remove_namespace(n, TEST_RESOURCES) for cluster, name in made])


@pytest.fixture
def namespace(make_namespace):
    return make_namespace()


@pytest.fixture
def through(clusters, tmp_path):
    proxies = fault_proxy.Through(clusters, tmp_path)
    yield proxies
    proxies.stop()


@pytest.fixture
def secrets():
    objects.VALUES.clear()
    return objects.VALUES


@pytest.fixture
def fedcopy(clusters, make_namespace, tmp_path, secrets):  # pylint: disable=unused-argument
    # make_namespace stands there so that the program is stopped before its namespaces are removed.
    factory = program.Factory(tmp_path, clusters, secrets)
    yield factory
    factory.finish()
