# SPDX-License-Identifier: Apache-2.0
"""Features younger than the real server here. Their answers are written from the Kubernetes documentation, not recorded:
written/."""

from conversations.words import config_map, core, cron_job, grouped
from player import PARTIAL, TABLE, version

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
AGGREGATED_BETA = "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList"


def _written(function):
    function.written = True
    return function


def _row(row):
    """What a resource of an aggregated document says, without the order of its lists. Group and version of a kind may be
    left empty where they are those around it."""
    made = {
        key: row[key] for key in ("resource", "scope", "singularResource", "shortNames", "categories") if key in row
    }
    made["kind"] = row["responseKind"]["kind"]
    made["verbs"] = sorted(row["verbs"])
    subs = row.get("subresources") or []
    if subs:
        made["subresources"] = sorted(
            [sub["subresource"], sub["responseKind"]["kind"], sorted(sub["verbs"])] for sub in subs
        )
    return made


def _rows(answer, group, wanted):
    item = next(item for item in answer["items"] if item["metadata"].get("name", "") == group)
    first = item["versions"][0]
    rows = {row["resource"]: _row(row) for row in first["resources"]}
    return {"version": first["version"], "freshness": first["freshness"], "rows": [rows[name] for name in wanted]}


@_written
def aggregated_discovery_of_core(c):
    """/api in one document with all its resources."""
    c.facts("/api", lambda a: [a["kind"], a["apiVersion"], len(a["items"])], accept=AGGREGATED)
    c.facts("/api", lambda a: _rows(a, "", ["configmaps", "namespaces", "secrets", "services"]), accept=AGGREGATED)
    c.facts("/api", lambda a: [a["kind"], a["apiVersion"]], accept=AGGREGATED_BETA)
    c.facts(
        "/api", lambda a: [a["kind"], a["apiVersion"]], accept=AGGREGATED + "," + AGGREGATED_BETA + ",application/json"
    )
    c.facts("/api", lambda a: a["kind"], accept="application/json")


@_written
def aggregated_discovery_of_groups(c):
    """/apis in one document with all its resources."""
    c.facts("/apis", lambda a: [a["kind"], a["apiVersion"]], accept=AGGREGATED)
    c.facts("/apis", lambda a: _rows(a, "apps", ["deployments"]), accept=AGGREGATED)
    c.facts("/apis", lambda a: _rows(a, "apiextensions.k8s.io", ["customresourcedefinitions"]), accept=AGGREGATED)
    c.facts("/apis", lambda a: _rows(a, "rbac.authorization.k8s.io", ["clusterroles", "roles"]), accept=AGGREGATED)
    c.facts("/apis", lambda a: _rows(a, "batch", ["cronjobs"]), accept=AGGREGATED)
    c.facts("/apis", lambda a: a["kind"], accept="application/json")
    c.facts("/apis", lambda a: a["kind"], accept="*/*")


@_written
def aggregated_discovery_of_customs(c):
    """A custom type appears in the aggregated document, and goes."""
    c.crd("lamps", "Lamp", names={"shortNames": ["lp"], "categories": ["all"]})
    document = "/apis"
    c.wait(lambda: c.group in str(c.peek("GET", document, accept=AGGREGATED)[1]), "its group is in the document")
    c.facts(document, lambda a: _rows(a, c.group, ["lamps"]), accept=AGGREGATED)
    c.peek("DELETE", f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/lamps.{c.group}")
    c.wait(lambda: c.group not in str(c.peek("GET", document, accept=AGGREGATED)[1]), "its group is gone")


STREAM = {"sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan", "allowWatchBookmarks": "true"}


def _seen(events):
    """Types, names, and whether an event says that the beginning is over."""
    found = []
    for event in events:
        metadata = event["object"]["metadata"]
        ended = (metadata.get("annotations") or {}).get("k8s.io/initial-events-end")
        found.append([event["type"], metadata.get("name"), ended])
    return found


def _stream(c, path, count, **more):
    """A streaming list: that many objects in any order, then the bookmark that ends it."""
    watch = c.watch(path, **STREAM, **more)
    found = watch.until(("BOOKMARK",))
    c.steps[-1]["are"] = sorted(_seen(found[:count])) + _seen(found[count:])
    return watch


@_written
def streaming_lists(c):
    """sendInitialEvents: what there is, a bookmark that ends it, then what happens."""
    maps = c.maps()
    for name in "abc":
        c.post(maps, config_map(name, labels={"odd": "yes"} if name != "b" else None))
    watch = _stream(c, maps, 3)
    _stream(c, maps, 2, labelSelector="odd=yes").stop()
    _stream(c, maps, 3, resourceVersion="0").stop()
    _stream(c, maps, 3, accept=PARTIAL).stop()
    _stream(c, core(c.ns, "secrets"), 0).stop()
    last = version(c.merge(maps + "/a", {"data": {"k": "1"}}))
    after = watch.events(1)
    c.steps[-1]["are"] = _seen(after)
    assert last == version(after[0]["object"])
    _stream(c, maps, 3, resourceVersion=last).stop()


@_written
def streaming_lists_refused(c):
    """What a streaming list must say besides."""
    maps = c.maps()
    for query in (
        {"sendInitialEvents": "true"},
        {"sendInitialEvents": "true", "allowWatchBookmarks": "true"},
        {"sendInitialEvents": "true", "resourceVersionMatch": "Exact", "allowWatchBookmarks": "true"},
    ):
        watch = c.watch(maps, **query)
        step = c.steps[-1]
        answer = step.get("answer")
        step["answer"] = [answer["reason"], answer["code"]] if isinstance(answer, dict) else answer
        watch.stop()
    c.facts(maps, lambda a: [a["reason"], a["code"]], sendInitialEvents="true")


@_written
def cron_jobs_of_v1(c):
    """CronJob of batch/v1."""
    path = grouped("batch/v1", c.namespace(), "cronjobs")

    def spec(answer):
        return [answer["kind"], answer["apiVersion"], {k: v for k, v in answer["spec"].items() if k != "jobTemplate"}]

    c.facts(path, spec, method="POST", body=cron_job("a", "v1"))
    c.facts(path + "/a", spec)
    c.facts(path, lambda a: [a["kind"], a["apiVersion"], len(a["items"])])
    c.facts(
        path + "/a",
        lambda a: a["spec"]["suspend"],
        method="PATCH",
        body={"spec": {"suspend": True}},
        content_type="application/merge-patch+json",
    )
    c.facts(path, lambda a: [a["kind"], [column["name"] for column in a["columnDefinitions"]][:4]], accept=TABLE)
    c.facts(path + "/a", lambda a: [a["kind"], a["status"]], method="DELETE")
    c.facts(path + "/a", lambda a: a["reason"])


@_written
def openapi_v3(c):
    """/openapi/v3 names a document for each group version; where it is not served, 404."""
    c.facts("/openapi/v3", lambda a: "api/v1" in a["paths"] and "apis/apps/v1" in a["paths"])
