# SPDX-License-Identifier: Apache-2.0
"""The program under test: fedcopy, or any command.

    BENCH_CMD='other-copier --kubeconfig={kubeconfig} --context={context}' BENCH_RULES=k8s-copier tests/bench/bench.py

Placeholders of BENCH_CMD, each of which may occur any number of times; `{{` and `}}` are braces:

    {kubeconfig}   a file with a context for each cluster, the hub's the current one
    {context}      the hub's context
    {server}       the hub's address, https://127.0.0.1:PORT
    {token_file}   a file with a token for the hub, and {ca_file} with the authority of its certificate
    {clusters}     a cluster set file; a command with this in it is taken for one that copies to other clusters
    {targets}      the resource of the targets: secrets or configmaps
    {namespace}    the namespaces that matter, as a comma list
    {port}         a free port on loopback, for metrics or health; {port2} another one
    {directory}    a folder for whatever it wants to keep

KUBECONFIG in its environment is {kubeconfig}. BENCH_RULES names the vocabulary that it understands: k8s-copier (when it is
not set), kopy, k8s-replicator or object-sync. Without BENCH_CMD, BENCH_RULES is the dialect of fedcopy that is measured.

Nothing is asked of the program itself: that it is ready shows in the copies, and what it costs is told by the kernel."""

import collections
import os
import pathlib
import shlex
import subprocess
import time

import envtest
import fedcopy as program

TICKS = os.sysconf("SC_CLK_TCK")
# So long the program has to be at rest before it counts as settled.
QUIET = 1.0
AT_REST = 0.05


def multi_cluster():
    """Does the program know more than one cluster?"""
    return "BENCH_CMD" not in os.environ or "{clusters}" in os.environ["BENCH_CMD"]


def vocabulary():
    return os.environ.get("BENCH_RULES", "k8s-copier")


def words():
    """What is measured, for reports."""
    return os.environ.get("BENCH_CMD") or f"fedcopy run, rules of {vocabulary()}"


