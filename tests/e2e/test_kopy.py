# SPDX-License-Identifier: Apache-2.0
"""The dialect kopy against API servers: what docs/kopy.md says, number by number, as far as a server is part of the statement. The
rest is tested in the engine, by tests/unit/engine/test_copy_kopy*.c."""

import envtest
import objects
import pytest
from envtest import never, wait_for

# As in a cluster that people use.
pytestmark = pytest.mark.usefixtures("controllers")

HEAD, GUIDE = "kopy.kot-labs.com/", "flynshue.io/"
SYNC, ORIGIN, FINALIZER = HEAD + "sync", HEAD + "origin.namespace", HEAD + "finalizer"
RELEASED = HEAD + "released-from"
CLUSTERS, FAR = "fedcopy.dev/clusters", "fedcopy.dev/origin"


@pytest.fixture
def team(namespace):
    """A label value that only this test's namespaces bear."""
    return namespace


@pytest.fixture
def places(make_namespace, clusters, team):
    """The namespaces that are selected, on every cluster."""
    words = team.split("-")[0]
    return [make_namespace(name=f"{words}-{place}", labels={"team": team}) for place in ("a", "b")]


@pytest.fixture
def run(fedcopy, cluster_set):
    def start(*more):
        return fedcopy("run", "--clusters", cluster_set, "--dialect", "kopy", *more)

    return start


def source(cluster, namespace, team, data=None, resource="configmaps", annotations=None, **more):
    """A source of that kind, called src; more: further members."""
    metadata = {"name": "src", "annotations": {SYNC: f"team={team}", **(annotations or {})}}
    if resource == "secrets":
        more = {"data": objects.encode(data or {"a": "1"}), **more}
    else:
        more = {"data": data or {"a": "1"}, **more}
    return cluster.api.create(resource, namespace, {"metadata": metadata, **more})


def find(cluster, namespace, resource="configmaps", name="src"):
    return cluster.api.find(resource, namespace, name)


def metadata_of(item):
    return {key: item["metadata"].get(key) or None for key in ("labels", "annotations", "finalizers")}


def is_copy(item, origin, data=None):
    want = {"labels": {ORIGIN: origin}, "annotations": None, "finalizers": [FINALIZER]}
    return item is not None and metadata_of(item) == want and (data is None or item["data"] == data)


def is_released(item, origin):
    want = {"labels": None, "annotations": {RELEASED: origin}, "finalizers": None}
    return item is not None and metadata_of(item) == want


def is_free(item):
    return item is not None and metadata_of(item) == {"labels": None, "annotations": None, "finalizers": None}


def wait_copy(cluster, namespace, origin, data=None, resource="configmaps", timeout=10):
    wait_for(
        lambda: is_copy(find(cluster, namespace, resource), origin, data),
        timeout,
        lambda: f"a copy of {origin} in {namespace} on {cluster.name}: {find(cluster, namespace, resource)}",
    )


def wait_far(cluster, namespace, data, timeout=10):
    """A copy that was made from another cluster."""

    def stands():
        item = find(cluster, namespace)
        return item and item["data"] == data and FAR in item["metadata"]["annotations"]

    wait_for(stands, timeout, lambda: f"a copy in {namespace} on {cluster.name}: {find(cluster, namespace)}")


def wait_gone(cluster, namespace, resource="configmaps", timeout=10):
    wait_for(lambda: find(cluster, namespace, resource) is None, timeout, lambda: f"gone: {find(cluster, namespace, resource)}")


def label(cluster, namespace, team):
    cluster.api.patch("namespaces", None, namespace, {"metadata": {"labels": {"team": team}}})


def set_data(cluster, namespace, **data):
    cluster.api.patch("configmaps", namespace, "src", {"data": data})


def warnings(cluster, namespace, reason):
    return [
        event.get("note") or event.get("message", "")
        for event in cluster.api.list("events", namespace)
        if event["type"] == "Warning" and event["reason"] == reason
    ]


# --- keys ---


