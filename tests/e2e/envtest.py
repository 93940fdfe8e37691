# SPDX-License-Identifier: Apache-2.0
"""Real Kubernetes API servers for the end-to-end tests, with nothing beside Python's standard library.

One etcd serves any number of clusters, each under a prefix of its own. Each cluster has a CA of its own, so that a request
which goes to the wrong cluster fails instead of working by accident. No server outlives the test process, however it ends.
"""

import atexit
import base64
import contextlib
import http.client
import json
import os
import pathlib
import queue
import random
import re
import shutil
import signal
import socket
import ssl
import subprocess
import threading
import time
import urllib.parse

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]

# The users that every cluster knows by token: name -> groups. Client certificates can be made for any name.
TOKEN_USERS = {
    "admin": ["system:masters"],
    "fedcopy": ["system:masters"],  # may do everything
    "limited": ["limited"],  # may do what a test grants with RBAC, and at first nothing
    "nobody": [],  # may do nothing
}

START_TIMEOUT = 90


# --- Small helpers ----------------------------------------------------------------------------------------------------


class GiveUp(AssertionError):
    """Raised by a condition that cannot come true any more: wait_for does not go on."""


def wait_for(condition, timeout=10.0, what=None, interval=0.01):
    """Polls condition() until it returns something true, and returns that. An exception of the condition counts as "not
    yet", and is shown if the time runs out. what: words for the failure, or a function that makes them then."""
    deadline = time.monotonic() + timeout
    while True:
        error = None
        try:
            value = condition()
            if value:
                return value
        except GiveUp:
            raise
        except Exception as caught:  # pylint: disable=broad-except
            error = caught
        if time.monotonic() >= deadline:
            words = what() if callable(what) else what
            text = f"not within {timeout} s: {words or getattr(condition, '__name__', 'condition')}"
            if error is not None:
                text += f" ({type(error).__name__}: {error})"
            raise AssertionError(text) from error
        time.sleep(interval)
        interval = min(interval * 1.2, 0.25)


