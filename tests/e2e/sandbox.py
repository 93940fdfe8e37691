# SPDX-License-Identifier: Apache-2.0
"""Clusters of fedcopy-sandbox for the end-to-end tests, in the place of real API servers: the same things can be done to
them and asked of them. Each has a process of its own, so that it can be made to hang alone."""

import contextlib
import json
import os
import pathlib
import random
import signal
import threading
import time
import types
import urllib.parse

import envtest
import http2

# Who may what, at first. The sandbox judges by tokens, not by RBAC: what a test binds `limited` to is told to its token.
ALL_RESOURCES = {"verbs": ["*"]}
DENIED = {"nobody": [ALL_RESOURCES], "limited": [ALL_RESOURCES]}

# Requests that are remembered: more than any test makes.
JOURNAL = 20000


def program():
    return os.environ.get("FEDCOPY_SANDBOX") or str(envtest.REPOSITORY / "build" / "fedcopy-sandbox")


class Client(envtest.Client):
    """envtest.Client over HTTP/2, which is all that the sandbox speaks, with tokens."""

    def __init__(self, cluster, user="admin", groups=None, how="token"):  # pylint: disable=super-init-not-called
        assert not groups, "the sandbox knows no groups"
        self.cluster = cluster
        self.user = user
        self._local = threading.local()
        self._found = {}
        self.headers = {"Accept": "application/json", "User-Agent": "fedcopy-tests"}
        if how == "token":
            self.headers["Authorization"] = f"Bearer {cluster.tokens[user]}"

    def connect(self, timeout=30):
        authority = self.cluster.authority.certificate.read_text()
        return http2.Connection("127.0.0.1", self.cluster.port, http2.context(authority), timeout)

    def answers(self, path, timeout):
        connection = self.connect(timeout)
        try:
            return connection.request("GET", path, self._lines(self.headers))[0] > 0
        except http2.Broken:
            return False
        finally:
            connection.close()

    @staticmethod
    def _lines(headers):
        return [(name.lower(), value) for name, value in headers.items()]

    def raw(self, verb, path, body=None, content_type="application/json", accept=None):
        headers = dict(self.headers)
        if accept:
            headers["Accept"] = accept
        if body is not None:
            if not isinstance(body, (bytes, str)):
                body = json.dumps(body)
            body = body.encode() if isinstance(body, str) else body
            headers["Content-Type"] = content_type
        connection = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = self.connect()
        try:
            status, _, data = connection.request(verb, path, self._lines(headers), body)
        except http2.Broken as error:
            self.close()
            raise ConnectionError(f"{self.cluster.name}: {verb} {path}: {error}") from error
        return status, data

    def watch(self, resource, namespace=None, name=None, resource_version=None, timeout=30):
        query = {"watch": "1", "timeoutSeconds": int(timeout), "resourceVersion": resource_version}
        if name is not None:
            query["fieldSelector"] = f"metadata.name={name}"
        path = self.path(resource, namespace, **query)
        connection = self.connect(timeout + 5)
        deadline = time.monotonic() + timeout + 5
        try:
            stream = connection.open("GET", path, self._lines(self.headers))
            while time.monotonic() < deadline:
                line = stream.take_line()
                if line is not None:
                    if stream.status != 200:
                        raise envtest.ApiError("WATCH", path, stream.status, json.loads(line))
                    event = json.loads(line)
                    yield event["type"], event["object"]
                elif stream.ended or stream.broken:
                    return
                else:
                    connection.pump(1)
        finally:
            connection.close()