def test_kopy_f01_a_source_of_the_older_family_has_copies_of_that_family(run, hub, namespace, places, team):
    metadata = {"name": "src", "annotations": {GUIDE + "sync": f"team={team}"}}
    hub.api.create("secrets", namespace, {"metadata": metadata, "data": objects.encode({"a": "1"}), "type": "example.com/kind"})
    run()
    for place in places:
        item = wait_for(lambda p=place: find(hub, p, "secrets"), 10, "the copy")
        assert item["metadata"]["labels"] == {GUIDE + "origin.namespace": namespace}
        assert item["metadata"]["finalizers"] == [GUIDE + "finalizer"]
        assert item["type"] == "example.com/kind"


def test_kopy_f02_both_annotations_on_one_source_are_warned_of(run, hub, namespace, places, team):
    source(hub, namespace, team, annotations={GUIDE + "sync": "team=nobody"})
    run()
    wait_copy(hub, places[0], namespace)
    wait_for(lambda: any(SYNC in note for note in warnings(hub, namespace, "Invalid")), 10, "the Warning")


# --- creating and updating ---


@pytest.mark.parametrize("resource", ["configmaps", "secrets"])
def test_kopy_b01_b02_every_matching_namespace_has_a_copy_and_no_other(
    run, hub, edge1, make_namespace, namespace, places, team, resource
):
    other = make_namespace(labels={"team": "other"})
    more = {"immutable": True}
    if resource == "configmaps":
        more["binaryData"] = {"a.b_c-D": "AAEC"}
    made = source(hub, namespace, team, resource=resource, annotations={"note": "mine"}, **more)
    run()
    for place in places:
        wait_copy(hub, place, namespace, made["data"], resource)
        copy = find(hub, place, resource)
        assert copy["immutable"] is True and copy.get("binaryData") == made.get("binaryData")
        assert copy.get("type") == made.get("type")
        assert find(edge1, place, resource) is None
    assert find(hub, other, resource) is None
    after = find(hub, namespace, resource)
    assert after["metadata"]["finalizers"] == [FINALIZER]
    # The author's words stay byte for byte.
    assert after["metadata"]["annotations"] == made["metadata"]["annotations"]


def test_kopy_b03_d13_a_change_of_the_source_is_one_write_for_each_copy(run, hub, namespace, places, team):
    source(hub, namespace, team)
    run()
    for place in places:
        wait_copy(hub, place, namespace)
    with hub.counting() as count:
        set_data(hub, namespace, a="2", b="new")
        for place in places:
            wait_copy(hub, place, namespace, {"a": "2", "b": "new"})
    written = objects.asked(count, "patch")
    assert len(written) == len(places), written
    assert not objects.asked(count, "get", resource="configmaps")


def test_kopy_b04_what_is_changed_on_a_copy_is_undone(run, hub, namespace, places, team):
    source(hub, namespace, team)
    run()
    place = places[0]
    wait_copy(hub, place, namespace)
    for edit in (
        {"metadata": {"labels": {"foo": "bar"}}},
        {"metadata": {"annotations": {SYNC: "team"}}},
        {"data": {"a": "mine", "b": "mine"}},
        {"metadata": {"labels": {ORIGIN: None}}},
    ):
        hub.api.patch("configmaps", place, "src", edit)
        wait_copy(hub, place, namespace, {"a": "1"})


def test_kopy_b06_d09_a_secret_of_another_type_is_made_anew(run, hub, namespace, places, team):
    source(hub, namespace, team, resource="secrets", type="example.com/one")
    run()
    wait_copy(hub, places[0], namespace, resource="secrets")
    before = find(hub, places[0], "secrets")["metadata"]["uid"]
    hub.api.delete("secrets", namespace, "src")
    wait_gone(hub, namespace, "secrets")
    source(hub, namespace, team, resource="secrets", type="example.com/two")

    def is_another():
        item = find(hub, places[0], "secrets")
        return is_copy(item, namespace) and item["type"] == "example.com/two" and item["metadata"]["uid"] != before

    wait_for(is_another, 10, lambda: f"another Secret: {find(hub, places[0], 'secrets')}")


