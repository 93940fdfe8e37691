# SPDX-License-Identifier: Apache-2.0
"""The command line: a mistake ends the program with status 2 before any API call, and is named with its mend."""

import pytest

# name: (arguments, environment, words that the message must hold)
MISTAKES = {
    "no target": (["run"], {}, ["--target"]),
    "target without a value": (["run", "--target"], {}, ["--target"]),
    "empty target": (["run", "--target", ""], {}, ["--target"]),
    "no resource": (["run", "--target", "config maps"], {}, ["--target", "config maps"]),
    "unknown flag": (["run", "-t", "secrets", "--bogus"], {}, ["--bogus"]),
    "nearly a flag": (["run", "-t", "secrets", "--namespaces", "x"], {}, ["--namespaces", "--namespace"]),
    "operand": (["run", "-t", "secrets", "more"], {}, ["more"]),
    "unknown command": (["runn"], {}, ["runn"]),
    "no namespace": (["run", "-t", "secrets", "-n", "Not_One"], {}, ["--namespace", "Not_One"]),
    "log level": (["run", "-t", "secrets", "--log-level", "loud"], {}, ["--log-level", "loud", "debug"]),
    "log format": (["run", "-t", "secrets", "--log-format=xml"], {}, ["--log-format", "xml", "json"]),
    "no number": (["run", "-t", "secrets", "--max-in-flight", "many"], {}, ["--max-in-flight", "many"]),
    "number too small": (["run", "-t", "secrets", "--max-in-flight", "0"], {}, ["--max-in-flight", "0"]),
    "two ways": (["run", "-t", "secrets", "--clusters", "a", "--master", "b"], {}, ["--clusters", "--master"]),
    "file not there": (["run", "-t", "secrets", "--clusters", "/nowhere"], {}, ["--clusters", "/nowhere"]),
    "kubeconfig not there": (["run", "-t", "secrets", "--kubeconfig", "/nowhere"], {}, ["--kubeconfig", "/nowhere"]),
    "config not there": (["run", "--config", "/nowhere"], {}, ["--config", "/nowhere"]),
    "no such context": (["run", "-t", "secrets", "--kubeconfig", "KUBECONFIG", "--master", "moon"], {}, ["--master", "moon"]),
    "no such member": (["run", "-t", "secrets", "--kubeconfig", "KUBECONFIG", "--member", "moon"], {}, ["--member", "moon"]),
    "context that is no label": (["run", "-t", "secrets", "--master", "me@home"], {}, ["--master", "me@home", "="]),
    "one name twice": (
        ["run", "-t", "secrets", "--kubeconfig", "KUBECONFIG", "--member", "a=edge-1", "--member", "a=edge-2"],
        {},
        ["--member", "a"],
    ),
    "no address": (["run", "-t", "secrets", "--status-address", "nonsense"], {}, ["--status-address", "nonsense"]),
    "debugging for all": (["run", "-t", "secrets", "--debug-address", "0.0.0.0:9103"], {}, ["--debug-address", "loopback"]),
    "variable": (["run", "-t", "secrets"], {"FEDCOPY_LOG_LEVEL": "loud"}, ["FEDCOPY_LOG_LEVEL", "loud"]),
    "target in variable": (["run"], {"FEDCOPY_TARGET": "a b"}, ["FEDCOPY_TARGET", "a b"]),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_usage_mistake_ends_with_status_2_and_is_named(fedcopy, clusters, mistake):
    arguments, environment, words = MISTAKES[mistake]
    arguments = [str(clusters.kubeconfig) if word == "KUBECONFIG" else word for word in arguments]
    result = fedcopy.run(*arguments, env=environment, timeout=10)
    assert result.status == 2, result
    assert result.out == "" and len(result.err.splitlines()) <= 2, result
    for word in words:
        assert word in result.err, result


# name: (cluster set, words)
SETS = {
    "no master": ("clusters: [{name: hub}, {name: edge-1}]", ["master"]),
    "two masters": (
        "clusters: [{name: hub, labels: {cluster-master: 'true'}}, {name: edge-1, labels: {cluster-master: 'true'}}]",
        ["hub", "edge-1", "master"],
    ),
    "one name twice": ("master: hub\nclusters: [{name: hub}, {name: hub, context: edge-1}]", ["hub"]),
    "no label": ("master: Hub\nclusters: [{name: Hub, context: hub}]", ["Hub"]),
    "unknown key": ("master: hub\nclusters: [{name: hub, colour: red}]", ["colour"]),
    "unknown reads": ("master: hub\nclusters: [{name: hub}, {name: edge-1, reads: everything}]", ["reads", "everything"]),
    "no such context": ("master: hub\nclusters: [{name: hub}, {name: moon}]", ["moon", "context"]),
    "no YAML": ("clusters: [", ["line"]),
    "permissions": ("master: hub\nclusters: [{name: hub}]\npermissions: [{from: a/b, to: c/d}]", ["permissions"]),
}


@pytest.mark.parametrize("fault", SETS)
def test_a_faulty_cluster_set_file_ends_with_status_2_and_is_named(fedcopy, clusters, tmp_path, fault):
    text, words = SETS[fault]
    path = tmp_path / "clusters.yaml"
    path.write_text(f"apiVersion: fedcopy.dev/v1alpha1\nkind: ClusterSet\n{text}\n")
    result = fedcopy.run("run", "-t", "secrets", "--clusters", path, "--kubeconfig", clusters.kubeconfig, timeout=10)
    assert result.status == 2, result
    for word in [*words, str(path)]:
        assert word in result.err, result


def test_a_port_that_is_taken_is_named(fedcopy, cluster_set, clusters):
    address = f"127.0.0.1:{clusters.hub.port}"
    result = fedcopy.run("run", "--clusters", cluster_set, "-t", "secrets", "--status-address", address, timeout=10)
    assert result.status == 2 and address in result.err and "--status-address" in result.err, result


@pytest.mark.parametrize("arguments", [["help"], ["--help"], ["run", "--help"], ["run", "-h"]])
def test_help_is_an_answer_and_no_error(fedcopy, arguments):
    result = fedcopy.run(*arguments, timeout=10)
    assert result.status == 0 and result.err == "" and "Usage: fedcopy" in result.out, result


def test_version_names_the_program_and_its_libraries(fedcopy):
    result = fedcopy.run("version", timeout=10)
    assert result.status == 0 and result.out.startswith("fedcopy ") and "libcurl" in result.out, result
