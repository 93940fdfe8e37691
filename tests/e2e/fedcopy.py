# SPDX-License-Identifier: Apache-2.0
"""The program under test, as a process that a test starts, asks and stops."""

import base64
import http.client
import json
import os
import pathlib
import signal
import subprocess
import time

import envtest

STOP_TIMEOUT = 10


def binary():
    """The program: FEDCOPY in the environment, else build/fedcopy."""
    path = pathlib.Path(os.environ.get("FEDCOPY") or envtest.REPOSITORY / "build" / "fedcopy")
    assert path.is_file(), f"{path} is not there: build it first, or set FEDCOPY"
    return path


# For whoever measures memory: as if it kept freed memory for nothing, the address sanitizer's habit would be taken for the
# program's.
LEAN = {"ASAN_OPTIONS": "detect_leaks=1:quarantine_size_mb=0:thread_local_quarantine_size_kb=0"}


def environment(more=None):
    """The caller's environment without what would lead the program to other clusters. Sanitizers, where the program is
    built with them, end it at the first error, and count leaks as errors."""
    result = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("FEDCOPY", "KUBERNETES_SERVICE_")) and key != "KUBECONFIG"
    }
    result.setdefault("ASAN_OPTIONS", "detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1")
    result.setdefault("UBSAN_OPTIONS", "halt_on_error=1:print_stacktrace=1")
    result.setdefault("TSAN_OPTIONS", "halt_on_error=1:second_deadlock_stack=1")
    result.update(more or {})
    return {key: value for key, value in result.items() if value is not None}


def forms_of(value):
    """The ways in which a value may stand in an output: as it is, in base64, and escaped as in JSON."""
    data = value.encode() if isinstance(value, str) else value
    text = data.decode(errors="replace")
    return {text, base64.b64encode(data).decode(), json.dumps(text)[1:-1]}


def leaks(text, values):
    """Those values that occur in the text."""
    return [value for value in values if any(form in text for form in forms_of(value))]


def sanitizer_spoke(output):
    """Did a sanitizer that the program was built with report an error?"""
    return "Sanitizer" in output or "runtime error:" in output


class Result:
    """What a finished run left: status, out, err."""

    def __init__(self, args, status, out, err, seconds):
        self.args, self.status, self.out, self.err, self.seconds = args, status, out, err, seconds

    def __repr__(self):
        return f"fedcopy {' '.join(self.args)}: status {self.status}\n--- out\n{self.out}\n--- err\n{self.err}"


def run(*args, env=None, timeout=90, cwd=None, input=None):  # pylint: disable=redefined-builtin
    """Runs the program to its end: for plan, explain, lint, --once and the like."""
    args = [str(arg) for arg in args]
    began = time.monotonic()
    process = envtest.spawn(
        [binary(), *args],
        env=environment(env),
        cwd=cwd,
        stdin=subprocess.PIPE if input is not None else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        out, err = process.communicate(input.encode() if isinstance(input, str) else input, timeout)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGABRT)
        process.kill()
        out, err = process.communicate()
        raise AssertionError(
            f"fedcopy {' '.join(args)} did not end within {timeout} s\n{out.decode(errors='replace')}"
            f"{err.decode(errors='replace')}"
        ) from None
    finally:
        envtest.end_process(process, 0)
    out, err = out.decode(errors="replace"), err.decode(errors="replace")
    result = Result(args, process.returncode, out, err, time.monotonic() - began)
    assert not sanitizer_spoke(err), repr(result)
    return result


