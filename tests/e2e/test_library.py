# SPDX-License-Identifier: Apache-2.0
"""The Kubernetes client as a library: the program in docs/kube-library.md, to the letter, built as the page says, against two real
API servers. And the library alone: what it needs, and what it leaves to others."""

import os
import re
import shlex
import shutil
import signal
import subprocess

import envtest
import fedcopy as program
import objects
import pytest
from envtest import REPOSITORY, wait_for

PAGE = (REPOSITORY / "docs" / "kube-library.md").read_text()
OUT = program.binary().parent

# The packages that the page links against, by their libraries' names.
NEEDED = {"libcurl", "libjansson", "libyaml", "libssl", "libcrypto"}
RUNTIME = {"libc", "libm", "libasan", "libubsan", "libtsan"}


def block(language):
    found = re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert len(found) == 1, f"{len(found)} blocks of {language}"
    return found[0]


def flags_of_build():
    """(compiler, sanitizer flags) that the library in OUT was built with."""
    words = shlex.split((OUT / "cflags").read_text())
    return shutil.which(words[0]), [word for word in words if word.startswith("-fsanitize")]


@pytest.fixture
def place(tmp_path):
    """A folder like the repository: src/, build/ with what is built, and a `cc` that makes warnings errors and knows the sanitizer
    of the build. So the page's command runs as it stands."""
    assert (OUT / "libfckube.a").is_file(), f"{OUT}/libfckube.a is not there: `make library`"
    (tmp_path / "src").symlink_to(REPOSITORY / "src")
    (tmp_path / "build").symlink_to(OUT.resolve())
    (tmp_path / "bin").mkdir()
    compiler, sanitizers = flags_of_build()
    cc = tmp_path / "bin" / "cc"
    cc.write_text(f'#!/bin/sh\nexec {compiler} -Werror {" ".join(sanitizers)} "$@"\n')
    cc.chmod(0o755)
    return tmp_path


def build(place, command):
    environment = dict(os.environ, PATH=f"{place / 'bin'}:{os.environ['PATH']}")
    done = subprocess.run(
        ["sh", "-euc", command],
        cwd=place,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout


def test_program_of_the_page_has_about_40_lines():
    assert len(block("c").splitlines()) <= 40


def page_command():
    first, _, rest = block("sh").partition("\n")
    assert first == "make library", first
    return rest


@pytest.fixture
def example(place):
    (place / "two-clusters.c").write_text(block("c"))
    build(place, page_command())
    return place / "two-clusters"


class Running:
    """The example at work, its output in files."""

    def __init__(self, directory, binary, kubeconfig, *contexts):
        self.out, self.err = directory / "stdout", directory / "stderr"
        with open(self.out, "wb") as out, open(self.err, "wb") as err:
            self.process = envtest.spawn(
                [binary, *contexts],
                env=program.environment({"KUBECONFIG": str(kubeconfig)}),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
            )

    def lines(self):
        assert self.process.poll() is None, self.err.read_text()
        return self.out.read_text().splitlines()

    def wait_line(self, line):
        wait_for(lambda: line in self.lines(), 30, lambda: f"{line}: {self.lines()}\n{self.err.read_text()}")

    def stop(self):
        self.process.terminate()
        status = self.process.wait(10)
        envtest.end_process(self.process, 0)
        return status, self.err.read_text()


def test_program_of_the_page_lists_and_watches_two_clusters(example, hub, edge1, kubeconfig, namespace, tmp_path):
    made = {cluster.name: objects.configmap(cluster, namespace, "settings", {"a": "1"}) for cluster in (hub, edge1)}
    running = Running(tmp_path, example, kubeconfig, "hub", "edge-1")
    try:
        for name, configmap in made.items():
            running.wait_line(f"{name} {namespace}/settings {configmap['metadata']['resourceVersion']}")
        for cluster in (hub, edge1):
            changed = objects.set_data(cluster, "configmaps", namespace, "settings", {"a": "2"})
            running.wait_line(f"{cluster.name} {namespace}/settings {changed['metadata']['resourceVersion']}")
        later = objects.configmap(edge1, namespace, "later")
        running.wait_line(f"edge-1 {namespace}/later {later['metadata']['resourceVersion']}")
        # One cluster that is away holds up the other one nowhere.
        edge1.kill()
        changed = objects.set_data(hub, "configmaps", namespace, "settings", {"a": "3"})
        running.wait_line(f"hub {namespace}/settings {changed['metadata']['resourceVersion']}")
        edge1.spawn()
        edge1.wait_ready()
        changed = objects.set_data(edge1, "configmaps", namespace, "settings", {"a": "3"})
        running.wait_line(f"edge-1 {namespace}/settings {changed['metadata']['resourceVersion']}")
    finally:
        status, log = running.stop()
    assert status == -signal.SIGTERM, log
    assert not program.sanitizer_spoke(log), log
    assert not [line for line in running.out.read_text().splitlines() if line.split()[0] not in ("hub", "edge-1")]


def test_program_of_the_page_names_a_context_that_is_not_there(example, kubeconfig):
    done = subprocess.run(
        [example, "hub", "nowhere"],
        env=program.environment({"KUBECONFIG": str(kubeconfig)}),
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.returncode == 1 and done.stdout == ""
    assert 'no context "nowhere"' in done.stderr
    assert not program.sanitizer_spoke(done.stderr), done.stderr


def test_library_links_whole_against_what_the_page_names(place):
    """Every object of it: what the example does not call, too."""
    (place / "two-clusters.c").write_text(block("c"))
    whole = page_command().replace("build/libfckube.a", "-Wl,--whole-archive build/libfckube.a -Wl,--no-whole-archive")
    assert whole != page_command()
    build(place, whole)
    listed = subprocess.run(["readelf", "-d", place / "two-clusters"], capture_output=True, text=True, check=True).stdout
    needed = set(re.findall(r"NEEDED.*\[(lib[a-z]+)", listed)) - RUNTIME
    assert needed and needed <= NEEDED, needed


def test_library_has_public_names_with_its_prefix_only():
    listed = subprocess.run(
        ["nm", "--defined-only", "--extern-only", OUT / "libfckube.a"], capture_output=True, text=True, check=True
    ).stdout
    names = [line.split()[-1] for line in listed.splitlines() if len(line.split()) == 3]
    strangers = [name for name in names if not name.startswith("fc_") and not re.match(r"_?_(asan|ubsan|tsan|odr)", name)]
    assert len(names) > 100 and not strangers, strangers
