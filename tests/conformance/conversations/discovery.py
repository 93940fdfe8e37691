# SPDX-License-Identifier: Apache-2.0
"""What is served: the legacy documents, health, version, metrics, OpenAPI."""

from conversations.words import core, named


def versions_of_core(c):
    """/api names the versions of the core group."""
    c.facts("/api", lambda answer: [answer["kind"], answer["versions"], list(answer["serverAddressByClientCIDRs"][0])])
    c.facts("/api/", lambda answer: [answer["kind"], answer["versions"]])


def groups(c):
    """/apis names the groups that the sandbox has too."""
    mine = [
        "apps",
        "batch",
        "events.k8s.io",
        "coordination.k8s.io",
        "rbac.authorization.k8s.io",
        "apiextensions.k8s.io",
    ]
    document = c.rows("/apis", "groups", mine)
    document["groups"] = [
        {"name": row["name"], "keys": sorted(row), "v1": [v for v in row["versions"] if v["version"] == "v1"]}
        for row in document["groups"]
    ]
    c.steps[-1]["answer"] = document
    for group in mine:
        c.facts(f"/apis/{group}", lambda a: [a["kind"], a["apiVersion"], a["name"], a["versions"][0]])
    c.get("/apis/missing.example.com")
    c.get("/apis/missing.example.com/v1")
    c.get("/apis/apps/v7")


def core_resources(c):
    """The rows of /api/v1."""
    rows = [
        "configmaps",
        "events",
        "namespaces",
        "namespaces/finalize",
        "namespaces/status",
        "secrets",
        "serviceaccounts",
    ]
    c.rows("/api/v1", "resources", [*rows, "services", "services/status"])


def grouped_resources(c):
    """The rows of the groups."""
    for path, rows in (
        ("/apis/apps/v1", ["deployments", "deployments/status"]),
        ("/apis/batch/v1beta1", ["cronjobs", "cronjobs/status"]),
        ("/apis/events.k8s.io/v1", ["events"]),
        ("/apis/coordination.k8s.io/v1", ["leases"]),
        ("/apis/rbac.authorization.k8s.io/v1", ["roles", "rolebindings", "clusterroles", "clusterrolebindings"]),
        ("/apis/apiextensions.k8s.io/v1", ["customresourcedefinitions", "customresourcedefinitions/status"]),
    ):
        c.rows(path, "resources", rows)


def health(c):
    """Is it alive, is it ready?"""
    for path in ("/healthz", "/livez", "/readyz"):
        c.get(path, accept="*/*")
        c.get(path)
        c.get(path, accept="text/plain")
    c.facts("/readyz?verbose", _verbose, accept="*/*")
    c.facts("/healthz?verbose", _verbose, accept="*/*")
    c.facts("/livez?verbose=true", _verbose, accept="*/*")
    c.get("/healthz/ping", accept="*/*")
    c.get("/readyz/ping", accept="*/*")
    c.facts("/healthz/nothing", lambda answer: list(answer))
    c.ask("POST", "/healthz", {})
    c.get("/healthz", user=None)


def _verbose(text):
    lines = text.splitlines()
    return [
        all(line.startswith("[+]") and line.endswith(" ok") for line in lines[:-1]),
        "[+]ping ok" in lines,
        lines[-1],
    ]


def version(c):
    """/version is a flat document of words."""
    keys = [
        "buildDate",
        "compiler",
        "gitCommit",
        "gitTreeState",
        "gitVersion",
        "goVersion",
        "major",
        "minor",
        "platform",
    ]
    c.facts("/version", lambda answer: [key for key in keys if isinstance(answer.get(key), str)])
    c.facts("/version", lambda answer: answer["gitVersion"][:3], user=None)
    c.facts("/version/", lambda answer: answer["major"])
    c.ask("DELETE", "/version")


def metrics(c):
    """Requests are counted."""
    maps = c.maps()
    c.get(maps)
    c.get(maps + "/missing")

    def counted(text):
        lines = [line for line in text.splitlines() if line.startswith("apiserver_request_total{")]
        ours = [line for line in lines if 'resource="configmaps"' in line]
        return {
            "help": "# TYPE apiserver_request_total counter" in text,
            "labels": sorted(
                name
                for name in ("code", "group", "resource", "scope", "subresource", "verb", "version")
                if f'{name}="' in ours[0]
            ),
            "list": any(
                'verb="LIST"' in line and 'code="200"' in line and 'scope="namespace"' in line for line in ours
            ),
            "get": any('verb="GET"' in line and 'code="404"' in line for line in ours),
        }

    c.facts("/metrics", counted, accept="text/plain")


