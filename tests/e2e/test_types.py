# SPDX-License-Identifier: Apache-2.0
"""Types that come, go and change while the program runs: kube-client 3.11 to 3.17."""

import contextlib
import itertools
import time

import pytest
from envtest import ApiError, never, wait_for, write_cluster_set, write_kubeconfig
from objects import asked, at, configmap, metadata, wait_data

# A CRD is served about a second after it was made; from then on the program has this long.
SOON = 3

SCHEMA = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}


class Type:
    """A kind of custom resource that a test installs, changes and removes. versions: {version: served}, the first one stored."""

    def __init__(self, plural, group, kind, versions=("v1",), scope="Namespaced"):
        self.plural, self.group, self.kind, self.scope = plural, group, kind, scope
        self.name = f"{plural}.{group}"
        self.word = f"{plural}.{group}"
        self.versions = dict.fromkeys(versions, True)
        self.stored = versions[0]

    def manifest(self):
        versions = [
            {"name": version, "served": served, "storage": version == self.stored, "schema": SCHEMA}
            for version, served in self.versions.items()
        ]
        names = {"plural": self.plural, "singular": self.kind.lower(), "kind": self.kind, "listKind": f"{self.kind}List"}
        spec = {"group": self.group, "scope": self.scope, "names": names, "versions": versions}
        return {"metadata": {"name": self.name}, "spec": spec}

    def path(self, version=None):
        """As the test client writes a resource."""
        return f"{self.plural}.{version or self.stored}.{self.group}"

    def install(self, cluster):
        cluster.api.create("customresourcedefinitions", None, self.manifest())
        return self

    def change(self, cluster):
        """Writes what was changed of it here."""
        cluster.api.patch("customresourcedefinitions", None, self.name, {"spec": self.manifest()["spec"]})

    def remove(self, cluster):
        cluster.api.delete("customresourcedefinitions", None, self.name, missing_ok=True)
        wait_for(lambda: cluster.api.find("customresourcedefinitions", None, self.name) is None, 30, f"{self.name} is gone")

    def create(self, cluster, namespace, name, spec, rules=None):
        """Makes an object of it, as soon as the server takes one. Returns when that was."""
        body = {"apiVersion": f"{self.group}/{self.stored}", "kind": self.kind, "metadata": metadata(name, rules), "spec": spec}
        namespace = namespace if self.scope == "Namespaced" else None

        def made():
            with contextlib.suppress(ApiError):
                return cluster.api.create(self.path(), namespace, body)
            return None

        wait_for(made, 30, f"{cluster.name} takes {self.name}")
        return time.monotonic()

    def get(self, cluster, namespace, name):
        return cluster.api.get(self.path(), namespace if self.scope == "Namespaced" else None, name)


_numbers = itertools.count(1)


@pytest.fixture
def make_type(clusters):
    """make_type(plural, kind, prefix=""): a type of a group of its own; it is removed from all clusters after the test."""
    made = []

    def make(plural, kind, prefix="", **more):
        made.append(Type(plural, f"{prefix}t{next(_numbers)}.example.org", kind, **more))
        return made[-1]

    yield make
    clusters.ensure()
    for kind in made:
        for cluster in clusters:
            kind.remove(cluster)


def wait_spec(kind, cluster, namespace, name, want, timeout=SOON):
    wait_for(
        lambda: at(kind.get(cluster, namespace, name), "spec", "a") == want, timeout, f"spec.a of {name} is {want} on {cluster.name}"
    )


def lists_of_crds(count, user="fedcopy"):
    return count.requests(user=user, verb="list", resource="customresourcedefinitions")