class Fedcopy:
    """A running fedcopy. args: as on the command line, the subcommand first.

    Free ports for --status-address and --debug-address are added, except where endpoints is False or args name them."""

    def __init__(self, directory, *args, env=None, endpoints=True, cwd=None):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.args = [str(arg) for arg in args]
        self.env = env
        self.cwd = cwd
        self.stdout_path = self.directory / "stdout"
        self.stderr_path = self.directory / "stderr"
        self.status_address = self._address("--status-address", endpoints)
        self.debug_address = self._address("--debug-address", endpoints)
        self.process = None
        self.killed = False

    def _address(self, flag, add):
        for index, arg in enumerate(self.args):
            if arg == flag and index + 1 < len(self.args):
                return self.args[index + 1]
            if arg.startswith(flag + "="):
                return arg.partition("=")[2]
        if not add:
            return ""
        address = f"127.0.0.1:{envtest.free_port()}"
        self.args += [flag, address]
        return address

    def start(self):
        self.killed = False
        with open(self.stdout_path, "ab") as out, open(self.stderr_path, "ab") as err:
            self.process = envtest.spawn(
                [binary(), *self.args],
                env=environment(self.env),
                cwd=self.cwd,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
            )
        return self

    @property
    def pid(self):
        return self.process.pid

    @property
    def running(self):
        return self.process is not None and self.process.poll() is None

    # -- asking --

    def get(self, path, address=None, timeout=5):
        """(status, text) of its HTTP endpoint."""
        host, _, port = (address or self.status_address).rpartition(":")
        connection = http.client.HTTPConnection(host.strip("[]") or "127.0.0.1", int(port), timeout=timeout)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def wait_ready(self, timeout=30):
        """Until GET /readyz gives 200."""

        def ready():
            self._check_running()
            return self.get("/readyz")[0] == 200

        envtest.wait_for(ready, timeout, lambda: f"fedcopy is ready; {self._tail()}")
        return self

    def rules(self, target=None, path=None, state=None, dialect=None):
        """The rules of /debug/rules; target: part of CLUSTER/RESOURCE/NAMESPACE/NAME."""
        status, text = self.get("/debug/rules", self.debug_address or self.status_address)
        assert status == 200, f"/debug/rules: {status} {text}"
        return [
            rule
            for rule in json.loads(text)
            if (target is None or target in rule["target"])
            and (path is None or rule["path"] == path)
            and (state is None or rule["state"] == state)
            and (dialect is None or rule["dialect"] == dialect)
        ]

    def wait_rule(self, target, path=None, state="InSync", timeout=10, reason=None):
        """Until a rule of that target (part of its key) and path has that state, or one of them; returns the rule."""
        states = [state] if isinstance(state, str) else list(state)

        def found():
            self._check_running()
            for rule in self.rules(target, path):
                if rule["state"] in states and (reason is None or rule["reason"] == reason):
                    return rule
            return None

        def what():
            try:
                have = self.rules(target.rsplit("/", 1)[-1])
            except Exception as error:  # pylint: disable=broad-except
                have = error
            return f"rule {path or ''} of {target} is {state} {reason or ''}; there is: {have}; {self._tail()}"

        return envtest.wait_for(found, timeout, what)

    def metrics(self):
        status, text = self.get("/metrics")
        assert status == 200, f"/metrics: {status}"
        return envtest.Metrics(text)

    def memory(self):
        """KiB, as the kernel counts them: VmRSS, RssAnon, VmHWM and the others."""
        result = {}
        with open(f"/proc/{self.pid}/status", encoding="ascii", errors="replace") as file:
            for line in file:
                key, _, value = line.partition(":")
                if value.strip().endswith("kB"):
                    result[key] = int(value.split()[0])
        return result

    def stdout(self):
        return self.stdout_path.read_text(errors="replace") if self.stdout_path.exists() else ""

    def stderr(self):
        return self.stderr_path.read_text(errors="replace") if self.stderr_path.exists() else ""

    def output(self):
        """All that it has written, to both."""
        return self.stdout() + self.stderr()

    def endpoints_text(self):
        """All that its endpoints show now; empty where it serves none."""
        texts = []
        for path, address in (
            ("/metrics", self.status_address),
            ("/readyz", self.status_address),
            ("/debug/rules", self.debug_address),
        ):
            if address and self.running:
                try:
                    texts.append(self.get(path, address)[1])
                except OSError:
                    pass
        return "\n".join(texts)

    def _check_running(self):
        if not self.running:
            raise envtest.GiveUp(f"fedcopy ended with status {self.process.returncode}; {self._tail()}")

    def _tail(self):
        return f"its log:\n{envtest.tail(self.stderr_path)}"

    # -- ending --

    def wait(self, timeout=30):
        """Until it ends by itself; its exit status."""
        try:
            self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"fedcopy did not end within {timeout} s; {self._tail()}") from None
        return envtest.end_process(self.process, 0)

    def stop(self, timeout=STOP_TIMEOUT):
        """SIGTERM; fails unless it ends in time. Its exit status."""
        if not self.running:
            return self.process.returncode
        self.process.terminate()
        try:
            self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            stacks = self._stacks()
            self.kill()
            raise AssertionError(f"fedcopy did not end within {timeout} s of SIGTERM;\n{stacks}{self._tail()}") from None
        return envtest.end_process(self.process, 0)

    def signal(self, number):
        self.process.send_signal(number)

    def kill(self):
        """SIGKILL: as a crash."""
        self.killed = True
        envtest.end_process(self.process, 0)

    def _stacks(self):
        """Where its threads wait: what can be learnt without a debugger."""
        lines = []
        for task in sorted(pathlib.Path(f"/proc/{self.pid}/task").glob("*")):
            try:
                lines.append(f"thread {(task / 'comm').read_text().strip()}: {(task / 'wchan').read_text()}\n")
            except OSError:
                pass
        return "".join(lines)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.running:
            self.stop()