def test_kopy_b06_d09_an_immutable_copy_with_its_finalizer_is_made_anew(run, hub, namespace, places, team):
    source(hub, namespace, team)
    run()
    place = places[0]
    wait_copy(hub, place, namespace)
    before = find(hub, place)["metadata"]["uid"]
    hub.api.patch("configmaps", place, "src", {"immutable": True})

    def is_another():
        item = find(hub, place)
        return is_copy(item, namespace, {"a": "1"}) and item["metadata"]["uid"] != before and not item.get("immutable")

    wait_for(is_another, 10, lambda: f"another ConfigMap: {find(hub, place)}")


# --- namespaces ---


def test_kopy_b07_b08_namespaces_that_come_match_and_match_no_more(run, hub, make_namespace, namespace, places, team):
    source(hub, namespace, team)
    run()
    wait_copy(hub, places[0], namespace)
    late = make_namespace(on=[hub], labels={"team": team})
    wait_copy(hub, late, namespace)
    unlabelled = make_namespace(on=[hub])
    label(hub, unlabelled, team)
    wait_copy(hub, unlabelled, namespace)
    label(hub, late, None)
    set_data(hub, namespace, a="2")
    wait_copy(hub, unlabelled, namespace, {"a": "2"})
    set_data(hub, late, a="mine")
    never(lambda: not is_copy(find(hub, late), namespace, {"a": "mine"}), 0.5, "a write of a detached copy")
    label(hub, late, team)
    wait_copy(hub, late, namespace, {"a": "2"})


def test_kopy_b09_b10_another_selector_and_the_sources_own_namespace(run, hub, make_namespace, namespace, places, team):
    source(hub, namespace, team)
    run()
    wait_copy(hub, places[0], namespace)
    other = make_namespace(on=[hub], labels={"team": "y"})
    label(hub, namespace, "y")
    hub.api.annotate("configmaps", namespace, "src", {SYNC: f"team=y,kubernetes.io/metadata.name!={team}-none"})
    wait_copy(hub, other, namespace, {"a": "1"})
    set_data(hub, namespace, a="2")
    wait_copy(hub, other, namespace, {"a": "2"})
    assert is_copy(find(hub, places[0]), namespace, {"a": "1"})
    own = find(hub, namespace)
    assert own["metadata"].get("labels") is None and own["metadata"]["finalizers"] == [FINALIZER]


def test_kopy_b11_b15_namespaces_of_copies_and_of_the_source_can_finish_terminating(run, hub, namespace, places, team):
    source(hub, namespace, team)
    program = run()
    for place in places:
        wait_copy(hub, place, namespace)
    hub.api.delete("namespaces", None, places[0])
    wait_for(lambda: hub.api.find("namespaces", None, places[0]) is None, 60, "the end of a copy's namespace")
    assert is_copy(find(hub, places[1]), namespace)
    hub.api.delete("namespaces", None, namespace)
    wait_for(lambda: hub.api.find("namespaces", None, namespace) is None, 60, "the end of the source's namespace")
    assert is_released(find(hub, places[1]), namespace)
    program.stop()


def test_kopy_b12_b13_a_deleted_copy_comes_again_where_it_is_wanted(run, hub, namespace, places, team):
    source(hub, namespace, team)
    run()
    for place in places:
        wait_copy(hub, place, namespace)
    before = find(hub, places[0])["metadata"]["uid"]
    hub.api.delete("configmaps", places[0], "src")
    wait_for(lambda: (find(hub, places[0]) or {"metadata": {"uid": before}})["metadata"]["uid"] != before, 10, "a new copy")
    wait_copy(hub, places[0], namespace)
    label(hub, places[1], None)
    hub.api.delete("configmaps", places[1], "src")
    wait_gone(hub, places[1])
    never(lambda: find(hub, places[1]), 0.5, "another copy")


# --- deleting ---


def test_kopy_b14_b20_copies_are_released_before_the_source_goes_and_taken_back(run, hub, namespace, places, team):
    source(hub, namespace, team)
    run()
    for place in places:
        wait_copy(hub, place, namespace)
    label(hub, places[1], None)
    hub.api.delete("configmaps", namespace, "src")
    wait_gone(hub, namespace)
    for place in places:
        assert is_released(find(hub, place), namespace), find(hub, place)
    label(hub, places[1], team)
    source(hub, namespace, team, {"a": "2"})
    for place in places:
        wait_copy(hub, place, namespace, {"a": "2"})


