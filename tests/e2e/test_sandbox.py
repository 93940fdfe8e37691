# SPDX-License-Identifier: Apache-2.0
"""fedcopy-sandbox itself, where what counts is how others come to it. What its API answers is compared with the real server
by tests/conformance."""

import http.client
import json
import subprocess

import pytest

import envtest
import sandbox


@pytest.fixture
def alone(tmp_path):
    """A sandbox of the test's own, with one cluster."""
    cluster = sandbox.Cluster("alone", tmp_path)
    cluster.start()
    yield cluster
    cluster.end()


@pytest.fixture
def proxied(alone, tmp_path):
    """A port at which nghttpx speaks HTTP/1.1, without TLS, and HTTP/2 to the sandbox."""
    port = envtest.free_port()
    backend = f"127.0.0.1,{alone.port};/;proto=h2;tls;sni=localhost"
    with open(tmp_path / "nghttpx.log", "wb") as log:
        process = envtest.spawn(
            ["nghttpx", "--conf=/dev/null", f"--frontend=127.0.0.1,{port};no-tls", f"--backend={backend}", "--workers=1"]
            + [f"--cacert={alone.authority.certificate}"],
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    headers = {"Authorization": f"Bearer {alone.tokens['admin']}", "Content-Type": "application/json"}

    def connect():
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.connect()
        return connection

    envtest.wait_for(connect, 10, "nghttpx listens")
    yield connect, headers
    envtest.end_process(process, 5)


def ask(connection, method, path, headers, body=None):
    connection.request(method, path, None if body is None else json.dumps(body), headers)
    answer = connection.getresponse()
    assert answer.version == 11
    return answer.status, json.loads(answer.read())


def test_http_1_works_through_a_proxy(proxied):
    connect, headers = proxied
    maps = "/api/v1/namespaces/default/configmaps"
    connection = connect()
    status, made = ask(connection, "POST", maps, headers, {"metadata": {"name": "a"}, "data": {"k": "1"}})
    assert status == 201
    status, _ = ask(connection, "GET", f"{maps}/none", headers)
    assert status == 404
    watch = connect()
    watch.request("GET", f"{maps}?watch=1&resourceVersion={made['metadata']['resourceVersion']}", None, headers)
    merge = dict(headers, **{"Content-Type": "application/merge-patch+json"})
    status, changed = ask(connection, "PATCH", f"{maps}/a", merge, {"data": {"k": "2"}})
    assert status == 200
    event = json.loads(watch.getresponse().readline())
    assert event["type"] == "MODIFIED"
    assert event["object"]["metadata"]["resourceVersion"] == changed["metadata"]["resourceVersion"]
    watch.close()
    connection.close()


def test_each_run_has_an_authority_of_its_own(alone, tmp_path):
    other = sandbox.Cluster("other", tmp_path)
    other.start()
    try:
        assert alone.authority.certificate.read_bytes() != other.authority.certificate.read_bytes()
        stranger = sandbox.Client(alone, how="token")
        stranger.connect = lambda timeout=30: sandbox.http2.Connection(
            "127.0.0.1", alone.port, sandbox.http2.context(other.authority.certificate.read_text()), timeout
        )
        with pytest.raises(ConnectionError, match="certificate"):
            stranger.raw("GET", "/version")
    finally:
        other.end()
