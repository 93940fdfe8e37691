# SPDX-License-Identifier: Apache-2.0
"""fedcopy clusters: who and where each cluster is, whether it can be reached or why not, until when the credentials are good."""

import base64
import json
import re
import subprocess
import time

import envtest
import pytest


def table(result):
    lines = [re.split(r" {2,}", line) for line in result.out.splitlines()]
    return {line[0]: dict(zip(lines[0], line)) for line in lines[1:]}


def test_a_table_shows_each_cluster(fedcopy, cluster_set, clusters):
    result = fedcopy.run("clusters", "--clusters", cluster_set)
    assert result.status == 0, result
    rows = table(result)
    assert list(rows) == ["hub", "edge-1", "edge-2"]
    for cluster in clusters:
        row = rows[cluster.name]
        assert row["ROLE"] == ("master" if cluster is clusters.hub else "member")
        assert row["SERVER"] == cluster.server and row["VERSION"].startswith("v1.20"), row
        assert row["STATE"] == "reachable" and row["REASON"] == "-", row
        assert re.fullmatch(r"[0-9.]+ms", row["ROUND-TRIP"]), row


def test_json_and_yaml_have_the_same_and_the_id(fedcopy, cluster_set, clusters):
    result = fedcopy.run("clusters", "--clusters", cluster_set, "-o", "json")
    assert result.status == 0, result
    document = json.loads(result.out)
    assert document["kind"] == "ClusterList"
    by_name = {item["name"]: item for item in document["items"]}
    for cluster in clusters:
        item = by_name[cluster.name]
        assert item["id"] == cluster.id and item["state"] == "reachable" and item["reason"] is None, item
        # The clients' certificates of these tests are good for some time; a certificate is no token.
        assert ((item["certificateExpires"] or "").endswith("Z"), item["tokenExpires"]) == (cluster.login == "cert", None), item
    # That both forms hold the same is the unit tests' matter.
    lines = fedcopy.run("clusters", "--clusters", cluster_set, "--output=yaml").out.splitlines()
    assert "kind: ClusterList" in lines and f"  id: {clusters.hub.id}" in lines, lines


def test_one_that_cannot_be_reached_says_why_and_the_exit_status_is_1(fedcopy, cluster_set, edge1, edge2):
    edge1.kill()
    edge2.hang()
    began = time.monotonic()
    result = fedcopy.run("clusters", "--clusters", cluster_set, "--timeout", "2s")
    assert 1.5 < time.monotonic() - began < 8
    assert result.status == 1, result
    rows = table(result)
    assert rows["hub"]["STATE"] == "reachable"
    assert rows["edge-1"]["STATE"] == "unreachable" and "refused" in rows["edge-1"]["REASON"], rows
    # Whichever of its limits is met first: that of the command, or that of the connection.
    reason = rows["edge-2"]["REASON"]
    assert rows["edge-2"]["STATE"] == "unreachable" and ("2s" in reason or "2 s" in reason or "timed out" in reason), rows


def test_flags_of_run_make_no_difference(fedcopy, cluster_set):
    result = fedcopy.run("clusters", "--clusters", cluster_set, "--target", "secrets", "--status-address", ":0")
    assert result.status == 0, result


def test_two_names_of_one_cluster_are_told(fedcopy, kubeconfig):
    result = fedcopy.run(
        "clusters", "--kubeconfig", kubeconfig, "--master", "hub", "--member", "twin=hub", "--member", "edge-1"
    )
    assert result.status == 1
    rows = table(result)
    assert "the same cluster as hub" in rows["twin"]["REASON"] and rows["edge-1"]["STATE"] == "reachable", rows


@pytest.mark.real("client certificates")
def test_a_certificate_that_ends_within_14_days_is_warned_of(fedcopy, hub, tmp_path):
    """One that openssl signs for nine days, by the cluster's own CA."""
    certificate, key = short_certificate(hub, tmp_path, 9)
    path = kubeconfig_with(hub, tmp_path, {"client-certificate": certificate, "client-key": key})
    result = fedcopy.run("clusters", "--kubeconfig", path, "--master", "hub")
    assert result.status == 0, result
    assert "warning: cluster hub: the client certificate ends at " in result.err and "renew it" in result.err, result
    assert re.search(r"\((8|9)d\)", table(result)["hub"]["CERTIFICATE"]), result


def test_a_token_that_ends_soon_is_warned_of_and_never_shown(fedcopy, hub, tmp_path, secrets):
    """The server does not know this token, and what it says of its end is read all the same."""

    def part(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    token = f"{part({'alg': 'none'})}.{part({'exp': int(time.time()) + 3 * 86400 + 60})}.c2lnbmF0dXJl"
    secrets.append(token)
    path = kubeconfig_with(hub, tmp_path, {"token": token})
    result = fedcopy.run("clusters", "--kubeconfig", path, "--master", "hub")
    assert result.status == 1 and "401" in table(result)["hub"]["REASON"], result
    assert "warning: cluster hub: the token ends at " in result.err, result
    assert "(3d)" in table(result)["hub"]["TOKEN"], result


def short_certificate(cluster, directory, days):
    ca = cluster.authority
    key, request, certificate = directory / "c.key", directory / "c.csr", directory / "c.crt"
    run = lambda *args: subprocess.run(["openssl", *map(str, args)], check=True, capture_output=True)  # noqa: E731
    run("req", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", request, "-subj", "/O=system:masters/CN=short")
    signed = ["-CA", ca.certificate, "-CAkey", ca.key, "-CAcreateserial", "-days", days]
    run("x509", "-req", "-in", request, *signed, "-out", certificate)
    return certificate, key


def kubeconfig_with(cluster, directory, user):
    path = directory / "kubeconfig"
    path.write_text(
        envtest.to_yaml(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [
                    {"name": "c", "cluster": {"server": cluster.server, "certificate-authority": str(cluster.authority.certificate)}}
                ],
                "users": [{"name": "u", "user": {key: str(value) for key, value in user.items()}}],
                "contexts": [{"name": cluster.name, "context": {"cluster": "c", "user": "u"}}],
            }
        )
    )
    return path
