# SPDX-License-Identifier: Apache-2.0
"""delete, deletecollection, finalizers, propagation, the end of namespaces."""

from conversations.words import b64, config_map, core, cron_job, deployment, grouped, named, service, typed
from player import uid, version


def deletions(c):
    """DELETE: answers, bodies, preconditions."""
    maps = c.maps()
    made = c.post(maps, config_map("a"))
    c.delete(maps + "/a", {"preconditions": {"uid": "00000000-0000-4000-8000-000000000000"}})
    c.merge(maps + "/a", {"data": {"a": "b"}})
    c.delete(maps + "/a", {"preconditions": {"resourceVersion": version(made)}})
    c.delete(maps + "/a", {"preconditions": {"uid": uid(made), "resourceVersion": version(made)}})
    c.delete(maps + "/a", {"preconditions": {}, "gracePeriodSeconds": -1})
    c.delete(maps + "/a", {"kind": "DeleteOptions", "apiVersion": "v1", "preconditions": {"uid": uid(made)}})
    c.delete(maps + "/a", {"preconditions": {"uid": uid(made)}})
    for number, options in enumerate(
        (
            {"kind": "DeleteOptions", "apiVersion": "meta.k8s.io/v1"},
            {"kind": "DeleteOptions", "apiVersion": "v1"},
            {"kind": "DeleteOptions"},
            {"apiVersion": "v1"},
            {"kind": "ConfigMap", "apiVersion": "v1"},
            {"kind": "DeleteOptions", "apiVersion": "apps/v1"},
            {"kind": "Strange", "apiVersion": "v1"},
            {"gracePeriodSeconds": 0},
            {"gracePeriodSeconds": 30},
            {"gracePeriodSeconds": "soon"},
            {"nothing": 1},
            {"propagationPolicy": "Background"},
            {"propagationPolicy": "Strange"},
            {"orphanDependents": False},
            {"orphanDependents": True, "propagationPolicy": "Background"},
            {"preconditions": {"uid": 5}},
        )
    ):
        c.post(maps, config_map(f"with-{number}"))
        c.delete(maps + f"/with-{number}", options)
    for text in ("", "{", "null", "[]", "5"):
        c.post(maps, config_map("text"))
        c.delete(maps + "/text", text)
    c.post(maps, config_map("query"))
    c.delete(maps + "/query", propagationPolicy="Strange")
    c.delete(maps + "/query", gracePeriodSeconds="soon")
    c.delete(maps + "/query", gracePeriodSeconds=0, propagationPolicy="Background")


def answers_to_deletions(c):
    """What DELETE answers: a Status, or the object."""
    ns = c.namespace()
    for path, body in (
        (core(ns, "configmaps"), config_map("a")),
        (core(ns, "secrets"), named("a", data={"k": b64("v")})),
        (core(ns, "services"), service("a")),
        (core(ns, "serviceaccounts"), named("a")),
        (core(ns, "events"), typed("v1", "Event", "a", involvedObject={"namespace": ns})),
        (grouped("apps/v1", ns, "deployments"), deployment("a")),
        (grouped("coordination.k8s.io/v1", ns, "leases"), named("a")),
        (grouped("rbac.authorization.k8s.io/v1", ns, "roles"), named("a")),
    ):
        c.post(path, {**body, "metadata": {**body["metadata"], "finalizers": ["example.com/hold"]}})
        c.delete(path + "/a")
        c.delete(path + "/a")
        c.merge(path + "/a", {"metadata": {"finalizers": None}})
        c.get(path + "/a")
        c.post(path, body)
        c.delete(path + "/a")


def held_by_finalizers(c):
    """An object that is going: what may still be done to it."""
    maps = c.maps()
    first = c.post(maps, config_map("held", finalizers=["example.com/a", "example.com/b"]))
    watch = c.watch(maps, resourceVersion=version(first))
    c.delete(maps + "/held")
    c.delete(maps + "/held")
    c.delete(maps + "/held", {"gracePeriodSeconds": 0})
    c.delete(maps + "/held", {"preconditions": {"uid": "00000000-0000-4000-8000-000000000000"}})
    c.get(maps + "/held")
    c.merge(maps + "/held", {"data": {"still": "writable"}})
    c.merge(maps + "/held", {"metadata": {"labels": {"still": "writable"}}})
    c.merge(maps + "/held", {"metadata": {"finalizers": ["example.com/a", "example.com/b", "example.com/c"]}})
    c.merge(maps + "/held", {"metadata": {"finalizers": ["example.com/b"]}})
    c.merge(maps + "/held", {"metadata": {"deletionTimestamp": None}})
    c.merge(maps + "/held", {"metadata": {"deletionGracePeriodSeconds": None}})
    c.post(maps, config_map("held"))
    c.post(maps, {"metadata": {"name": "held", "finalizers": ["example.com/x"]}})
    c.json(
        maps + "/held",
        {"op": "remove", "path": "/metadata/finalizers/0"},
        {"op": "add", "path": "/data/last", "value": "word"},
    )
    c.get(maps + "/held")
    watch.events(5)
    c.post(maps, config_map("put", finalizers=["example.com/a"]))
    c.delete(maps + "/put")
    c.put(maps + "/put", config_map("put", data={"by": "put"}))
    c.get(maps + "/put")
    watch.events(3)
    c.post(maps, config_map("applied", finalizers=["example.com/a"]))
    c.delete(maps + "/applied")
    c.apply(maps + "/applied", config_map("applied", data={"x": "1"}))
    c.merge(maps + "/applied", {"metadata": {"finalizers": []}})
    c.get(maps + "/applied")


