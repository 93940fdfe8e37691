# SPDX-License-Identifier: Apache-2.0
"""The dialect k8s-replicator against API servers: what docs/k8s-replicator.md says, number by number, as far as a server is part of
the statement. The rest is tested in the engine, by tests/unit/engine/test_copy_replicator*.c, and in tests/unit/dialects."""

import base64
import json
import re

import envtest
import objects
import pytest
from envtest import never, wait_for

# As in a cluster that people use.
pytestmark = pytest.mark.usefixtures("controllers")

PREFIX = "k8s-replicator/"
FAR, STATE, CLUSTERS = "fedcopy.dev/origin", "fedcopy.dev/origin-state", "fedcopy.dev/clusters"
LABELS = {"app.kubernetes.io/managed-by": "k8s-replicator"}
ALLOWED = {"replication-allowed": "true"}


@pytest.fixture
def places(make_namespace, namespace):
    """Two further namespaces, on every cluster, whose names begin alike."""
    return [make_namespace(name=f"{namespace}-{place}") for place in ("a", "b")]


@pytest.fixture
def run(fedcopy, cluster_set):
    def start(*more):
        return fedcopy("run", "--clusters", cluster_set, "--dialect", "k8s-replicator", *more)

    return start


def keys(words, prefix=PREFIX):
    """Annotations by what stands behind the prefix; those of fedcopy.dev/ as they are."""
    return {word if "." in word else prefix + word: text for word, text in words.items()}


def make(cluster, namespace, name="src", words=None, data=None, resource="configmaps", **more):
    """An object with these annotations; `data` of Secrets is hidden from all output."""
    metadata = {"name": name, "annotations": keys(words or {}), **more.pop("metadata", {})}
    if data is not None:
        more["data"] = objects.encode(data) if resource == "secrets" else data
    return cluster.api.create(resource, namespace, {"metadata": metadata, **more})


def source(cluster, namespace, words=None, data=None, **more):
    return make(cluster, namespace, "src", ALLOWED if words is None else words, {"a": "1"} if data is None else data, **more)


def puller(cluster, namespace, origin, words=None, name="copy", **more):
    return make(cluster, namespace, name, {"replicate-from": origin, **(words or {})}, **more)


def find(cluster, namespace, name="copy", resource="configmaps"):
    return cluster.api.find(resource, namespace, name)


def word(item, name):
    return ((item or {"metadata": {}})["metadata"].get("annotations") or {}).get(PREFIX + name)


def annotate(cluster, namespace, name="src", resource="configmaps", **words):
    """Underscores are the dialect's dashes; None takes the word off."""
    cluster.api.annotate(resource, namespace, name, {PREFIX + key.replace("_", "-"): text for key, text in words.items()})


def set_data(cluster, namespace, name="src", **data):
    cluster.api.patch("configmaps", namespace, name, {"data": data})


def is_filled(cluster, namespace, data, origin, name="copy", resource="configmaps"):
    item = find(cluster, namespace, name, resource)
    from_ = origin and find(cluster, *origin, resource=resource)
    return (
        item is not None
        and item.get("data") == data
        and (from_ is None or word(item, "replicated-from-version") == from_["metadata"]["resourceVersion"])
    )


def wait_filled(cluster, namespace, data, origin=None, name="copy", resource="configmaps", timeout=10):
    wait_for(
        lambda: is_filled(cluster, namespace, data, origin, name, resource),
        timeout,
        lambda: f"{data} in {namespace}/{name} on {cluster.name}: {find(cluster, namespace, name, resource)}",
    )


def is_cleared(item):
    books = ("replicated-from-version", "replicated-from-allowed", "replicated-from-origin", "replicate-once-version")
    return item is not None and not item.get("data") and not any(word(item, book) for book in books)


def wait_cleared(cluster, namespace, name="copy", timeout=10):
    wait_for(lambda: is_cleared(find(cluster, namespace, name)), timeout, lambda: f"cleared: {find(cluster, namespace, name)}")


def wait_gone(cluster, namespace, name="copy", resource="configmaps", timeout=10):
    wait_for(
        lambda: find(cluster, namespace, name, resource) is None,
        timeout,
        lambda: f"gone: {find(cluster, namespace, name, resource)}",
    )


def wait_state(program, state, reason=None, target=""):
    def holds():
        return [
            rule for rule in program.rules(state=state) if target in rule["target"] and (reason is None or rule["reason"] == reason)
        ]

    return wait_for(holds, 10, lambda: f"{state}/{reason} of {target}: {program.rules()}")


def version(cluster, namespace, name="copy", resource="configmaps"):
    return find(cluster, namespace, name, resource)["metadata"]["resourceVersion"]


