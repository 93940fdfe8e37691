# SPDX-License-Identifier: Apache-2.0
"""Who asks, and what is denied: 401 and 403."""

from conversations.words import CRDS, NAMESPACES, RBAC, config_map, core, deployment, grouped, named
from player import TABLE, version


def unauthorized(c):
    """Tokens that are none."""
    maps = c.maps()
    for header in ("Bearer nonsense", "Bearer ", "Bearer", "bearer nonsense", "Basic bm9ib2R5Om5vYm9keQ==", "Nonsense"):
        c.get(maps, headers={"authorization": header})
    c.get("/apis", headers={"authorization": "Bearer nonsense"})
    c.get("/healthz", headers={"authorization": "Bearer nonsense"})
    c.get("/nothing", headers={"authorization": "Bearer nonsense"})
    c.post(maps, config_map("a"), headers={"authorization": "Bearer nonsense"})
    c.watch(maps, user="unknown")


def anonymous(c):
    """No token at all."""
    maps = c.maps()
    c.get(maps, user=None)
    c.get("/api/v1", user=None)
    c.get("/apis", user=None)
    c.facts("/version", lambda a: a["major"], user=None)
    c.get("/healthz", user=None)
    c.get("/metrics", user=None)
    c.get("/nothing", user=None)


def denials(c):
    """How denials are worded, for each verb and path."""
    ns = c.namespace()
    maps = core(ns, "configmaps")
    c.post(maps, config_map("a"))
    nobody = {"user": "nobody"}
    c.get(maps + "/a", **nobody)
    c.get(maps + "/missing", **nobody)
    c.get(maps, **nobody)
    c.watch(maps, **nobody)
    c.post(maps, config_map("b"), **nobody)
    c.put(maps + "/a", config_map("a"), **nobody)
    c.merge(maps + "/a", {}, **nobody)
    c.json(maps + "/a", **nobody)
    c.apply(maps + "/a", config_map("a"), **nobody)
    c.delete(maps + "/a", **nobody)
    c.delete(maps, **nobody)
    c.get("/api/v1/configmaps", **nobody)
    c.get(NAMESPACES, **nobody)
    c.get(f"{NAMESPACES}/{ns}", **nobody)
    c.post(NAMESPACES, named("x"), **nobody)
    c.delete(f"{NAMESPACES}/{ns}", **nobody)
    c.get(grouped("apps/v1", ns, "deployments"), **nobody)
    c.post(grouped("apps/v1", ns, "deployments"), deployment("d"), **nobody)
    c.get(grouped("apps/v1", ns, "deployments") + "/d/status", **nobody)
    c.merge(grouped("apps/v1", ns, "deployments") + "/d/status", {}, **nobody)
    c.get(CRDS, **nobody)
    c.get(f"{RBAC}/clusterroles", **nobody)
    c.get(core(ns, "nothings"), **nobody)
    c.get("/apis/nothing.example.com/v1/things", **nobody)
    c.get(maps, accept=TABLE, **nobody)
    c.get(maps, accept="text/html", **nobody)
    c.post(maps, "{", **nobody)
    c.get("/metrics", **nobody)
    c.get("/nothing", **nobody)
    c.ask("POST", "/metrics", {}, **nobody)
    c.get("/logs/", **nobody)


def what_everybody_may(c):
    """Discovery and health are for everybody who is known."""
    nobody = {"user": "nobody"}
    for path in ("/api", "/apis", "/api/v1", "/apis/apps", "/apis/apps/v1", "/version", "/openapi/v2"):
        c.facts(path, lambda a: a["kind"] if "kind" in a else sorted(a)[:3], **nobody)
    for path in ("/healthz", "/readyz", "/livez"):
        c.get(path, **nobody)


def readers(c):
    """Who may read one type in one namespace, and tries the rest."""
    ns = c.namespace()
    maps, secrets = core(ns, "configmaps"), core(ns, "secrets")
    first = c.post(maps, config_map("a"))
    c.post(secrets, named("a"))
    c.server.let_read(c, ns, "configmaps")
    limited = {"user": "limited"}
    c.wait(lambda: c.peek("GET", maps, **limited)[0] == 200, "the right is known")
    c.get(maps + "/a", **limited)
    c.get(maps, **limited)
    c.get(maps, accept=TABLE, **limited)
    c.get(maps + "/missing", **limited)
    watch = c.watch(maps, resourceVersion=version(first), **limited)
    c.merge(maps + "/a", {"data": {"k": "1"}}, **limited)
    c.post(maps, config_map("b"), **limited)
    c.post(maps, config_map("b"), dryRun="All", **limited)
    c.delete(maps + "/a", **limited)
    c.delete(maps, **limited)
    c.get(secrets, **limited)
    c.get(secrets + "/a", **limited)
    c.watch(secrets, **limited)
    c.get(core("default", "configmaps"), **limited)
    c.get("/api/v1/configmaps", **limited)
    c.merge(maps + "/a", {"data": {"k": "2"}})
    watch.events(1)