def collections_deleted(c):
    """deletecollection: selectors, limits, options."""
    maps = c.maps()
    for name, colour in (("one", "red"), ("two", "blue"), ("three", "red"), ("four", None)):
        last = c.post(maps, config_map(name, labels={"colour": colour} if colour else None))
    c.post(maps, config_map("held", labels={"colour": "green"}, finalizers=["example.com/a"]))
    watch = c.watch(maps, resourceVersion=version(last))
    c.delete(maps, labelSelector="colour=red")
    c.get(maps)
    c.delete(maps, labelSelector="colour=nothing")
    c.delete(maps, fieldSelector="metadata.name=four")
    c.delete(maps, labelSelector="a b")
    c.delete(maps, fieldSelector="data.x=y")
    c.delete(maps, {"preconditions": {"uid": "00000000-0000-4000-8000-000000000000"}})
    c.delete(maps, {"propagationPolicy": "Strange"})
    c.delete(maps, dryRun="All")
    c.delete(maps, {"propagationPolicy": "Background"})
    c.get(maps)
    c.delete(maps)
    c.merge(maps + "/held", {"metadata": {"finalizers": None}})
    c.get(maps)
    c.delete(maps)
    c.delete("/api/v1/configmaps")
    watch.events(7)


def propagation_background(c):
    """Dependents go after their owner."""
    maps = c.maps()
    owner = c.post(maps, config_map("owner"))
    reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": uid(owner)}
    c.post(maps, config_map("child", ownerReferences=[reference]))
    other = c.post(maps, config_map("other"))
    shared = {"apiVersion": "v1", "kind": "ConfigMap", "name": "other", "uid": uid(other)}
    c.post(maps, config_map("of-two", ownerReferences=[reference, shared]))
    c.delete(maps + "/owner")
    c.gone(maps + "/child")
    c.wait(lambda: len(c.peek("GET", maps + "/of-two")[1]["metadata"]["ownerReferences"]) == 1, "one owner is left")
    c.facts(maps + "/of-two", lambda a: [o["name"] for o in a["metadata"]["ownerReferences"]])


def propagation_foreground(c):
    """The owner goes after its dependents."""
    maps = c.maps()
    owner = c.post(maps, config_map("owner"))
    reference = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "name": "owner",
        "uid": uid(owner),
        "blockOwnerDeletion": True,
    }
    c.post(maps, config_map("child", ownerReferences=[reference], finalizers=["example.com/hold"]))
    # A collector that has not heard of the child yet would let the owner go.
    c.delete(maps + "/owner", {"propagationPolicy": "Foreground"})
    c.wait(
        lambda: c.peek("GET", maps + "/child")[1]["metadata"].get("deletionTimestamp"), "the dependent is being deleted"
    )
    c.get(maps + "/owner")
    c.delete(maps + "/owner", {"propagationPolicy": "Foreground"})
    c.merge(maps + "/child", {"metadata": {"finalizers": None}})
    c.gone(maps + "/child")
    c.gone(maps + "/owner")
    c.post(maps, config_map("alone"))
    c.delete(maps + "/alone", {"propagationPolicy": "Foreground"})
    c.gone(maps + "/alone")


def propagation_orphan(c):
    """Dependents stay, without their owner."""
    maps = c.maps()
    owner = c.post(maps, config_map("owner"))
    reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": uid(owner)}
    c.post(maps, config_map("child", ownerReferences=[reference]))
    c.delete(maps + "/owner", {"propagationPolicy": "Orphan"})
    c.gone(maps + "/owner")
    c.wait(lambda: "ownerReferences" not in c.peek("GET", maps + "/child")[1]["metadata"], "the dependent has no owner")
    c.facts(maps + "/child", lambda a: [a["kind"], sorted(a["metadata"])])
    c.post(maps, config_map("old"))
    c.delete(maps + "/old", {"orphanDependents": True})
    c.gone(maps + "/old")
    c.post(maps, config_map("query"))
    c.delete(maps + "/query", propagationPolicy="Orphan")
    c.gone(maps + "/query")
    jobs = grouped("batch/v1beta1", c.ns, "cronjobs")
    c.post(jobs, cron_job("j"))
    c.delete(jobs + "/j")
    c.gone(jobs + "/j")