def test_d11_types_that_are_installed_come_alive_within_seconds(fedcopy, cluster_set, make_type, hub, edge1, namespace):
    # 3.15: sources and targets, named with their group and without.
    widgets, gadgets = make_type("typewidgets", "TypeWidget"), make_type("typegadgets", "TypeGadget")
    rules = {"data.full": f"{widgets.word}:source:spec.a", "data.kind": "TypeWidget:source:spec.a"}
    configmap(edge1, namespace, "copy", {}, rules)
    configmap(hub, namespace, "settings", {"a": "1"})
    program = fedcopy("run", "--clusters", cluster_set, "--target", f"configmaps,{gadgets.word}")
    for path in rules:
        program.wait_rule("/copy", path, state="Pending", reason="TypeNotServed")
    widgets.install(hub)
    began = widgets.create(hub, namespace, "source", {"a": "1"})
    wait_data(edge1, "configmaps", namespace, "copy", {"full": "1", "kind": "1"}, SOON)
    gadgets.install(edge1)
    gadgets.create(edge1, namespace, "target", {}, {"spec.a": "configmaps:settings:data.a"})
    wait_spec(gadgets, edge1, namespace, "target", "1")
    assert time.monotonic() - began < 30


def test_clusters_with_built_in_types_only_are_not_asked_for_crds(fedcopy, cluster_set, hub, edge1, namespace):
    configmap(hub, namespace, "source", {"a": "1"})
    configmap(edge1, namespace, "copy", {}, {"data.a": "configmap:source:data.a"})
    with edge1.counting() as count:
        program = fedcopy("run", "--clusters", cluster_set, "--target", "configmaps,deployments.apps,cronjobs.batch")
        program.wait_rule("/copy")
        never(lambda: lists_of_crds(count), 0.5, "CRDs are asked for")


@pytest.fixture
def limited(clusters, tmp_path):
    """A cluster set whose every cluster is entered as a user who may read and patch everything but CRDs."""
    everything = [{"apiGroups": ["", "*"], "resources": ["*"], "verbs": ["get", "list", "watch", "patch"]}]
    for cluster in clusters:
        groups = cluster.api.request("GET", "/apis")["groups"]
        names = [group["name"] for group in groups if group["name"] != "apiextensions.k8s.io"]
        names += ["", *(f"t{number}.example.org" for number in range(1, 100))]
        everything[0]["apiGroups"] = names
        cluster.api.create("clusterroles", None, {"metadata": {"name": "all-but-crds"}, "rules": everything})
        cluster.bind(None, "all-but-crds")
    write_kubeconfig(tmp_path / "limited", clusters.all, user="limited", how="token")
    yield write_cluster_set(tmp_path / "limited.yaml", clusters.all, tmp_path / "limited")
    clusters.ensure()
    for cluster in clusters:
        cluster.unbind("all-but-crds")
        cluster.api.delete("clusterroles", None, "all-but-crds")


def test_types_are_found_without_the_right_to_read_crds(fedcopy, limited, make_type, hub, edge1, namespace):
    widgets = make_type("typewidgets", "TypeWidget")
    configmap(edge1, namespace, "copy", {}, {"data.a": f"{widgets.word}:source:spec.a"})
    with hub.counting() as count:
        program = fedcopy("run", "--clusters", limited, "--target", "configmaps")
        program.wait_rule("/copy", state="Pending", reason="TypeNotServed")
        wait_for(lambda: lists_of_crds(count, "limited"), 5, "CRDs are asked for")
        never(lambda: len(lists_of_crds(count, "limited")) > 1, 1.5, "CRDs are asked for again")
    widgets.install(hub)
    widgets.create(hub, namespace, "source", {"a": "1"})
    # By itself it looks after 30 s at the earliest; a server that was away is looked at when it is back.
    hub.kill()
    wait_for(lambda: "cluster unreachable cluster=hub" in program.stderr(), 20, "the hub is away")
    hub.start()
    wait_data(edge1, "configmaps", namespace, "copy", {"a": "1"}, 20)