def unchanged(cluster, namespace, name, before, seconds=0.5):
    never(lambda: version(cluster, namespace, name) != before, seconds, f"a write of {namespace}/{name}")


# --- gates and want set ---


def test_k8s_replicator_b01_an_unknown_annotation_makes_an_object_inert(run, hub, namespace, places):
    source(hub, namespace)
    puller(hub, places[0], f"{namespace}/src")
    program = run()
    wait_filled(hub, places[0], {"a": "1"}, (namespace, "src"))
    annotate(hub, namespace, replicate_form="x")
    wait_state(program, "NotAllowed", target=f"/{places[0]}/copy")
    before = version(hub, places[0])
    set_data(hub, namespace, a="2")
    unchanged(hub, places[0], "copy", before)
    annotate(hub, namespace, replicate_form=None)
    wait_filled(hub, places[0], {"a": "2"}, (namespace, "src"))


def test_k8s_replicator_b01_with_ignore_unknown_it_is_followed(run, hub, namespace, places):
    source(hub, namespace, {**ALLOWED, "replicate-form": "x"})
    puller(hub, places[0], f"{namespace}/src")
    run("--replicator-ignore-unknown")
    wait_filled(hub, places[0], {"a": "1"}, (namespace, "src"))


def test_k8s_replicator_b01_b29_targets_of_an_inert_source_are_left_after_a_restart(run, hub, namespace, places):
    source(hub, namespace, {"replicate-to-namespaces": places[0]})
    program = run()
    wait_filled(hub, places[0], {"a": "1"}, (namespace, "src"), "src")
    program.stop()
    annotate(hub, namespace, replicate_to_namespaces="[a", nonsense="x")
    before = version(hub, places[0], "src")
    program = run()
    wait_state(program, "Invalid")
    unchanged(hub, places[0], "src", before)
    hub.api.delete("configmaps", namespace, "src")
    wait_gone(hub, places[0], "src")


@pytest.mark.parametrize(
    "words",
    [
        {"replicate-once": "maybe"},
        {"replication-allowed": ""},
        {"replicate-from": "a/b/c"},
        {"replicate-from": "Not A Name"},
        {"replicate-to": "abc!"},
        {"replicate-to": "abc,[ghi]"},
        {"replicate-to-namespaces": "[abc"},
        {"replicate-to-namespaces": "a/b"},
        {"replication-allowed-namespaces": "((("},
        {"replicated-by": "nobody"},
        {"replicated-by": "a/b/c"},
        {"replicate-everywhere": "true"},
    ],
)
def test_k8s_replicator_b02_d04_d20_bad_input_makes_an_object_inert(run, hub, namespace, words):
    made = make(hub, namespace, "src", words, {"a": "1"})
    program = run()
    rule = wait_state(program, "Invalid")[0]
    assert next(iter(words)) in rule["message"]
    assert version(hub, namespace, "src") == made["metadata"]["resourceVersion"]


def test_k8s_replicator_b02_bad_input_the_object_itself(run, hub, namespace):
    made = make(hub, namespace, "src", {"replicate-from": "src", **ALLOWED}, {"a": "1"})
    wait_state(run(), "Invalid", "PullsFromItself")
    assert version(hub, namespace, "src") == made["metadata"]["resourceVersion"]


def test_k8s_replicator_b03_b04_d07_d12_names_paths_and_patterns(run, hub, namespace, places):
    a, b = places
    source(hub, namespace, {"replicate-to": f" x, src,{a}/y,{namespace}-[ab]/z ", "replicate-to-namespaces": f"{namespace}, {b}"})
    run()
    for place, name in ((namespace, "x"), (b, "x"), (b, "src"), (a, "y"), (a, "z"), (b, "z")):
        wait_filled(hub, place, {"a": "1"}, (namespace, "src"), name)
    assert find(hub, a, "x") is None and find(hub, a, "src") is None
    # What is made of these characters is a name, and no pattern.
    annotate(hub, namespace, replicate_to=None, replicate_to_namespaces=f"{namespace}-.")
    for place, name in ((namespace, "x"), (b, "x"), (b, "src"), (a, "y"), (a, "z"), (b, "z")):
        wait_gone(hub, place, name)
    assert find(hub, namespace, "src")["data"] == {"a": "1"}


def test_k8s_replicator_b05_b22_bad_input_namespaces_that_come_are_served(run, hub, make_namespace, namespace):
    late = f"{namespace}-late"
    source(hub, namespace, {"replicate-to": f"{late}/copy,{namespace}-team-[0-9]+/copy"})
    program = run()
    wait_state(program, "Pending", "NamespaceMissing")
    make_namespace(name=late, on=[hub])
    seven = make_namespace(name=f"{namespace}-team-7", on=[hub])
    other = make_namespace(name=f"{namespace}-team-x", on=[hub])
    wait_filled(hub, late, {"a": "1"}, (namespace, "src"))
    wait_filled(hub, seven, {"a": "1"}, (namespace, "src"))
    assert find(hub, other) is None
    hub.api.delete("namespaces", None, late)
    wait_for(lambda: hub.api.find("namespaces", None, late) is None, 60, "the end of the namespace")