class Process:
    """A running fedcopy-sandbox, with its admin endpoint."""

    def __init__(self, names, directory, flags=(), journal=JOURNAL, patience=30):
        """patience: seconds until it is ready, with what is loaded."""
        self.names = names
        self.journal = journal
        self.patience = patience
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.flags = list(flags)
        self.log = self.directory / "fedcopy-sandbox.log"
        self.authority = types.SimpleNamespace(certificate=self.directory / "ca.crt")
        self.process = None
        self._admin = None
        self._lock = threading.Lock()

    def start(self):
        """Starts it when it does not run yet, and waits until it is ready; any thread."""
        with self._lock:
            if self.process is None:
                with open(self.log, "ab") as log:
                    self.process = envtest.spawn(
                        [program(), "--clusters", ",".join(self.names), "--dir", self.directory, "--admin-port", "0"]
                        + ["--journal", str(self.journal), *self.flags],
                        stdout=log,
                        stderr=log,
                    )
                envtest.wait_for(self._is_up, self.patience, lambda: f"the sandbox is ready; its log:\n{envtest.tail(self.log)}")

    def _is_up(self):
        if self.process.poll() is not None:
            raise envtest.GiveUp(f"the sandbox ended; its log:\n{envtest.tail(self.log)}")
        return "ready" in self.log.read_text().splitlines()

    def end(self):
        """Fails if a sanitizer has found something in it."""
        if self.process is not None:
            process, self.process = self.process, None
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGCONT)
            status = envtest.end_process(process, 10)
            assert status == 0, f"the sandbox ended with status {status}; its log:\n{envtest.tail(self.log)}"

    def hang_up(self):
        """The next order takes a new connection: this one may have carried nothing for too long."""
        with self._lock:
            self._admin = None

    def order(self, path, body=None, method="POST"):
        """One request to the admin endpoint; the decoded answer."""
        with self._lock:
            if self._admin is None:
                found = json.loads((self.directory / "admin").read_text())
                place = urllib.parse.urlsplit(found["url"])
                context = http2.context(self.authority.certificate.read_text())
                self._admin = (http2.Connection(place.hostname, place.port, context), found["token"])
            connection, token = self._admin
            headers = [("authorization", f"Bearer {token}")]
            data = None if body is None else json.dumps(body).encode()
            status, _, answer = connection.request(method, path, headers, data)
        assert status < 300, f"{method} {path}: {status} {answer.decode()}"
        return json.loads(answer) if answer else None


class Account:
    """What envtest.Account is, by the admin endpoint."""

    def __init__(self, cluster, namespace, secrets):
        self.cluster, self.user, self.secrets = cluster, f"system:serviceaccount:{namespace}:robot", secrets

    def token(self, name):
        token = f"{self.cluster.name}-{self.user}-{name}-{random.getrandbits(64):016x}"
        self.cluster.order("tokens", {"token": token, "user": self.user})
        self.secrets.append(token)
        return token

    def take_back(self, _name, token):
        self.cluster.order("tokens", {"token": token, "user": self.user, "revoked": True})


