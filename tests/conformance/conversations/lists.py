# SPDX-License-Identifier: Apache-2.0
"""Lists: versions, pages, selectors, order."""

from conversations.words import NAMESPACES, config_map, core, deployment, grouped, named
from player import PARTIAL_LIST, TABLE, version


def label_selectors(c):
    """Label selectors."""
    maps = c.maps()
    c.post(maps, config_map("none"))
    c.post(maps, config_map("red", labels={"colour": "red", "size": "1", "example.com/mark": "x"}))
    c.post(maps, config_map("blue", labels={"colour": "blue", "size": "20"}))
    c.post(maps, config_map("empty", labels={"colour": ""}))
    for selector in (
        "colour",
        "!colour",
        "colour=red",
        "colour==red",
        "colour!=red",
        "colour=",
        "colour!=",
        "colour in (red,blue)",
        "colour in ( red , green )",
        "colour in ()",
        "colour in (,)",
        "colour notin (red)",
        "colour notin (red,)",
        "colour=red,size=1",
        "colour=red,size=2",
        "size>5",
        "size<5",
        "size gt 5",
        "example.com/mark",
        "example.com/mark in (x)",
        " colour = red ",
        "in in (a)",
        "colour,colour!=red",
        "missing notin (x)",
        "",
        "size>=5",
    ):
        c.facts(maps, _names, labelSelector=selector, accept=PARTIAL_LIST)


def malformed_label_selectors(c):
    """Label selectors that are none: 400."""
    maps = c.maps()
    c.post(maps, config_map("a", labels={"a": "b"}))
    for selector in (
        ",",
        "a,",
        "a=b,",
        "a = = b",
        "a in b",
        "a b",
        "a b=c",
        "!a=b",
        "-x=1",
        "a=b c",
        "a in (b",
        "a in b)",
        "a>x",
        "a>1.5",
        "=b",
        "a/b/c",
        "A.B/c=d",
        "a" * 64,
        "a=" + "b" * 64,
        "a=-b",
        "a in (-b)",
        "()",
        "!",
        "!!a",
        "a notin",
        "a exists",
        "\u00e4=b",
    ):
        c.get(maps, labelSelector=selector, accept=PARTIAL_LIST)
    c.watch(maps, labelSelector="a=b c")
    c.get(maps + "/a", labelSelector="a=b c")
    c.get(maps + "?labelSelector=a%3Db&labelSelector=c%3Dd", accept=PARTIAL_LIST)


def field_selectors(c):
    """Field selectors on metadata, and those that are none."""
    ns = c.namespace()
    c.namespace("-b")
    maps = core(ns, "configmaps")
    for name in ("red", "blue"):
        c.post(maps, config_map(name, labels={"of": c.name}))
    c.post(core(ns + "-b", "configmaps"), config_map("red", labels={"of": c.name}))
    for selector in (
        "metadata.name=red",
        "metadata.name==red",
        "metadata.name!=red",
        f"metadata.name=red,metadata.namespace={ns}",
        "metadata.name=missing",
        f"metadata.namespace={ns}-b",
        "metadata.name=",
        "metadata.name=red,metadata.name=blue",
        "metadata.name=a\\,b",
        "",
    ):
        c.facts(maps, _names, fieldSelector=selector, accept=PARTIAL_LIST)
    for selector in (
        "metadata.uid=x",
        "data.a=b",
        "metadata.name",
        "=red",
        "metadata.name=a=b",
        "a b",
        "spec.x!=y",
        ",",
        "metadata.name=a\\b",
    ):
        c.get(maps, fieldSelector=selector, accept=PARTIAL_LIST)
    c.facts("/api/v1/configmaps", _names, fieldSelector=f"metadata.namespace={ns}-b")
    c.facts("/api/v1/configmaps", _names, fieldSelector="metadata.name=red", labelSelector=f"of={c.name}")
    c.watch(maps, fieldSelector="data.a=b")
    c.get(core(ns, "secrets"), fieldSelector="type=Opaque")
    c.get(core(ns, "secrets"), fieldSelector="data=x")
    c.get(grouped("apps/v1", ns, "deployments"), fieldSelector="spec.replicas=1")
    c.get(NAMESPACES, fieldSelector=f"metadata.name={ns}", accept=PARTIAL_LIST)
    c.get(core(ns, "events"), fieldSelector="involvedObject.name=x,reason=y,type=Normal")
    root = c.crd("things", "Thing")
    c.get(f"{root}/things", fieldSelector="metadata.name=x")
    c.get(f"{root}/things", fieldSelector="spec.x=y")


