# SPDX-License-Identifier: Apache-2.0
"""The servers on which is measured: real API servers, or many clusters of one fedcopy-sandbox. What a part does with the
one it can do with the other; what a figure stands on is told with it (`ground.words`)."""

import collections
import itertools
import json
import pathlib
import shutil
import sys
import threading
import uuid

HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "e2e"))

# pylint: disable=wrong-import-position
import envtest
import sandbox

# More at once would ask for more memory and processor than the machines have on which this has to run.
MOST_REAL = 4
REQUESTS = "apiserver_request_total"
# Beyond so many objects the API is too slow a way to fill a real server.
BY_API = 500

# kind: (plural, what stands between the cluster's prefix and the namespace in etcd)
KINDS = {
    "Namespace": ("namespaces", None),
    "CustomResourceDefinition": ("customresourcedefinitions", None),
    "ConfigMap": ("configmaps", "configmaps"),
    "Secret": ("secrets", "secrets"),
    "ObjectSync": ("objectsyncs.v1alpha1.sync.rustrial.org", "sync.rustrial.org/objectsyncs"),
}


class Counts(collections.Counter):
    """Requests by (verb, resource), as a server counts them: GET, LIST, WATCH, POST, PUT, PATCH, APPLY, DELETE, ... A real
    server counts a watch when it ends. `later - earlier` is what came between."""

    def __sub__(self, other):
        return Counts({key: self[key] - other[key] for key in self if self[key] != other[key]})

    def of(self, *verbs, resource=None):
        """The sum for these verbs (none: all) and that resource (None: all)."""
        return sum(
            count
            for (verb, what), count in self.items()
            if (not verbs or verb in verbs) and (resource is None or what == resource)
        )

    def words(self):
        """{"PATCH secrets": 3}, for reports."""
        return {f"{verb} {resource}".strip(): count for (verb, resource), count in sorted(self.items())}


# What a real server asks itself, now and then, whatever its clients do.
OF_ITSELF = (
    ("GET", "namespaces"),
    ("GET", "services"),
    ("LIST", "services"),
    ("GET", "flowschemas"),
    ("GET", "prioritylevelconfigurations"),
)
READS = ("GET", "LIST")
WRITES = ("POST", "PUT", "PATCH", "APPLY", "DELETE", "DELETECOLLECTION")


def counted_as(method, path):
    """(verb, resource) by which a server counts a request."""
    parts = path.partition("?")[0].strip("/").split("/")
    rest = parts[2:] if parts[0] == "api" else parts[3:] if parts[0] == "apis" else []
    if len(rest) > 2 and rest[0] == "namespaces":
        rest = rest[2:]
    if not rest:
        return method, ""
    verb = "LIST" if method == "GET" and len(rest) == 1 else method
    return verb, "/".join([rest[0], *rest[2:3]])


class Server:
    """One cluster: its address, how to get in, and what it was asked."""

    def __init__(self, cluster, directory, real):
        self._real = real
        self._own = Counts()
        self._lock = threading.Lock()
        self._count_own(cluster.api)
        self.cluster = cluster  # envtest.Cluster or sandbox.Cluster
        self.name = cluster.name
        self.url = cluster.server
        self.port = cluster.port
        self.ca_file = pathlib.Path(cluster.authority.certificate)
        self.token_file = pathlib.Path(directory) / f"{self.name}.token"
        self.token_file.write_text(cluster.tokens["admin"])
        self.token_file.chmod(0o600)

    @property
    def api(self):
        """A client that may do everything: envtest.Client, one connection for each thread."""
        return self.cluster.api

    def _count_own(self, client):
        """What is asked by this client, and is not to be counted."""
        raw = client.raw

        def counting(method, path, *more, **named):
            with self._lock:
                self._own[counted_as(method, path)] += 1
            return raw(method, path, *more, **named)

        client.raw = counting

    def watches(self, kind):
        """How many are open on objects of that kind (Secret)."""
        return int(self.cluster.metrics().total("apiserver_registered_watchers", kind=kind))

    def counts(self):
        """What others than `api` have asked so far."""
        found = Counts()
        with self._lock:
            found.subtract(self._own)
        for _, labels, value in self.cluster.metrics().select(REQUESTS):
            what = labels.get("resource", "") + ("/" + labels["subresource"] if labels.get("subresource") else "")
            found[labels["verb"], what] += int(value)
        for key in OF_ITSELF if self._real else ():
            found.pop(key, None)
        if self._real:
            # A real server does not count what is asked of no resource, as its metrics are.
            found.pop(("GET", ""), None)
        else:
            # Its metrics are counted when they have been answered.
            found["GET", ""] += 1
        return found


