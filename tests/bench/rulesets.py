# SPDX-License-Identifier: Apache-2.0
"""The same task, written in the vocabulary of each controller: copy N sources to N targets, or one source to N targets.

    rules = rulesets.write("k8s-copier", Task(sources=100, targets=100, places=["edge-1"]))
    ground.put(rules.objects())          # namespaces, sources, what carries the rules
    rules.change(ground, 1)              # every source has its value of round 1
    rules.wait_right(ground, 1)          # every target has it too

What a vocabulary cannot say it refuses with `Unsayable`, whose text is for people."""

import base64
import collections
import dataclasses

import envtest
import ground as grounds

KEY = "the-certificate"
PATH = "data." + KEY  # 20 bytes
NAMESPACE = "bench"


class Unsayable(Exception):
    """The vocabulary has no words for this task."""


@dataclasses.dataclass(frozen=True)
class Key:
    """Where an object is."""

    server: str
    resource: str
    namespace: str
    name: str


@dataclasses.dataclass
class Task:
    """sources: as many as targets, or 1, or something between. Source i has the values
    of source i in each round; targets copy the sources by turns. Names have 30 bytes."""

    targets: int
    sources: int = 0  # 0: one for each target
    hub: str = "hub"  # where sources are
    places: tuple = ()  # the clusters of targets, by turns; none: the hub, in which everything happens then
    resource: str = "secrets"  # or configmaps
    size: int = 200  # bytes of a value
    namespace: str = NAMESPACE

    def __post_init__(self):
        self.sources = self.sources or self.targets
        if self.targets % self.sources:
            raise ValueError("each source has as many targets")

    def place(self, number):
        return self.places[number % len(self.places)] if self.places else self.hub

    def source_of(self, number):
        return number % self.sources

    def value(self, round_, source):
        """As it stands in `data`."""
        text = f"round {round_} of source {source} ".ljust(self.size, "x")[: self.size]
        return base64.b64encode(text.encode()).decode() if self.resource == "secrets" else text


