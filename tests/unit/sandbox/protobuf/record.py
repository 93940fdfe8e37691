#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: record.py SERVER TOKEN CA

Creates what objects.yaml has on a running kube-apiserver, reads each as JSON and as protobuf, and deletes it. Both
forms are written to recorded.json: the unit tests make one of the other. Namespaced objects are in a namespace of this
script; what is not namespaced gets names of this script.
"""

import base64
import json
import pathlib
import ssl
import sys
import urllib.error
import urllib.request

import yaml

HERE = pathlib.Path(__file__).resolve().parent
NAMESPACE = "protobuf"
JSON, PROTOBUF = "application/json", "application/vnd.kubernetes.protobuf"
GLOBAL = ("Namespace", "ClusterRole", "ClusterRoleBinding", "CustomResourceDefinition")


class Server:
    def __init__(self, url, token, authority):
        self.url = url
        self.token = token
        self.tls = ssl.create_default_context(cafile=authority)

    def ask(self, method, path, body=None, accept=JSON):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, method=method, data=data)
        request.add_header("Authorization", "Bearer " + self.token)
        request.add_header("Content-Type", JSON)
        request.add_header("Accept", accept)
        try:
            with urllib.request.urlopen(request, context=self.tls) as answer:
                return answer.read()
        except urllib.error.HTTPError as error:
            return error.read()


def collection(body):
    version, plural = body["apiVersion"], body["kind"].lower() + "s"
    base = f"/apis/{version}" if "/" in version else f"/api/{version}"
    return f"{base}/{plural}" if body["kind"] in GLOBAL else f"{base}/namespaces/{NAMESPACE}/{plural}"


def record(server, body, number):
    path = collection(body)
    body["metadata"]["name"] = body["metadata"]["name"] or f"protobuf-{number}"
    at = f"{path}/{body['metadata']['name']}"
    made = json.loads(server.ask("POST", path, body))
    if made["kind"] == "Status":
        raise SystemExit(f"{at}: {made['message']}")
    try:
        while True:
            before = json.loads(server.ask("GET", at))
            encoded = server.ask("GET", at, accept=PROTOBUF)
            # Controllers write, too.
            if json.loads(server.ask("GET", at)) == before:
                return {"object": before, "bytes": base64.b64encode(encoded).decode()}
    finally:
        server.ask("DELETE", at)
        if body["metadata"].get("finalizers"):
            body["metadata"]["finalizers"] = []
            server.ask("PUT", at, body)


def main():
    server = Server(*sys.argv[1:4])
    server.ask("POST", "/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})
    objects = yaml.safe_load((HERE / "objects.yaml").read_text())
    rows = [record(server, body, number) for number, body in enumerate(objects)]
    lines = [" " + json.dumps(row, sort_keys=True) for row in rows]
    (HERE / "recorded.json").write_text("[\n" + ",\n".join(lines) + "\n]\n")
    server.ask("DELETE", f"/api/v1/namespaces/{NAMESPACE}")


if __name__ == "__main__":
    main()
