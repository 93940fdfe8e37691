# SPDX-License-Identifier: Apache-2.0
"""Each cruelty of the sandbox as a plain client meets it."""

import contextlib
import json
import ssl
import subprocess
import time

import http2
import pytest
import sandbox
from envtest import never, wait_for

MAPS = "configmaps"


@pytest.fixture(scope="module", name="running")
def _running(tmp_path_factory):
    cluster = sandbox.Cluster("one", tmp_path_factory.mktemp("cruelties"), flags=["--seed", "7"])
    cluster.start()
    yield cluster
    cluster.end()


@pytest.fixture(name="one")
def _one(running):
    running.api.get("namespaces", None, "default")
    yield running
    running.be_kind()
    running.api.close()
    wait_for(lambda: running.api.delete_all(MAPS, "default"), 5, "its port is open again")


def make(cluster, name="map", **data):
    return cluster.api.create(MAPS, "default", {"metadata": {"name": name}, "data": data or {"a": "1"}})


def write(cluster, value, name="map"):
    """(status, the decoded answer) of a patch."""
    path = cluster.api.path(MAPS, "default", name)
    return cluster.api.raw("PATCH", path, {"data": {"a": value}}, "application/merge-patch+json")


def holds(cluster, name="map"):
    return cluster.api.get(MAPS, "default", name)["data"]["a"]


class Asker:
    """A connection of its own: what is answered, with headers, and what is wrong with it."""

    def __init__(self, cluster, agent="fedcopy-tests"):
        self.cluster = cluster
        self.connection = cluster.api.connect(5)
        self.headers = [(name.lower(), value) for name, value in cluster.api.headers.items()]
        self.headers = [(name, agent if name == "user-agent" else value) for name, value in self.headers]

    def ask(self, path, method="GET", body=None, timeout=5):
        self.connection.timeout = timeout
        headers = self.headers + ([("content-type", "application/merge-patch+json")] if body else [])
        status, found, data = self.connection.request(method, path, headers, body)
        return status, dict(found), data

    def watch(self, **query):
        return self.connection.open("GET", self.cluster.api.path(MAPS, "default", watch=1, **query), self.headers)

    def lines(self, stream, count, timeout=5):
        """That many events of a watch, or as many as come."""
        found = []
        deadline = time.monotonic() + timeout
        while len(found) < count and time.monotonic() < deadline:
            line = stream.take_line()
            if line is not None:
                found.append(json.loads(line))
            elif stream.ended or stream.broken:
                break
            else:
                self.connection.pump(0.05)
        return found


@pytest.fixture(name="asker")
def _asker(one):
    made = Asker(one)
    made.ask("/version")
    yield made
    made.connection.close()


def elapsed(function):
    began = time.monotonic()
    function()
    return time.monotonic() - began


# --- answers ----------------------------------------------------------------------------------------------------------


def test_latency_comes_with_jitter(one, asker):
    one.be_cruel("latency", delay="100ms", jitter="200ms")
    times = [elapsed(lambda: asker.ask("/version")) for _ in range(8)]
    assert min(times) >= 0.1 and max(times) - min(times) > 0.02, times


def test_hang_answers_nothing_and_executes_nothing(one, asker):
    make(one)
    one.be_cruel("hang", verb="patch")
    with pytest.raises(http2.Broken, match="no answer"):
        asker.ask(one.api.path(MAPS, "default", "map"), "PATCH", b'{"data":{"a":"2"}}', 0.5)
    assert asker.ask("/version")[0] == 200, "others of the same connection are answered"
    assert holds(one) == "1"


ANSWERS = {
    "throttle": ({}, 429, "TooManyRequests"),
    "error": ({}, 500, "InternalError"),
    "unavailable": ({}, 503, "ServiceUnavailable"),
    "token-refused": ({}, 401, "Unauthorized"),
}


@pytest.mark.parametrize("kind", ANSWERS)
def test_a_request_is_answered_with(kind, one, asker):
    members, code, reason = ANSWERS[kind]
    make(one)
    one.be_cruel(kind, verb="patch", **members)
    status, headers, body = asker.ask(one.api.path(MAPS, "default", "map"), "PATCH", b'{"data":{"a":"2"}}')
    assert (status, json.loads(body)["reason"], json.loads(body)["code"]) == (code, reason, code)
    assert "retry-after" not in headers
    assert holds(one) == "1"