class Rules:
    """A task in a vocabulary. Abstract: each vocabulary below says how it is written."""

    NAME = None
    MEMBERS = False  # may targets be on other clusters, also for programs that are not fedcopy?
    in_sync_at_once = False  # can objects be written so that they are in sync before any program has run?

    def __init__(self, task, multi_cluster=True):
        """multi_cluster: the program that reads it has fedcopy's words for other clusters."""
        self.task = task
        if task.places and not (multi_cluster and self.MEMBERS):
            raise Unsayable(
                f"{self.NAME} has no words for targets on another cluster"
                + ("" if multi_cluster else " (a BENCH_CMD with {clusters} in it is taken for one that has)")
            )

    # -- where things are --

    def source(self, number):
        return Key(self.task.hub, self.task.resource, self.task.namespace, f"source-{number:023}")

    def target(self, number):
        return Key(self.task.place(number), self.task.resource, self.task.namespace, f"target-{number:023}")

    def sources(self):
        return [self.source(number) for number in range(self.task.sources)]

    def targets(self):
        return [self.target(number) for number in range(self.task.targets)]

    def namespaces(self):
        """{name of the cluster: {namespace: labels}}"""
        return {name: {self.task.namespace: {}} for name in dict.fromkeys((self.task.hub, *self.task.places))}

    # -- objects --

    def objects(self, round_=0, in_sync=False):
        """{name of the cluster: [objects in the order of creation]}. in_sync: the targets already have the value; only
        where `in_sync_at_once`."""
        if in_sync and not self.in_sync_at_once:
            raise Unsayable(f"{self.NAME} keeps versions in its objects: a program has to bring them in sync")
        found = {
            server: [
                {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}
                for name, labels in namespaces.items()
            ]
            for server, namespaces in self.namespaces().items()
        }
        for key, item in self.carriers(round_, in_sync):
            found.setdefault(key, []).append(item)
        return found

    def carriers(self, round_, in_sync):
        """(name of the cluster, object): sources, rules, and those targets that have to be there."""
        raise NotImplementedError

    def body(self, key, data, annotations=None, **metadata):
        kind = "Secret" if key.resource == "secrets" else "ConfigMap"
        meta = {"name": key.name, "namespace": key.namespace, **metadata}
        if annotations:
            meta["annotations"] = annotations
        item = {"apiVersion": "v1", "kind": kind, "metadata": meta, "data": data}
        if kind == "Secret":
            item["type"] = "Opaque"
        return item

    def data(self, round_, number):
        return {KEY: self.task.value(round_, number)}

    # -- at work --

    def change(self, ground, round_, which=None):
        """Gives these sources (all) their value of that round; some at a time."""
        numbers = list(range(self.task.sources) if which is None else which)
        api = ground.server(self.task.hub).api

        def patch(some):
            for number in some:
                key = self.source(number)
                api.patch(key.resource, key.namespace, key.name, {"data": self.data(round_, number)})
            api.close()

        if len(numbers) < 10:
            patch(numbers)
        else:
            envtest.run_all([lambda s=share: patch(s) for share in grounds.split(numbers, 4)])

    def wrong(self, ground, round_, which=None):
        """The targets of these sources (all) that do not have the value of that round. One read for one target, else one
        list for each server and namespace."""
        sources = set(range(self.task.sources) if which is None else which)
        numbers = [number for number in range(self.task.targets) if self.task.source_of(number) in sources]
        if len(numbers) == 1:
            key = self.target(numbers[0])
            found = {key: ground.server(key.server).api.find(key.resource, key.namespace, key.name)}
        else:
            found = self._list({(k.server, k.resource, k.namespace) for k in map(self.target, numbers)}, ground)
        return [
            self.target(number)
            for number in numbers
            if ((found.get(self.target(number)) or {}).get("data") or {}).get(KEY)
            != self.task.value(round_, self.task.source_of(number))
        ]

    @staticmethod
    def _list(places, ground):
        """{Key: object}. Of many namespaces of one server: all at once."""
        found = {}
        number = collections.Counter(place[:2] for place in places)
        many = {place for place, count in number.items() if count > 3}
        for server, resource, namespace in {(s, r, None if (s, r) in many else n) for s, r, n in places}:
            for item in ground.server(server).api.list(resource, namespace):
                found[Key(server, resource, item["metadata"]["namespace"], item["metadata"]["name"])] = item
        return found

    def wait_right(self, ground, round_, which=None, timeout=120, alive=None):
        """Until the targets are right; alive: a function that fails when the program under test has ended."""

        def right():
            if alive is not None:
                alive()
            return not self.wrong(ground, round_, which)

        envtest.wait_for(
            right, timeout, lambda: f"{len(self.wrong(ground, round_, which))} targets are right", interval=0.02
        )

    def versions(self, ground):
        """{Key: resourceVersion} of what the task is about, sources and targets."""
        wanted = self.sources() + self.targets()
        found = self._list({(key.server, key.resource, key.namespace) for key in wanted}, ground)
        return {key: found[key]["metadata"]["resourceVersion"] for key in wanted if key in found}


class K8sCopier(Rules):
    """An annotation on the target names the source; the target is there. One value of `data` is copied."""

    NAME = "k8s-copier"
    MEMBERS = True
    in_sync_at_once = True

    def carriers(self, round_, in_sync):
        task = self.task
        word = task.resource.rstrip("s")
        for number in range(task.sources):
            yield task.hub, self.body(self.source(number), self.data(round_, number))
        for number in range(task.targets):
            source = task.source_of(number)
            rule = {f"k8s-copier.fig.org/replace-{PATH}": f"{word}:{self.source(source).name}:{PATH}"}
            data = self.data(round_, source) if in_sync else {KEY: ""}
            yield task.place(number), self.body(self.target(number), data, rule)


