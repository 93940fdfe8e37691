# SPDX-License-Identifier: Apache-2.0
"""A world of one cruelty: a sandbox with three clusters, a fedcopy of its own, and a record of who wrote what. The rules
of a cruelty meet requests of fedcopy alone (by its User-Agent); what strikes connections meets new ones, and the test has
opened its own before."""

import contextlib
import json
import pathlib
import time

import envtest
import fedcopy as program
import objects
import sandbox

AGENT = "fedcopy/*"
RESOURCES = ("configmaps", "secrets")
# What a program of this size takes for three clusters and some forty rules; with a sanitizer a multiple.
MEMORY_KIB = 64 * 1024
# Requests of fedcopy in all: a storm has thousands within seconds.
MOST_REQUESTS = 4000


class Target:
    """One rule: where it writes, the values that may come there, in their order, and how often others changed the target."""

    def __init__(self, cluster, resource, namespace, name, path, values):
        self.cluster, self.resource, self.namespace, self.name = cluster, resource, namespace, name
        self.path = path
        self.values = values
        self.disturbed = 0

    @property
    def key(self):
        return f"{self.cluster.name}/{self.resource}/{self.namespace}/{self.name}"

    @property
    def place(self):
        return self.cluster.name, self.resource, self.namespace, self.name

    def value(self, item):
        return objects.at(item or {}, *self.path.split("."))


class Source:
    """What is read: each value that it has had, in their order."""

    def __init__(self, world, resource, namespace, name, value, key="a", **more):
        self.world, self.resource, self.namespace, self.name, self.key = world, resource, namespace, name, key
        self.values = []
        self.create(value, **more)

    def _keep(self, value):
        """As it is stored; remembered before it is written, since fedcopy may be quicker than the answer."""
        data = {self.key: value}
        if self.resource == "secrets":
            data = objects.encode(data)
        self.values.append(data[self.key])
        return data

    def create(self, value, **more):
        body = {"metadata": objects.metadata(self.name, **more), "data": self._keep(value)}
        self.world.create(self.world.hub, self.resource, self.namespace, body)

    def change(self, value, **metadata):
        patch = {"data": self._keep(value)}
        if metadata:
            patch["metadata"] = metadata
        self.world.patch(self.world.hub, self.resource, self.namespace, self.name, patch)

    def delete(self):
        self.world.delete(self.world.hub, self.resource, self.namespace, self.name)