def never(condition, seconds, what=None, interval=0.02):
    """Fails as soon as condition() is true within that time: for what must not happen."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            words = what() if callable(what) else what
            raise AssertionError(f"happened, but must not: {words or 'condition'}: {value!r}")
        time.sleep(interval)


def ports():
    """Each of the test processes that run at a time has a range of its own: SHARD is set by scripts/run-e2e."""
    if "SHARD" not in os.environ:
        return range(20000, 26000)
    number, count = map(int, os.environ["SHARD"].split("/"))
    return range(26000 + (number - 1) * 6000 // count, 26000 + number * 6000 // count)


PORTS = ports()
_ports_lock = threading.Lock()
_ports_given = set()


def free_port():
    """A free port on loopback, below the range from which the system takes ports for outgoing connections: so a server
    that is stopped for a while gets the same port again."""
    with _ports_lock:
        for _ in range(1000):
            port = random.choice(PORTS)
            if port in _ports_given:
                continue
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind(("127.0.0.1", port))
                except OSError:
                    continue
            _ports_given.add(port)
            return port
    raise RuntimeError("no free port on 127.0.0.1")


def b64(text):
    """As Secrets hold values."""
    return base64.b64encode(text.encode() if isinstance(text, str) else text).decode()


def to_yaml(value, indent=0):
    """Plain block YAML of JSON-like data: kubeconfigs and cluster sets as people write them."""
    pad = "  " * indent
    if isinstance(value, dict) and value:
        lines = []
        for key, item in value.items():
            if isinstance(item, (dict, list)) and item:
                lines.append(f"{pad}{_scalar(key)}:\n{to_yaml(item, indent + (not isinstance(item, list)))}")
            else:
                lines.append(f"{pad}{_scalar(key)}: {_scalar(item)}\n")
        return "".join(lines)
    if isinstance(value, list) and value:
        lines = []
        for item in value:
            if isinstance(item, (dict, list)) and item:
                text = to_yaml(item, indent + 1)
                lines.append(f"{pad}- {text[len(pad) + 2:]}")
            else:
                lines.append(f"{pad}- {_scalar(item)}\n")
        return "".join(lines)
    return f"{pad}{_scalar(value)}\n"


def _scalar(value):
    # Words that YAML reads as something else than a string are quoted.
    if isinstance(value, str) and re.fullmatch(r"[A-Za-z/][A-Za-z0-9_./-]*(:[A-Za-z0-9_./-]+)*", value):
        if value.lower() not in ("true", "false", "null", "yes", "no", "on", "off", "y", "n"):
            return value
    return json.dumps(value)


# --- Processes --------------------------------------------------------------------------------------------------------

_spawn_queue = queue.Queue()
_spawn_thread = None
_spawn_lock = threading.Lock()
_alive = set()


def spawn(args, **keywords):
    """Popen of a process that is killed when this one ends, by whatever cause.

    The kernel sends that signal when the *thread* ends that started the process; so one thread that lives as long as the
    test process starts them all. setpriv sets the signal, since running Python code between fork and exec is not safe
    with threads about."""
    global _spawn_thread  # pylint: disable=global-statement
    with _spawn_lock:
        if _spawn_thread is None:
            _spawn_thread = threading.Thread(target=_spawner, name="spawner", daemon=True)
            _spawn_thread.start()
    done = queue.Queue()
    command = ["setpriv", "--pdeathsig", "KILL", "--"] + [str(arg) for arg in args]
    _spawn_queue.put((command, keywords, done))
    result = done.get()
    if isinstance(result, BaseException):
        raise result
    _alive.add(result)
    return result


def _spawner():
    while True:
        command, keywords, done = _spawn_queue.get()
        try:
            done.put(subprocess.Popen(command, **keywords))
        except BaseException as error:  # pylint: disable=broad-except
            done.put(error)


def end_process(process, grace=10.0):
    """SIGTERM, then SIGKILL after the grace period (at once with 0). Returns the exit status."""
    if process.poll() is None:
        if grace > 0:
            process.send_signal(signal.SIGCONT)
            process.terminate()
            try:
                process.wait(grace)
            except subprocess.TimeoutExpired:
                pass
        if process.poll() is None:
            process.kill()
        process.wait()
    _alive.discard(process)
    return process.returncode


@atexit.register
def _end_all():
    for process in list(_alive):
        end_process(process, 0)


def tail(path, lines=30):
    try:
        text = pathlib.Path(path).read_text(errors="replace")
    except OSError:
        return "(no output)"
    return "\n".join(text.splitlines()[-lines:]) or "(no output)"


_assets = None


def assets():
    """The folder with kube-apiserver, kube-controller-manager, etcd and kubectl."""
    global _assets  # pylint: disable=global-statement
    if os.environ.get("GROUND") in ("sandbox", "cruel"):
        raise RuntimeError("no program of a real API server belongs to a test on the sandbox: where it has to be built, that takes minutes")
    if _assets is None:
        script = REPOSITORY / "scripts" / "envtest-assets"
        done = subprocess.run([str(script)], stdout=subprocess.PIPE, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{script} failed with status {done.returncode}")
        _assets = pathlib.Path(done.stdout.strip())
    return _assets


# --- etcd -------------------------------------------------------------------------------------------------------------


class Etcd:
    """One etcd for all clusters. Data that nobody needs tomorrow: nothing is synced to disk."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.peer_port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = self.directory / "etcd.log"
        self.process = None

    def spawn(self):
        peer = f"http://127.0.0.1:{self.peer_port}"
        with open(self.log, "ab") as log:
            self.process = spawn(
                [
                    assets() / "etcd",
                    f"--data-dir={self.directory / 'data'}",
                    f"--listen-client-urls={self.url}",
                    f"--advertise-client-urls={self.url}",
                    f"--listen-peer-urls={peer}",
                    f"--initial-advertise-peer-urls={peer}",
                    f"--initial-cluster=default={peer}",
                    "--unsafe-no-fsync",
                    "--log-level=warn",
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return self

    def wait_ready(self, timeout=START_TIMEOUT):
        def healthy():
            if self.process.poll() is not None:
                raise GiveUp(f"etcd ended; its log:\n{tail(self.log)}")
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
            try:
                connection.request("GET", "/health")
                return b'"true"' in connection.getresponse().read()
            finally:
                connection.close()

        wait_for(healthy, timeout, lambda: f"etcd is healthy; its log:\n{tail(self.log)}")
        return self

    def start(self):
        return self.spawn().wait_ready()

    def stop(self):
        if self.process is not None:
            end_process(self.process, 5)

    def ask(self, path, body, timeout=60):
        """One request to its JSON interface (/v3/...), by which a test comes past the API servers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request("POST", path, json.dumps(body))
            answer = connection.getresponse()
            data = answer.read()
            assert answer.status == 200, f"etcd: {path}: {answer.status} {data[:500]}"
            return json.loads(data)
        finally:
            connection.close()

    def compact(self):
        """Forgets the history up to now: no watch and no list can go on from before."""
        revision = self.ask("/v3/maintenance/status", {})["header"]["revision"]
        self.ask("/v3/kv/compaction", {"revision": revision, "physical": True})

    def put_all(self, values):
        """{key: text}: written past the API servers, which see it as anybody's change. 50,000 take some seconds."""
        keys = list(values)
        for first in range(0, len(keys), 100):  # etcd takes 128 operations at once
            puts = [{"requestPut": {"key": b64(key), "value": b64(values[key])}} for key in keys[first : first + 100]]
            self.ask("/v3/kv/txn", {"success": puts})

    def delete_prefix(self, prefix):
        end = prefix[:-1] + chr(ord(prefix[-1]) + 1)
        self.ask("/v3/kv/deleterange", {"key": b64(prefix), "range_end": b64(end)})


# --- Certificates -----------------------------------------------------------------------------------------------------

_OPENSSL_CONFIG = "[req]\ndistinguished_name = dn\nprompt = no\n[dn]\n"


class Authority:
    """A certificate authority in a folder."""

    def __init__(self, directory, name):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        # Without openssl's own configuration file, which would add extensions that contradict ours.
        (self.directory / "openssl.cnf").write_text(_OPENSSL_CONFIG)
        self.certificate, self.key = self._make(
            "ca", f"/CN={name}", ["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign"], False
        )

    def _make(self, file, subject, extensions, signed=True):
        certificate = self.directory / f"{file}.crt"
        key = self.directory / f"{file}.key"
        command = ["openssl", "req", "-x509", "-config", self.directory / "openssl.cnf", "-newkey", "ec"]
        command += ["-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj", subject]
        command += ["-keyout", key, "-out", certificate]
        for extension in extensions:
            command += ["-addext", extension]
        if signed:
            command += ["-CA", self.certificate, "-CAkey", self.key]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"openssl: {done.stdout}")
        return certificate, key

    def server(self, file, names):
        return self._make(
            file, f"/CN={file}", ["basicConstraints=CA:FALSE", "extendedKeyUsage=serverAuth", f"subjectAltName={names}"]
        )

    def client(self, user, groups=()):
        """A client certificate for that user: (certificate file, key file). Kept, and given again for the same words."""
        file = re.sub(r"[^A-Za-z0-9]", "-", "_".join(["client", user, *groups]))
        with self._lock:
            certificate, key = self.directory / f"{file}.crt", self.directory / f"{file}.key"
            if not certificate.exists():
                subject = "".join(f"/O={group}" for group in groups) + f"/CN={user}"
                self._make(file, subject, ["basicConstraints=CA:FALSE", "extendedKeyUsage=clientAuth"])
            return certificate, key


# --- The API ----------------------------------------------------------------------------------------------------------

# resource: (group/version, has namespaces). Others are found by discovery.
_RESOURCES = {
    "configmaps": ("v1", True),
    "events": ("v1", True),
    "namespaces": ("v1", False),
    "nodes": ("v1", False),
    "secrets": ("v1", True),
    "services": ("v1", True),
    "serviceaccounts": ("v1", True),
    "cronjobs": ("batch/v1beta1", True),
    "customresourcedefinitions": ("apiextensions.k8s.io/v1", False),
    "deployments": ("apps/v1", True),
    "leases": ("coordination.k8s.io/v1", True),
    "clusterrolebindings": ("rbac.authorization.k8s.io/v1", False),
    "clusterroles": ("rbac.authorization.k8s.io/v1", False),
    "rolebindings": ("rbac.authorization.k8s.io/v1", True),
    "roles": ("rbac.authorization.k8s.io/v1", True),
    "federateddeployments": ("types.kubefed.io/v1beta1", True),
    "federatedhelmreleases": ("types.kubefed.io/v1beta1", True),
    "federatedsecrets": ("types.kubefed.io/v1beta1", True),
    "configmapsyncs": ("apps.kapendra.com/v1", True),
    "objectsyncs": ("sync.rustrial.org/v1alpha1", True),
    "helmreleases": ("helm.toolkit.fluxcd.io/v2beta1", True),
}

_PATCH_TYPES = {
    "merge": "application/merge-patch+json",
    "json": "application/json-patch+json",
    "strategic": "application/strategic-merge-patch+json",
    "apply": "application/apply-patch+yaml",
}


class ApiError(Exception):
    """An answer of the API server that is no success. status: the HTTP code; reason: the Status' word."""

    def __init__(self, verb, path, status, body):
        self.status = status
        self.body = body
        self.reason = body.get("reason", "") if isinstance(body, dict) else ""
        message = body.get("message", "") if isinstance(body, dict) else str(body)[:500]
        super().__init__(f"{verb} {path}: {status} {self.reason}: {message}")


class Client:
    """A quick client of one API server: JSON over kept-alive TLS connections, one for each thread that uses it.

    resource is a plural word ("secrets"), with group and version where it is none of the usual ("widgets.v1.example.org").
    """

    def __init__(self, cluster, user="admin", groups=None, how="cert"):
        self.cluster = cluster
        self.user = user
        self._local = threading.local()
        self._found = {}
        self.context = ssl.create_default_context(cafile=str(cluster.authority.certificate))
        self.headers = {"Accept": "application/json", "User-Agent": "fedcopy-tests"}
        if how == "token":
            self.headers["Authorization"] = f"Bearer {cluster.tokens[user]}"
        elif how == "cert":
            self.context.load_cert_chain(*map(str, cluster.client_certificate(user, groups)))

    def connect(self, timeout=30):
        """A connection of its own, for what keeps one busy."""
        return http.client.HTTPSConnection("127.0.0.1", self.cluster.port, timeout=timeout, context=self.context)

    def close(self):
        connection = getattr(self._local, "connection", None)
        if connection is not None:
            connection.close()
            self._local.connection = None

    def raw(self, verb, path, body=None, content_type="application/json", accept=None):
        """One request: (status, bytes). A kept connection that the server has closed meanwhile is opened again."""
        headers = dict(self.headers)
        if accept:
            headers["Accept"] = accept
        if body is not None:
            if not isinstance(body, (bytes, str)):
                body = json.dumps(body)
            body = body.encode() if isinstance(body, str) else body
            headers["Content-Type"] = content_type
        for fresh in (False, True):
            connection = getattr(self._local, "connection", None)
            if connection is None:
                fresh = True
                connection = self._local.connection = self.connect()
            try:
                connection.request(verb, path, body, headers)
                answer = connection.getresponse()
                return answer.status, answer.read()
            except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError, ssl.SSLEOFError):
                self.close()
                if fresh:
                    raise
            except BaseException:
                self.close()
                raise
        raise AssertionError("unreachable")

    def answers(self, path, timeout):
        """Does the server answer a new connection within that time?"""
        connection = self.connect(timeout)
        try:
            connection.request("GET", path, headers=self.headers)
            return connection.getresponse().status > 0
        except TimeoutError:
            return False
        finally:
            connection.close()

    def request(self, verb, path, body=None, content_type="application/json"):
        """One request; the decoded answer. Raises ApiError."""
        status, data = self.raw(verb, path, body, content_type)
        try:
            value = json.loads(data) if data else None
        except ValueError:
            value = data.decode(errors="replace")
        if status >= 300:
            raise ApiError(verb, path, status, value)
        return value

    def path(self, resource, namespace=None, name=None, subresource=None, **query):
        word, _, rest = resource.partition(".")
        if rest:
            version, _, group = rest.partition(".")
            group_version, namespaced = f"{group}/{version}" if group else version, namespace is not None
        elif word in _RESOURCES:
            group_version, namespaced = _RESOURCES[word]
        else:
            group_version, namespaced = self._discover(word)
        path = ("/api/" if "/" not in group_version else "/apis/") + group_version
        if namespaced and namespace is not None:
            path += f"/namespaces/{namespace}"
        path += f"/{word}"
        if name is not None:
            path += f"/{name}"
        if subresource is not None:
            path += f"/{subresource}"
        query = {key: value for key, value in query.items() if value is not None}
        return path + (f"?{urllib.parse.urlencode(query)}" if query else "")

    def _discover(self, word):
        if word not in self._found:
            versions = ["v1"] + [
                group["preferredVersion"]["groupVersion"] for group in self.request("GET", "/apis")["groups"]
            ]
            for version in versions:
                place = f"/api/{version}" if "/" not in version else f"/apis/{version}"
                for found in self.request("GET", place)["resources"]:
                    self._found.setdefault(found["name"], (version, found["namespaced"]))
        if word not in self._found:
            raise LookupError(f"{self.cluster.name} serves no {word}")
        return self._found[word]

    def get(self, resource, namespace=None, name=None):
        return self.request("GET", self.path(resource, namespace, name))

    def find(self, resource, namespace=None, name=None):
        """As get, but None for what does not exist."""
        try:
            return self.get(resource, namespace, name)
        except ApiError as error:
            if error.status == 404:
                return None
            raise

    def list(self, resource, namespace=None, **query):
        return self.request("GET", self.path(resource, namespace, **query))["items"]

    def create(self, resource, namespace, body):
        """apiVersion and kind may be missing in the body: the path tells them."""
        return self.request("POST", self.path(resource, namespace), body)

    def update(self, resource, namespace, body, subresource=None):
        return self.request("PUT", self.path(resource, namespace, body["metadata"]["name"], subresource), body)

    def patch(self, resource, namespace, name, patch, how="merge", subresource=None):
        """how: merge, json, strategic or apply."""
        query = {"fieldManager": "fedcopy-tests", "force": "true"} if how == "apply" else {}
        path = self.path(resource, namespace, name, subresource, **query)
        return self.request("PATCH", path, patch, _PATCH_TYPES[how])

    def annotate(self, resource, namespace, name, annotations):
        """Sets annotations; None takes one off."""
        return self.patch(resource, namespace, name, {"metadata": {"annotations": annotations}})

    def delete(self, resource, namespace, name, missing_ok=False, **options):
        try:
            return self.request("DELETE", self.path(resource, namespace, name), options or None)
        except ApiError as error:
            if error.status == 404 and missing_ok:
                return None
            raise

    def delete_all(self, resource, namespace=None, **query):
        return self.request("DELETE", self.path(resource, namespace, **query))

    def watch(self, resource, namespace=None, name=None, resource_version=None, timeout=30):
        """Yields (type, object) as they come, until the time is over. The first request has been answered when the first
        event, or the end, comes; close() of the generator ends it."""
        query = {"watch": "1", "timeoutSeconds": int(timeout), "resourceVersion": resource_version}
        if name is not None:
            query["fieldSelector"] = f"metadata.name={name}"
        path = self.path(resource, namespace, **query)
        connection = self.connect(timeout + 5)
        try:
            connection.request("GET", path, None, self.headers)
            answer = connection.getresponse()
            if answer.status != 200:
                raise ApiError("WATCH", path, answer.status, json.loads(answer.read()))
            while True:
                line = answer.readline()
                if not line:
                    return
                event = json.loads(line)
                yield event["type"], event["object"]
        finally:
            connection.close()