# --- pulling ---


@pytest.mark.parametrize(
    "words, permitted",
    [
        ({}, False),
        ({"replication-allowed": "true"}, True),
        ({"replication-allowed": "false"}, False),
        ({"replication-allowed-namespaces": "TARGET"}, True),
        ({"replication-allowed-namespaces": "x.*, TARG[E]T"}, True),
        ({"replication-allowed-namespaces": "TARGET-not"}, False),
        ({"replication-allowed": "true", "replication-allowed-namespaces": "other"}, False),
    ],
)
def test_k8s_replicator_b06_the_source_says_who_may_pull(run, hub, namespace, places, words, permitted):
    words = {key: text.replace("TARGET", places[0]).replace("TARG[E]T", places[0][:-1] + "[a]") for key, text in words.items()}
    source(hub, namespace, words)
    puller(hub, places[0], f"{namespace}/src")
    program = run()
    if permitted:
        wait_filled(hub, places[0], {"a": "1"}, (namespace, "src"))
    else:
        wait_state(program, "NotAllowed", "NotAllowed")
        assert not find(hub, places[0]).get("data")


def test_k8s_replicator_b06_allow_all_permits_what_no_annotation_speaks_of(run, hub, namespace, places):
    source(hub, namespace, {})
    make(hub, namespace, "no", {"replication-allowed": "false"}, {"a": "1"})
    puller(hub, places[0], f"{namespace}/src")
    puller(hub, places[1], f"{namespace}/no")
    program = run("--allow-all")
    wait_filled(hub, places[0], {"a": "1"}, (namespace, "src"))
    wait_state(program, "NotAllowed", target=f"/{places[1]}/copy")


def test_k8s_replicator_b06_b16_b23_a_permission_that_is_withdrawn_clears(run, hub, namespace, places):
    source(hub, namespace)
    puller(hub, places[0], f"{namespace}/src", metadata={"labels": {"mine": "x"}})
    run()
    wait_filled(hub, places[0], {"a": "1"}, (namespace, "src"))
    annotate(hub, namespace, replication_allowed="false")
    wait_cleared(hub, places[0])
    item = find(hub, places[0])
    assert item["metadata"]["labels"] == {"mine": "x"} and word(item, "replicate-from") and word(item, "replicated-at")
    annotate(hub, namespace, replication_allowed="true")
    wait_filled(hub, places[0], {"a": "1"}, (namespace, "src"))


def test_k8s_replicator_b07_b08_once_is_once_until_the_version_changes(run, hub, namespace, places):
    source(hub, namespace)
    puller(hub, places[0], f"{namespace}/src", {"replicate-once": "true"})
    run()
    wait_filled(hub, places[0], {"a": "1"}, (namespace, "src"))
    before = version(hub, places[0])
    set_data(hub, namespace, a="2")
    unchanged(hub, places[0], "copy", before)
    annotate(hub, namespace, replicate_once_version="v2")
    wait_filled(hub, places[0], {"a": "2"}, (namespace, "src"))
    assert word(find(hub, places[0]), "replicate-once-version") == "v2"
    set_data(hub, namespace, a="3")
    annotate(hub, places[0], "copy", replicate_once=None)
    wait_filled(hub, places[0], {"a": "3"}, (namespace, "src"))


def test_k8s_replicator_b09_b10_b11_b12_b13_what_a_pull_writes(run, hub, namespace, places):
    source(hub, namespace, {"replication-allowed-namespaces": f"{places[0]},x"}, binaryData={"b": "AAE="})
    puller(hub, places[0], f"{namespace}/src", data={"old": "x"}, metadata={"labels": {"mine": "x"}})
    run()
    wait_filled(hub, places[0], {"a": "1"}, (namespace, "src"))
    item = find(hub, places[0])
    assert item["binaryData"] == {"b": "AAE="} and item["metadata"]["labels"] == {"mine": "x"}
    assert word(item, "replicated-from-allowed") == f"{places[0]},x"
    assert word(item, "replicated-from-origin") == f"{namespace}/src"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", word(item, "replicated-at"))
    hub.api.patch("configmaps", namespace, "src", {"data": None, "binaryData": None})
    wait_for(lambda: "data" not in find(hub, places[0]) and "binaryData" not in find(hub, places[0]), 10, "no data")