class Factory:
    """Starts fedcopy for one test, and looks after what it started."""

    def __init__(self, directory, clusters, secrets):
        self.directory = directory
        self.clusters = clusters
        self.secrets = secrets
        self.started = []
        self.texts = []

    def __call__(self, *args, ready=True, env=None, endpoints=True, cwd=None):
        """Starts the program with these arguments; with ready, waits until it is."""
        directory = self.directory / f"fedcopy-{len(self.started) + 1}"
        process = Fedcopy(directory, *args, env=env, endpoints=endpoints, cwd=cwd)
        self.started.append(process)
        process.start()
        if ready:
            process.wait_ready()
        return process

    def run(self, *args, **keywords):
        """Runs the program to its end: a Result with status, out, err, seconds."""
        result = run(*args, **keywords)
        self.texts.append((f"fedcopy {' '.join(result.args)}", result.out + result.err))
        return result

    def finish(self):
        problems = []
        for process in self.started:
            self.texts.append(("its endpoints", process.endpoints_text() if self.secrets else ""))
            if process.running:
                try:
                    status = process.stop()
                    if status != 0:
                        problems.append(f"fedcopy, stopped, ended with status {status}")
                except AssertionError as error:
                    problems.append(str(error))
            elif not process.killed and process.process.returncode < 0:
                # Another early end is the test's own affair.
                problems.append(f"fedcopy died of signal {-process.process.returncode}")
            output = process.output()
            if sanitizer_spoke(output):
                problems.append(f"a sanitizer has found something:\n{envtest.tail(process.stderr_path, 80)}")
            elif problems:
                problems.append(f"the end of its log:\n{envtest.tail(process.stderr_path)}")
            self.texts.append((f"fedcopy {' '.join(process.args)}", output))
        if self.secrets:
            for cluster in self.clusters:
                if cluster.running:
                    cluster.resume()
                    events = json.dumps(cluster.api.list("events"))
                    self.texts.append((f"the Events of {cluster.name}", events))
        for where, text in self.texts:
            for value in leaks(text, self.secrets):
                problems.append(f"the secret value {value!r} stands in the output of {where}")
        if problems:
            raise AssertionError("\n".join(problems))
