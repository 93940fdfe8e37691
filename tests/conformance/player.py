# SPDX-License-Identifier: Apache-2.0
"""Holds conversations: sends what they say to a server, and keeps all that was asked and answered."""

import copy
import json
import time
import urllib.parse

import http2

JSON = "application/json"
MERGE = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
APPLY = "application/apply-patch+yaml"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
PARTIAL = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io"
PARTIAL_LIST = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"

# The headers of an answer that clients look at.
HEADERS = ("content-type", "warning", "retry-after", "allow", "www-authenticate", "location")
# Longer bodies are kept by their size alone.
LONG = 4000
AGENT = "conversation/1.0"


class Stop(Exception):
    """The conversation cannot go on."""


def version(item):
    """The resourceVersion of an answer; empty where there is none."""
    return ((item if isinstance(item, dict) else {}).get("metadata") or {}).get("resourceVersion", "")


def uid(item):
    return ((item if isinstance(item, dict) else {}).get("metadata") or {}).get("uid", "")


def with_query(path, query):
    """Query parameters by keyword; a trailing underscore is for words that Python keeps to itself."""
    words = {
        name.rstrip("_"): str(value).lower() if isinstance(value, bool) else value for name, value in query.items()
    }
    words = {name: value for name, value in words.items() if value is not None}
    if not words:
        return path
    return path + ("&" if "?" in path else "?") + urllib.parse.urlencode(words, quote_via=urllib.parse.quote)


class Watch:
    """A watch under way."""

    def __init__(self, conversation, number, stream):
        self.conversation = conversation
        self.number = number
        self.stream = stream

    def _next(self, timeout):
        """The next event; None if none comes in time, or at the end."""
        deadline = time.monotonic() + timeout
        while True:
            line = self.stream.take_line()
            if line is not None:
                try:
                    return json.loads(line)
                except ValueError:
                    return {"no JSON": line.decode(errors="replace")}
            left = deadline - time.monotonic()
            if self.stream.ended or left <= 0 or not self.conversation.connection.pump(left):
                if self.stream.ended and b"\n" in self.stream.data:
                    continue
                return None

    def events(self, count, quiet=None, initial=0):
        """That many events are told, and no more. quiet: how long to wait for one too many; initial: so many of the first
        tell what there is already, in any order."""
        found = []
        if self.stream is not None:
            while len(found) < count:
                event = self._next(10)
                if event is None:
                    break
                found.append(event)
            more = self._next(self.conversation.server.quiet if quiet is None else quiet)
            if more is not None:
                found.append(more)
        found[:initial] = sorted(found[:initial], key=lambda event: json.dumps(event["object"]["metadata"]["name"]))
        self.conversation.steps.append({"events": self.number, "are": found})
        return copy.deepcopy(found)

    def until(self, types, timeout=10):
        """Events up to the first of one of these types; those of the same type and object before it are one."""
        found = []
        while self.stream is not None and (not found or found[-1].get("type") not in types):
            event = self._next(timeout)
            if event is None:
                break
            found.append(event)
        self.conversation.steps.append({"events": self.number, "are": found})
        return copy.deepcopy(found)

    def ends(self, timeout=15):
        """Without another word."""
        deadline = time.monotonic() + timeout
        while self.stream is not None and not self.stream.ended and time.monotonic() < deadline:
            self.conversation.connection.pump(deadline - time.monotonic())
        ended = self.stream is None or self.stream.ended
        rest = bytes(self.stream.data) if self.stream is not None else b""
        self.conversation.steps.append(
            {"ends": self.number, "ended": ended, "are": [decode(line) for line in rest.splitlines()]}
        )

    def stop(self):
        if self.stream is not None:
            self.conversation.connection.cancel(self.stream)