# --- Metrics ----------------------------------------------------------------------------------------------------------

_SAMPLE = re.compile(r"^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})?\s+(\S+)(?:\s+\S+)?$")
_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"')
_ESCAPE = re.compile(r"\\(.)")


class Metrics:
    """Samples of a Prometheus text page."""

    def __init__(self, text):
        self.text = text
        self.samples = []
        self.by_name = {}
        for line in text.splitlines():
            if not line or line.startswith("#"):
                continue
            match = _SAMPLE.match(line)
            if not match:
                raise ValueError(f"no Prometheus sample: {line!r}")
            labels = {
                key: _ESCAPE.sub(lambda m: "\n" if m.group(1) == "n" else m.group(1), value)
                for key, value in _LABEL.findall(match.group(2) or "")
            }
            sample = (match.group(1), labels, float(match.group(3)))
            self.samples.append(sample)
            self.by_name.setdefault(sample[0], []).append(sample)

    def select(self, name, /, **labels):
        """The samples of that name whose labels are as given; a value may be a string or a collection of them."""

        def fits(have):
            return all(
                have.get(key, "") == want if isinstance(want, str) else have.get(key, "") in want
                for key, want in labels.items()
            )

        return [sample for sample in self.by_name.get(name, []) if fits(sample[1])]

    def total(self, name, /, **labels):
        """The sum of them; 0 where there is none."""
        return sum(value for _, _, value in self.select(name, **labels))

    def value(self, name, /, **labels):
        """The only one of them."""
        found = self.select(name, **labels)
        assert len(found) == 1, f"{name} {labels}: {len(found)} samples"
        return found[0][2]

    def __contains__(self, name):
        return name in self.by_name