def test_kopy_b14_a_source_deleted_while_nobody_runs_goes_when_one_does(run, hub, namespace, places, team):
    source(hub, namespace, team)
    program = run()
    for place in places:
        wait_copy(hub, place, namespace)
    program.stop()
    hub.api.delete("configmaps", namespace, "src")
    assert find(hub, namespace)["metadata"]["finalizers"] == [FINALIZER]
    run()
    wait_gone(hub, namespace)
    for place in places:
        assert is_released(find(hub, place), namespace)


def test_kopy_b16_without_the_annotation_everything_is_released(run, hub, namespace, places, team):
    source(hub, namespace, team)
    run()
    for place in places:
        wait_copy(hub, place, namespace)
    hub.api.annotate("configmaps", namespace, "src", {SYNC: None})
    wait_for(lambda: is_free(find(hub, namespace)), 10, lambda: f"{find(hub, namespace)}")
    for place in places:
        assert is_released(find(hub, place), namespace)


def test_kopy_b17_the_annotation_moves_to_the_other_family(run, hub, namespace, places, team):
    metadata = {"name": "src", "annotations": {GUIDE + "sync": f"team={team}"}}
    hub.api.create("configmaps", namespace, {"metadata": metadata, "data": {"a": "1"}})
    run()
    wait_for(lambda: find(hub, places[0]), 10, "the copy")
    versions = [find(hub, namespace)["metadata"]["resourceVersion"]]
    hub.api.annotate("configmaps", namespace, "src", {GUIDE + "sync": None, SYNC: f"team={team}"})
    for place in places:
        wait_copy(hub, place, namespace)
    wait_for(lambda: find(hub, namespace)["metadata"]["finalizers"] == [FINALIZER], 10, "the new finalizer alone")
    held = []
    for event in hub.api.watch("configmaps", namespace, "src", versions[0]):
        held.append(event[1]["metadata"].get("finalizers"))
        if held[-1] == [FINALIZER]:
            break
    # At no time nothing held the source.
    assert all(held), held


# --- conflicts ---


def test_kopy_b18_b21_d14_the_second_source_of_a_name_waits_its_turn(run, hub, make_namespace, namespace, places, team):
    source(hub, namespace, team)
    run()
    wait_copy(hub, places[0], namespace)
    second = make_namespace(on=[hub])
    source(hub, second, team, {"a": "2"})
    wait_for(lambda: any(f"/{places[0]}/src" in note for note in warnings(hub, second, "Conflict")), 10, "the Warning")
    assert is_copy(find(hub, places[0]), namespace, {"a": "1"})
    hub.api.delete("configmaps", namespace, "src")
    wait_gone(hub, namespace)
    assert is_released(find(hub, places[0]), namespace)
    hub.api.delete("configmaps", places[0], "src")
    wait_copy(hub, places[0], second, {"a": "2"})


def test_kopy_b19_d05_a_stranger_is_neither_overwritten_nor_deleted(run, hub, namespace, places, team):
    stranger = {"metadata": {"name": "src", "labels": {"mine": "yes"}}, "data": {"a": "theirs"}}
    before = hub.api.create("configmaps", places[0], stranger)
    source(hub, namespace, team)
    run()
    wait_copy(hub, places[1], namespace)
    wait_for(lambda: any(f"/{places[0]}/src" in note for note in warnings(hub, namespace, "Conflict")), 10, "the Warning")
    hub.api.delete("configmaps", namespace, "src")
    wait_gone(hub, namespace)
    assert find(hub, places[0])["metadata"]["resourceVersion"] == before["metadata"]["resourceVersion"]


def test_kopy_b19_strangers_are_taken_over_where_the_operator_says_so(run, hub, namespace, places, team):
    hub.api.create("configmaps", places[0], {"metadata": {"name": "src", "labels": {"mine": "yes"}}, "data": {"a": "theirs"}})
    source(hub, namespace, team)
    run("--kopy-overwrite-unowned")
    wait_copy(hub, places[0], namespace, {"a": "1"})