class World:
    """hub, edge-1, edge-2; fedcopy knows edge-2 not before it joins."""

    def __init__(self, name, directory, seed, rules, crowd=0):
        self.name = name
        self.directory = pathlib.Path(directory) / name
        self.rules = rules
        self.hub, self.edge1, self.edge2 = self.clusters = sandbox.clusters_of_one_process(
            ("hub", "edge-1", "edge-2"), self.directory
        )
        self.hub.host.flags += ["--seed", str(seed), "--history", "5000"]
        self.crowd = crowd
        self.targets = []
        self.own = {}  # (cluster, resource, namespace, name) -> versions that the test wrote
        self.began = {}
        self.program = None
        self.texts = []
        self.highest_kib = 0
        self.starts = 0
        self.struck = {}

    # -- life --

    def start(self):
        if self.crowd:
            self.hub.host.flags += ["--load", f"*={self._crowd_file()}"]
        self.hub.host.start()
        for cluster in self.clusters:
            cluster.start()
            self.began[cluster.name] = cluster.host.order(f"/clusters/{cluster.name}", method="GET")["resourceVersion"]
        self.kubeconfig = envtest.write_kubeconfig(self.directory / "config", self.clusters)
        self.cluster_set = self.directory / "set.yaml"
        envtest.write_cluster_set(self.cluster_set, [self.hub, self.edge1], self.kubeconfig)

    def _crowd_file(self):
        items = [
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": f"{i:04}", "namespace": "default"}}
            for i in range(self.crowd)
        ]
        self.directory.mkdir(parents=True, exist_ok=True)
        path = self.directory / "crowd.json"
        path.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
        return path

    def end(self):
        with contextlib.suppress(Exception):
            if self.program and self.program.running:
                self.program.kill()
        self.hub.host.end()

    def start_program(self, ready=True):
        self.starts += 1
        args = ["run", "--clusters", self.cluster_set, "--target", ",".join(RESOURCES)]
        self.program = program.Fedcopy(self.directory / f"fedcopy-{self.starts}", *args)
        self.program.start()
        if ready:
            self.program.wait_ready()

    def _note_end(self):
        self.texts.append(self.program.output())

    def crash(self):
        self.look()
        self.program.kill()
        self._note_end()

    def stop_program(self):
        self.look()
        self.texts.append(self.program.endpoints_text())
        self.texts += [json.dumps(cluster.api.list("events")) for cluster in self.clusters]
        status = self.program.stop()
        assert status == 0, f"fedcopy, stopped, ended with status {status}; {envtest.tail(self.program.stderr_path)}"
        self._note_end()

    def look(self):
        """fedcopy is alive, and does not grow."""
        assert self.program.running, f"fedcopy ended: {envtest.tail(self.program.stderr_path)}"
        self.highest_kib = max(self.highest_kib, self.program.memory()["VmHWM"])

    def join_edge2(self):
        envtest.write_cluster_set(self.cluster_set, self.clusters, self.kubeconfig)

    # -- cruelty --

    def be_cruel(self):
        for cluster in self.clusters:
            for rule in self.rules:
                if cluster.name in rule.get("on", ("hub", "edge-1", "edge-2")):
                    members = {key: value for key, value in rule.items() if key not in ("kind", "on")}
                    cluster.be_cruel(rule["kind"], **members)

    def met(self):
        """How often each kind has struck, in all clusters."""
        found = {rule["kind"]: 0 for rule in self.rules}
        for cluster in self.clusters:
            for rule in cluster.order("cruelties", method="GET")["cruelties"]:
                found[rule["kind"]] += rule["met"]
        return found

    def be_kind(self):
        self.struck = self.met()
        for cluster in self.clusters:
            cluster.be_kind()

    def reconnect(self):
        """After a long wait, in which servers end connections that carry nothing."""
        for cluster in self.clusters:
            cluster.api.close()
        self.hub.host.hang_up()

    # -- writes of the test, each of them noted --

    def _note(self, cluster, resource, namespace, item):
        place = (cluster.name, resource, namespace, item["metadata"]["name"])
        self.own.setdefault(place, set()).add(item["metadata"]["resourceVersion"])
        return item

    def namespace(self, name, on=None):
        for cluster in on or self.clusters:
            cluster.create_namespace(name)

    def create(self, cluster, resource, namespace, body):
        return self._note(cluster, resource, namespace, cluster.api.create(resource, namespace, body))

    def patch(self, cluster, resource, namespace, name, patch):
        return self._note(cluster, resource, namespace, cluster.api.patch(resource, namespace, name, patch))

    def delete(self, cluster, resource, namespace, name):
        cluster.api.delete(resource, namespace, name)

    # -- targets --

    def target(self, cluster, resource, namespace, name, rules, data=None, known=True):
        """An object with these rules: {path: (what the annotation says, the values that may come)}."""
        texts = {path: text for path, (text, _) in rules.items()}
        body = {"metadata": objects.metadata(name, texts), "data": data or {}}
        if known:
            made = [Target(cluster, resource, namespace, name, path, values) for path, (_, values) in rules.items()]
            self.targets += made
        else:
            made = [target for target in self.targets if target.place == (cluster.name, resource, namespace, name)]
            for target in made:
                target.disturbed += 1
        self.create(cluster, resource, namespace, body)
        return made

    def meddle(self, target, value):
        target.disturbed += 1
        key = target.path.rpartition(".")[2]
        self.patch(target.cluster, target.resource, target.namespace, target.name, {"data": {key: value}})

    def get(self, target):
        return target.cluster.api.find(target.resource, target.namespace, target.name)

    # -- what has to be true --

    def wait_settled(self, within, fits, expected=None):
        """Until every rule holds, and the values are right; the seconds that it took."""
        began = time.monotonic()
        wrong = ["nothing looked at yet"]

        def settled():
            self.look()
            wrong[:] = self.wrong(fits, expected or {})
            return not wrong

        envtest.wait_for(settled, within, lambda: f"{self.name}: not right yet: {wrong[:6]}; {self.program._tail()}")
        return time.monotonic() - began

    def wrong(self, fits, expected):
        states = {(rule["target"], rule["path"]): rule for rule in self.program.rules()}
        found = []
        for target in self.targets:
            state, value = expected.get(target, ("InSync", target.values[-1]))
            rule = states.get((target.key, target.path))
            if not rule or rule["state"] != state:
                found.append(f"{target.key} {target.path} is {rule and (rule['state'], rule['reason'], rule['message'])}")
                continue
            have = target.value(self.get(target))
            if not fits(have, value):
                found.append(f"{target.key} {target.path} holds {have!r}, not {value!r}")
        return found

    # -- history --

    def histories(self):
        """{place: [(event, object)]} of everything that ever stood in these clusters."""
        found = {}

        def read(cluster, resource):
            for word, item in cluster.client().watch(resource, resource_version=self.began[cluster.name], timeout=1):
                place = (cluster.name, resource, item["metadata"]["namespace"], item["metadata"]["name"])
                found.setdefault(place, []).append((word, item))

        envtest.run_all([lambda c=c, r=r: read(c, r) for c in self.clusters for r in RESOURCES])
        return found

    def written(self):
        """Requests of fedcopy, by cluster."""
        return {
            cluster.name: [entry for entry in cluster.audit() if entry["agent"].startswith("fedcopy/")]
            for cluster in self.clusters
        }
