# SPDX-License-Identifier: Apache-2.0
"""Watches: what they are told, from when, and how they end."""

from conversations.words import NAMESPACES, config_map, core, deployment, grouped, named, service
from player import PARTIAL, TABLE, version


def events_of_watches(c):
    """What watches are told, with and without selectors."""
    maps = c.maps()
    first = version(c.post(maps, config_map("a", data={"k": "1"})))
    whole = c.watch(maps, resourceVersion=first)
    red = c.watch(maps, resourceVersion=first, labelSelector="colour=red")
    only = c.watch(maps, resourceVersion=first, fieldSelector="metadata.name=a")
    far = c.watch("/api/v1/configmaps", resourceVersion=first, fieldSelector=f"metadata.namespace={c.ns}")
    c.merge(maps + "/a", {"data": {"k": "2"}})
    c.merge(maps + "/a", {"data": {"k": "2"}})
    c.post(maps, config_map("b", labels={"colour": "red"}))
    c.merge(maps + "/a", {"metadata": {"labels": {"colour": "red"}}})
    c.merge(maps + "/a", {"data": {"k": "3"}})
    c.merge(maps + "/a", {"metadata": {"labels": {"colour": "blue"}}, "data": {"k": "4"}})
    c.merge(maps + "/b", {"metadata": {"finalizers": ["example.com/hold"]}})
    c.delete(maps + "/b")
    c.merge(maps + "/b", {"metadata": {"finalizers": None}, "data": {"last": "words"}})
    c.delete(maps + "/a")
    c.post(maps, config_map("a"))
    whole.events(10)
    red.events(7)
    only.events(6)
    far.events(10)
    later = c.watch(maps, resourceVersion=first, fieldSelector="metadata.name=b")
    later.events(4)


def starts_of_watches(c):
    """Without a version, from 0, from now, from the past, from the future, from nonsense."""
    maps = c.maps()
    first = version(c.post(maps, config_map("a", data={"k": "1"})))
    c.merge(maps + "/a", {"data": {"k": "2"}})
    last = version(c.post(maps, config_map("b")))
    now = c.watch(maps)
    now.events(2, initial=2)
    old = c.watch(maps, resourceVersion=first)
    old.events(2)
    none = c.watch(maps, resourceVersion=last)
    none.events(0)
    zero = c.watch(maps, resourceVersion=0)
    zero.events(2, initial=2)
    future = c.watch(maps, resourceVersion=999999999)
    c.merge(maps + "/a", {"data": {"k": "3"}})
    now.events(1)
    none.events(1)
    zero.events(1)
    future.events(0)
    c.watch(maps, resourceVersion="nonsense")
    c.watch(maps, resourceVersion="-1")
    c.watch(maps, timeoutSeconds="x")
    c.watch(maps, allowWatchBookmarks="nonsense", resourceVersion=last).events(1)
    c.watch(maps, watch="nonsense", resourceVersion=last).events(1)
    word = c.watch(maps, watch="true", resourceVersion=last)
    word.events(1)
    c.get(maps, watch="false", accept=TABLE)
    c.get(maps, watch="0", accept=TABLE)


def ends_of_watches(c):
    """timeoutSeconds, and what a watch that is over says."""
    maps = c.maps()
    first = version(c.post(maps, config_map("a")))
    watch = c.watch(maps, resourceVersion=first, timeoutSeconds=1)
    c.merge(maps + "/a", {"data": {"k": "1"}})
    watch.events(1)
    watch.ends()


def bookmarks(c):
    """A bookmark comes before the end of a watch that asks for them."""
    maps = c.maps()
    first = version(c.post(maps, config_map("a")))
    watches = [
        c.watch(maps, resourceVersion=first, timeoutSeconds=4, allowWatchBookmarks=True),
        c.watch(maps, resourceVersion=first, timeoutSeconds=4, allowWatchBookmarks=True, accept=PARTIAL),
        c.watch(maps, resourceVersion=first, timeoutSeconds=4, allowWatchBookmarks=True, accept=TABLE),
        c.watch(maps, resourceVersion=first, timeoutSeconds=4, allowWatchBookmarks=True, labelSelector="no=such"),
    ]
    without = c.watch(maps, resourceVersion=first, timeoutSeconds=4)
    c.merge(maps + "/a", {"data": {"k": "1"}})
    for watch in watches:
        watch.until(("BOOKMARK",))
        watch.stop()
    without.events(1)
    without.ends()


