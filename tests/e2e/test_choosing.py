# SPDX-License-Identifier: Apache-2.0
"""docs/choosing.md writes the same task in each vocabulary: every block of YAML is applied as it stands, fedcopy runs as the page says,
and the same thing comes out each time, and follows its source."""

import re
import shlex

import pytest
from conftest import TEST_RESOURCES
from envtest import REPOSITORY, wait_for
from test_examples import missing, objects_in, shell

TEXT = (REPOSITORY / "docs" / "choosing.md").read_text()


def yaml_of(text):
    return re.findall(r"^```yaml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def commands_of(text):
    return re.findall(r"^    (fedcopy run .*)$", text, re.MULTILINE)


def tasks():
    """Of each section with YAML: what stands before the vocabularies, and each of these by its heading."""
    for section in re.split(r"^## ", TEXT, flags=re.MULTILINE)[1:]:
        before, *ways = re.split(r"^### ", section, flags=re.MULTILINE)
        for way in ways:
            heading = way.partition("\n")[0]
            yield pytest.param(before, way, id=f"{before.partition(chr(10))[0]}: {heading}".replace(" ", "-"))


TASKS = list(tasks())


@pytest.fixture
def leave_nothing(clusters):
    """Removes the namespaces that the page makes, when the program has stopped."""
    names = set()
    yield names
    for name in names:
        if clusters.hub.api.find("namespaces", None, name):
            clusters.hub.remove_namespace(name, TEST_RESOURCES)


def place_of(thing):
    return thing["kind"].lower() + "s", thing["metadata"]["namespace"], thing["metadata"]["name"]


def comes_out(hub, wanted):
    for want in wanted:

        def differences(want=want):
            found = hub.api.find(*place_of(want))
            return missing(want, found) if found else ["there is none"]

        wait_for(lambda d=differences: not d(), 20, lambda d=differences, w=want: f"{place_of(w)}: {d()}")


def source_of(things, wanted):
    """The object, in another namespace than what comes out, that holds the data."""
    copies = {place_of(want) for want in wanted}
    kind = wanted[0]["kind"]
    return next(thing for thing in things if thing["kind"] == kind and thing.get("data") and place_of(thing) not in copies)


def test_every_block_of_the_page_is_in_a_task():
    held = sum(len(yaml_of(param.values[1])) for param in TASKS)
    befores = {param.values[0] for param in TASKS}
    assert held + sum(len(yaml_of(before)) for before in befores) == len(yaml_of(TEXT))
    assert len(TASKS) >= 10
    for param in TASKS:
        before, way = param.values
        assert len(commands_of(way)) == 1 and len(yaml_of(way)) == 1, way
        assert ["expected" in block for block in yaml_of(before)] == [False, True], before


@pytest.mark.parametrize("before, way", TASKS)
def test_the_same_thing_comes_out_in_each_vocabulary(leave_nothing, fedcopy, clusters, kubeconfig, before, way, tmp_path):
    hub, files = clusters.hub, []
    for number, block in enumerate([*yaml_of(before), *yaml_of(way)]):
        files.append(tmp_path / f"{number}.yaml")
        files[-1].write_text(block)
    common, expected, own = files
    leave_nothing |= set(re.findall(r"^kind: Namespace\nmetadata:\n  name: (\S+)$", common.read_text(), re.MULTILINE))
    for file in (common, own):
        shell(f"kubectl --context {hub.name} apply -f {file}", kubeconfig, tmp_path)
    wanted, things = objects_in(hub, expected), objects_in(hub, own)
    arguments = [str(clusters.cluster_set) if word == "clusters.yaml" else word for word in shlex.split(commands_of(way)[0])[1:]]
    fedcopy(*arguments)
    comes_out(hub, wanted)

    source = source_of(things, wanted)
    key, changed = next(iter(source["data"])), "b3RoZXI="
    assert all(key in want["data"] for want in wanted)
    hub.api.patch(*place_of(source), {"data": {key: changed}})
    for want in wanted:
        want["data"][key] = changed
    comes_out(hub, wanted)