def test_kopy_b22_b23_d01_a_label_made_by_hand_gives_no_right(run, hub, namespace, places, team):
    made = {"metadata": {"name": "src"}, "data": objects.encode({"a": "secret"})}
    hub.api.create("secrets", namespace, made)
    metadata = {"name": "src", "labels": {ORIGIN: namespace}, "finalizers": [FINALIZER]}
    hub.api.create("secrets", places[0], {"metadata": metadata})
    run()
    wait_for(lambda: is_released(find(hub, places[0], "secrets"), namespace), 10, "its release")
    assert not find(hub, places[0], "secrets").get("data")


def test_kopy_b24_a_source_with_a_stale_label_is_a_source(run, hub, namespace, places, team):
    metadata = {"name": "src", "labels": {ORIGIN: "elsewhere", "app": "x"}, "annotations": {SYNC: f"team={team}"}}
    hub.api.create("configmaps", namespace, {"metadata": metadata, "data": {"a": "1"}})
    run()
    wait_copy(hub, places[0], namespace)
    assert find(hub, namespace)["metadata"]["labels"] == {"app": "x"}


def test_kopy_b26_a_restart_in_sync_writes_nothing(run, hub, namespace, places, team):
    source(hub, namespace, team)
    program = run()
    for place in places:
        wait_copy(hub, place, namespace)
    program.stop()
    with hub.counting() as count:
        program = run()
        wait_for(lambda: len(program.rules(state="InSync")) >= len(places), 10, "the rules")
    assert not objects.asked(count, "patch") and not objects.asked(count, "create", resource="configmaps")


# --- bad input ---


@pytest.mark.parametrize("value", ["", "team in x", "team=x,"])
def test_kopy_d03_bad_input_a_malformed_value_selects_nothing(run, hub, namespace, places, value):
    hub.api.create("configmaps", namespace, {"metadata": {"name": "src", "annotations": {SYNC: value}}, "data": {"a": "1"}})
    program = run()
    wait_for(lambda: warnings(hub, namespace, "Invalid"), 10, "the Warning")
    assert program.rules(state="Invalid")
    assert not find(hub, namespace)["metadata"].get("finalizers")
    assert all(find(hub, place) is None for place in places)


def test_kopy_bad_input_copies_stay_while_the_value_is_malformed(run, hub, namespace, places, team):
    source(hub, namespace, team)
    program = run()
    for place in places:
        wait_copy(hub, place, namespace)
    hub.api.annotate("configmaps", namespace, "src", {SYNC: "team in x"})
    wait_for(lambda: program.rules(state="Invalid"), 10, "the state")
    set_data(hub, namespace, a="2")
    never(lambda: not all(is_copy(find(hub, place), namespace, {"a": "1"}) for place in places), 0.5, "a write")
    hub.api.delete("configmaps", namespace, "src")
    wait_gone(hub, namespace)
    assert all(is_released(find(hub, place), namespace) for place in places)


def test_kopy_d15_bad_input_tokens_are_never_copied(run, hub, namespace, places, team):
    hub.api.create("serviceaccounts", namespace, {"metadata": {"name": "robot"}})
    annotations = {"kubernetes.io/service-account.name": "robot"}
    source(hub, namespace, team, resource="secrets", annotations=annotations, type="kubernetes.io/service-account-token")
    program = run("--allow-all")
    wait_for(lambda: warnings(hub, namespace, "NotAllowed"), 10, "the Warning")
    assert program.rules(state="NotAllowed")
    assert all(find(hub, place, "secrets") is None for place in places)


@pytest.mark.real("quotas")
def test_kopy_b27_bad_input_a_quota_of_one_namespace_harms_no_other(run, hub, namespace, places, team):
    objects.quota_of_none(hub, places[0], "none")
    source(hub, namespace, team)
    program = run()
    wait_copy(hub, places[1], namespace)
    wait_for(lambda: program.rules(target=f"hub/configmaps/{places[0]}/src", state="Error"), 30, lambda: f"{program.rules()}")
    assert [rule["reason"] for rule in program.rules(target=f"hub/configmaps/{places[0]}/src")] == ["Quota"], program.rules()
    assert find(hub, places[0]) is None
    hub.api.delete("resourcequotas", places[0], "none")
    wait_copy(hub, places[0], namespace, timeout=60)