def end_of_a_namespace(c):
    """A namespace that goes, with all that is in it."""
    ns = c.namespace()
    maps = core(ns, "configmaps")
    last = c.post(maps, config_map("a"))
    c.post(core(ns, "secrets"), named("s"))
    c.post(grouped("apps/v1", ns, "deployments"), deployment("d"))
    watch = c.watch(maps, resourceVersion=version(last))
    ends = c.watch("/api/v1/namespaces", resourceVersion=version(last), fieldSelector=f"metadata.name={ns}")
    c.delete(f"/api/v1/namespaces/{ns}")
    c.gone(f"/api/v1/namespaces/{ns}")
    watch.events(1)
    found = ends.until(("DELETED",))
    c.steps[-1]["are"] = [[found[0]["type"], found[0]["object"]["status"]["phase"]], [found[-1]["type"]]]
    c.get(maps)
    c.get(core(ns, "secrets"))
    c.get(grouped("apps/v1", ns, "deployments"))
    c.get(f"/api/v1/namespaces/{ns}")
    c.post(maps, config_map("late"))
    c.delete(f"/api/v1/namespaces/{ns}")


def namespace_that_is_held(c):
    """A namespace that cannot go yet, since something in it is held."""
    ns = c.namespace()
    maps = core(ns, "configmaps")
    c.post(maps, config_map("held", finalizers=["example.com/hold"]))
    c.post(maps, config_map("free"))
    c.delete(f"/api/v1/namespaces/{ns}")
    c.gone(maps + "/free")
    c.wait(
        lambda: len((c.peek("GET", f"/api/v1/namespaces/{ns}")[1].get("status") or {}).get("conditions") or []) == 5,
        "the namespace says why it waits",
    )
    c.facts(f"/api/v1/namespaces/{ns}", lambda a: [a["status"]["phase"], a["spec"], sorted(a["metadata"])])
    c.facts(
        f"/api/v1/namespaces/{ns}",
        lambda a: {d["type"]: [d["status"], d["reason"], d["message"]] for d in a["status"]["conditions"]},
    )
    c.facts(f"/api/v1/namespaces/{ns}", lambda a: a["kind"], method="DELETE")
    c.post(maps, config_map("late"))
    c.post(core(ns, "secrets"), named("late"))
    c.apply(maps + "/late", config_map("late"))
    c.put(grouped("coordination.k8s.io/v1", ns, "leases") + "/late", named("late"))
    c.post("/api/v1/namespaces", named(ns))
    c.merge(maps + "/held", {"data": {"still": "writable"}})
    c.merge(maps + "/held", {"metadata": {"finalizers": None}})
    c.gone(f"/api/v1/namespaces/{ns}")
    c.get(maps)


def namespace_finalizers(c):
    """metadata.finalizers of a namespace hold it too."""
    ns = c.ns
    path = f"/api/v1/namespaces/{ns}"
    c.clear(path)
    c.post("/api/v1/namespaces", named(ns, finalizers=["example.com/hold"]))
    c.facts(path, lambda a: a["status"], method="DELETE")
    c.wait(lambda: not c.peek("GET", path)[1]["spec"], "its content is gone")
    c.facts(path, lambda a: [a["status"]["phase"], a["spec"], a["metadata"]["finalizers"]])
    c.facts(path, lambda a: a["status"]["phase"], method="DELETE")
    c.facts(
        path,
        lambda a: [a["status"]["phase"], a["spec"], "finalizers" in a["metadata"]],
        method="PATCH",
        body={"metadata": {"finalizers": None}},
        content_type="application/merge-patch+json",
    )
    c.gone(path)


def names_used_again(c):
    """What is made again under the same name is another object."""
    maps = c.maps()
    first = c.post(maps, config_map("a", data={"k": "1"}))
    watch = c.watch(maps, resourceVersion=version(first))
    c.delete(maps + "/a")
    c.post(maps, config_map("a", data={"k": "1"}))
    c.delete(maps + "/a", {"preconditions": {"uid": uid(first)}})
    c.put(maps + "/a", {**first, "metadata": {**first["metadata"], "resourceVersion": ""}})
    c.delete(maps + "/a")
    c.delete(maps + "/a")
    watch.events(3)
