#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: record.py [NAME...]

Holds the conversations of conversations.py with a real kube-apiserver and writes them to recorded/NAME.json, which
test_api_server replays against the model. What differs from run to run is named instead: ${uid:1}, ${rv:1} (numbered in
the order of the versions of that conversation), ${time}; so a second recording is equal to the first, byte for byte.
"""

import contextlib
import copy
import http.client
import json
import pathlib
import queue
import re
import socket
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "e2e")]

import conversations  # pylint: disable=wrong-import-position
import envtest  # pylint: disable=wrong-import-position

METADATA = "application/json;as=PartialObjectMetadata{};g=meta.k8s.io;v=v1"
UID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def crd(plural, kind, namespaced, status):
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
    }
    if status:
        version["subresources"] = {"status": {}}
    return {
        "metadata": {"name": f"{plural}.example.com"},
        "spec": {
            "group": "example.com",
            "scope": "Namespaced" if namespaced else "Cluster",
            "names": {"plural": plural, "singular": kind.lower(), "kind": kind, "listKind": kind + "List"},
            "versions": [version],
        },
    }


def clean(value):
    """Without what no client of ours looks at."""
    if isinstance(value, dict):
        return {key: clean(item) for key, item in value.items() if key not in ("managedFields", "selfLink")}
    return [clean(item) for item in value] if isinstance(value, list) else value


def serve(cluster, row):
    cluster.api.create("customresourcedefinitions", None, crd(*row))
    path = f"/apis/example.com/v1/{row[0]}"
    envtest.wait_for(lambda: cluster.api.raw("GET", path)[0] == 200, 30, f"{path} is served")


class Watch:
    """A watch under way: a thread reads its lines."""

    def __init__(self, conversation, number, connection, answer):
        self.conversation = conversation
        self.number = number
        self.connection = connection
        self.lines = queue.Queue()
        self.reader = threading.Thread(target=self._read, args=(answer,), daemon=True)
        self.reader.start()

    def _read(self, answer):
        try:
            for line in answer:
                self.lines.put(clean(json.loads(line)))
        except (OSError, ValueError, http.client.HTTPException):
            pass  # cut off: close() does it
        self.lines.put(None)

    def events(self, count):
        """That many events are told, and no more."""
        events = [self.lines.get(timeout=10) for _ in range(count)]
        assert None not in events, f"watch {self.number} ended"
        try:
            more = self.lines.get(timeout=0.2)
            assert more is None, f"watch {self.number}: one event too many: {more}"
            self.lines.put(None)
        except queue.Empty:
            pass
        self.conversation.steps.append({"events": self.number, "are": events})
        return events

    def ends(self):
        """Without another word."""
        assert self.lines.get(timeout=30) is None, f"watch {self.number} goes on"
        self.conversation.steps.append({"ends": self.number})


class Conversation:
    """What a script says, and what it was answered."""

    def __init__(self, cluster, settle):
        self.cluster = cluster
        self.settle = settle
        self.steps = []
        self.watches = []

    def _ask(self, method, path, body=None, content_type="application/json", metadata=False):
        accept = None
        if metadata:
            is_list = method == "GET" and envtest_is_list(path)
            accept = METADATA.format("List" if is_list else "")
        status, data = self.cluster.api.raw(method, path, body, content_type, accept)
        try:
            answer = clean(json.loads(data))
        except ValueError:
            answer = None  # a page of words
        step = {"ask": f"{method} {path}"}
        if method == "PATCH":
            step["type"] = content_type
        if metadata:
            step["metadata"] = True
        if body is not None:
            step["body"] = copy.deepcopy(body)
        step.update({"status": status, "answer": answer})
        self.steps.append(step)
        return copy.deepcopy(answer)  # scripts change what they got, and send it back

    def get(self, path, metadata=False):
        return self._ask("GET", path, metadata=metadata)

    def post(self, path, body, metadata=False):
        return self._ask("POST", path, body, metadata=metadata)

    def put(self, path, body):
        return self._ask("PUT", path, body)

    def json(self, path, *steps, metadata=False):
        return self._ask("PATCH", path, list(steps), "application/json-patch+json", metadata)

    def merge(self, path, patch, metadata=False):
        return self._ask("PATCH", path, patch, "application/merge-patch+json", metadata)

    def patch(self, path, patch, content_type):
        return self._ask("PATCH", path, patch, content_type)

    def delete(self, path, options=None):
        return self._ask("DELETE", path, options)

    def discover(self, path, key, names):
        """The rows of a discovery document whose name is one of those; of other servers' types there are many."""
        status, data = self.cluster.api.raw("GET", path)
        document = json.loads(data)
        rows = [row for row in document[key] if row["name"] in names]
        for row in rows:
            for member in ("storageVersionHash", "shortNames", "categories"):
                row.pop(member, None)
        document[key] = sorted(rows, key=lambda row: row["name"])
        self.steps.append({"ask": f"GET {path}", "rows": key, "status": status, "answer": document})

    def watch(self, path, metadata=False):
        connection = self.cluster.api.connect(60)
        headers = dict(self.cluster.api.headers)
        if metadata:
            headers["Accept"] = METADATA.format("")
        connection.request("GET", path + ("&" if "?" in path else "?") + "watch=1", None, headers)
        answer = connection.getresponse()
        step = {"watch": len(self.watches), "path": path}
        if metadata:
            step["metadata"] = True
        self.steps.append(step)
        assert answer.status == 200, f"{path}: {answer.status} {answer.read()}"
        self.watches.append(Watch(self, len(self.watches), connection, answer))
        return self.watches[-1]

    def restart(self):
        """The server forgets what its watches knew."""
        self.cluster.stop()
        self.cluster.start()
        self.settle()
        self.steps.append({"restart": True})

    def withdraw(self, plural):
        """The type goes, and what there is of it."""
        self.cluster.api.delete("customresourcedefinitions", None, f"{plural}.example.com")
        path = f"/apis/example.com/v1/{plural}"
        envtest.wait_for(lambda: self.cluster.api.raw("GET", path)[0] == 404, 60, f"{path} is gone")
        self.settle()
        self.steps.append({"withdraw": plural})

    def serve(self, plural):
        """The type is there (again)."""
        serve(self.cluster, next(row for row in conversations.CUSTOM if row[0] == plural))
        self.settle()
        self.steps.append({"serve": plural})

    def run_controllers(self, until):
        """The namespace controller works until that path is gone."""
        self.cluster.start_controller_manager("namespace")
        envtest.wait_for(lambda: self.cluster.api.raw("GET", until)[0] == 404, 60, f"{until} is gone")
        self.cluster.stop_controller_manager()
        self.settle()
        self.steps.append({"controllers": True})

    def close(self):
        for watch in self.watches:
            # Its reader waits in it, and would hold it open. It may have ended by itself.
            with contextlib.suppress(OSError):
                if watch.connection.sock is not None:
                    watch.connection.sock.shutdown(socket.SHUT_RDWR)
            watch.reader.join()
            watch.connection.close()