def openapi(c):
    """The document that kubectl validates with, as JSON and as protobuf."""
    wanted = [
        "io.k8s.api.core.v1.ConfigMap",
        "io.k8s.api.core.v1.Secret",
        "io.k8s.api.core.v1.Namespace",
        "io.k8s.api.core.v1.Service",
        "io.k8s.api.core.v1.ServiceAccount",
        "io.k8s.api.apps.v1.Deployment",
        "io.k8s.api.coordination.v1.Lease",
        "io.k8s.api.rbac.v1.Role",
    ]

    def facts(answer):
        kinds = {name: answer["definitions"][name]["x-kubernetes-group-version-kind"] for name in wanted}
        operation = answer["paths"]["/api/v1/namespaces/{namespace}/configmaps"]["post"]
        return {
            "swagger": answer["swagger"],
            "kinds": kinds,
            "post": [operation["x-kubernetes-action"], operation["x-kubernetes-group-version-kind"]],
            "dryRun": any(p["name"] == "dryRun" for p in operation["parameters"]),
        }

    c.facts("/openapi/v2", facts)
    c.facts(
        "/openapi/v2",
        lambda answer: isinstance(answer, str) and answer.endswith("bytes)"),
        accept="application/com.github.proto-openapi.spec.v2@v1.0+protobuf",
    )
    c.facts(
        "/openapi/v2",
        lambda answer: isinstance(answer, str) and answer.endswith("bytes)"),
        accept="application/com.github.proto-openapi.spec.v2@v1.0+protobuf,application/json",
    )


def openapi_of_customs(c):
    """A custom type's schema is in the OpenAPI document soon."""
    schema = {"type": "object", "properties": {"spec": {"type": "object", "properties": {"n": {"type": "integer"}}}}}
    c.crd(
        "lamps",
        "Lamp",
        versions=[{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}],
    )
    path = f"/apis/{c.group}/v1/namespaces/{{namespace}}/lamps/{{name}}"
    c.wait(lambda: path in c.peek("GET", "/openapi/v2")[1].get("paths", {}), "its path is in the document")
    name = ".".join(reversed(c.group.split("."))) + ".v1.Lamp"
    c.facts("/openapi/v2", lambda a: a["definitions"][name]["properties"]["spec"])
    c.facts("/openapi/v2", lambda a: a["definitions"][name]["x-kubernetes-group-version-kind"])
    c.facts("/openapi/v2", lambda a: sorted(set(a["paths"][path]) - {"parameters"}))


def nothing_there(c):
    """Paths, types and verbs that there are not."""
    ns = c.namespace()
    c.facts("/nothing", lambda answer: list(answer))
    c.get("/api/v2")
    c.get("/api/v1/nothings")
    c.get(core(ns, "nothings"))
    c.get(core(ns, "nothings") + "/a")
    c.post(core(ns, "nothings"), named("a"))
    c.delete(core(ns, "nothings") + "/a")
    c.get("/apis/nothing.example.com/v1/things")
    c.get("/apis/apps/v1/nothings")
    c.get("/apis/apps/v9/deployments")
    c.get("/api/v1/configmaps/a")
    c.get(core(ns, "configmaps") + "/a/status")
    c.get(core(ns, "configmaps") + "/a/b/c")
    c.get(core(ns, "secrets") + "/a/scale")
    c.facts("/api/v1/namespaces/", lambda answer: answer["kind"])
    c.get(f"/api/v1/namespaces/{ns}/")
    c.facts("/", lambda answer: sorted(set(answer["paths"]) & {"/api", "/api/v1", "/apis", "/healthz", "/version"}))
    c.facts("/apis/", lambda answer: answer["kind"])


def wrong_verbs(c):
    """405, with what is allowed."""
    ns = c.namespace()
    maps = core(ns, "configmaps")
    c.ask("PUT", maps, named("a"))
    c.ask("PATCH", maps, {}, "application/merge-patch+json")
    c.ask("POST", maps + "/a", named("a"))
    c.ask("POST", "/api/v1/configmaps", named("a"))
    c.ask("PUT", "/api/v1/configmaps", named("a"))
    c.ask("DELETE", "/api/v1/configmaps")
    c.ask("DELETE", "/api/v1/namespaces")
    c.ask("DELETE", f"/api/v1/namespaces/{ns}/status")
    c.ask("POST", "/api/v1", {})
    c.facts("/apis", lambda answer: answer["kind"], method="POST", body={})
    c.ask("OPTIONS", maps)
    c.ask("HEAD", maps)
    c.ask("TRACE", maps)
    c.ask("GET", f"/api/v1/namespaces/{ns}/finalize")
    c.ask("DELETE", f"/apis/apps/v1/namespaces/{ns}/deployments/d/status")