class Ground:
    """Some clusters; the first, the hub, is the master. A context manager: it ends them."""

    real = False

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.kubeconfig = self.directory / "kubeconfig"  # a context for each, named as the cluster
        self.cluster_set = self.directory / "clusters.yaml"
        self.names = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def end(self):
        raise NotImplementedError

    def server(self, name):
        raise NotImplementedError

    @property
    def hub(self):
        return self.server(self.names[0])

    @property
    def members(self):
        return [self.server(name) for name in self.names[1:]]

    @property
    def servers(self):
        return [self.server(name) for name in self.names]

    def counts(self):
        """{name of the cluster: Counts}"""
        return {server.name: server.counts() for server in self.servers}

    def put(self, objects):
        """Creates objects, {name of the cluster: [object, ...]}, each with apiVersion, kind and metadata. Namespaces and
        definitions have to come before what needs them: they are waited for. What is
        there already is put back to what it was."""
        for name, items in objects.items():
            self._put(self.server(name), list(items))

    def _put(self, server, items):
        create_all(server, items)


def split(items, parts):
    return [items[number::parts] for number in range(parts)]


def create_all(server, items):
    """By the API, in the order of the kinds; some at a time."""

    def create(some):
        for item in some:
            try:
                server.api.create(KINDS[item["kind"]][0], item["metadata"].get("namespace"), item)
            except envtest.ApiError as error:
                if error.status != 409:
                    raise
                if KINDS[item["kind"]][1]:
                    server.api.update(KINDS[item["kind"]][0], item["metadata"]["namespace"], item)
        server.api.close()

    for kind in dict.fromkeys(item["kind"] for item in items):
        some = [item for item in items if item["kind"] == kind]
        envtest.run_all([lambda s=share: create(s) for share in split(some, 4) if share])
        if kind == "CustomResourceDefinition":
            for item in some:
                wait_served(server, item["spec"])


def wait_served(server, spec):
    for version in spec["versions"]:
        path = f"/apis/{spec['group']}/{version['name']}/{spec['names']['plural']}"
        envtest.wait_for(lambda p=path: server.api.raw("GET", p)[0] == 200, 30, f"{server.name} serves {path}")