def envtest_is_list(path):
    """Whether the path is that of a collection."""
    pieces = path.split("?")[0].strip("/").split("/")
    pieces = pieces[2:] if pieces[0] == "api" else pieces[3:]
    if pieces[0] == "namespaces" and len(pieces) > 2:
        pieces = pieces[2:]
    return len(pieces) == 1


# --- names for what is different each time ---


def versions_in(value, found):
    if isinstance(value, dict):
        for key, item in value.items():
            if key == "resourceVersion" and isinstance(item, str) and item.isdigit():
                found.add(int(item))
            versions_in(item, found)
    elif isinstance(value, list):
        for item in value:
            versions_in(item, found)


class Names:
    """Replaces them."""

    def __init__(self, steps):
        found = set()
        for step in steps:
            versions_in(step.get("answer"), found)
            versions_in(step.get("are"), found)
        self.versions = {str(version): f"${{rv:{n}}}" for n, version in enumerate(sorted(found), 1)}
        self.uids = {}

    def _uid(self, match):
        if match.group().startswith("00000000"):
            return match.group()  # the script's own, nobody's
        return self.uids.setdefault(match.group(), f"${{uid:{len(self.uids) + 1}}}")

    def _version(self, match):
        return match.group(1) + self.versions.get(match.group(2), match.group(2))

    def text(self, key, text, is_version):
        if is_version:
            return self.versions.get(text, text)
        text = TIME.sub("${time}", UID.sub(self._uid, text))
        if key in ("ask", "path"):
            text = re.sub(r"(resourceVersion=)(\d+)", self._version, text)
        return self.message(text) if key == "message" else text

    @staticmethod
    def message(text):
        """For people who read a recording: its beginning. Two runs write some differently: in the order of a map."""
        text = re.sub(r"((?:[vV]ersion|current)\D{0,40}?)\b(\d+)\b( \(\d+\))?", r"\1${n}", text)
        if " is invalid: [" in text:
            text = text[: text.index("[")] + "..."
        return text if len(text) <= 160 else text[:157] + "..."

    def replace(self, value, key=None, is_version=False):
        if isinstance(value, dict):
            of_version = str(value.get("path", "")).endswith("/resourceVersion")
            return {
                name: self.replace(item, name, name == "resourceVersion" or (of_version and name == "value"))
                for name, item in value.items()
            }
        if isinstance(value, list):
            items = [self.replace(item) for item in value]
            # They too come in the order of a map.
            return sorted(items, key=lambda item: json.dumps(item, sort_keys=True)) if key == "causes" else items
        return self.text(key, value, is_version) if isinstance(value, str) else value


# --- the whole ---


def settler(etcd):
    """Waits until the server writes nothing of its own any more."""

    def revision():
        return etcd.ask("/v3/maintenance/status", {})["header"]["revision"]

    def settle():
        last, since = revision(), time.monotonic()
        while time.monotonic() - since < 1.5:
            time.sleep(0.1)
            now = revision()
            if now != last:
                last, since = now, time.monotonic()

    return settle


def write(path, title, steps):
    """A line for each step: a recording is read, and compared, by steps."""
    lines = ",\n".join(json.dumps(step, sort_keys=True) for step in steps)
    path.write_text(f'{{"conversation": {json.dumps(title)}, "steps": [\n{lines}\n]}}\n', encoding="utf-8")


def main():
    wanted = sys.argv[1:]
    scripts = [script for script in conversations.ALL if not wanted or script.__name__ in wanted]
    with tempfile.TemporaryDirectory() as directory:
        etcd = envtest.Etcd(directory)
        cluster = envtest.Cluster("recorded", directory, etcd, audit=False)
        envtest.start_all(etcd, [cluster])
        try:
            for row in conversations.CUSTOM:
                serve(cluster, row)
            settle = settler(etcd)
            settle()
            for script in scripts:
                conversation = Conversation(cluster, settle)
                script(conversation)
                conversation.close()
                steps = Names(conversation.steps).replace(conversation.steps)
                write(HERE / "recorded" / f"{script.__name__}.json", script.__doc__, steps)
                print(f"{script.__name__}: {len(steps)} steps")
        finally:
            cluster.stop(0)
            etcd.stop()


if __name__ == "__main__":
    main()