def _names(answer):
    return [item["metadata"]["name"] for item in answer["items"]] if answer["items"] is not None else None


def _any_order(answer):
    """Names of a list out of the watch cache, which is in no order."""
    return sorted(_names(answer))


def pages(c):
    """limit and continue."""
    maps = c.maps()
    for name in "abcdefg":
        c.post(maps, config_map(name, labels={"odd": "yes"} if name in "aceg" else None))
    seen = c.get(maps, limit=3, accept=PARTIAL_LIST)
    token = seen["metadata"].get("continue")
    c.post(maps, config_map("bb"))
    c.delete(maps + "/f")
    c.get(maps, limit=3, continue_=token, accept=PARTIAL_LIST)
    seen = c.get(maps, limit=2, continue_=token, accept=PARTIAL_LIST)
    c.get(maps, limit=100, continue_=seen["metadata"].get("continue"), accept=PARTIAL_LIST)
    c.get(maps, continue_=token, accept=PARTIAL_LIST)
    c.get(maps, limit=7, accept=PARTIAL_LIST)
    c.get(maps, limit=6, accept=PARTIAL_LIST)
    c.get(maps, limit=0, accept=PARTIAL_LIST)
    c.get(maps, limit=-1, accept=PARTIAL_LIST)
    c.get(maps, limit="x", accept=PARTIAL_LIST)
    seen = c.get(maps, limit=2, labelSelector="odd=yes", accept=PARTIAL_LIST)
    c.get(maps, limit=2, labelSelector="odd=yes", continue_=seen["metadata"].get("continue"), accept=PARTIAL_LIST)
    c.get(maps, limit=1, fieldSelector="metadata.name=c", accept=PARTIAL_LIST)
    c.get(maps, limit=2, accept=TABLE)
    c.facts(maps, _any_order, limit=1, accept=PARTIAL_LIST, resourceVersion=0)
    c.get(core(c.ns, "secrets"), limit=1)


def pages_with_bad_tokens(c):
    """continue tokens that are none: 400."""
    ns = c.namespace()
    maps = core(ns, "configmaps")
    for name in "abc":
        made = c.post(maps, config_map(name))
    token = c.get(maps, limit=1, accept=PARTIAL_LIST)["metadata"].get("continue")
    for bad in ("nonsense", "e30", "!!!", "eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MCwic3RhcnQiOiIifQ", "bm8ganNvbg"):
        c.get(maps, limit=1, continue_=bad)
    c.get(maps, limit=1, continue_=token, resourceVersion=version(made))
    c.get(maps, limit=1, continue_=token, resourceVersion=0, accept=PARTIAL_LIST)
    c.get(maps, continue_=token, resourceVersionMatch="Exact")
    c.get(core(ns, "secrets"), continue_=token)


def versions_of_lists(c):
    """resourceVersion and resourceVersionMatch of lists."""
    maps = c.maps()
    first = version(c.post(maps, config_map("a")))
    last = version(c.post(maps, config_map("b")))
    for rv in (first, last):
        c.facts(maps, _any_order, resourceVersion=rv)
        c.facts(maps, _any_order, resourceVersion=rv, resourceVersionMatch="NotOlderThan")
        c.facts(maps, _names, resourceVersion=rv, resourceVersionMatch="Exact")
        c.facts(maps, _names, resourceVersion=rv, limit=1)
        c.facts(maps, _names, resourceVersion=rv, limit=1, resourceVersionMatch="NotOlderThan")
        c.facts(maps, _names, resourceVersion=rv, limit=1, resourceVersionMatch="Exact")
    c.get(maps, resourceVersion=first, resourceVersionMatch="Exact", accept=PARTIAL_LIST)
    c.facts(maps, _any_order, resourceVersion=0)
    c.facts(maps, _any_order, resourceVersion=0, resourceVersionMatch="NotOlderThan")
    c.facts(maps, _names, resourceVersion="")
    c.get(maps, resourceVersion=0, resourceVersionMatch="Exact")
    c.get(maps, resourceVersionMatch="Exact")
    c.get(maps, resourceVersionMatch="NotOlderThan")
    c.get(maps, resourceVersion=last, resourceVersionMatch="Strange")
    c.get(maps, resourceVersion="nonsense")
    c.get(maps, resourceVersion="-1")
    c.get(maps, resourceVersion="1.5")
    c.watch(maps, resourceVersion=last, resourceVersionMatch="Exact")