def test_k8s_replicator_b09_d01_permissions_of_a_once_replica_move(run, hub, namespace, places):
    source(hub, namespace, {**ALLOWED, "replicate-once": "true"})
    puller(hub, places[0], f"{namespace}/src")
    run()
    wait_filled(hub, places[0], {"a": "1"}, (namespace, "src"))
    annotate(hub, namespace, replication_allowed_namespaces=places[0])
    set_data(hub, namespace, a="2")
    wait_for(lambda: word(find(hub, places[0]), "replicated-from-allowed") == places[0], 10, "the permissions")
    assert find(hub, places[0])["data"] == {"a": "1"}


# --- pushing ---


@pytest.mark.parametrize("resource", ["configmaps", "secrets"])
def test_k8s_replicator_b14_b15_d14_d18_a_pushed_copy_is_exactly_what_is_wanted(run, hub, namespace, places, resource):
    words = {"replicate-to-namespaces": ",".join(places), **ALLOWED, "replicate-once-version": "v1", "note.example.com/x": "n"}
    made = source(hub, namespace, words, resource=resource, immutable=True, metadata={"labels": {"app": "x"}})
    run()
    for place in places:
        wait_filled(hub, place, made["data"], (namespace, "src"), "src", resource)
        item = find(hub, place, "src", resource)
        assert item["metadata"]["labels"] == LABELS and "immutable" not in item and item.get("type") == made.get("type")
        assert word(item, "replicated-at")
        rest = {key: text for key, text in item["metadata"]["annotations"].items() if not key.endswith(("-at", "from-version"))}
        assert rest == keys({"replicated-by": f"{namespace}/src", **ALLOWED, "replicate-once-version": "v1"})


def test_k8s_replicator_b14_a_change_is_one_write_for_each_copy_and_no_read(run, hub, namespace, places):
    source(hub, namespace, {"replicate-to-namespaces": places[0], **ALLOWED})
    puller(hub, places[1], f"{namespace}/src")
    run()
    wait_filled(hub, places[0], {"a": "1"}, (namespace, "src"), "src")
    wait_filled(hub, places[1], {"a": "1"}, (namespace, "src"))
    with hub.counting() as count:
        set_data(hub, namespace, a="2")
        wait_filled(hub, places[0], {"a": "2"}, (namespace, "src"), "src")
        wait_filled(hub, places[1], {"a": "2"}, (namespace, "src"))
    assert len(objects.asked(count, "patch")) == 2
    assert not objects.asked(count, "get", resource="configmaps")


def test_k8s_replicator_b14_b20_b21_bad_input_what_is_not_ours_is_refused_and_waited_for(run, hub, namespace, places):
    made = make(hub, places[0], "src", data={"a": "theirs"})
    source(hub, namespace, {"replicate-to-namespaces": places[0]})
    program = run()
    wait_state(program, "Conflict", target=f"/{places[0]}/src")
    assert version(hub, places[0], "src") == made["metadata"]["resourceVersion"]
    hub.api.delete("configmaps", places[0], "src")
    wait_filled(hub, places[0], {"a": "1"}, (namespace, "src"), "src")


def test_k8s_replicator_b14_b15_b08_once_and_permissions_follow_the_source(run, hub, namespace, places):
    source(hub, namespace, {"replicate-to-namespaces": places[0], "replicate-once": "true"})
    run()
    wait_filled(hub, places[0], {"a": "1"}, (namespace, "src"), "src")
    set_data(hub, namespace, a="2")
    annotate(hub, namespace, replication_allowed="true")
    wait_for(lambda: word(find(hub, places[0], "src"), "replication-allowed") == "true", 10, "the permission")
    assert find(hub, places[0], "src")["data"] == {"a": "1"}
    annotate(hub, namespace, replicate_once=None)
    wait_filled(hub, places[0], {"a": "2"}, (namespace, "src"), "src")
    assert word(find(hub, places[0], "src"), "replicate-once") is None


def test_k8s_replicator_b15_a_combined_source_makes_copies_that_pull(run, hub, namespace, places):
    source(hub, namespace)
    seed = {"replicate-from": f"{namespace}/src", "replicate-to": f"{places[1]}/copy"}
    make(hub, places[0], "seed", seed, {"a": "seed"})
    run()
    wait_filled(hub, places[1], {"a": "1"}, (namespace, "src"))
    item = find(hub, places[1])
    assert word(item, "replicated-by") == f"{places[0]}/seed" and word(item, "replicate-from") == f"{namespace}/src"
    assert find(hub, places[0], "seed")["data"] == {"a": "seed"}
    set_data(hub, namespace, a="2")
    wait_filled(hub, places[1], {"a": "2"}, (namespace, "src"))
    # B23: without it they hold the seed's own data.
    annotate(hub, places[0], "seed", replicate_from=None)
    wait_filled(hub, places[1], {"a": "seed"}, (places[0], "seed"))
    assert word(find(hub, places[1]), "replicate-from") is None