class Cluster(envtest.Cluster):
    """One cluster of a fedcopy-sandbox, by default of a process of its own, so that it can be made to hang alone. What it
    holds lives as long as the process: `stop` and `kill` only close its port and its connections, by the admin endpoint,
    and `start` opens the port again; `end` ends the process."""

    client_class = Client
    login = "token"

    def __init__(self, name, directory, host=None, flags=()):  # pylint: disable=super-init-not-called
        self.name = name
        self.directory = pathlib.Path(directory) / name
        self.directory.mkdir(parents=True, exist_ok=True)
        self.host = host or Process([name], self.directory, flags)
        self.log = self.host.log
        self.server = None
        self.port = None
        self.kubeconfig = self.host.directory / "kubeconfig"
        self.tokens = {user: f"{name}-{user}-token" for user in envtest.TOKEN_USERS}
        self.authority = self.host.authority
        self.controllers = None
        self._proxy_authority = None
        self._open = False
        self._id = None
        self._clients = {}
        self._rights = {}

    # -- life --

    def prepare(self):
        return self

    @property
    def process(self):
        return self.host.process

    def spawn(self):
        self.host.start()
        if self.port is not None:
            self.order("start")
        else:
            self.server = self.host.order(f"/clusters/{self.name}", method="GET")["url"]
            self.port = urllib.parse.urlsplit(self.server).port
            for user in envtest.TOKEN_USERS:
                self.order("tokens", {"token": self.tokens[user], "user": user, "deny": DENIED.get(user, [])})
        self._open = True

    def wait_ready(self, timeout=envtest.START_TIMEOUT):
        envtest.wait_for(lambda: self.api.raw("GET", "/readyz")[0] == 200, timeout, f"{self.name} is ready")
        return self

    @property
    def running(self):
        return self._open

    def stop(self, grace=5.0):
        self._close_clients()
        self.order("stop")
        self._open = False

    def end(self):
        self._close_clients()
        self.host.end()

    def start_controller_manager(self, controllers=None, timeout=None):
        """It has always one: namespaces end, and dependents go with their owners."""
        return self

    def stop_controller_manager(self):
        """It stays."""

    def account(self, namespace, secrets):
        return Account(self, namespace, secrets)

    def bind(self, namespace, name):
        """What a binding does on a real server: Roles judge nobody here, so the token is told."""
        role = self.api.get("roles" if namespace else "clusterroles", namespace, name)
        self._rights[namespace, name] = [
            {
                "verbs": rule["verbs"],
                "groups": rule["apiGroups"],
                "resources": rule["resources"],
                **({"names": rule["resourceNames"]} if "resourceNames" in rule else {}),
                **({"namespaces": [namespace]} if namespace else {}),
            }
            for rule in role["rules"]
        ]
        self._tell_rights()

    def unbind(self, name):
        del self._rights[None, name]
        self._tell_rights()

    def _tell_rights(self):
        rules = [rule for rules in self._rights.values() for rule in rules]
        self.order("tokens", {"token": self.tokens["limited"], "user": "limited", "allow": rules})

    # -- the admin endpoint --

    def order(self, what, body=None, method="POST"):
        """One request to the admin endpoint, about this cluster; the decoded answer."""
        return self.host.order(f"/clusters/{self.name}/{what}", body, method)

    def be_cruel(self, kind, **members):
        """A rule of cruelty; its number."""
        return self.order("cruelties", {"kind": kind, **members})["id"]

    def be_kind(self):
        self.order("cruelties", method="DELETE")

    # -- who asks, and what was asked --

    @property
    def proxy_authority(self):
        """The sandbox signs for itself alone, so proxies have an authority of their own."""
        if self._proxy_authority is None:
            self._proxy_authority = envtest.Authority(self.directory / "proxy-pki", f"{self.name}-proxies")
        return self._proxy_authority

    def client_certificate(self, user, groups=None):
        raise AssertionError("the sandbox knows tokens alone: mark the test as `real`")

    def compact(self):
        self.order("compact")

    def break_group(self, group):
        names = {"plural": "things", "kind": "Thing"}
        schema = {"openAPIV3Schema": {"type": "object"}}
        versions = [{"name": "v1", "served": True, "storage": True, "schema": schema}]
        spec = {"group": group, "scope": "Namespaced", "names": names, "versions": versions}
        self.api.create("customresourcedefinitions", None, {"metadata": {"name": f"things.{group}"}, "spec": spec})
        self.be_cruel("broken-group", group=group)

    def mend_group(self, group):
        self.be_kind()
        self.api.delete("customresourcedefinitions", None, f"things.{group}")

    def audit_offset(self):
        return self.order("requests?since=-1", method="GET")["next"]

    def audit_entries(self, since, until):
        """A streaming list, which is the beginning of a watch, is told as a list too: what costs what is the same."""
        found = []
        for entry in self.order(f"requests?since={since}", method="GET")["requests"]:
            if until is not None and entry["number"] >= until:
                break
            if entry["stage"] == "ResponseStarted" and "sendInitialEvents=true" in entry["uri"]:
                uri = entry["uri"].replace("watch=true", "").replace("sendInitialEvents=true", "")
                found.append({**entry, "verb": "list", "stage": "ResponseComplete", "uri": uri})
            found.append(entry)
        return found


def clusters_of_one_process(names, directory):
    """One sandbox with all of them."""
    host = Process(names, pathlib.Path(directory) / "sandbox")
    return [Cluster(name, directory, host) for name in names]