def versions_of_the_future(c):
    """A version that has not been yet: the server waits, then gives up."""
    maps = c.maps()
    c.post(maps, config_map("a"))
    c.get(maps, resourceVersion=999999999, resourceVersionMatch="Exact")
    c.get(maps, resourceVersion=999999999)
    c.get(maps + "/a", resourceVersion=999999999)


def versions_of_gets(c):
    """resourceVersion of one object."""
    maps = c.maps()
    made = c.post(maps, config_map("a", data={"k": "1"}))
    now = c.merge(maps + "/a", {"data": {"k": "2"}})
    c.get(maps + "/a")
    c.get(maps + "/a", resourceVersion=version(now))
    c.facts(maps + "/a", lambda a: a["kind"], resourceVersion=version(made))
    c.get(maps + "/a", resourceVersion=0)
    c.get(maps + "/a", resourceVersion="nonsense")
    c.get(maps + "/missing", resourceVersion=version(now))
    c.get(maps + "/missing", resourceVersion=0)


def order_of_lists(c):
    """Lists are in the order of namespace, slash, name."""
    ns = c.namespace()
    c.namespace("-b")
    c.namespace("c")
    for where, name in ((ns + "c", "x"), (ns, "b.x"), (ns, "b"), (ns + "-b", "a"), (ns, "b-x"), (ns, "10"), (ns, "9")):
        c.post(core(where, "configmaps"), config_map(name, labels={"of": c.name}))
    c.facts(
        "/api/v1/configmaps",
        lambda a: [[i["metadata"]["namespace"], i["metadata"]["name"]] for i in a["items"]],
        labelSelector=f"of={c.name}",
    )
    c.facts(core(ns, "configmaps"), _names)
    root = c.crd("things", "Thing")
    for name in ("z", "a", "m"):
        c.post(f"{root}/namespaces/{ns}/things", {"apiVersion": f"{c.group}/v1", "kind": "Thing", **named(name)})
    c.facts(f"{root}/things", _names)
    c.facts(
        f"{root}/things",
        lambda a: [a["kind"], a["apiVersion"], sorted({(i["kind"], i["apiVersion"]) for i in a["items"]})],
    )


def shape_of_lists(c):
    """Lists of each type: kind, version, items without kind."""
    ns = c.namespace()
    c.get(core(ns, "configmaps"))
    c.get(core(ns, "secrets"))
    c.get(core(ns, "services"))
    c.get(core(ns, "events"))
    c.get(grouped("apps/v1", ns, "deployments"))
    c.get(grouped("batch/v1beta1", ns, "cronjobs"))
    c.get(grouped("events.k8s.io/v1", ns, "events"))
    c.get(grouped("coordination.k8s.io/v1", ns, "leases"))
    c.get(grouped("rbac.authorization.k8s.io/v1", ns, "roles"))
    c.get(grouped("rbac.authorization.k8s.io/v1", ns, "rolebindings"))
    c.post(grouped("apps/v1", ns, "deployments"), deployment("d"))
    c.facts(grouped("apps/v1", ns, "deployments"), lambda a: [sorted(a), [sorted(i) for i in a["items"]]])
    c.get(core("absent-" + ns, "configmaps"))


def expired_page(c):
    """A continue token whose version is forgotten: 410, with a token that goes on from the present."""
    maps = c.maps()
    for name in "abcd":
        c.post(maps, config_map(name))
    token = c.get(maps, limit=2, accept=PARTIAL_LIST)["metadata"].get("continue")
    c.post(maps, config_map("bb"))
    c.forget()
    answer = c.get(maps, limit=2, continue_=token)
    new = ((answer.get("metadata") or {}).get("continue")) if isinstance(answer, dict) else None
    c.get(maps, limit=2, continue_=new, accept=PARTIAL_LIST)
    c.get(maps, accept=PARTIAL_LIST)
    c.get(maps, resourceVersion=10, resourceVersionMatch="Exact")