def test_sources_whose_type_goes_are_pending_and_come_back_with_it(fedcopy, cluster_set, make_type, hub, edge1, namespace):
    # 3.16: what was copied stays.
    widgets = make_type("typewidgets", "TypeWidget").install(hub)
    widgets.create(hub, namespace, "source", {"a": "1"})
    configmap(edge1, namespace, "copy", {}, {"data.a": f"{widgets.word}:source:spec.a"})
    program = fedcopy("run", "--clusters", cluster_set, "--target", "configmaps")
    wait_data(edge1, "configmaps", namespace, "copy", {"a": "1"})
    widgets.remove(hub)
    program.wait_rule("/copy", state="Pending", reason="TypeNotServed", timeout=5)
    wait_data(edge1, "configmaps", namespace, "copy", {"a": "1"})
    widgets.install(hub)
    widgets.create(hub, namespace, "source", {"a": "2"})
    wait_data(edge1, "configmaps", namespace, "copy", {"a": "2"}, SOON)
    program.wait_rule("/copy", state="InSync")


def test_targets_whose_type_goes_are_served_again_with_it(fedcopy, cluster_set, make_type, hub, edge1, namespace):
    gadgets = make_type("typegadgets", "TypeGadget").install(edge1)
    configmap(hub, namespace, "settings", {"a": "1"})
    rules = {"spec.a": "configmaps:settings:data.a"}
    gadgets.create(edge1, namespace, "target", {}, rules)
    program = fedcopy("run", "--clusters", cluster_set, "--target", gadgets.word)
    wait_spec(gadgets, edge1, namespace, "target", "1", 10)
    gadgets.remove(edge1)
    wait_for(lambda: not program.rules("/target", state="InSync"), 5, "no rule of what is gone is in sync")
    gadgets.install(edge1)
    gadgets.create(edge1, namespace, "target", {}, rules)
    wait_spec(gadgets, edge1, namespace, "target", "1")
    program.wait_rule("/target")


def test_a_type_that_moves_to_another_version_is_followed(fedcopy, cluster_set, make_type, hub, edge1, namespace):
    # 3.17, for sources and for targets.
    both = make_type("typewidgets", "TypeWidget", versions=("v1alpha1",))
    for cluster in (hub, edge1):
        both.install(cluster)
    both.create(hub, namespace, "source", {"a": "1"})
    both.create(edge1, namespace, "target", {}, {"spec.a": f"{both.word}:source:spec.a"})
    program = fedcopy("run", "--clusters", cluster_set, "--target", both.word)
    wait_spec(both, edge1, namespace, "target", "1", 10)
    both.versions = {"v1alpha1": False, "v1": True}
    both.stored = "v1"
    for cluster in (hub, edge1):
        both.change(cluster)
    for cluster in (hub, edge1):
        wait_for(lambda c=cluster: c.api.list(both.path(), namespace), 20, f"{cluster.name} serves v1")
    hub.api.patch(both.path(), namespace, "source", {"spec": {"a": "2"}})
    wait_spec(both, edge1, namespace, "target", "2", 5)
    program.wait_rule("/target")
    never(lambda: not program.rules("/target", state="InSync"), 1, "it is not in sync any more")


def test_a_type_that_changes_its_scope_is_followed(fedcopy, cluster_set, make_type, hub, edge1, namespace):
    widgets, gadgets = make_type("typewidgets", "TypeWidget"), make_type("typegadgets", "TypeGadget")
    literal = {"spec.a": 'json:"1"'}
    widgets.install(hub).create(hub, namespace, "source", {"a": "1"})
    gadgets.install(edge1).create(edge1, namespace, "target", {}, literal)
    configmap(edge1, namespace, "inside", {}, {"data.a": f"{widgets.word}:source:spec.a"})
    configmap(edge1, namespace, "outside", {}, {"data.a": f"{widgets.word}:/source:spec.a"})
    program = fedcopy("run", "--clusters", cluster_set, "--target", f"configmaps,{gadgets.word}")
    wait_data(edge1, "configmaps", namespace, "inside", {"a": "1"})
    wait_spec(gadgets, edge1, namespace, "target", "1", 10)
    program.wait_rule("/outside", state="Invalid")
    for kind, cluster in ((widgets, hub), (gadgets, edge1)):
        kind.remove(cluster)
        kind.scope = "Cluster"
        kind.install(cluster)
    widgets.create(hub, namespace, "source", {"a": "2"})
    gadgets.create(edge1, namespace, "target", {}, literal)
    # Nobody has allowed to read what is in no namespace.
    for name in ("/inside", "/outside"):
        program.wait_rule(name, state="NotAllowed", timeout=5)
    wait_spec(gadgets, edge1, namespace, "target", "1", 5)
    program.wait_rule(f"{gadgets.word}//target")
    wait_data(edge1, "configmaps", namespace, "inside", {"a": "1"})


