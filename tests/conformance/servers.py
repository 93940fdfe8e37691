# SPDX-License-Identifier: Apache-2.0
"""The servers that conversations are held with: the real kube-apiserver, the sandbox, or one that runs already."""

import base64
import json
import os
import pathlib
import re
import sys
import tempfile
import time
import urllib.parse

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))

# pylint: disable=wrong-import-position
import envtest
import http2
import player

# What RBAC gives to everybody who is known is discovery, health and version; all else is denied.
DENIED = [
    {"verbs": ["*"], "groups": ["*"], "resources": ["*"]},
    {"verbs": ["*"], "nonResourceURLs": ["/metrics", "/nothing", "/logs/*"]},
]


class Server:
    """url: where; tokens: user -> token; fresh: nobody has used it before; quiet: seconds after which an event that has
    not come is not coming; patience: seconds that it may take for what it does in its own time."""

    def __init__(self, url, authority, tokens, fresh, quiet, patience=60):
        place = urllib.parse.urlsplit(url)
        self.connection = http2.Connection(place.hostname, place.port, http2.context(authority))
        self.tokens = tokens
        self.fresh = fresh
        self.quiet = quiet
        self.patience = patience

    def token(self, user):
        """None for a user without one."""
        if user is None:
            return None
        return self.tokens.get(user, f"no-token-of-{user}")

    def stop(self):
        self.connection.close()

    def died(self):
        """Whether it ended while it was spoken to."""
        return False

    def let_read(self, conversation, namespace, resource):
        """User limited may get, list and watch that resource of the core group in that namespace, and nothing else."""
        base = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}"
        rule = {"apiGroups": [""], "resources": [resource], "verbs": ["get", "list", "watch"]}
        conversation.peek("POST", base + "/roles", {"metadata": {"name": "read"}, "rules": [rule]})
        subject = {"kind": "User", "name": "limited", "apiGroup": "rbac.authorization.k8s.io"}
        role = {"kind": "Role", "name": "read", "apiGroup": "rbac.authorization.k8s.io"}
        body = {"metadata": {"name": "read"}, "subjects": [subject], "roleRef": role}
        conversation.peek("POST", base + "/rolebindings", body)

    def forget(self, conversation):
        """Watches and continue tokens from before now are too old after this."""
        raise player.Stop("a server that is not ours cannot be made to forget")


class Real(Server):
    """kube-apiserver with the two controllers that the sandbox has too: namespaces end, and owners' dependents go."""

    def __init__(self):
        self.directory = tempfile.TemporaryDirectory()
        self.etcd = envtest.Etcd(self.directory.name)
        self.cluster = envtest.Cluster("real", self.directory.name, self.etcd, audit=False)
        envtest.start_all(self.etcd, [self.cluster])
        self.cluster.start_controller_manager()
        authority = self.cluster.authority.certificate.read_text()
        super().__init__(self.cluster.server, authority, self.cluster.tokens, True, 0.15)

    def forget(self, conversation):
        """Continue tokens read from etcd; watches are served from what the API server has seen since its start."""
        self.etcd.compact()
        self.connection.close()
        controllers, self.cluster.controllers = self.cluster.controllers, None
        self.cluster.stop(0)
        self.cluster.start()
        self.cluster.controllers = controllers

    def stop(self):
        super().stop()
        self.cluster.stop(0)
        self.etcd.stop()
        self.directory.cleanup()


class Sandbox(Server):
    """fedcopy-sandbox with one cluster."""

    def __init__(self, program, flags=()):
        self.directory = tempfile.TemporaryDirectory()
        place = pathlib.Path(self.directory.name)
        self.log = place / "log"
        # With a seed of its own a Service could be given, by lot, the very address that a conversation asks for.
        command = [program, "--clusters", "a", "--dir", place / "served", "--admin-port", "0", "--seed", "7", *flags]
        with open(self.log, "wb") as log, open(place / "out", "wb") as out:
            self.process = envtest.spawn(command, stdout=out, stderr=log)
        self._wait(place / "out")
        config = (place / "served" / "kubeconfig").read_text()
        authority = authority_of(config)
        super().__init__(kubeconfig(config, "server"), authority, {"admin": kubeconfig(config, "token")}, True, 0.03, 5)
        self.admin = json.loads((place / "served" / "admin").read_text())
        where = urllib.parse.urlsplit(self.admin["url"])
        self.admin_connection = http2.Connection(where.hostname, where.port, http2.context(authority))
        # Who may not do anything; what everybody may, he may too.
        self.tokens["nobody"] = "token-of-nobody"
        self.order("tokens", {"token": "token-of-nobody", "user": "nobody", "deny": DENIED})

    def order(self, what, body=None):
        """One request to the admin endpoint."""
        headers = [("authorization", f"Bearer {self.admin['token']}"), ("content-type", "application/json")]
        data = json.dumps(body if body is not None else {}).encode()
        status, _, answer = self.admin_connection.request("POST", f"/clusters/a/{what}", headers, data)
        if status != 200:
            raise SystemExit(
                f"the admin endpoint of fedcopy-sandbox: {what}: {status} {answer.decode(errors='replace')}"
            )

    def _wait(self, out):
        deadline = time.monotonic() + 20
        while b"ready" not in out.read_bytes():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"fedcopy-sandbox did not get ready:\n{envtest.tail(self.log)}")
            time.sleep(0.01)

    def let_read(self, conversation, namespace, resource):
        """By denying all else: the sandbox knows no rights, only what a token may not do."""
        writes = ["create", "update", "patch", "delete", "deletecollection"]
        others = [word for word in ("configmaps", "secrets", "services", "events", "namespaces") if word != resource]
        deny = [
            {"verbs": writes, "groups": ["*"], "resources": ["*"]},
            {"verbs": ["*"], "groups": ["*"], "resources": others},
            {"verbs": ["*"], "groups": ["*"], "resources": ["*"], "namespaces": ["default", ""]},
        ]
        self.tokens["limited"] = "token-of-limited"
        self.order("tokens", {"token": "token-of-limited", "user": "limited", "deny": deny})

    def died(self):
        return self.process.poll() is not None

    def forget(self, conversation):
        self.order("compact")

    def stop(self):
        super().stop()
        self.admin_connection.close()
        status = envtest.end_process(self.process)
        text = self.log.read_text(errors="replace")
        self.directory.cleanup()
        if status not in (0, -15) or "Sanitizer" in text or "runtime error" in text:
            raise SystemExit(f"fedcopy-sandbox ended with status {status}:\n{text[-8000:]}")


class Running(Server):
    """One that somebody else has started: by its kubeconfig with tokens, or by URL and token."""

    def __init__(self, place, token=None):
        authority = None
        if not place.startswith("https://"):
            config = pathlib.Path(place).read_text()
            place, authority = kubeconfig(config, "server"), authority_of(config)
            token = token or kubeconfig(config, "token")
        tokens = {"admin": token}
        for pair in os.environ.get("CONFORMANCE_TOKENS", "").split(","):
            if "=" in pair:
                tokens.update([pair.split("=", 1)])
        super().__init__(place, authority, tokens, False, 0.15)


def kubeconfig(text, key):
    """The first value of that key."""
    match = re.search(rf'^[\s-]*"?{key}"?:\s*"?([^"\s]+)"?\s*$', text, re.MULTILINE)
    if not match:
        raise SystemExit(f"the kubeconfig has no {key}")
    return match.group(1)


def authority_of(text):
    return base64.b64decode(kubeconfig(text, "certificate-authority-data")).decode()