# --- peers' defects ---


@pytest.mark.parametrize("key", ["a~b", "a/b"])
def test_kopy_keys_of_binary_data_that_no_server_takes(hub, namespace, key):
    """A ConfigMap has no such keys; where another kind has, they stand in no path of a patch (tests/unit/dialects/test_kopy.c)."""
    with pytest.raises(envtest.ApiError):
        hub.api.create("configmaps", namespace, {"metadata": {"name": "src"}, "binaryData": {key: "AA=="}})


def test_kopy_more_than_a_hundred_namespaces_all_get_their_copy(run, hub, make_namespace, namespace, team):
    spaces = [make_namespace(name=f"{team.split('-')[0]}-{n}", on=[hub], labels={"team": team}) for n in range(110)]
    source(hub, namespace, team)
    run()
    wait_for(lambda: all(is_copy(find(hub, space), namespace) for space in spaces), 30, "110 copies")


def test_kopy_a_namespace_whose_name_contains_anothers_is_not_touched(run, hub, make_namespace, namespace, places, team):
    longer = make_namespace(name=places[0] + "-more", on=[hub], labels={"team": team + "-more"})
    source(hub, namespace, team)
    run()
    wait_copy(hub, places[0], namespace)
    assert find(hub, longer) is None


def test_kopy_an_empty_selection_detaches_and_deletes_nothing(run, hub, namespace, places, team):
    source(hub, namespace, team)
    program = run()
    wait_copy(hub, places[0], namespace)
    hub.api.annotate("configmaps", namespace, "src", {SYNC: "team=nobody"})
    wait_for(lambda: [rule["reason"] for rule in program.rules()] == ["NothingSelected"], 10, lambda: program.rules())
    set_data(hub, namespace, a="2")
    never(lambda: not is_copy(find(hub, places[0]), namespace, {"a": "1"}), 0.5, "a write")
    assert find(hub, namespace)["data"] == {"a": "2"}


def test_kopy_a_narrowed_selection_never_deletes_the_source(run, hub, namespace, places, team):
    label(hub, namespace, team)
    made = source(hub, namespace, team, annotations={"note": 'mine: "\\u00e4 ä\n'})
    program = run()
    wait_copy(hub, places[0], namespace)
    # Its own namespace was inside, and is not any more; then nothing is.
    for value in (f"team={team},narrow", "team=nobody"):
        hub.api.annotate("configmaps", namespace, "src", {SYNC: value})
        wait_for(lambda: [rule["reason"] for rule in program.rules()] == ["NothingSelected"], 10, lambda: program.rules())
        never(lambda: find(hub, namespace)["metadata"]["uid"] != made["metadata"]["uid"], 0.3, "another source")
    after = find(hub, namespace)
    assert after["metadata"]["finalizers"] == [FINALIZER] and after["data"] == made["data"]
    assert after["metadata"]["annotations"] == {**made["metadata"]["annotations"], SYNC: "team=nobody"}


# --- across clusters ---


@pytest.fixture
def everywhere(run, clusters, hub, namespace, places, team):
    """A source with copies in all clusters; the program that made them."""
    source(hub, namespace, team, annotations={CLUSTERS: "*"})
    program = run()
    for place in places:
        wait_copy(hub, place, namespace)
        for cluster in clusters.members:
            wait_far(cluster, place, {"a": "1"})
    return program


def test_kopy_clusters_copies_elsewhere_bear_marks_of_their_origin_alone(everywhere, hub, edge1, namespace, places):
    item = find(edge1, places[0])
    assert item["metadata"]["annotations"] == {FAR: f"{hub.id}/{namespace}/src", "fedcopy.dev/origin-rule": "kopy"}
    assert item["metadata"]["labels"] == {"fedcopy.dev/origin-cluster": hub.id}
    assert "finalizers" not in item["metadata"]