def test_k8s_replicator_b15_a_copy_of_another_type_or_made_immutable_is_made_anew(run, hub, namespace, places):
    words = {"replicate-to-namespaces": places[0]}
    source(hub, namespace, words, resource="secrets", type="example.com/one")
    run()
    wait_for(lambda: find(hub, places[0], "src", "secrets"), 10, "the copy")
    before = find(hub, places[0], "src", "secrets")["metadata"]["uid"]
    hub.api.patch("secrets", places[0], "src", {"immutable": True})
    hub.api.patch("secrets", namespace, "src", {"data": objects.encode({"a": "2"})})

    def is_another(kind):
        item = find(hub, places[0], "src", "secrets")
        return item and item["metadata"]["uid"] != before and item["type"] == kind and "immutable" not in item

    wait_for(lambda: is_another("example.com/one"), 10, "another Secret")
    before = find(hub, places[0], "src", "secrets")["metadata"]["uid"]
    hub.api.delete("secrets", namespace, "src")
    source(hub, namespace, words, resource="secrets", type="example.com/two")
    wait_for(lambda: is_another("example.com/two"), 20, "a Secret of the other type")


# --- clearing and deleting ---


def test_k8s_replicator_b16_what_was_there_before_any_replication_is_never_wiped(run, hub, namespace, places):
    made = puller(hub, places[0], f"{namespace}/missing", data={"a": "mine"})
    program = run()
    wait_state(program, "NotAllowed", target=f"/{places[0]}/copy")
    unchanged(hub, places[0], "copy", made["metadata"]["resourceVersion"])


@pytest.mark.parametrize(
    "kind, data",
    [
        ("kubernetes.io/dockercfg", {".dockercfg": "{}"}),
        ("kubernetes.io/dockerconfigjson", {".dockerconfigjson": "{}"}),
        ("kubernetes.io/basic-auth", {"username": "", "password": None}),
        ("kubernetes.io/ssh-auth", {"ssh-privatekey": "empty"}),
        ("kubernetes.io/tls", {"tls.crt": "", "tls.key": ""}),
        ("Opaque", {}),
    ],
)
def test_k8s_replicator_b16_b17_a_cleared_secret_holds_what_its_type_asks_for(run, hub, namespace, places, kind, data):
    full = {key: envtest.b64('{"auths":{}}' if "docker" in key else "full") for key in data} or {"a": "MQ=="}
    hub.api.create("secrets", namespace, {"metadata": {"name": "src", "annotations": keys(ALLOWED)}, "type": kind, "data": full})
    seed = {"replicate-from": f"{namespace}/src", "replicate-to": f"{places[0]}/copy"}
    hub.api.create("secrets", places[1], {"metadata": {"name": "seed", "annotations": keys(seed)}, "type": kind, "data": full})
    run()
    wait_for(lambda: (find(hub, places[0], resource="secrets") or {}).get("data") == full, 10, "the data")
    hub.api.delete("secrets", namespace, "src")
    wait_for(lambda: word(find(hub, places[0], resource="secrets"), "replicated-from-version") is None, 10, "cleared")
    item = find(hub, places[0], resource="secrets")
    left = {key: base64.b64decode(text or "").decode() for key, text in (item.get("data") or {}).items()}
    if "password" in left:
        assert re.fullmatch("[A-Za-z0-9]{128}", left["password"])
        left["password"] = None
    assert left == data and item["type"] == kind
    before = item["metadata"]["resourceVersion"]
    never(lambda: version(hub, places[0], resource="secrets") != before, 0.5, "a second clear")


def test_k8s_replicator_b17_d06_tokens_are_never_replicated(run, hub, namespace, places):
    metadata = {"name": "src", "annotations": keys({**ALLOWED, "replicate-to-namespaces": places[0]})}
    body = {"metadata": metadata, "type": "bootstrap.kubernetes.io/token", "data": objects.encode({"a": "1"})}
    hub.api.create("secrets", namespace, body)
    program = run()
    wait_state(program, "NotAllowed")
    assert find(hub, places[0], "src", "secrets") is None


def test_k8s_replicator_b18_b19_b23_what_left_the_want_set_is_deleted(run, hub, namespace, places):
    source(hub, namespace, {"replicate-to-namespaces": ",".join(places)})
    run()
    for place in places:
        wait_filled(hub, place, {"a": "1"}, (namespace, "src"), "src")
    annotate(hub, namespace, replicate_to_namespaces=places[1])
    wait_gone(hub, places[0], "src")
    assert find(hub, places[1], "src")
    annotate(hub, namespace, replicate_to_namespaces=None)
    wait_gone(hub, places[1], "src")