def shapes_of_events(c):
    """Events as PartialObjectMetadata and as Tables."""
    maps = c.maps()
    first = version(c.post(maps, config_map("a", data={"k": "1"})))
    partial = c.watch(maps, resourceVersion=first, accept=PARTIAL)
    table = c.watch(maps, resourceVersion=first, accept=TABLE)
    whole = c.watch(maps, resourceVersion=first, accept=TABLE, includeObject="Object")
    without = c.watch(maps, resourceVersion=first, accept=TABLE, includeObject="None")
    from_now = c.watch(maps, accept=TABLE)
    c.merge(maps + "/a", {"data": {"k": "2", "l": "3"}})
    c.delete(maps + "/a")
    partial.events(2)
    table.events(2)
    whole.events(2)
    without.events(2)
    from_now.events(3)
    c.watch(maps, accept=TABLE, includeObject="Strange")


def watches_of_one(c):
    """A watch of one object, the old ways."""
    maps = c.maps()
    first = version(c.post(maps, config_map("a")))
    c.post(maps, config_map("b"))
    one = c.watch(maps + "/a", resourceVersion=first)
    old = c.watch(f"/api/v1/watch/namespaces/{c.ns}/configmaps", resourceVersion=first)
    old.events(1)
    c.merge(maps + "/b", {"data": {"k": "1"}})
    c.merge(maps + "/a", {"data": {"k": "1"}})
    one.events(1)
    c.watch(maps + "/missing", resourceVersion=first, timeoutSeconds=1).ends()


def watches_of_types(c):
    """Watches of other types than ConfigMaps, and of those without a namespace."""
    ns = c.namespace()
    last = version(c.post(core(ns, "configmaps"), config_map("a")))
    services = c.watch(core(ns, "services"), resourceVersion=last)
    deployments = c.watch("/apis/apps/v1/deployments", resourceVersion=last, fieldSelector=f"metadata.namespace={ns}")
    namespaces = c.watch(NAMESPACES, resourceVersion=last, labelSelector=f"of={c.name}")
    c.post(core(ns, "services"), service("s"))
    c.post(grouped("apps/v1", ns, "deployments"), deployment("d"))
    c.merge(grouped("apps/v1", ns, "deployments") + "/d", {"spec": {"replicas": 2}})
    c.merge(grouped("apps/v1", ns, "deployments") + "/d/status", {"status": {"replicas": 2}})
    c.merge(f"{NAMESPACES}/{ns}", {"metadata": {"labels": {"of": c.name}}})
    c.delete(core(ns, "services") + "/s")
    services.events(2)
    deployments.events(3)
    namespaces.events(1)


def watches_of_both_events(c):
    """An Event is one object in two groups: both watches are told."""
    ns = c.namespace()
    last = version(c.post(core(ns, "configmaps"), config_map("a")))
    old = c.watch(core(ns, "events"), resourceVersion=last)
    new = c.watch(grouped("events.k8s.io/v1", ns, "events"), resourceVersion=last)
    c.post(
        core(ns, "events"), named("e", involvedObject={"namespace": ns, "kind": "ConfigMap", "name": "a"}, reason="Why")
    )
    c.merge(core(ns, "events") + "/e", {"count": 2})
    c.delete(grouped("events.k8s.io/v1", ns, "events") + "/e")
    old.events(3)
    new.events(3)


def versions_of_events(c):
    """A deletion has a version of its own, which a watch can start from."""
    maps = c.maps()
    first = version(c.post(maps, config_map("a")))
    watch = c.watch(maps, resourceVersion=first)
    c.delete(maps + "/a")
    c.post(maps, config_map("b"))
    events = watch.events(2)
    again = c.watch(maps, resourceVersion=version(events[0]["object"]) if events else "0")
    again.events(1)


def many_watches(c):
    """Thirty watches on one connection, each told all."""
    maps = c.maps()
    first = version(c.post(maps, config_map("a")))
    watches = [c.watch(maps, resourceVersion=first, accept=PARTIAL) for _ in range(30)]
    c.merge(maps + "/a", {"metadata": {"labels": {"a": "b"}}})
    c.delete(maps + "/a")
    for number, watch in enumerate(watches):
        watch.events(2, quiet=None if number == 29 else 0)


def watch_of_the_past(c):
    """A watch from a version that is forgotten: 410."""
    maps = c.maps()
    first = version(c.post(maps, config_map("a")))
    c.merge(maps + "/a", {"data": {"k": "1"}})
    c.merge(maps + "/a", {"data": {"k": "2"}})
    c.forget()
    watch = c.watch(maps, resourceVersion=first)
    watch.events(1)
    watch.ends()
    one = c.watch(maps, resourceVersion=1)
    one.events(1)
    one.ends()