def test_throttle_says_when_to_ask_again_if_it_is_told_to(one, asker):
    one.be_cruel("throttle", retryAfter=7)
    status, headers, _ = asker.ask("/api/v1/namespaces")
    assert (status, headers["retry-after"]) == (429, "7")


def test_bad_gateway_is_a_page_of_html(one, asker):
    one.be_cruel("bad-gateway")
    status, headers, body = asker.ask("/api/v1/namespaces")
    assert (status, headers["content-type"]) == (502, "text/html") and body.startswith(b"<html>")


def test_conflict_is_said_to_a_write_that_would_have_been_taken(one):
    make(one)
    one.be_cruel("conflict")
    status, body = write(one, "2")
    assert status == 409 and "the object has been modified" in json.loads(body)["message"]
    assert holds(one) == "1"


def test_timeout_done_is_504_and_the_write_did_happen(one):
    make(one)
    one.be_cruel("timeout-done")
    status, body = write(one, "2")
    assert status == 504 and json.loads(body)["reason"] == "Timeout"
    assert holds(one) == "2"


def test_mutate_defaults_and_prunes(one):
    one.be_cruel("mutate", resource=MAPS, set={"data": {"defaulted": "yes"}}, prune=["/data/pruned", "/data/absent"])
    assert make(one, a="1", pruned="x")["data"] == {"a": "1", "defaulted": "yes"}
    one.api.patch(MAPS, "default", "map", {"data": {"a": "2", "defaulted": None, "pruned": "y"}})
    body = one.api.get(MAPS, "default", "map")
    assert body["data"] == {"a": "2", "defaulted": "yes"}
    one.api.update(MAPS, "default", {**body, "data": {"a": "3"}})
    assert one.api.get(MAPS, "default", "map")["data"] == {"a": "3", "defaulted": "yes"}


# --- lists and discovery ----------------------------------------------------------------------------------------------


def test_a_stale_list_is_of_some_changes_ago(one, asker):
    versions = [make(one)["metadata"]["resourceVersion"]]
    for value in "234":
        assert write(one, value)[0] == 200
        versions.append(one.api.get(MAPS, "default", "map")["metadata"]["resourceVersion"])
    one.be_cruel("stale-list", resource=MAPS, back=2)
    body = json.loads(asker.ask(one.api.path(MAPS, "default"))[2])
    assert body["metadata"]["resourceVersion"] == versions[1]
    assert [item["data"]["a"] for item in body["items"]] == ["2"]
    assert holds(one) == "4"


def test_gone_continue_is_410(one, asker):
    for name in "abc":
        make(one, name)
    one.be_cruel("gone-continue")
    status, _, body = asker.ask(one.api.path(MAPS, "default", limit=1))
    token = json.loads(body)["metadata"]["continue"]
    assert status == 200 and token
    status, _, body = asker.ask(one.api.path(MAPS, "default", **{"limit": 1, "continue": token}))
    assert (status, json.loads(body)["reason"]) == (410, "Expired")


def test_a_broken_group_leaves_the_others_whole(one, asker):
    one.be_cruel("broken-group", group="apps")
    assert asker.ask("/apis/apps/v1")[0] == 503
    assert asker.ask("/apis/batch/v1")[0] == 200
    assert asker.ask("/apis/apps/v1/deployments")[0] == 200, "what it serves is there"
    asker.headers = [(name, value) for name, value in asker.headers if name != "accept"]
    asker.headers.append(("accept", "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"))
    groups = {item["metadata"].get("name"): item["versions"] for item in json.loads(asker.ask("/apis")[2])["items"]}
    assert [(v["freshness"], v["resources"]) for v in groups["apps"]] == [("Stale", [])]
    assert all(v["freshness"] == "Current" and v["resources"] for v in groups["batch"])


# --- watches ----------------------------------------------------------------------------------------------------------


def test_a_silent_watch_stays_open_and_tells_nothing(one, asker):
    stream = asker.watch()
    one.be_cruel("silent-watch", count=1)
    make(one)
    one.be_kind()
    assert write(one, "2")[0] == 200
    assert asker.lines(stream, 1, 0.5) == [] and not stream.ended
    assert len(asker.lines(asker.watch(), 1)) == 1, "a new one tells what there is"