class Counting:
    """What an API server was asked between the beginning and end of a with block (or so far, inside of it).

    requests(): from the audit log, one by one and by user; total(): by the server's own counters, which know no user."""

    def __init__(self, cluster):
        self.cluster = cluster
        self._before = cluster.metrics()
        self._after = None
        self._offset = cluster.audit_offset()
        self._end = None

    def finish(self):
        self._after = self.cluster.metrics()
        self._end = self.cluster.audit_offset()

    def total(self, name="apiserver_request_total", **labels):
        after = self._after or self.cluster.metrics()
        return after.total(name, **labels) - self._before.total(name, **labels)

    def requests(self, **wanted):
        return self.cluster.audit(self._offset, self._end, **wanted)


# --- Clusters ---------------------------------------------------------------------------------------------------------

# What the server's own loops ask is of no interest; everything else is one line for each request, and one more when a
# watch begins.
_AUDIT_POLICY = """\
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: None
  users: ["system:apiserver", "system:anonymous", "system:kube-controller-manager"]
- level: None
  nonResourceURLs: ["/metrics", "/readyz*", "/livez*", "/healthz*"]
- level: Metadata
"""


class Cluster:
    """A kube-apiserver over TLS on loopback, with certificates, tokens, RBAC, an audit log, and its data in that etcd."""

    def __init__(self, name, directory, etcd, flags=(), audit=True):
        """flags: further ones of kube-apiserver; audit: the audit log, which costs about 0.3 ms a request."""
        self.name = name
        self.directory = pathlib.Path(directory) / name
        self.directory.mkdir(parents=True, exist_ok=True)
        self.etcd = etcd
        self.flags = list(flags)
        self.with_audit = audit
        self.port = free_port()
        self.server = f"https://127.0.0.1:{self.port}"
        self.log = self.directory / "kube-apiserver.log"
        self.audit_log = self.directory / "audit.log"
        self.process = None
        self.controllers = None
        self._id = None
        self._prepared = False
        self._clients = {}
        self.tokens = {user: f"{name}-{user}-{random.getrandbits(64):016x}" for user in TOKEN_USERS}
        self.authority = None
        self.kubeconfig = self.directory / "kubeconfig"

    # -- life --

    def prepare(self):
        """Everything that needs no server: certificates and files. About 0.2 s; may run in a thread."""
        if self._prepared:
            return self
        directory = self.directory
        self.authority = Authority(directory / "pki", f"{self.name}-ca")
        self.authority.server("server", "IP:127.0.0.1,DNS:localhost,DNS:kubernetes.default.svc")
        self.authority.client("admin", ["system:masters"])
        subprocess.run(
            ["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", directory / "sa.key"],
            check=True,
            stderr=subprocess.DEVNULL,
        )
        with open(directory / "tokens.csv", "w", encoding="utf-8") as file:
            for user, groups in TOKEN_USERS.items():
                file.write(f'{self.tokens[user]},{user},{user},"{",".join(groups)}"\n')
        (directory / "audit-policy.yaml").write_text(_AUDIT_POLICY)
        self.audit_log.touch()
        write_kubeconfig(self.kubeconfig, [self], user="admin")
        self._prepared = True
        return self

    def spawn(self):
        """Starts the server without waiting for it."""
        self.prepare()
        directory = self.directory
        pki = directory / "pki"
        audit = [f"--audit-policy-file={directory / 'audit-policy.yaml'}", f"--audit-log-path={self.audit_log}"]
        if not self.with_audit:
            audit = []
        with open(self.log, "ab") as log:
            self.process = spawn(
                [
                    assets() / "kube-apiserver",
                    f"--etcd-servers={self.etcd.url}",
                    f"--etcd-prefix=/{self.name}",
                    f"--secure-port={self.port}",
                    "--bind-address=127.0.0.1",
                    "--advertise-address=127.0.0.1",
                    # The endpoints of the service "kubernetes" may not be on loopback, and nobody here uses them.
                    "--endpoint-reconciler-type=none",
                    f"--cert-dir={directory / 'certs'}",
                    f"--tls-cert-file={pki / 'server.crt'}",
                    f"--tls-private-key-file={pki / 'server.key'}",
                    f"--client-ca-file={pki / 'ca.crt'}",
                    f"--token-auth-file={directory / 'tokens.csv'}",
                    "--authorization-mode=RBAC",
                    "--service-account-issuer=https://kubernetes.default.svc",
                    f"--service-account-signing-key-file={directory / 'sa.key'}",
                    f"--service-account-key-file={directory / 'sa.key'}",
                    "--service-cluster-ip-range=10.0.0.0/24",
                    "--disable-admission-plugins=ServiceAccount",
                    "--profiling=false",
                    *audit,
                    *self.flags,
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return self

    def wait_ready(self, timeout=START_TIMEOUT):
        client = self.client()

        def ready():
            if not self.running:
                raise GiveUp(f"{self.name}: kube-apiserver ended; its log:\n{tail(self.log)}")
            return client.raw("GET", "/readyz")[0] == 200 and client.find("namespaces", None, "kube-system")

        wait_for(ready, timeout, lambda: f"{self.name} is ready; its log:\n{tail(self.log)}", interval=0.05)
        return self

    def start(self):
        """Starts the server, again on the same port and with the same data, and waits until it is ready."""
        if not self.running:
            self.spawn()
        return self.wait_ready()

    @property
    def running(self):
        return self.process is not None and self.process.poll() is None

    def stop(self, grace=5.0):
        """SIGTERM; a server with open watches takes its time, so it is killed after the grace period."""
        self._close_clients()
        if self.controllers is not None:
            end_process(self.controllers, 0)
            self.controllers = None
        if self.process is not None:
            end_process(self.process, grace)

    def kill(self):
        """SIGKILL: connections are reset."""
        self.stop(0)

    def hang(self):
        """The server goes on to accept connections (the kernel does), and never answers."""
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def start_controller_manager(self, controllers="namespace,garbagecollector", timeout=START_TIMEOUT):
        """kube-controller-manager with these controllers: without it, deleted namespaces stay Terminating."""
        port = free_port()
        log_path = self.directory / "kube-controller-manager.log"
        config = self.directory / "kubeconfig-controllers"
        write_kubeconfig(config, [self], user="system:kube-controller-manager", groups=["system:masters"])
        program = assets() / "kube-controller-manager"
        version = subprocess.run([program, "--version"], stdout=subprocess.PIPE, text=True, check=True).stdout
        # Old ones listen on a second, fixed port unless told not to; new ones do not know the flag.
        old = int(re.search(r"v1\.(\d+)", version).group(1)) < 24
        with open(log_path, "ab") as log:
            self.controllers = spawn(
                [
                    program,
                    f"--kubeconfig={config}",
                    f"--controllers={controllers}",
                    "--leader-elect=false",
                    *(["--port=0"] if old else []),
                    f"--secure-port={port}",
                    "--bind-address=127.0.0.1",
                    f"--tls-cert-file={self.directory / 'pki' / 'server.crt'}",
                    f"--tls-private-key-file={self.directory / 'pki' / 'server.key'}",
                    "--concurrent-namespace-syncs=4",
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        context = ssl.create_default_context(cafile=str(self.authority.certificate))

        def healthy():
            if self.controllers.poll() is not None:
                raise GiveUp(f"{self.name}: kube-controller-manager ended; its log:\n{tail(log_path)}")
            connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=2, context=context)
            try:
                connection.request("GET", "/healthz")
                return connection.getresponse().status == 200
            finally:
                connection.close()

        wait_for(healthy, timeout, lambda: f"kube-controller-manager is healthy; its log:\n{tail(log_path)}")
        return self

    def stop_controller_manager(self):
        if self.controllers is not None:
            end_process(self.controllers, 5)
            self.controllers = None

    # -- who asks --

    def client_certificate(self, user, groups=None):
        """(certificate file, key file); groups: by default those that the user has by token."""
        return self.authority.client(user, TOKEN_USERS.get(user, []) if groups is None else groups)

    # Who signs the certificates of proxies in front of it.
    @property
    def proxy_authority(self):
        return self.authority

    # Which kind of client speaks to it, and by what it shows who it is, unless told otherwise.
    client_class = Client
    login = "cert"

    def client(self, user="admin", groups=None, how=None):
        """A Client that authenticates with a certificate, a token ("token") or not at all ("anonymous")."""
        key = (user, tuple(groups or ()), how or self.login)
        if key not in self._clients:
            self._clients[key] = self.client_class(self, user, groups, how or self.login)
        return self._clients[key]

    @property
    def api(self):
        return self.client()

    def account(self, namespace, secrets):
        return Account(self, namespace, secrets)

    def bind(self, namespace, name):
        """Gives the user `limited` the rights of that Role in the namespace; None: of that ClusterRole, everywhere."""
        kind = "Role" if namespace else "ClusterRole"
        reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name}
        subject = {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "limited"}
        body = {"metadata": {"name": name}, "roleRef": reference, "subjects": [subject]}
        self.api.create("rolebindings" if namespace else "clusterrolebindings", namespace, body)

    def unbind(self, name):
        """Takes back what a ClusterRole of that name gave."""
        self.api.delete("clusterrolebindings", None, name)

    def _close_clients(self):
        for client in self._clients.values():
            client.close()

    def kubectl(self, *args, input=None, check=True):  # pylint: disable=redefined-builtin
        """kubectl as administrator of this cluster; its standard output. input: text, or data to be sent as JSON."""
        return kubectl(self.kubeconfig, self.name, *args, input=input, check=check)

    @property
    def id(self):
        """The uid of kube-system."""
        if self._id is None:
            self._id = self.api.get("namespaces", None, "kube-system")["metadata"]["uid"]
        return self._id

    # -- what was asked --

    def metrics(self):
        status, text = self.api.raw("GET", "/metrics", accept="text/plain")
        assert status == 200, f"{self.name}: /metrics: {status}"
        return Metrics(text.decode())

    def audit_offset(self):
        return self.audit_log.stat().st_size

    def audit_entries(self, since, until):
        """The audit log from that offset on, as `audit` tells it."""
        found = []
        with open(self.audit_log, "rb") as file:
            file.seek(since)
            data = file.read() if until is None else file.read(until - since)
        for line in data.splitlines():
            try:
                event = json.loads(line)
            except ValueError:  # being written just now
                continue
            reference = event.get("objectRef", {})
            what = reference.get("resource", "")
            if reference.get("subresource"):
                what += "/" + reference["subresource"]
            found.append(
                {
                    "user": event.get("user", {}).get("username", ""),
                    "agent": event.get("userAgent", ""),
                    "verb": event["verb"],
                    "resource": what,
                    "group": reference.get("apiGroup", ""),
                    "namespace": reference.get("namespace", ""),
                    "name": reference.get("name", ""),
                    "code": event.get("responseStatus", {}).get("code"),
                    "uri": event["requestURI"],
                    "stage": event["stage"],
                    "time": event["stageTimestamp"],
                }
            )
        return found

    def audit(self, since=0, until=None, user=None, verb=None, resource=None, agent=None, namespace=None, name=None):
        """The requests that the audit log holds from that offset on, as dictionaries with user, agent, verb (get, list,
        watch, create, update, patch, delete, deletecollection), resource (with /subresource), group, namespace, name,
        code, uri, stage, time. A watch appears when it begins and again when it ends (stage ResponseComplete)."""
        return [
            entry
            for entry in self.audit_entries(since, until)
            if (user is None or entry["user"] == user)
            and (verb is None or entry["verb"] == verb or (not isinstance(verb, str) and entry["verb"] in verb))
            and (resource is None or entry["resource"] == resource)
            and (agent is None or agent in entry["agent"])
            and (namespace is None or entry["namespace"] == namespace)
            and (name is None or entry["name"] == name)
        ]

    @contextlib.contextmanager
    def counting(self):
        """with cluster.counting() as count: ...; then count.requests(user="fedcopy", verb="patch"), count.total(...)"""
        count = Counting(self)
        yield count
        count.finish()

    # -- what a test breaks --

    def compact(self):
        """Its history is forgotten up to now, and that of all clusters of this etcd."""
        self.etcd.compact()

    def break_group(self, group):
        """A group that is there, and whose documents cannot be read: an API service whose server is nowhere."""
        service = {"namespace": "kube-system", "name": "nowhere", "port": 443}
        spec = {"group": group, "version": "v1", "service": service, "insecureSkipTLSVerify": True}
        spec.update(groupPriorityMinimum=2000, versionPriority=10)
        body = {"metadata": {"name": f"v1.{group}"}, "spec": spec}
        self.api.request("POST", "/apis/apiregistration.k8s.io/v1/apiservices", body)

    def mend_group(self, group):
        """Takes it away."""
        self.api.request("DELETE", f"/apis/apiregistration.k8s.io/v1/apiservices/v1.{group}")

    # -- namespaces --

    def create_namespace(self, name, labels=None, annotations=None):
        metadata = {"name": name, "labels": labels or {}, "annotations": annotations or {}}
        return self.api.create("namespaces", None, {"metadata": metadata})

    def remove_namespace(self, name, resources=("configmaps", "secrets")):
        """Takes a namespace away at once, without a controller manager: its objects of these kinds, their finalizers,
        then the namespace's own."""
        api = self.api
        for resource in resources:
            api.delete_all(resource, name)
            for item in api.list(resource, name):
                if item["metadata"].get("finalizers"):
                    with contextlib.suppress(ApiError):
                        api.patch(resource, name, item["metadata"]["name"], {"metadata": {"finalizers": None}})
        if api.find("namespaces", None, name) is None:
            return
        api.delete("namespaces", None, name, missing_ok=True)
        namespace = api.find("namespaces", None, name)
        if namespace is not None:
            namespace["spec"]["finalizers"] = []
            with contextlib.suppress(ApiError):  # a controller manager may have been quicker
                api.update("namespaces", None, namespace, "finalize")


class Account:
    """A ServiceAccount that may do everything in the namespace, with tokens that can be taken back one by one. secrets: a
    list to which the tokens are added."""

    def __init__(self, cluster, namespace, secrets):
        self.cluster, self.namespace, self.secrets = cluster, namespace, secrets
        cluster.api.create("serviceaccounts", namespace, {"metadata": {"name": "robot"}})
        role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"}
        subject = {"kind": "ServiceAccount", "name": "robot", "namespace": namespace}
        body = {"metadata": {"name": "robot"}, "roleRef": role, "subjects": [subject]}
        cluster.api.create("rolebindings", namespace, body)

    def token(self, name):
        """Good as long as the Secret of that name is there."""
        uid = self.cluster.api.create("secrets", self.namespace, {"metadata": {"name": name}})["metadata"]["uid"]
        bound = {"apiVersion": "v1", "kind": "Secret", "name": name, "uid": uid}
        spec = {"audiences": ["https://kubernetes.default.svc"], "expirationSeconds": 3600, "boundObjectRef": bound}
        path = self.cluster.api.path("serviceaccounts", self.namespace, "robot", "token")
        token = self.cluster.api.request("POST", path, {"spec": spec})["status"]["token"]
        self.secrets.append(token)
        return token

    def take_back(self, name, token):
        """And waits until the server, which keeps such answers for ten seconds, knows it."""
        self.cluster.api.delete("secrets", self.namespace, name)
        asks = self.cluster.client("robot", how="anonymous").__class__(self.cluster, "robot", how="anonymous")
        asks.headers["Authorization"] = f"Bearer {token}"
        path = self.cluster.api.path("configmaps", self.namespace)
        wait_for(lambda: asks.raw("GET", path)[0] == 401, 30, "the token is not taken any more")
        asks.close()


def start_all(etcd, clusters):
    """Starts etcd and the clusters together, and waits for all."""
    etcd.spawn()
    threads = [threading.Thread(target=cluster.prepare) for cluster in clusters]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    etcd.wait_ready()
    for cluster in clusters:
        if not cluster.running:
            cluster.spawn()
    for cluster in clusters:
        cluster.wait_ready()


def apply_crds(clusters, folder):
    """Applies the folder's CustomResourceDefinitions to all clusters, and waits until they are served."""

    def apply(cluster):
        cluster.kubectl("apply", "-f", str(folder))
        cluster.kubectl("wait", "--for=condition=Established", "--timeout=60s", "crd", "--all")
        for crd in cluster.api.list("customresourcedefinitions"):
            spec = crd["spec"]
            for version in spec["versions"]:
                if version["served"]:
                    path = f"/apis/{spec['group']}/{version['name']}/{spec['names']['plural']}"
                    wait_for(lambda p=path: cluster.api.raw("GET", p)[0] == 200, 30, f"{cluster.name} serves {path}")

    run_all([lambda c=cluster: apply(c) for cluster in clusters])


def run_all(functions):
    """Runs them at once, each in a thread; returns their values, raises the first error."""
    results = [None] * len(functions)

    def run(index):
        try:
            results[index] = (functions[index](), None)
        except BaseException as error:  # pylint: disable=broad-except
            results[index] = (None, error)

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(functions))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for _, error in results:
        if error is not None:
            raise error
    return [value for value, _ in results]


# --- kubectl and its files --------------------------------------------------------------------------------------------


def kubectl_program():
    """kubectl: the one beside the API servers, or, where only the sandbox is needed, the one in PATH."""
    found = None if "KUBEBUILDER_ASSETS" in os.environ else shutil.which("kubectl")
    return found or str(assets() / "kubectl")


def kubectl(kubeconfig, context, *args, input=None, check=True):  # pylint: disable=redefined-builtin
    command = [kubectl_program(), "--kubeconfig", str(kubeconfig), "--context", context, *map(str, args)]
    if input is not None and not isinstance(input, str):
        input = json.dumps(input)
    # Its caches go beside the kubeconfig: not into somebody's home, and no cache of an earlier server on this port.
    environment = dict(os.environ, HOME=str(pathlib.Path(kubeconfig).parent))
    environment.pop("KUBECONFIG", None)
    done = subprocess.run(
        command, input=input, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, check=False
    )
    if check and done.returncode != 0:
        raise AssertionError(f"kubectl {' '.join(map(str, args))}: status {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def write_kubeconfig(
    path,
    clusters,
    user="fedcopy",
    groups=None,
    how=None,
    ca="inline",
    server=None,
    namespace=None,
    current=None,
    more=None,
):
    """A kubeconfig with one context for each cluster, named as the cluster; the first is the current one.

    how: cert (inline; the default where a cluster knows certificates), cert-files, token, token-file, basic (the user's
    name, its token as password) or none; ca: inline,
    file or none; server: a function from a cluster to another address of it, for proxies; more: one from a cluster to
    further members of its entry (proxy-url, tls-server-name). Files that it names are written beside it, and named
    relative to it."""
    path = pathlib.Path(path)
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": current or clusters[0].name,
        "clusters": [],
        "users": [],
        "contexts": [],
    }
    for cluster in clusters:
        way = how or cluster.login
        place = {"server": server(cluster) if server else cluster.server}
        if ca == "inline":
            place["certificate-authority-data"] = b64(cluster.authority.certificate.read_bytes())
        elif ca == "file":
            shutil.copy(cluster.authority.certificate, path.parent / f"{path.name}-{cluster.name}-ca.crt")
            place["certificate-authority"] = f"{path.name}-{cluster.name}-ca.crt"
        place.update(more(cluster) if more else {})
        login = {}
        if way in ("cert", "cert-files"):
            certificate, key = cluster.client_certificate(user, groups)
            if way == "cert":
                login["client-certificate-data"] = b64(certificate.read_bytes())
                login["client-key-data"] = b64(key.read_bytes())
            else:
                for word, file, suffix in (("client-certificate", certificate, "crt"), ("client-key", key, "key")):
                    name = f"{path.name}-{cluster.name}-client.{suffix}"
                    shutil.copy(file, path.parent / name)
                    login[word] = name
        elif way == "token":
            login["token"] = cluster.tokens[user]
        elif way == "basic":
            login.update({"username": user, "password": cluster.tokens[user]})
        elif way == "token-file":
            name = f"{path.name}-{cluster.name}.token"
            (path.parent / name).write_text(cluster.tokens[user] + "\n")
            login["tokenFile"] = name
        context = {"cluster": cluster.name, "user": f"{cluster.name}-{user}"}
        if namespace:
            context["namespace"] = namespace
        config["clusters"].append({"name": cluster.name, "cluster": place})
        config["users"].append({"name": f"{cluster.name}-{user}", "user": login})
        config["contexts"].append({"name": cluster.name, "context": context})
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(to_yaml(config))
    return path


def write_cluster_set(path, clusters, kubeconfig, permissions=None, master=None, labels=None, **more):
    """A cluster set file; the first cluster is the master unless master names another.

    labels: {cluster name: {...}} on top of cluster-master and region; more: {cluster_name: {key: value}} as further keys
    of that cluster, its name written with underscores (edge_1={"reads": "none"})."""
    path = pathlib.Path(path)
    master = master or clusters[0].name
    entries = []
    for cluster in clusters:
        marks = {"cluster-master": "true"} if cluster.name == master else {}
        marks["region"] = "eu" if cluster.name == master else "us" if cluster.name.endswith("1") else "ap"
        marks.update((labels or {}).get(cluster.name, {}))
        entry = {"name": cluster.name, "labels": marks, "kubeconfig": str(kubeconfig), "context": cluster.name}
        entry.update(more.get(cluster.name.replace("-", "_"), {}))
        entries.append(entry)
    config = {"apiVersion": "fedcopy.dev/v1alpha1", "kind": "ClusterSet", "clusters": entries}
    if permissions:
        config["permissions"] = permissions
    path.write_text(to_yaml(config))
    return path
