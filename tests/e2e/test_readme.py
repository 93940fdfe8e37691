# SPDX-License-Identifier: Apache-2.0
"""The README's story, followed to the letter: every block that is fenced as `sh` is run as it stands."""

import json
import re
import shlex

import pytest
from conftest import TEST_RESOURCES
from envtest import REPOSITORY, wait_for
from test_examples import shell

TEXT = (REPOSITORY / "README.md").read_text()

# What needs a whole machine of its own; the project's CI runs each of these.
ELSEWHERE = ["make demo", "make test", "make && make install"]


def blocks(language):
    return [block.strip() for block in re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)]


@pytest.fixture
def shop(clusters):
    """The README's namespace, gone before and after."""

    def remove():
        for cluster in clusters:
            if cluster.api.find("namespaces", None, "shop"):
                cluster.remove_namespace("shop", TEST_RESOURCES)

    remove()
    yield "shop"
    remove()


@pytest.fixture
def kubeconfig_of_the_reader(clusters, kubeconfig, tmp_path):
    """The contexts that the README names: those of the clusters, and one that is called otherwise."""
    mine = tmp_path / "kubeconfig"
    mine.write_bytes(kubeconfig.read_bytes())
    view = json.loads(shell("set +x; kubectl config view --raw -o json", mine, tmp_path).partition("\n")[2])
    context = next(entry["context"] for entry in view["contexts"] if entry["name"] == "edge-2")
    shell(f"kubectl config set-context admin@edge-2 --cluster={context['cluster']} --user={context['user']}", mine, tmp_path)
    return mine


def start(fedcopy, block, kubeconfig, tmp_path):
    """Its own flags and no others; the endpoints are where the README says."""
    return fedcopy(*shlex.split(block)[1:], env={"KUBECONFIG": str(kubeconfig)}, endpoints=False, ready=False, cwd=tmp_path)


def test_every_block_of_the_readme_does_what_it_says(shop, fedcopy, kubeconfig_of_the_reader, edge1, tmp_path):
    (tmp_path / "clusters.yaml").write_text(next(block for block in blocks("yaml") if "kind: ClusterSet" in block) + "\n")
    left_to_others, running = list(ELSEWHERE), None
    for block in blocks("sh"):
        if block in left_to_others:
            left_to_others.remove(block)
        elif block.startswith("fedcopy"):
            if running:
                assert running.stop() == 0
            running = start(fedcopy, block, kubeconfig_of_the_reader, tmp_path)
            wait_for(lambda p=running: "cluster connected cluster=edge-1" in p.stderr(), 20, running.stderr)
            wait_for(lambda: edge1.api.get("secrets", shop, "web-tls").get("data"), 10, "the first copy")
        elif block.startswith("curl"):
            wait_for(lambda: shell("curl -fs http://127.0.0.1:9102/readyz", kubeconfig_of_the_reader, tmp_path), 20, "ready")
            answer = shell(block, kubeconfig_of_the_reader, tmp_path)
            assert "edge-1" in answer, answer
        else:
            answer = shell(block, kubeconfig_of_the_reader, tmp_path)
            if "renewed" in block:
                wait_for(
                    lambda: edge1.api.get("secrets", shop, "web-tls")["data"]["tls.key"] == "cmVuZXdlZA==", 10, "the change"
                )
                assert '"tls.crt":"Y2VydGlmaWNhdGU="' in answer, answer
    assert not left_to_others, left_to_others


def test_rights_that_the_readme_asks_for_are_a_role_that_the_server_takes(hub, kubeconfig, tmp_path):
    role = next(block for block in blocks("yaml") if "kind: ClusterRole" in block)
    (tmp_path / "role.yaml").write_text(role + "\n")
    answer = shell(f"kubectl --context {hub.name} apply --dry-run=server -f {tmp_path}/role.yaml", kubeconfig, tmp_path)
    assert "fedcopy created" in answer, answer