def test_a_cut_watch_ends_in_the_middle_of_a_line(one, asker):
    stream = asker.watch()
    one.be_cruel("cut-watch")
    make(one)
    assert asker.lines(stream, 1) == [] and stream.ended
    assert stream.data.startswith(b'{"type":"ADDED"') and not stream.data.endswith(b"\n")


def test_a_doubled_event_is_told_twice(one, asker):
    stream = asker.watch()
    one.be_cruel("doubled-event", count=1)
    make(one)
    assert write(one, "2")[0] == 200
    events = asker.lines(stream, 3)
    assert [event["type"] for event in events] == ["ADDED", "ADDED", "MODIFIED"] and events[0] == events[1]


def test_a_late_event_holds_up_those_behind_it(one, asker):
    stream = asker.watch()
    one.be_cruel("late-event", delay="400ms", count=1)
    began = time.monotonic()
    make(one)
    assert write(one, "2")[0] == 200
    assert [event["type"] for event in asker.lines(stream, 2)] == ["ADDED", "MODIFIED"]
    assert time.monotonic() - began >= 0.4


def test_a_skipped_bookmark_is_missing(one, asker):
    make(one)
    stream_list = {"sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan", "allowWatchBookmarks": "true"}
    assert [event["type"] for event in asker.lines(asker.watch(**stream_list), 2)] == ["ADDED", "BOOKMARK"]
    one.be_cruel("skipped-bookmark")
    assert [event["type"] for event in asker.lines(asker.watch(**stream_list), 2, 0.4)] == ["ADDED"]


def test_gone_watch_is_an_error_event_at_the_beginning_or_later(one, asker):
    version = make(one)["metadata"]["resourceVersion"]
    open_one = asker.watch(resourceVersion=version)
    one.be_cruel("gone-watch")
    stream = asker.watch(resourceVersion=version)
    assert write(one, "2")[0] == 200
    for watch in (stream, open_one):
        (event,) = asker.lines(watch, 2)
        assert (event["type"], event["object"]["code"], event["object"]["reason"]) == ("ERROR", 410, "Expired")
        assert watch.ended


# --- streams and connections ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind, value", [("reset-before", "1"), ("reset-after", "2")])
def test_a_connection_is_reset_before_or_after_the_write(kind, value, one, asker):
    make(one)
    one.be_cruel(kind, verb="patch")
    with pytest.raises(http2.Broken, match="(?i)closed|reset"):
        asker.ask(one.api.path(MAPS, "default", "map"), "PATCH", b'{"data":{"a":"2"}}')
    assert holds(one) == value


def test_a_refused_stream_is_not_executed(one, asker):
    make(one)
    one.be_cruel("refused-stream", verb="patch")
    with pytest.raises(http2.Broken, match="REFUSED_STREAM"):
        asker.ask(one.api.path(MAPS, "default", "map"), "PATCH", b'{"data":{"a":"2"}}')
    assert holds(one) == "1"


def connects(cluster):
    """How many connections curl opens for each of three requests, one after the other."""
    url = f"{cluster.server}/version"
    command = ["curl", "-s", "--http2", "--noproxy", "*", "--cacert", cluster.authority.certificate]
    for _ in range(3):
        command += ["-o", "/dev/null", url]
    out = subprocess.run([*command, "-w", "%{http_code}/%{num_connects} "], stdout=subprocess.PIPE, check=True).stdout
    return out.decode().split()


def test_after_goaway_a_request_takes_another_connection(one):
    assert connects(one) == ["200/1", "200/0", "200/0"]
    one.be_cruel("goaway", count=1)
    assert connects(one) == ["200/1", "200/1", "200/0"]


@pytest.mark.parametrize("members, streams", [({}, 100), ({"streams": 3}, 3)])
def test_few_streams_are_allowed_on_new_connections(members, streams, one, asker):
    one.be_cruel("few-streams", **members)
    new = Asker(one)
    new.ask("/version")
    assert new.connection.h2.remote_settings.max_concurrent_streams == streams
    assert asker.connection.h2.remote_settings.max_concurrent_streams == 250
    new.connection.close()