class Kopy(Rules):
    """An annotation on the source selects namespaces by label; copies of the same name are made in them. A source for each
    target: one namespace. Else every source goes to every namespace, of which there are as many as a source has targets."""

    NAME = "kopy"
    MEMBERS = True  # with fedcopy.dev/clusters
    LABEL = "bench-copies"

    def target(self, number):
        task = self.task
        each = task.sources == task.targets
        place, index = (task.place(number), 0) if each else (task.place(number // task.sources), number // task.sources)
        key = self.source(task.source_of(number))
        return dataclasses.replace(key, server=place, namespace=f"{task.namespace}-{index:07}")

    def namespaces(self):
        found = super().namespaces()
        for key in self.targets():
            found.setdefault(key.server, {})[key.namespace] = {self.LABEL: self.task.namespace}
        return found

    def carriers(self, round_, in_sync):
        task = self.task
        for number in range(task.sources):
            marks = {"kopy.kot-labs.com/sync": f"{self.LABEL}={task.namespace}"}
            if task.places:
                each = task.sources == task.targets
                marks["fedcopy.dev/clusters"] = ",".join([task.place(number)] if each else task.places)
            yield task.hub, self.body(self.source(number), self.data(round_, number), marks)


class K8sReplicator(Rules):
    """An annotation on the target pulls from the source, which permits it; the target is there. All of `data` is copied."""

    NAME = "k8s-replicator"

    def carriers(self, round_, in_sync):
        for number in range(self.task.sources):
            consent = {"k8s-replicator/replication-allowed": "true"}
            yield self.task.hub, self.body(self.source(number), self.data(round_, number), consent)
        for number in range(self.task.targets):
            source = self.source(self.task.source_of(number))
            rule = {"k8s-replicator/replicate-from": f"{source.namespace}/{source.name}"}
            yield self.task.place(number), self.body(self.target(number), {}, rule)


def _strings(*names):
    return {name: {"type": "string"} for name in names}


def object_sync_definition():
    """The CustomResourceDefinition, as far as a task needs it."""
    any_object = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    source = {"type": "object", "properties": _strings("group", "version", "kind", "name", "namespace")}
    destination = {"type": "object", "properties": _strings("namespace", "name", "strategy")}
    spec = {"type": "object", "properties": {"source": source, "destinations": {"type": "array", "items": destination}}}
    schema = {"type": "object", "properties": {"spec": spec, "status": any_object}}
    version = {
        "name": "v1alpha1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": schema},
        "subresources": {"status": {}},
    }
    names = {"kind": "ObjectSync", "listKind": "ObjectSyncList", "plural": "objectsyncs", "singular": "objectsync"}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "objectsyncs.sync.rustrial.org"},
        "spec": {"group": "sync.rustrial.org", "scope": "Namespaced", "names": names, "versions": [version]},
    }


class ObjectSync(Rules):
    """A custom resource beside each source names its destinations; copies are made. One for each cluster of targets."""

    NAME = "object-sync"
    MEMBERS = True  # with fedcopy.dev/clusters

    def target(self, number):
        # In another namespace, which the hub has only where the targets are there.
        return dataclasses.replace(super().target(number), namespace=f"{self.task.namespace}-copies")

    def namespaces(self):
        found = super().namespaces()
        for server in self.task.places or (self.task.hub,):
            found[server][f"{self.task.namespace}-copies"] = {}
        return found

    def carriers(self, round_, in_sync):
        task = self.task
        yield task.hub, object_sync_definition()
        destinations = {}
        for number in range(task.targets):
            destinations.setdefault((task.source_of(number), task.place(number)), []).append(self.target(number))
        for number in range(task.sources):
            yield task.hub, self.body(self.source(number), self.data(round_, number))
        for (number, place), targets in destinations.items():
            source = self.source(number)
            meta = {"name": f"{source.name}-{place}", "namespace": source.namespace}
            if task.places:
                meta["annotations"] = {"fedcopy.dev/clusters": place}
            kind = "Secret" if source.resource == "secrets" else "ConfigMap"
            yield task.hub, {
                "apiVersion": "sync.rustrial.org/v1alpha1",
                "kind": "ObjectSync",
                "metadata": meta,
                "spec": {
                    "source": {"group": "", "kind": kind, "name": source.name},
                    "destinations": [{"namespace": key.namespace, "name": key.name} for key in targets],
                },
            }


VOCABULARIES = {words.NAME: words for words in (K8sCopier, Kopy, K8sReplicator, ObjectSync)}


def write(name, task, multi_cluster=True):
    """The task in that vocabulary; Unsayable where it has no words."""
    if name not in VOCABULARIES:
        raise Unsayable(f"BENCH_RULES={name}: no such vocabulary; there are {', '.join(VOCABULARIES)}")
    return VOCABULARIES[name](task, multi_cluster)