class Subject:
    """One start of the program, on a ground. A context manager: it ends it.

    resource, namespaces: of the targets. cluster_set: another than the ground's. wrap: a command in front of it (heaptrack)."""

    def __init__(self, ground, directory, resource="secrets", namespaces=(), cluster_set=None, flags=(), wrap=()):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.log = self.directory / "output"
        self.is_fedcopy = "BENCH_CMD" not in os.environ
        self.status_address = None
        cluster_set = cluster_set or ground.cluster_set
        if self.is_fedcopy:
            self.status_address = f"127.0.0.1:{envtest.free_port()}"
            command = [program.binary(), "run", "--clusters", cluster_set]
            if "BENCH_RULES" in os.environ:
                command += ["--dialect", vocabulary()]
            if vocabulary() == "k8s-copier":
                command += ["--target", resource]
            for namespace in namespaces:
                command += ["--namespace", namespace]
            command += ["--status-address", self.status_address, "--debug-address", "", *flags]
        else:
            command = self._words(ground, resource, namespaces, cluster_set)
        self.command = [*map(str, wrap), *map(str, command)]
        self.environment = {"KUBECONFIG": str(ground.kubeconfig)}
        self.process = None
        self.started = None
        # CPU of processes of it that have ended, as far as it is not in their parents' accounts.
        self._ended = 0.0

    def _words(self, ground, resource, namespaces, cluster_set):
        hub = ground.hub
        places = {
            "kubeconfig": ground.kubeconfig,
            "context": hub.name,
            "server": hub.url,
            "token_file": hub.token_file,
            "ca_file": hub.ca_file,
            "clusters": cluster_set,
            "targets": resource,
            "namespace": ",".join(namespaces),
            "port": envtest.free_port(),
            "port2": envtest.free_port(),
            "directory": self.directory,
        }
        try:
            return [word.format(**places) for word in shlex.split(os.environ["BENCH_CMD"])]
        except (KeyError, IndexError, ValueError) as error:
            raise SystemExit(
                f"BENCH_CMD: {error} is no placeholder; there are {', '.join('{' + name + '}' for name in places)}"
            ) from error

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    # -- life --

    def start(self):
        with open(self.log, "ab") as log:
            self.started = time.monotonic()
            self.process = envtest.spawn(
                self.command,
                env=program.environment(self.environment),
                cwd=self.directory,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        return self

    @property
    def pid(self):
        return self.process.pid

    def check_alive(self):
        if self.process.poll() is not None:
            raise envtest.GiveUp(
                f"{shlex.join(self.command)} ended with status {self.process.returncode}:\n{envtest.tail(self.log)}"
            )

    def stop(self, grace=20):
        """SIGTERM, and after the grace period SIGKILL."""
        if self.process is not None:
            envtest.end_process(self.process, grace)

    def wait_copies(self, ground, rules, round_=0, timeout=300, which=None):
        """Until the copies are right; the seconds since the start."""
        rules.wait_right(ground, round_, which, timeout, self.check_alive)
        return time.monotonic() - self.started

    def wait_quiet(self, timeout=300, quiet=QUIET):
        """Until it has used next to no processor for a while (AT_REST of a core); the seconds from its start to the last
        moment at which it worked."""
        until = time.monotonic() + timeout
        samples = collections.deque([(time.monotonic(), self.cpu())])
        busy = samples[0][0]
        while samples[-1][0] - samples[0][0] < quiet or samples[-1][1] - samples[0][1] > AT_REST * quiet:
            now = time.monotonic()
            if now > until:
                raise AssertionError(f"not at rest within {timeout} s:\n{envtest.tail(self.log)}")
            while len(samples) > 1 and now - samples[1][0] >= quiet:
                samples.popleft()
            self.check_alive()
            time.sleep(0.02)
            samples.append((time.monotonic(), self.cpu()))
            if samples[-1][1] - samples[-2][1] > 0.002:
                busy = samples[-1][0]
        return busy - self.started

    def settle(self, ground, rules, round_=0, timeout=300, which=None):
        """Right copies, then rest. The seconds from the start to both."""
        right = self.wait_copies(ground, rules, round_, timeout, which)
        return max(right, self.wait_quiet(timeout))

    # -- what it costs --

    def pids(self):
        """The process and its descendants."""
        found, queue = [], [self.pid]
        while queue:
            pid = queue.pop()
            found.append(pid)
            try:
                for task in os.listdir(f"/proc/{pid}/task"):
                    queue += map(int, pathlib.Path(f"/proc/{pid}/task/{task}/children").read_text(encoding="ascii").split())
            except OSError:
                pass
        return found

    def cpu(self):
        """Seconds of processor time so far, of all its processes; those that ended count when somebody waited for them."""
        return sum(cpu_of(pid) for pid in self.pids())

    def memory(self):
        """KiB: VmRSS, RssAnon, VmHWM (the peak), of all its processes together."""
        total = {"VmRSS": 0, "RssAnon": 0, "VmHWM": 0}
        for pid in self.pids():
            found = status_of(pid)
            for key in total:
                total[key] += found.get(key, 0)
        return total

    def reset_peak(self):
        """VmHWM counts from here on."""
        for pid in self.pids():
            pathlib.Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="ascii")

    def descriptors(self):
        return sum(len(os.listdir(f"/proc/{pid}/fd")) for pid in self.pids())


def cpu_of(pid):
    """Of a process and of its ended children: user and system time in seconds."""
    try:
        # The kernel's clock of that process: nanoseconds, where /proc/PID/stat has ticks of 10 ms.
        own = time.clock_gettime((~pid << 3) | 2)
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return own + (int(fields[13]) + int(fields[14])) / TICKS


def status_of(pid):
    """{word: KiB} of /proc/PID/status."""
    found = {}
    try:
        for line in pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace").splitlines():
            word, _, rest = line.partition(":")
            if rest.endswith("kB"):
                found[word] = int(rest.split()[0])
    except OSError:
        pass
    return found