def test_k8s_replicator_b20_b27_pullers_are_cleared_and_filled_again(run, hub, namespace, places):
    source(hub, namespace)
    for place in places:
        puller(hub, place, f"{namespace}/src", {"replicate-once": "true"} if place == places[0] else None)
    run()
    for place in places:
        wait_filled(hub, place, {"a": "1"}, (namespace, "src"))
    hub.api.delete("configmaps", namespace, "src")
    for place in places:
        wait_cleared(hub, place)
    source(hub, namespace, data={"a": "2"})
    for place in places:
        wait_filled(hub, place, {"a": "2"}, (namespace, "src"))


def test_k8s_replicator_b20_b21_d08_copies_come_back_and_sources_take_over(run, hub, namespace, places):
    make(hub, namespace, "z", {"replicate-to": f"{places[0]}/copy"}, {"a": "z"})
    run()
    wait_filled(hub, places[0], {"a": "z"}, (namespace, "z"))
    for name in ("y", "x"):
        make(hub, namespace, name, {"replicate-to": f"{places[0]}/copy"}, {"a": name})
    uid = find(hub, places[0])["metadata"]["uid"]
    hub.api.delete("configmaps", places[0], "copy")
    wait_for(lambda: (find(hub, places[0]) or {"metadata": {"uid": uid}})["metadata"]["uid"] != uid, 10, "a new copy")
    assert word(find(hub, places[0]), "replicated-by") == f"{namespace}/z"
    hub.api.delete("configmaps", namespace, "z")
    wait_filled(hub, places[0], {"a": "x"}, (namespace, "x"))


def test_k8s_replicator_b23_without_replicate_from_all_stays(run, hub, namespace, places):
    source(hub, namespace)
    puller(hub, places[0], f"{namespace}/src")
    run()
    wait_filled(hub, places[0], {"a": "1"}, (namespace, "src"))
    annotate(hub, places[0], "copy", replicate_from=None)
    set_data(hub, namespace, a="2")
    never(lambda: find(hub, places[0])["data"] != {"a": "1"}, 0.5, "a write")
    assert word(find(hub, places[0]), "replicated-from-origin") == f"{namespace}/src"


def test_k8s_replicator_b24_d13_data_edited_by_hand_stays_until_its_books_change(run, hub, namespace, places):
    source(hub, namespace)
    puller(hub, places[0], f"{namespace}/src")
    run()
    wait_filled(hub, places[0], {"a": "1"}, (namespace, "src"))
    set_data(hub, places[0], "copy", a="mine")
    never(lambda: find(hub, places[0])["data"] != {"a": "mine"}, 0.5, "a write")
    annotate(hub, places[0], "copy", replicated_from_version="0")
    wait_filled(hub, places[0], {"a": "1"}, (namespace, "src"))


def test_k8s_replicator_b25_d19_a_chain_is_cleared_behind_a_broken_link(run, hub, namespace, places):
    a, b = places
    source(hub, namespace, {"replication-allowed-namespaces": f"{a},{b}"})
    puller(hub, a, f"{namespace}/src", {"replication-allowed": "true"})
    puller(hub, b, f"{a}/copy")
    puller(hub, namespace, f"{a}/copy", name="end")
    program = run()
    wait_filled(hub, b, {"a": "1"}, (a, "copy"))
    assert word(find(hub, b), "replicated-from-origin") == f"{namespace}/src"
    wait_state(program, "NotAllowed", target=f"/{namespace}/end")
    set_data(hub, namespace, a="2")
    wait_filled(hub, b, {"a": "2"}, (a, "copy"))
    annotate(hub, namespace, replication_allowed="false")
    wait_cleared(hub, a)
    wait_cleared(hub, b)


def test_k8s_replicator_b26_objects_that_pull_each_other_stay(run, hub, namespace, places):
    a, b = places
    before = [
        puller(hub, a, f"{b}/copy", ALLOWED, data={"a": "1"})["metadata"]["resourceVersion"],
        puller(hub, b, f"{a}/copy", ALLOWED, data={"a": "2"})["metadata"]["resourceVersion"],
    ]
    program = run()
    wait_for(lambda: len(program.rules()) == 2, 10, "the rules")
    unchanged(hub, a, "copy", before[0])
    unchanged(hub, b, "copy", before[1], 0.1)


# --- running ---


def test_k8s_replicator_b28_b29_d10_what_was_missed_is_made_up_for(run, hub, namespace, places):
    source(hub, namespace)
    make(hub, namespace, "pushed", {"replicate-to-namespaces": places[1]}, {"a": "1"})
    puller(hub, places[0], f"{namespace}/src")
    program = run()
    wait_filled(hub, places[0], {"a": "1"}, (namespace, "src"))
    wait_filled(hub, places[1], {"a": "1"}, (namespace, "pushed"), "pushed")
    program.stop()
    with hub.counting() as count:
        program = run()
        wait_for(lambda: len(program.rules(state="InSync")) >= 2, 10, "the rules")
    assert not objects.asked(count, "patch") and not objects.asked(count, "create", resource="configmaps")
    program.stop()
    hub.api.delete("configmaps", namespace, "src")
    hub.api.delete("configmaps", namespace, "pushed")
    run()
    wait_cleared(hub, places[0])
    wait_gone(hub, places[1], "pushed")


