#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: record.py SERVER TOKEN CA [NAME...]

Asks a running kube-apiserver what it makes of each case of NAME.yaml, and writes its answers to NAME.json, from which
the unit tests of the kinds take what must come out. Creations and updates are dry runs unless the file says `wet`, in a namespace
of its own; what is created is deleted again. Metadata is left out of the answers, and so is what the server draws
by lot (cluster addresses and node ports that a case does not name).
"""

import json
import pathlib
import ssl
import sys
import urllib.error
import urllib.request

import yaml

HERE = pathlib.Path(__file__).resolve().parent
NAMESPACE = "kinds"


class Server:
    def __init__(self, url, token, authority):
        self.url = url
        self.token = token
        self.tls = ssl.create_default_context(cafile=authority)

    def ask(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, method=method, data=data)
        request.add_header("Authorization", "Bearer " + self.token)
        request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, context=self.tls) as answer:
                return answer.status, json.load(answer), answer.headers.get_all("Warning") or []
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read()), error.headers.get_all("Warning") or []


def collection(file):
    version = file["apiVersion"]
    base = f"/apis/{version}" if "/" in version else f"/api/{version}"
    return f"{base}/{file['plural']}" if file.get("cluster") else f"{base}/namespaces/{NAMESPACE}/{file['plural']}"


def complete(file, body, name):
    """With kind, version and a name, where the case has none."""
    metadata = {"name": name, **body.get("metadata", {})}
    return {"apiVersion": file["apiVersion"], "kind": file["kind"], **body, "metadata": metadata}


def mask(value, asked):
    """What was drawn by lot."""
    spec, wanted = value.get("spec", {}), asked.get("spec", {})
    if value["kind"] != "Service":
        return
    for member in ("clusterIP", "clusterIPs"):
        if member in spec and member not in wanted and "None" not in spec[member] and spec[member]:
            spec[member] = "drawn"
    for port, row in zip(spec.get("ports", []), wanted.get("ports", [])):
        if "nodePort" in port and "nodePort" not in row:
            port["nodePort"] = "drawn"
    if "healthCheckNodePort" in spec and "healthCheckNodePort" not in wanted:
        spec["healthCheckNodePort"] = "drawn"


def answer_of(code, body, warnings, asked):
    if code >= 400:
        causes = body.get("details", {}).get("causes")
        row = {"code": code, "causes": causes} if causes else {"code": code, "message": body["message"]}
    else:
        del body["metadata"]
        mask(body, asked)
        row = {"code": code, "object": body}
    return {**row, "warnings": warnings} if warnings else row


def record(server, file, case, number):
    path = collection(file)
    name = f"case-{number}"
    asked = complete(file, case["object"], name)
    if "namespace" in asked["metadata"]:
        path = path.replace(f"/{NAMESPACE}/", f"/{asked['metadata']['namespace']}/")
    # A dry run draws no addresses.
    query = "" if file.get("wet") else "?dryRun=All"
    part = "/" + case["write"] if "write" in case else ""
    at = f"{path}/{asked['metadata']['name']}"
    try:
        if "old" not in case:
            return answer_of(*server.ask("POST", path + query, asked), asked)
        code, body, _ = server.ask("POST", path, complete(file, case["old"], name))
        if code != 201:
            raise SystemExit(f"{case['name']}: {code} {body['message']}")
        asked["metadata"].setdefault("resourceVersion", body["metadata"]["resourceVersion"])
        return answer_of(*server.ask("PUT", at + part + query, asked), asked)
    finally:
        server.ask("DELETE", at)


def main():
    server = Server(*sys.argv[1:4])
    server.ask("POST", "/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})
    for name in sys.argv[4:] or sorted(path.stem for path in HERE.glob("*.yaml")):
        file = yaml.safe_load((HERE / f"{name}.yaml").read_text())
        answers = {case["name"]: record(server, file, case, i) for i, case in enumerate(file["cases"])}
        if len(answers) != len(file["cases"]):
            raise SystemExit(f"{name}: two cases have one name")
        lines = [f" {json.dumps(title)}: {json.dumps(row, sort_keys=True)}" for title, row in answers.items()]
        (HERE / f"{name}.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
    server.ask("DELETE", f"/api/v1/namespaces/{NAMESPACE}")


if __name__ == "__main__":
    main()
