#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: record.py [URL TOKEN CA-FILE]

Asks a real kube-apiserver again what the tests of schemas and patches in this folder compare with, and writes its
answers into recorded/*.json, beside the questions, which are kept as they are: a row is added by hand, without an
answer. Without arguments a server is started, as for the end-to-end tests. Everything is asked with dryRun, in a
namespace of its own; CustomResourceDefinitions and one Deployment are made for it, and deleted.

- decode.json: what becomes of a body of a built-in type: the object, or the error without what it quotes of the body.
- custom.json: CustomResourceDefinitions' schemas, each with objects: what becomes of them, causes, or an error.
- strategic.json: a Deployment and strategic merge patches: how it changes (as a merge patch), or an error.
"""

import contextlib
import http.client
import json
import pathlib
import ssl
import sys
import tempfile
import urllib.parse

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "e2e"))

import envtest  # pylint: disable=wrong-import-position

NAMESPACE = "recorded-schemas"
GROUP = "recorded.fedcopy.dev"
CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
# Members that differ each time, that others set, or that stand for the type.
MASKED = ("uid", "creationTimestamp", "managedFields", "namespace", "selfLink", "generation", "resourceVersion")
# Defaults of a Deployment's containers and volumes, which no schema knows.
DEFAULTS = ("imagePullPolicy", "terminationMessagePath", "terminationMessagePolicy", "protocol", "defaultMode")


class Server:
    """The API server that is asked."""

    def __init__(self, url, token, ca):
        at = urllib.parse.urlsplit(url)
        self.connection = http.client.HTTPSConnection(at.hostname, at.port, context=ssl.create_default_context(cafile=ca))
        self.token = token

    def ask(self, method, path, body=None, content_type="application/json"):
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": content_type}
        self.connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = self.connection.getresponse()
        text = answer.read()
        try:
            return answer.status, json.loads(text)
        except ValueError:
            return answer.status, {"message": text.decode()}


@contextlib.contextmanager
def some_server():
    if len(sys.argv) == 4:
        yield Server(*sys.argv[1:])
        return
    with tempfile.TemporaryDirectory() as directory:
        etcd = envtest.Etcd(directory)
        cluster = envtest.Cluster("recorded", directory, etcd, audit=False)
        envtest.start_all(etcd, [cluster])
        try:
            ca = str(cluster.authority.certificate)
            yield Server(f"https://127.0.0.1:{cluster.port}", cluster.tokens["admin"], ca)
        finally:
            cluster.stop(0)
            etcd.stop()


def clean(value):
    """An object without what no schema decides."""
    for name in MASKED:
        value["metadata"].pop(name, None)
    return {name: item for name, item in value.items() if name not in ("kind", "apiVersion")}


def decoding_error(message):
    words = message.split(" cannot be handled as a ", 1)
    return words[1].split(": ", 1)[1].split(", error found in #")[0] if len(words) == 2 else None


def decode_row(server, row):
    status, answer = server.ask("POST", row["path"].replace("NAMESPACE", NAMESPACE) + "?dryRun=All", row["body"])
    asked = {name: row[name] for name in ("type", "path", "body")}
    error = decoding_error(answer.get("message", "")) if status >= 300 else None
    if error:
        return dict(asked, error=error)
    assert status == 201, (row, answer)
    return dict(asked, object=clean(answer))


def custom_row(server, path, row):
    status, answer = server.ask("POST", path + "?dryRun=All", row["body"])
    asked = {"body": row["body"]}
    if status == 400:
        return dict(asked, error=decoding_error(answer["message"]))
    if status == 422:
        causes = answer["details"]["causes"]
        return dict(asked, causes=sorted(causes, key=lambda cause: (cause["field"], cause["message"])))
    assert status == 201, (row, answer)
    return dict(asked, object=clean(answer))


def custom(server, page):
    """A CustomResourceDefinition, its rows."""
    plural = page["plural"]
    kind = plural[:-1].capitalize()
    names = {"plural": plural, "singular": kind.lower(), "kind": kind, "listKind": f"{kind}List"}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": page["schema"]}}
    spec = {"group": GROUP, "scope": "Namespaced", "names": names, "versions": [version]}
    crd = {"metadata": {"name": f"{plural}.{GROUP}"}, "spec": spec}
    path = f"/apis/{GROUP}/v1/namespaces/{NAMESPACE}/{plural}"
    status, answer = server.ask("POST", CRDS, crd)
    assert status == 201, answer
    try:
        envtest.wait_for(lambda: server.ask("GET", path)[0] == 200, 30, f"{path} is served")
        # It is served a moment before writes are.
        probe = {"apiVersion": f"{GROUP}/v1", "kind": kind, "metadata": {"name": "probe"}}
        envtest.wait_for(lambda: server.ask("POST", path + "?dryRun=All", probe)[0] != 404, 30, "writes are served")
        for row in page["rows"]:
            row["body"].setdefault("apiVersion", f"{GROUP}/v1")
            row["body"].setdefault("kind", kind)
            row["body"].setdefault("metadata", {"name": "x"})
        page["rows"] = [custom_row(server, path, row) for row in page["rows"]]
    finally:
        server.ask("DELETE", f"{CRDS}/{plural}.{GROUP}")
        envtest.wait_for(lambda: server.ask("GET", f"{CRDS}/{plural}.{GROUP}")[0] == 404, 30, "it is gone")


def without_defaults(value):
    if isinstance(value, dict):
        return {name: without_defaults(item) for name, item in value.items() if name not in DEFAULTS}
    return [without_defaults(item) for item in value] if isinstance(value, list) else value


def change(before, after):
    """The merge patch between two values."""
    if not isinstance(before, dict) or not isinstance(after, dict):
        return after
    patch = {name: None for name in before if name not in after}
    for name, value in after.items():
        if before.get(name) != value:
            patch[name] = change(before.get(name), value)
    return patch


def strategic(server, page):
    path = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments"
    here = f"{path}/{page['object']['metadata']['name']}"
    status, answer = server.ask("POST", path, page["object"])
    assert status == 201, answer
    before = clean(answer)
    before.pop("status")
    before["metadata"].pop("annotations", None)
    page["object"] = without_defaults(before)
    page["object"]["metadata"]["name"] = here.rsplit("/", 1)[1]
    rows = []
    for row in page["rows"]:
        status, answer = server.ask("PATCH", here + "?dryRun=All", row["patch"], "application/strategic-merge-patch+json")
        new = {"patch": row["patch"]}
        if status >= 300:
            message = answer["message"]
            if message.startswith(' "" is invalid: patch: '):
                # Behind the patch, which is quoted.
                message = message.split(']": ', 1)[1]
            new.update(status=status, error=without_context(message))
        else:
            after = clean(answer)
            after.pop("status", None)
            after["metadata"].pop("annotations", None)
            new["change"] = change(page["object"], without_defaults(after))
        rows.append(new)
    page["rows"] = rows
    server.ask("PATCH", here, {"metadata": {"finalizers": None}}, "application/merge-patch+json")
    server.ask("DELETE", here)


def without_context(message):
    """Errors that quote the whole list are told by their beginning."""
    return message if len(message) < 400 else message[:80]


def rewrite(name, record):
    path = HERE / "recorded" / name
    pages = json.loads(path.read_text(encoding="utf-8"))
    for page in pages:
        record(page)
    lines = []
    for page in pages:
        head = {key: value for key, value in page.items() if key != "rows"}
        rows = ",\n".join("  " + json.dumps(row, ensure_ascii=False) for row in page["rows"])
        lines.append(f'{json.dumps(head, ensure_ascii=False)[:-1]}{", " if head else ""}"rows": [\n{rows}\n]}}')
    path.write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")
    print(f"{name}: {sum(len(page['rows']) for page in pages)} rows")


def main():
    if len(sys.argv) not in (1, 4):
        sys.exit(__doc__.split("\n", maxsplit=1)[0])
    with some_server() as server:
        namespace = {"metadata": {"name": NAMESPACE}}
        envtest.wait_for(lambda: server.ask("POST", "/api/v1/namespaces", namespace)[0] == 201, 60, "a namespace")
        try:
            rewrite("decode.json", lambda page: page.update(rows=[decode_row(server, row) for row in page["rows"]]))
            rewrite("custom.json", lambda page: custom(server, page))
            rewrite("strategic.json", lambda page: strategic(server, page))
        finally:
            server.ask("DELETE", f"/api/v1/namespaces/{NAMESPACE}")


if __name__ == "__main__":
    main()