def test_k8s_replicator_d03_a_combined_source_that_moves_to_nothing_clears(run, hub, namespace, places):
    source(hub, namespace)
    make(hub, places[0], "seed", {"replicate-from": f"{namespace}/src", "replicate-to": f"{places[1]}/copy"})
    run()
    wait_filled(hub, places[1], {"a": "1"}, (namespace, "src"))
    annotate(hub, places[0], "seed", replicate_from=f"{namespace}/missing")
    wait_for(lambda: not find(hub, places[1]).get("data"), 10, "cleared")
    assert word(find(hub, places[1]), "replicate-from") == f"{namespace}/missing"


def test_k8s_replicator_d05_d17_bad_input_another_type_and_immutable_targets_are_conflicts(run, hub, namespace, places):
    source(hub, namespace, resource="secrets", type="example.com/one")
    before = [
        puller(hub, places[0], f"{namespace}/src", resource="secrets", type="example.com/two"),
        puller(hub, places[1], f"{namespace}/src", resource="secrets", type="example.com/one", immutable=True),
    ]
    program = run()
    for place, made in zip(places, before):
        wait_state(program, "Conflict", target=f"/{place}/copy")
        assert version(hub, place, resource="secrets") == made["metadata"]["resourceVersion"]


def test_k8s_replicator_d15_a_push_needs_no_consent_and_overwrites_nobody(run, hub, namespace, places):
    source(hub, namespace, {"replicate-to-namespaces": f"{places[0]},kube-system", "replicate-to": f"src,{namespace}-none"})
    program = run()
    wait_filled(hub, places[0], {"a": "1"}, (namespace, "src"), "src")
    wait_state(program, "NotAllowed", target="/kube-system/src")
    assert find(hub, "kube-system", "src") is None


def test_k8s_replicator_d16_what_is_being_deleted_counts_as_deleted(run, hub, namespace, places):
    source(hub, namespace, {**ALLOWED, "replicate-to-namespaces": places[1]}, metadata={"finalizers": ["example.com/f"]})
    puller(hub, places[0], f"{namespace}/src")
    run()
    wait_filled(hub, places[0], {"a": "1"}, (namespace, "src"))
    wait_filled(hub, places[1], {"a": "1"}, (namespace, "src"), "src")
    hub.api.delete("configmaps", namespace, "src")
    wait_cleared(hub, places[0])
    wait_gone(hub, places[1], "src")
    hub.api.patch("configmaps", namespace, "src", {"metadata": {"finalizers": None}})


# --- options ---


def test_k8s_replicator_option_another_prefix_and_other_labels(run, hub, namespace, places):
    annotations = keys({"replicate-to-namespaces": places[0]}, "r.example.com/")
    hub.api.create("configmaps", namespace, {"metadata": {"name": "src", "annotations": annotations}, "data": {"a": "1"}})
    make(hub, namespace, "old", {"replicate-to-namespaces": places[0]}, {"a": "1"})
    run("--replicator-annotations-prefix", "r.example.com", "--replicator-create-with-labels", "team=x,tier=y")
    item = wait_for(lambda: find(hub, places[0], "src"), 10, "the copy")
    assert item["metadata"]["labels"] == {"team": "x", "tier": "y"}
    assert item["metadata"]["annotations"]["r.example.com/replicated-by"] == f"{namespace}/src"
    assert find(hub, places[0], "old") is None


def test_k8s_replicator_option_kinds(run, hub, namespace, places):
    words = {"replicate-to-namespaces": places[0]}
    source(hub, namespace, words)
    source(hub, namespace, words, resource="secrets")
    run("--replicator-kinds", "Secret", "--replicator-create-with-labels=")
    item = wait_for(lambda: find(hub, places[0], "src", "secrets"), 10, "the Secret")
    assert "labels" not in item["metadata"]
    assert find(hub, places[0], "src") is None


@pytest.mark.parametrize(
    "flags", [["--replicator-kinds", "pod"], ["--replicator-create-with-labels", "a=b=c"], ["--replicator-annotations-prefix", "A b"]]
)
def test_k8s_replicator_bad_input_a_malformed_flag_is_a_usage_error(fedcopy, cluster_set, flags):
    result = fedcopy.run("run", "--clusters", cluster_set, "--dialect", "k8s-replicator", *flags)
    assert result.status == 2 and flags[0] in result.err, result