def test_kopy_clusters_namespaces_of_members_come_and_go(everywhere, hub, edge1, make_namespace, namespace, places, team):
    late = make_namespace(on=[edge1], labels={"team": team})
    wait_far(edge1, late, {"a": "1"})
    # The namespace of the source's name is one like any other there.
    label(edge1, namespace, team)
    wait_far(edge1, namespace, {"a": "1"})
    label(edge1, late, None)
    # Two clusters: what one says may be heard before what the other has said.
    wait_for(lambda: not everywhere.rules(target=f"/{late}/src"), 10, lambda: everywhere.rules(target=f"/{late}/src"))
    set_data(hub, namespace, a="2")
    wait_far(edge1, places[0], {"a": "2"})
    assert find(edge1, late)["data"] == {"a": "1"}
    edge1.api.delete("configmaps", places[0], "src")
    wait_far(edge1, places[0], {"a": "2"})


def test_kopy_clusters_a_member_that_was_away_is_right_when_it_is_back(everywhere, hub, edge1, edge2, namespace, places):
    edge2.kill()
    set_data(hub, namespace, a="2")
    wait_far(edge1, places[0], {"a": "2"})
    wait_copy(hub, places[0], namespace, {"a": "2"})
    edge2.spawn()
    edge2.wait_ready()
    for place in places:
        wait_far(edge2, place, {"a": "2"}, 60)


def test_kopy_clusters_a_source_deleted_meanwhile_is_followed_by_release(everywhere, run, hub, edge1, edge2, namespace, places):
    edge2.kill()
    hub.api.delete("configmaps", namespace, "src")
    wait_gone(hub, namespace)
    for place in places:
        assert is_released(find(hub, place), namespace)
        wait_for(lambda p=place: is_free(find(edge1, p)), 10, "its release")
    everywhere.stop()
    # One that knows nothing of the time before.
    run()
    edge2.spawn()
    edge2.wait_ready()
    for place in places:
        wait_for(lambda p=place: is_free(find(edge2, p)), 60, lambda p=place: f"{find(edge2, p)}")


def test_kopy_clusters_one_that_is_selected_no_more_keeps_its_copies(everywhere, hub, edge1, edge2, namespace, places):
    hub.api.annotate("configmaps", namespace, "src", {CLUSTERS: "edge-1"})
    wait_for(lambda: not everywhere.rules(target="edge-2/"), 10, lambda: everywhere.rules(target="edge-2/"))
    set_data(hub, namespace, a="2")
    wait_far(edge1, places[0], {"a": "2"})
    assert find(edge2, places[0])["data"] == {"a": "1"}
    hub.api.annotate("configmaps", namespace, "src", {SYNC: None})
    wait_for(lambda: is_free(find(edge2, places[0])), 10, lambda: f"{find(edge2, places[0])}")


# --- other commands ---


def test_kopy_plan_shows_each_write_and_makes_none(fedcopy, cluster_set, hub, namespace, places, team):
    source(hub, namespace, team)
    planned = fedcopy.run("plan", "--clusters", cluster_set, "--dialect", "kopy")
    assert planned.status == 3, planned
    for place in (namespace, *places):
        assert f"configmaps/{place}/src" in planned.out, planned
    assert not find(hub, namespace)["metadata"].get("finalizers") and find(hub, places[0]) is None


def test_kopy_release_takes_everything_back(everywhere, fedcopy, cluster_set, clusters, hub, namespace, places):
    everywhere.stop()
    done = fedcopy.run("release", "--clusters", cluster_set, "--dialect", "kopy", "--yes")
    assert done.status == 0, done
    assert not find(hub, namespace)["metadata"].get("finalizers")
    for cluster in clusters:
        for place in places:
            item = find(cluster, place)
            assert not item["metadata"].get("finalizers") and not item["metadata"].get("labels"), item
    hub.api.delete("configmaps", namespace, "src")
    assert find(hub, namespace) is None


def test_kopy_once_makes_all_copies_and_ends(fedcopy, cluster_set, hub, edge1, namespace, places, team):
    source(hub, namespace, team, annotations={CLUSTERS: "*"})
    done = fedcopy.run("run", "--clusters", cluster_set, "--dialect", "kopy", "--once")
    assert done.status == 0, done
    for place in places:
        assert is_copy(find(hub, place), namespace) and FAR in find(edge1, place)["metadata"]["annotations"]