class Conversation:
    """One conversation: its steps so far. Its namespaces, groups and cluster-scoped names begin with its name."""

    def __init__(self, server, name):
        self.server = server
        self.name = name.replace("_", "-")
        self.ns = f"conf-{self.name}"
        self.group = f"{self.name}.conformance.example"
        self.connection = server.connection
        self.steps = []
        self.watches = []
        self.made = []  # paths of what has to go afterwards

    # --- one request ---

    def _headers(self, user, accept, content_type, headers):
        made = {"accept": accept or JSON, "user-agent": AGENT}
        token = self.server.token(user)
        if token:
            made["authorization"] = f"Bearer {token}"
        if content_type:
            made["content-type"] = content_type
        made.update(headers or {})
        return list(made.items())

    def ask(  # pylint: disable=too-many-arguments
        self,
        method,
        path,
        body=None,
        content_type=None,
        accept=None,
        user="admin",
        headers=None,
        fields=False,
        whole=False,
        **query,
    ):
        """One request; its answer, decoded where it is JSON. body: data sent as JSON, or text or bytes sent as they are;
        fields: compare fieldsV1 of its managedFields too; whole: keep text of any length."""
        path = with_query(path, query)
        step = {"ask": f"{method} {path}"}
        if content_type is None and body is not None:
            content_type = JSON
        for key, value, usual in (
            ("type", content_type, JSON if body is not None else None),
            ("accept", accept, None),
            ("user", user, "admin"),
            ("with", headers, None),
            ("fields", fields, False),
        ):
            if value != usual:
                step[key] = value
        data = body
        if body is not None:
            data = (
                body.encode()
                if isinstance(body, str)
                else body if isinstance(body, bytes) else json.dumps(body).encode()
            )
            small = len(data) <= LONG
            step["body"] = copy.deepcopy(body) if small and not isinstance(body, bytes) else f"({len(data)} bytes)"
        try:
            status, got, answer = self.connection.request(
                method, path, self._headers(user, accept, content_type, headers), data
            )
        except http2.Broken as error:
            if self.server.died():
                raise Stop(f"the server died of {method} {path} {str(body)[:300]}") from error
            status, got, answer = 0, [], json.dumps(f"broken: {error}").encode()
        step["status"] = status
        step["headers"] = {name: value for name, value in got if name in HEADERS}
        if len([1 for name, _ in got if name == "warning"]) > 1:
            step["headers"]["warning"] = [value for name, value in got if name == "warning"]
        step["answer"] = decode(answer, whole)
        self.steps.append(step)
        return copy.deepcopy(step["answer"])

    def get(self, path, **more):
        return self.ask("GET", path, **more)

    def post(self, path, body, **more):
        return self.ask("POST", path, body, **more)

    def put(self, path, body, **more):
        return self.ask("PUT", path, body, **more)

    def merge(self, path, patch, **more):
        return self.ask("PATCH", path, patch, MERGE, **more)

    def json(self, path, *steps, **more):
        return self.ask("PATCH", path, list(steps), JSON_PATCH, **more)

    def strategic(self, path, patch, **more):
        return self.ask("PATCH", path, patch, STRATEGIC, **more)

    def patch(self, path, patch, content_type, **more):
        return self.ask("PATCH", path, patch, content_type, **more)

    def apply(self, path, patch, manager="one", force=None, **more):
        """Server-side apply; its managedFields are compared in whole."""
        return self.ask("PATCH", path, patch, APPLY, fields=True, fieldManager=manager, force=force, **more)

    def delete(self, path, body=None, **more):
        return self.ask("DELETE", path, body, **more)

    # --- what is not compared in whole ---

    def rows(self, path, key, names, without=("storageVersionHash",), **more):
        """The rows of a document whose name is one of those: of other types there are many."""
        document = self.get(path, **more)
        if isinstance(document, dict) and isinstance(document.get(key), list):
            rows = [row for row in document[key] if row.get("name") in names]
            rows = [{name: value for name, value in row.items() if name not in without} for row in rows]
            document[key] = sorted(rows, key=lambda row: row["name"])
        self.steps[-1]["answer"] = document
        return document

    def facts(self, path, found, **more):
        """Instead of the answer: what that function finds in it."""
        answer = self.ask(more.pop("method", "GET"), path, whole=True, **more)
        try:
            facts = json.loads(json.dumps(found(answer)))
        except Exception as error:  # pylint: disable=broad-except
            facts = f"{type(error).__name__}: {error}"
        self.steps[-1]["answer"] = facts
        return answer

    # --- what is not kept ---

    def peek(self, method, path, body=None, **more):
        """As ask, without a trace in the recording."""
        kept = len(self.steps)
        answer = self.ask(method, path, body, **more)
        status = self.steps[kept]["status"]
        del self.steps[kept:]
        return status, answer

    def wait(self, condition, what):
        """Until condition() is true: for what a server does in its own time."""
        deadline = time.monotonic() + self.server.patience
        pause = 0.005
        while not condition():
            if time.monotonic() > deadline:
                self.steps.append({"waited": what, "in vain": True})
                return False
            time.sleep(pause)
            pause = min(pause * 1.5, 0.2)
        self.steps.append({"waited": what})
        return True

    def gone(self, path):
        """Waits until that is gone."""
        return self.wait(lambda: self.peek("GET", path)[0] == 404, f"{path} is gone")

    # --- places ---

    def namespace(self, suffix="", **metadata):
        """Makes a namespace of this conversation; its name."""
        name = self.ns + suffix
        self.clear(f"/api/v1/namespaces/{name}")
        self.post("/api/v1/namespaces", {"metadata": {"name": name, **metadata}})
        return name

    def clear(self, path):
        """What an earlier run on the same server has left goes first."""
        self.made.append(path)
        if self.server.fresh:
            return
        if self.peek("GET", path)[0] == 200:
            self._free(path)
            self.peek("DELETE", path)
            deadline = time.monotonic() + 60
            while self.peek("GET", path)[0] == 200 and time.monotonic() < deadline:
                time.sleep(0.1)

    def _free(self, path):
        """Takes the finalizers of what is in a namespace, which would hold it."""
        if not path.startswith("/api/v1/namespaces/"):
            return
        apps = path.replace("/api/v1/", "/apis/apps/v1/") + "/deployments"
        for place in (path + "/configmaps", path + "/secrets", apps):
            for item in self.peek("GET", place)[1].get("items", []):
                if item["metadata"].get("finalizers"):
                    patch = {"metadata": {"finalizers": None}}
                    self.peek("PATCH", f"{place}/{item['metadata']['name']}", patch, content_type=MERGE)

    def maps(self, suffix=""):
        """A namespace, and the path of the ConfigMaps in it."""
        return f"/api/v1/namespaces/{self.namespace(suffix)}/configmaps"

    def crd(self, plural, kind, scope="Namespaced", versions=None, wait=True, **more):
        """Makes a CustomResourceDefinition in the conversation's group, and waits until it is served. The path of its
        first version; names and spec members by keyword."""
        names = {
            "plural": plural,
            "kind": kind,
            "singular": kind.lower(),
            "listKind": kind + "List",
            **more.pop("names", {}),
        }
        versions = versions or [crd_version("v1")]
        spec = {"group": self.group, "scope": scope, "names": names, "versions": versions, **more}
        name = f"{plural}.{self.group}"
        self.clear(f"{CRDS}/{name}")
        self.post(
            CRDS,
            {
                "apiVersion": "apiextensions.k8s.io/v1",
                "kind": "CustomResourceDefinition",
                "metadata": {"name": name},
                "spec": spec,
            },
        )
        root = f"/apis/{self.group}/{versions[0]['name']}"
        if wait:
            self.served(f"{root}/{plural}", f"{CRDS}/{name}")
        return root

    def served(self, path, crd=None):
        self.wait(
            lambda: self.peek("GET", path)[0] == 200
            and (crd is None or _condition(self.peek("GET", crd)[1], "Established") == "True")
            and self._discovered(path),
            f"{path} is served",
        )

    def _discovered(self, path):
        group_version, _, plural = path.rpartition("/")
        status, document = self.peek("GET", group_version)
        return status == 200 and any(row["name"] == plural for row in document["resources"])

    def forget(self):
        """The server knows no longer what was before."""
        self.server.forget(self)
        self.steps.append({"forgotten": True})

    # --- watches ---

    def watch(self, path, accept=None, user="admin", **query):
        path = with_query(path, {"watch": "1", **query})
        step = {"watch": len(self.watches), "ask": f"GET {path}"}
        if accept:
            step["accept"] = accept
        if user != "admin":
            step["user"] = user
        self.steps.append(step)
        try:
            stream = self.connection.open("GET", path, self._headers(user, accept, None, None))
        except http2.Broken as error:
            step.update({"status": 0, "headers": {}, "answer": f"broken: {error}"})
            stream = None
        if stream is not None:
            step["status"] = stream.status
            step["headers"] = {name: value for name, value in stream.headers if name in HEADERS}
            if stream.status != 200:
                deadline = time.monotonic() + 10
                while not stream.ended and time.monotonic() < deadline:
                    self.connection.pump(0.5)
                step["answer"] = decode(bytes(stream.data))
                stream = None
        self.watches.append(Watch(self, len(self.watches), stream))
        return self.watches[-1]

    def close(self, clean):
        for watch in self.watches:
            watch.stop()
        for path in reversed(self.made if clean else []):
            self._free(path)
            self.peek("DELETE", path)


CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


def crd_version(name, schema=None, storage=True, served=True, status=False, columns=None, **more):
    """One version of a CustomResourceDefinition; without a schema it takes everything."""
    schema = schema or {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    made = {"name": name, "served": served, "storage": storage, "schema": {"openAPIV3Schema": schema}, **more}
    if status:
        made["subresources"] = {"status": {}}
    if columns:
        made["additionalPrinterColumns"] = columns
    return made


def _condition(item, kind):
    for condition in ((item or {}).get("status") or {}).get("conditions") or []:
        if condition.get("type") == kind:
            return condition.get("status")
    return None


def decode(data, whole=False):
    try:
        return json.loads(data)
    except ValueError:
        try:
            text = data.decode()
        except UnicodeDecodeError:
            return f"({len(data)} bytes)"
        return text if whole or len(text) <= LONG else text[:LONG] + "..."