class Real(Ground):
    """1 master and 1 or 3 members (or more, up to four servers at a time): kube-apiservers on this machine, with one etcd
    that syncs nothing to disk, and no audit log."""

    real = True

    def __init__(self, directory, members=1, flags=()):
        super().__init__(directory)
        if members >= MOST_REAL:
            raise ValueError(f"{members} members and a master: at most {MOST_REAL} real API servers at a time")
        self.words = f"{members + 1} real API server{'s' if members else ''}"
        self.names = ["hub"] + [f"edge-{number}" for number in range(1, members + 1)]
        self.etcd = envtest.Etcd(self.directory / "etcd")
        self.clusters = [envtest.Cluster(name, self.directory, self.etcd, flags, audit=False) for name in self.names]
        self._servers = {}
        self._allowed = False
        try:
            envtest.start_all(self.etcd, self.clusters)
            envtest.write_kubeconfig(self.kubeconfig, self.clusters, how="token")
            envtest.write_cluster_set(self.cluster_set, self.clusters, "kubeconfig")
        except BaseException:
            self.end()
            raise

    def end(self):
        for cluster in self.clusters:
            cluster.kill()
        self.etcd.stop()
        shutil.rmtree(self.directory / "etcd", ignore_errors=True)

    def server(self, name):
        if name not in self._servers:
            cluster = next(cluster for cluster in self.clusters if cluster.name == name)
            self._servers[name] = Server(cluster, self.directory, self.real)
        return self._servers[name]

    def _put(self, server, items):
        """Many go into etcd, past the API server, which sees them come as anybody's changes."""
        many = len(items) > BY_API
        create_all(server, [item for item in items if not (many and KINDS[item["kind"]][1])])
        self.overwrite(server, [item for item in items if many and KINDS[item["kind"]][1]])

    def overwrite(self, server, items):
        """Creates these or puts them in the place of others of that name, past the API server. Some thousands a second."""
        for some in batches(items, 2000):
            values = {}
            for item in some:
                meta = item["metadata"]
                uid = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{meta['namespace']}/{meta['name']}"))
                identity = {"uid": uid, "creationTimestamp": "2024-01-01T00:00:00Z"}
                item = {**item, "metadata": {**meta, **identity}}
                if item["kind"] == "Secret":
                    item.setdefault("type", "Opaque")
                key = f"/{server.name}/{KINDS[item['kind']][1]}/{meta['namespace']}/{meta['name']}"
                values[key] = json.dumps(item)
            self.etcd.put_all(values)

    def names_for_one(self, count, server=None):
        """The path of a cluster set of so many names for one API server, as a user who may not read the Namespace
        kube-system, so that no cluster has an id and all of them pass for different ones."""
        server = server or self.hub
        self._allow_limited(server)
        directory = self.directory / f"names-{server.name}"
        envtest.write_kubeconfig(directory / "kubeconfig", [server.cluster], user="limited", how="token")
        return write_cluster_set(directory / f"clusters-{count}.yaml", count, lambda _: server.name)

    def _allow_limited(self, server):
        """The user `limited` may read and patch Secrets and ConfigMaps everywhere, and nothing else."""
        if self._allowed:
            return
        rule = {"apiGroups": [""], "resources": ["secrets", "configmaps"], "verbs": ["get", "list", "watch", "patch"]}
        server.api.create("clusterroles", None, {"metadata": {"name": "bench"}, "rules": [rule]})
        server.cluster.bind(None, "bench")
        self._allowed = True


def write_cluster_set(path, count, context):
    """`count` names c0, c1, ...; the first is the master."""
    clusters = [{"name": f"c{number}", "kubeconfig": "kubeconfig", "context": context(number)} for number in range(count)]
    clusters[0]["labels"] = {"cluster-master": "true"}
    path.write_text(envtest.to_yaml({"apiVersion": "fedcopy.dev/v1alpha1", "kind": "ClusterSet", "clusters": clusters}))
    return path


def batches(items, size):
    items = iter(items)
    while some := list(itertools.islice(items, size)):
        yield some


def write_load(folder, objects):
    """For --load: a folder of files, none of which is larger than the sandbox takes."""
    folder.mkdir()
    for number, some in enumerate(batches(objects, 2000)):
        text = "".join("---\n" + json.dumps(item) + "\n" for item in some)
        (folder / f"{number:06}.json").write_text(text)
    return folder


class Sandbox(Ground):
    """So many clusters of one fedcopy-sandbox: hub, edge-1, edge-2, ..."""

    def __init__(self, directory, clusters, loads=None, patience=600):
        """loads: {name of the cluster, or "*" for each: objects}, there from the start: the quickest way to many."""
        super().__init__(directory)
        self.words = f"sandbox, {clusters} cluster{'s' if clusters > 1 else ''}"
        self.names = ["hub"] + [f"edge-{number}" for number in range(1, clusters)]
        flags = []
        for name, objects in (loads or {}).items():
            folder = write_load(self.directory / ("load-" + ("each" if name == "*" else name)), objects)
            flags += ["--load", f"{name}={folder}"]
        self.host = sandbox.Process(self.names, self.directory, flags, journal=0, patience=patience)
        self._servers = {}
        try:
            self.host.start()
        except BaseException:
            envtest.end_process(self.host.process, 0)
            raise
        for path in self.directory.glob("load-*"):
            shutil.rmtree(path)

    def end(self):
        for server in self._servers.values():
            server.cluster._close_clients()  # pylint: disable=protected-access
        self.host.end()

    def connections(self):
        """{name of the cluster: how many are open}, by one request."""
        return {found["name"]: found["connections"] for found in self.host.order("/clusters", method="GET")["clusters"]}

    @property
    def pid(self):
        return self.host.process.pid

    def server(self, name):
        if name not in self._servers:
            cluster = sandbox.Cluster(name, self.directory / "clusters", self.host)
            cluster.spawn()
            self._servers[name] = Server(cluster, self.directory, self.real)
        return self._servers[name]