def test_a_kind_of_two_groups_stays_what_it_was_and_is_warned_of(fedcopy, cluster_set, make_type, hub, edge1, namespace):
    # 3.11, 3.17: servers advertise groups by name, so the one that comes later here stands first there.
    later, first = make_type("typecards", "TypeCard", prefix="z."), make_type("typecards", "TypeCard", prefix="a.")
    later.install(hub).create(hub, namespace, "source", {"a": "later"})
    configmap(edge1, namespace, "copy", {}, {"data.a": "TypeCard:source:spec.a"})
    program = fedcopy("run", "--clusters", cluster_set, "--target", "configmaps")
    wait_data(edge1, "configmaps", namespace, "copy", {"a": "later"})
    assert "several resources" not in program.stderr()
    first.install(hub).create(hub, namespace, "source", {"a": "first"})
    never(lambda: at(edge1.api.get("configmaps", namespace, "copy"), "data", "a") != "later", 2, "another took over")
    # It is no use to anybody to be told afterwards only; and the name that is asked for decides.
    configmap(edge1, namespace, "named", {}, {"data.a": f"typecard.{first.group}:source:spec.a"})
    wait_data(edge1, "configmaps", namespace, "named", {"a": "first"})
    program.stop()
    program = fedcopy("run", "--clusters", cluster_set, "--target", "configmaps")
    wait_data(edge1, "configmaps", namespace, "copy", {"a": "first"})
    warnings = [line for line in program.stderr().splitlines() if "several resources" in line]
    assert len(warnings) == 1, warnings
    assert f"{first.word}, {later.word}" in warnings[0] and "cluster=hub" in warnings[0], warnings


@pytest.fixture
def broken_group(hub):
    """A group on the hub whose documents cannot be read."""
    group = "broken.example.org"
    hub.break_group(group)
    wait_for(lambda: hub.api.raw("GET", f"/apis/{group}/v1")[0] == 503, 20, "its documents cannot be read")
    yield group
    hub.mend_group(group)


def test_a_group_that_cannot_be_read_hides_no_other(fedcopy, cluster_set, make_type, hub, edge1, namespace, broken_group):
    # 3.6: and words that could be in it wait.
    widgets = make_type("typewidgets", "TypeWidget")
    configmap(hub, namespace, "settings", {"a": "1"})
    rules = {"data.known": "configmap:settings:data.a", "data.broken": f"things.{broken_group}:source:spec.a"}
    rules["data.later"] = "typewidgets:source:spec.a"
    configmap(edge1, namespace, "copy", {}, rules)
    program = fedcopy("run", "--clusters", cluster_set, "--target", "configmaps")
    program.wait_rule("/copy", "data.known")
    assert "could not tell" in program.wait_rule("/copy", "data.broken", state="Pending", reason="TypeNotServed")["message"]
    program.wait_rule("/copy", "data.later", state="Pending", reason="TypeNotServed")
    widgets.install(hub)
    widgets.create(hub, namespace, "source", {"a": "2"})
    wait_data(edge1, "configmaps", namespace, "copy", {"known": "1", "later": "2"}, SOON)
    with hub.counting() as count:
        never(lambda: len([r for r in asked(count, "get") if broken_group in r["uri"]]) > 8, 2, "hot retries")
    program.wait_rule("/copy", "data.broken", state="Pending", reason="TypeNotServed")