def test_another_certificate_is_of_an_authority_that_nobody_trusts(one, asker):
    one.be_cruel("other-certificate")
    with pytest.raises(ssl.SSLCertVerificationError):
        one.api.connect()._connect()
    assert asker.ask("/version")[0] == 200, "open connections go on"


def test_slow_bytes_come_at_their_pace(one, asker):
    make(one, a="x" * 1000)
    one.be_cruel("slow-bytes", bytesPerSecond=2500, verb="get")
    path = one.api.path(MAPS, "default", "map")
    body = []
    assert elapsed(lambda: body.append(asker.ask(path)[2])) >= 0.4
    assert json.loads(body[0])["data"]["a"] == "x" * 1000


def refused(cluster):
    """How a new connection ends: its error."""
    with contextlib.closing(cluster.api.connect(3)) as connection:
        try:
            connection.request("GET", "/version", [])
        except (OSError, http2.Broken) as error:
            return str(error)
    return None


def test_refused_connections_meet_a_closed_port(one, asker):
    one.be_cruel("refused-connection")
    refused(one)  # the first may be accepted yet
    wait_for(lambda: "ConnectionRefused" in (refused(one) or ""), 3, "the port is closed")
    assert asker.ask("/version")[0] == 200, "open connections go on"
    one.be_kind()
    wait_for(lambda: refused(one) is None, 3, "the port is open again")


def test_some_connections_are_closed_at_once(one, asker):
    one.be_cruel("refused-connection", count=2)
    # The client tries twice.
    error = refused(one)
    assert error and "ConnectionRefused" not in error
    assert refused(one) is None
    assert asker.ask("/version")[0] == 200


# --- whom, how often, when ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "members",
    [
        {"verb": "get", "resource": MAPS},
        {"resource": "config*"},
        {"namespace": "default"},
        {"name": "m*p"},
        {"agent": "mine/*"},
    ],
    ids=str,
)
def test_a_rule_strikes_what_it_names_alone(members, one):
    make(one)
    make(one, "other")
    mine, others = Asker(one, "mine/1"), Asker(one, "others/1")
    path = one.api.path(MAPS, "default", "map")
    other_path = {
        "verb": one.api.path(MAPS, "default"),
        "resource": "/api/v1/namespaces/default/secrets",
        "namespace": "/api/v1/namespaces/other/configmaps/map",
        "name": one.api.path(MAPS, "default", "other"),
        "agent": path,
    }[next(iter(members))]
    one.be_cruel("error", **members)
    assert mine.ask(path)[0] == 500
    assert others.ask(other_path)[0] != 500


def test_a_rule_has_a_time_and_a_count(one, asker):
    one.be_cruel("error", after="300ms", **{"for": "300ms"})
    began = time.monotonic()
    found = []
    while time.monotonic() < began + 1:
        found.append((time.monotonic() - began, asker.ask("/version")[0]))
        time.sleep(0.02)
    struck = [when for when, status in found if status == 500]
    assert struck and 0.25 < min(struck) and max(struck) < 0.75, struck
    assert {status for when, status in found if when < 0.25 or when > 0.75} == {200}
    one.be_kind()
    one.be_cruel("error", count=2)
    assert [asker.ask("/version")[0] for _ in range(4)] == [500, 500, 200, 200]
    assert one.order("cruelties", method="GET")["cruelties"][0]["met"] == 2
    never(lambda: asker.ask("/version")[0] != 200, 0.1)


def share_of(directory, seed):
    """Which of 60 requests are struck by a rule that the flags have set."""
    rule = "error,share=0.3,resource=secrets"
    cluster = sandbox.Cluster("one", directory, flags=["--seed", str(seed), "--cruel", f"one:{rule}"])
    cluster.start()
    try:
        return [cluster.api.raw("GET", "/api/v1/secrets")[0] for _ in range(60)]
    finally:
        cluster.end()


def test_a_share_is_struck_and_a_seed_repeats_it(tmp_path):
    first, again, other = (share_of(tmp_path / word, seed) for word, seed in (("a", 5), ("b", 5), ("c", 6)))
    assert set(first) == {200, 500} and 6 <= first.count(500) <= 32
    assert first == again and first != other
