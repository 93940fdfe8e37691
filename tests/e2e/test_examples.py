# SPDX-License-Identifier: Apache-2.0
"""Every example does what its README says, when a newcomer follows it to the letter.

The blocks of the README that are fenced as `sh` are run one after the other: the one that begins with `fedcopy` is started and left
running, and then expected/ must come out; after the one that applies change/, changed/ must come out."""

import json
import os
import re
import shlex
import subprocess

import pytest
from conftest import TEST_RESOURCES
from envtest import REPOSITORY, kubectl_program, wait_for

EXAMPLES = REPOSITORY / "examples"
STORIES = sorted(path.name for path in EXAMPLES.iterdir() if path.is_dir())


def blocks_of(story):
    text = (EXAMPLES / story / "README.md").read_text()
    return [block.strip() for block in re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)]


def shell(block, kubeconfig, tmp_path):
    path = f"{os.path.dirname(kubectl_program())}:{os.environ['PATH']}"
    environment = dict(os.environ, KUBECONFIG=str(kubeconfig), HOME=str(tmp_path), PATH=path)
    command = ["sh", "-euxc", block]
    done = subprocess.run(
        command, cwd=REPOSITORY, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def objects_in(cluster, path):
    """The objects of a YAML file: kubectl reads it, so that the tests need no YAML library."""
    text = cluster.kubectl("create", "--dry-run=client", "--validate=false", "-o", "json", "-f", path)
    decoder, objects, at = json.JSONDecoder(), [], 0
    while text[at:].strip():
        at += len(text[at:]) - len(text[at:].lstrip())
        value, at = decoder.raw_decode(text, at)
        objects.append(value)
    return objects


def missing(want, have, where=""):
    """What of the partial value is not in the other: a list of places."""
    if isinstance(want, dict) and isinstance(have, dict):
        return [place for key in want for place in missing(want[key], have.get(key), f"{where}.{key}")]
    if isinstance(want, list) and isinstance(have, list) and len(want) == len(have):
        return [place for i, item in enumerate(want) for place in missing(item, have[i], f"{where}[{i}]")]
    return [] if want == have else [f"{where}: {have!r} instead of {want!r}"]


def comes_out(clusters, folder):
    """Waits until every partial object of that folder is part of the real one."""
    files = sorted(folder.glob("*.yaml"))
    assert files, f"{folder} says nothing"
    for file in files:
        for cluster in clusters.members if file.stem == "members" else [clusters[file.stem]]:
            for want in objects_in(cluster, file):
                place = (want["kind"].lower() + "s", want["metadata"]["namespace"], want["metadata"]["name"])

                def differences(cluster=cluster, place=place, want=want):
                    return missing(want, cluster.api.get(*place))

                wait_for(lambda d=differences: not d(), 10, lambda d=differences, f=file, c=cluster: f"{f} on {c.name}: {d()}")


@pytest.fixture
def leave_nothing(clusters):
    """Removes the namespaces that an example makes. A test names it before `fedcopy`, so that the program has stopped by then: it
    makes a copy anew that is deleted under it, and one made between the last look and the end of its namespace, which is
    brought about here by force, would stand there for ever."""
    names = set()
    yield names
    for cluster in clusters:
        for name in names:
            if cluster.api.find("namespaces", None, name):
                cluster.remove_namespace(name, TEST_RESOURCES)
        # What went into every namespace went into this one too, which stays.
        for resource in ("configmaps", "helmreleases"):
            for item in cluster.api.list(resource, "default"):
                if item["metadata"].get("labels", {}).get("app.kubernetes.io/managed-by") == "rustrial-object-syncer":
                    cluster.api.patch(resource, "default", item["metadata"]["name"], {"metadata": {"finalizers": None}})
                    cluster.api.delete(resource, "default", item["metadata"]["name"])


def namespaces_of(story):
    found = set()
    for file in (EXAMPLES / story).glob("*/*.yaml"):
        found |= set(re.findall(r"^kind: Namespace\nmetadata:\n  name: (\S+)$", file.read_text(), re.MULTILINE))
    return found


def test_there_are_examples():
    assert len(STORIES) >= 5


@pytest.mark.parametrize("story", STORIES)
def test_the_readme_does_what_it_says(leave_nothing, fedcopy, clusters, kubeconfig, story, tmp_path):
    leave_nothing |= namespaces_of(story)
    assert leave_nothing, "an example makes a namespace of its own"
    seen = set()
    for block in blocks_of(story):
        if block.startswith("fedcopy "):
            arguments = shlex.split(block.replace("\\\n", " "))[1:]
            fedcopy(*arguments, env={"KUBECONFIG": str(kubeconfig)}, cwd=REPOSITORY)
            comes_out(clusters, EXAMPLES / story / "expected")
            seen.add("expected")
        else:
            assert block.startswith("kubectl --context "), block
            output = shell(block, kubeconfig, tmp_path)
            if "/change/" in block:
                comes_out(clusters, EXAMPLES / story / "changed")
                seen.add("changed")
            elif seen and " get " in block:
                assert len(output) > 20, f"{block} shows nothing: {output}"
    assert seen == {"expected", "changed"}


@pytest.mark.parametrize("story", STORIES)
def test_the_readme_leaves_no_file_out(story):
    readme = (EXAMPLES / story / "README.md").read_text()
    for file in (EXAMPLES / story).rglob("*.yaml"):
        name = file.relative_to(EXAMPLES / story)
        applied = re.search(rf"-f examples/{story}/{name.parent}(/{name.name})?$", readme, re.MULTILINE)
        assert applied or f"({name})" in readme, f"{name} is not named"
    for link in re.findall(r"\]\(([^):]+)\)", readme):
        assert (EXAMPLES / story / link).exists(), f"{link} does not exist"
    assert f"({story}/)" in (EXAMPLES / "README.md").read_text()