# --- across clusters ---


def far(cluster, namespace, data, name="src"):
    item = find(cluster, namespace, name)
    return item if item and item.get("data") == data and FAR in item["metadata"]["annotations"] else None


def wait_far(cluster, namespace, data, name="src"):
    return wait_for(
        lambda: far(cluster, namespace, data, name), 10, lambda: f"{data} on {cluster.name}: {find(cluster, namespace, name)}"
    )


def test_k8s_replicator_clusters_a_push_reaches_further_clusters_and_goes_from_them(run, hub, edge1, namespace, places):
    source(hub, namespace, {"replicate-to-namespaces": f"{namespace},{places[0]}", CLUSTERS: "*", **ALLOWED})
    run()
    for place in (namespace, places[0]):
        item = wait_far(edge1, place, {"a": "1"})
        assert item["metadata"]["labels"].items() >= LABELS.items()
        assert not any(key.startswith(PREFIX) for key in item["metadata"]["annotations"])
        state = json.loads(item["metadata"]["annotations"][STATE])
        assert state == {"version": version(hub, namespace, "src")}
    set_data(hub, namespace, a="2")
    wait_far(edge1, namespace, {"a": "2"})
    hub.api.delete("configmaps", namespace, "src")
    wait_gone(edge1, namespace, "src")
    wait_gone(edge1, places[0], "src")


def test_k8s_replicator_clusters_once_is_remembered_there(run, hub, edge1, namespace, places):
    words = {"replicate-to-namespaces": places[0], CLUSTERS: "*", "replicate-once": "true", "replicate-once-version": "v1"}
    source(hub, namespace, words)
    program = run()
    wait_far(edge1, places[0], {"a": "1"})
    program.stop()
    set_data(hub, namespace, a="2")
    program = run()
    wait_state(program, "InSync", target="edge-1")
    never(lambda: far(edge1, places[0], {"a": "2"}), 0.5, "a second copy")
    annotate(hub, namespace, replicate_once_version="v2")
    wait_far(edge1, places[0], {"a": "2"})


def test_k8s_replicator_clusters_a_combined_source_pushes_the_data_itself(run, hub, edge1, namespace, places):
    source(hub, namespace)
    make(
        hub, places[0], "seed", {"replicate-from": f"{namespace}/src", "replicate-to": f"{places[1]}/copy", CLUSTERS: "edge-1"}
    )
    run()
    wait_filled(hub, places[1], {"a": "1"}, (namespace, "src"))
    item = wait_far(edge1, places[1], {"a": "1"}, "copy")
    assert not any(key.startswith(PREFIX) for key in item["metadata"]["annotations"])
    set_data(hub, namespace, a="2")
    wait_far(edge1, places[1], {"a": "2"}, "copy")
    annotate(hub, namespace, replication_allowed="false")
    wait_for(lambda: not find(edge1, places[1]).get("data"), 10, lambda: f"cleared: {find(edge1, places[1])}")
    hub.api.delete("configmaps", places[0], "seed")
    wait_gone(edge1, places[1])
    wait_gone(hub, places[1])


def test_k8s_replicator_permissions_a_pull_from_a_system_namespace_needs_the_operator(run, hub, namespace, places):
    make(hub, "kube-public", f"{namespace}-src", ALLOWED, {"a": "1"})
    puller(hub, places[0], f"kube-public/{namespace}-src")
    program = run()
    wait_state(program, "NotAllowed", target=f"/{places[0]}/copy")
    assert not find(hub, places[0]).get("data")
    program.stop()
    run("--allow-all")
    wait_filled(hub, places[0], {"a": "1"})
    hub.api.delete("configmaps", "kube-public", f"{namespace}-src")


def test_k8s_replicator_release_takes_all_books_back(run, fedcopy, cluster_set, hub, edge1, namespace, places):
    source(hub, namespace, {"replicate-to-namespaces": places[0], CLUSTERS: "*", **ALLOWED})
    puller(hub, places[1], f"{namespace}/src")
    program = run()
    wait_filled(hub, places[0], {"a": "1"}, (namespace, "src"), "src")
    wait_filled(hub, places[1], {"a": "1"}, (namespace, "src"))
    wait_far(edge1, places[0], {"a": "1"})
    program.stop()
    result = fedcopy.run("release", "--clusters", cluster_set, "--dialect", "k8s-replicator", "--yes")
    assert result.status == 0, result
    assert not any(key.startswith(PREFIX + "replicated-") for key in find(hub, places[0], "src")["metadata"]["annotations"])
    assert find(hub, places[1])["metadata"]["annotations"] == keys({"replicate-from": f"{namespace}/src"})
    assert "annotations" not in find(edge1, places[0], "src")["metadata"]
