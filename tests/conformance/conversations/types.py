# SPDX-License-Identifier: Apache-2.0
"""Every resource type with every verb."""

from conversations.words import (
    CRDS,
    NAMESPACES,
    RBAC,
    b64,
    config_map,
    core,
    cron_job,
    deployment,
    grouped,
    named,
    service,
    typed,
)
from player import PARTIAL, TABLE, crd_version, version


def _life(c, path, make, change, options=None):
    """Each verb once, and some twice. make(name, **metadata): a body; change: a merge patch."""
    labels = {"life": c.name}
    select = {"labelSelector": f"life={c.name}"}
    c.get(path + "/a")
    first = c.post(path, make("a", labels=labels))
    c.post(path, make("a", labels=labels))
    now = c.get(path + "/a")
    c.get(path, **select)
    watch = c.watch(path, resourceVersion=version(first), **select)
    c.merge(path + "/a", change)
    c.merge(path + "/a", change)
    c.merge(path + "/a", {"metadata": {"annotations": {"by": "merge"}}})
    c.json(path + "/a", {"op": "add", "path": "/metadata/annotations/by", "value": "json"})
    c.strategic(path + "/a", {"metadata": {"annotations": {"by": "strategic"}}})
    c.put(path + "/a", now)
    now = c.get(path + "/a")
    now["metadata"].setdefault("annotations", {})["by"] = "put"
    c.put(path + "/a", now)
    now["metadata"].pop("resourceVersion")
    now["metadata"]["annotations"]["by"] = "put without version"
    c.put(path + "/a", now)
    c.put(path + "/missing", make("missing"))
    c.merge(path + "/missing", change)
    c.post(path, make("b", labels=labels), dryRun="All")
    c.get(path + "/b")
    c.post(path, make("b", labels=labels))
    c.get(path, **select)
    c.get(path, accept=TABLE, **select)
    c.get(path + "/a", accept=PARTIAL)
    c.delete(path + "/a", options, dryRun="All")
    c.delete(path + "/a", options)
    c.get(path + "/a")
    c.delete(path + "/a", options)
    c.delete(path, options, **select)
    c.get(path, **select)
    watch.events(7)


def life_of_config_maps(c):
    """ConfigMap: every verb."""
    _life(c, c.maps(), lambda name, **more: config_map(name, data={"k": "v"}, **more), {"data": {"k": "w"}})


def life_of_secrets(c):
    """Secret: every verb."""
    path = core(c.namespace(), "secrets")
    _life(
        c,
        path,
        lambda name, **more: typed("v1", "Secret", name, data={"k": b64("v")}, **more),
        {"data": {"k": b64("w")}},
    )


def life_of_service_accounts(c):
    """ServiceAccount: every verb."""
    path = core(c.namespace(), "serviceaccounts")
    _life(
        c,
        path,
        lambda name, **more: typed("v1", "ServiceAccount", name, **more),
        {"automountServiceAccountToken": False},
    )


def life_of_services(c):
    """Service: every verb but deletecollection, which it has not."""
    path = core(c.namespace(), "services")
    _life(c, path, service, {"spec": {"selector": {"app": "e"}}})
    c.get(path + "/b/status")
    c.merge(path + "/b/status", {"status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}})
    c.delete(path + "/b")


def life_of_events(c):
    """Event of the core group: every verb."""
    ns = c.namespace()
    about = {"kind": "ConfigMap", "namespace": ns, "name": "a", "apiVersion": "v1"}

    def make(name, **more):
        times = {"firstTimestamp": "2020-01-01T00:00:00Z", "lastTimestamp": "2020-01-01T00:00:00Z"}
        return typed(
            "v1",
            "Event",
            name,
            involvedObject=about,
            reason="Why",
            message="What",
            type="Normal",
            count=1,
            source={"component": "conversation"},
            **times,
            **more,
        )

    _life(c, core(ns, "events"), make, {"count": 2})


def life_of_new_events(c):
    """Event of events.k8s.io: every verb; the same object is in the core group."""
    ns = c.namespace()
    about = {"kind": "ConfigMap", "namespace": ns, "name": "a", "apiVersion": "v1"}
    path = grouped("events.k8s.io/v1", ns, "events")

    def make(name, **more):
        return typed(
            "events.k8s.io/v1",
            "Event",
            name,
            regarding=about,
            reason="Why",
            note="What",
            type="Normal",
            eventTime="2020-01-01T00:00:00.000000Z",
            action="Act",
            reportingController="example.com/conversation",
            reportingInstance="one",
            **more,
        )

    _life(c, path, make, {"series": {"count": 2, "lastObservedTime": "2020-01-01T00:00:01.000000Z"}})
    c.post(path, make("both"))
    c.get(core(ns, "events") + "/both")
    bad = make("bad")
    for key in ("reportingController", "reportingInstance", "action", "reason", "eventTime"):
        c.post(path, {name: value for name, value in bad.items() if name != key})
    c.post(path, {**bad, "type": "Strange"})
    c.post(core(ns, "events"), typed("v1", "Event", "other", involvedObject={"namespace": "elsewhere"}))
    c.post(core(ns, "events"), typed("v1", "Event", "bare", involvedObject={"namespace": ns}))


def life_of_deployments(c):
    """Deployment: every verb."""
    _life(c, grouped("apps/v1", c.namespace(), "deployments"), deployment, {"spec": {"replicas": 3}})


def life_of_cron_jobs(c):
    """CronJob of batch/v1beta1: every verb."""
    path = grouped("batch/v1beta1", c.namespace(), "cronjobs")
    # Without options this old version orphans what its CronJobs own.
    _life(c, path, cron_job, {"spec": {"schedule": "1 2 3 4 5"}}, {"propagationPolicy": "Background"})


def life_of_leases(c):
    """Lease: every verb."""
    path = grouped("coordination.k8s.io/v1", c.namespace(), "leases")

    def make(name, **more):
        spec = {"holderIdentity": "one", "leaseDurationSeconds": 15, "renewTime": "2020-01-01T00:00:00.000000Z"}
        return typed("coordination.k8s.io/v1", "Lease", name, spec=spec, **more)

    _life(c, path, make, {"spec": {"holderIdentity": "two", "leaseTransitions": 1}})
    c.post(path, typed("coordination.k8s.io/v1", "Lease", "bad", spec={"leaseDurationSeconds": 0}))
    c.post(path, typed("coordination.k8s.io/v1", "Lease", "bad", spec={"leaseTransitions": -1}))
    c.post(path, typed("coordination.k8s.io/v1", "Lease", "empty"))
    c.post(path, typed("coordination.k8s.io/v1", "Lease", "bad", spec={"renewTime": "yesterday"}))


RULES = [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "list"]}]


def life_of_roles(c):
    """Role: every verb."""
    path = grouped("rbac.authorization.k8s.io/v1", c.namespace(), "roles")
    change = {"rules": [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["*"]}]}
    _life(
        c, path, lambda name, **more: typed("rbac.authorization.k8s.io/v1", "Role", name, rules=RULES, **more), change
    )
    c.post(path, named("bad", rules=[{"apiGroups": [""], "resources": ["configmaps"]}]))
    c.post(path, named("bad", rules=[{"verbs": ["get"]}]))
    c.post(path, named("bad", rules=[{"nonResourceURLs": ["/x"], "verbs": ["get"]}]))
    c.post(path, named("empty"))


def life_of_role_bindings(c):
    """RoleBinding: every verb."""
    ns = c.namespace()
    path = grouped("rbac.authorization.k8s.io/v1", ns, "rolebindings")
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"}

    def make(name, **more):
        subjects = [{"kind": "User", "name": "u"}, {"kind": "ServiceAccount", "name": "s", "namespace": ns}]
        return typed("rbac.authorization.k8s.io/v1", "RoleBinding", name, roleRef=reference, subjects=subjects, **more)

    _life(c, path, make, {"subjects": [{"kind": "Group", "name": "g"}]})
    c.post(path, make("other"))
    c.merge(path + "/other", {"roleRef": {"name": "edit"}})
    c.post(path, {**make("bad"), "roleRef": {"kind": "Other", "name": "x"}})
    c.post(path, {**make("bad"), "roleRef": {}})
    c.post(path, {**make("bad"), "subjects": [{"kind": "ServiceAccount", "name": "s"}]})
    c.post(path, {**make("bad"), "subjects": [{"kind": "Thing", "name": "s"}]})
    c.post(path, {**make("bad"), "subjects": [{"kind": "User"}]})


def life_of_cluster_roles(c):
    """ClusterRole: the verbs that change something."""
    path = f"{RBAC}/clusterroles"
    name = f"{c.ns}-a"
    c.clear(f"{path}/{name}")
    c.post(path, typed("rbac.authorization.k8s.io/v1", "ClusterRole", name, rules=RULES, labels={"life": c.name}))
    c.get(path, labelSelector=f"life={c.name}")
    c.merge(f"{path}/{name}", {"rules": [{"nonResourceURLs": ["/healthz"], "verbs": ["get"]}]})
    c.merge(f"{path}/{name}", {"rules": [{"nonResourceURLs": ["/healthz"], "apiGroups": [""], "verbs": ["get"]}]})
    c.merge(f"{path}/{name}", {"aggregationRule": {"clusterRoleSelectors": [{"matchLabels": {"a": "b"}}]}})
    c.get(f"{path}/{name}", accept=TABLE)
    c.post(f"{path}", typed("rbac.authorization.k8s.io/v1", "ClusterRole", "a/b", rules=RULES))
    c.post(f"{path}", typed("rbac.authorization.k8s.io/v1", "ClusterRole", f"{c.ns}:Name With Blanks", rules=RULES))
    c.delete(f"{path}/{c.ns}:Name%20With%20Blanks")
    c.delete(f"{path}/{name}")
    c.get(f"{path}/{name}")


def life_of_cluster_role_bindings(c):
    """ClusterRoleBinding: the verbs that change something."""
    path = f"{RBAC}/clusterrolebindings"
    name = f"{c.ns}-a"
    c.clear(f"{path}/{name}")
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"}
    body = typed(
        "rbac.authorization.k8s.io/v1",
        "ClusterRoleBinding",
        name,
        roleRef=reference,
        labels={"life": c.name},
        subjects=[{"kind": "Group", "name": "nobody:at:all", "apiGroup": "rbac.authorization.k8s.io"}],
    )
    c.post(path, body)
    c.get(path, labelSelector=f"life={c.name}")
    c.merge(f"{path}/{name}", {"subjects": None})
    c.merge(f"{path}/{name}", {"roleRef": {"name": "edit"}})
    c.merge(f"{path}/{name}", {"roleRef": {"kind": "Role"}})
    c.get(f"{path}/{name}", accept=TABLE)
    c.delete(path, labelSelector=f"life={c.name}")
    c.get(f"{path}/{name}")


def life_of_namespaces(c):
    """Namespace: the verbs."""
    name = c.ns
    path = f"{NAMESPACES}/{name}"
    c.clear(path)
    c.get(path)
    first = c.post(NAMESPACES, typed("v1", "Namespace", name, labels={"life": c.name}))
    c.post(NAMESPACES, named(name))
    watch = c.watch(NAMESPACES, resourceVersion=version(first), labelSelector=f"life={c.name}")
    c.get(path)
    c.get(NAMESPACES, labelSelector=f"life={c.name}")
    c.get(NAMESPACES, fieldSelector=f"metadata.name={name}")
    c.get(NAMESPACES, fieldSelector=f"status.phase=Active,metadata.name={name}")
    c.get(NAMESPACES, labelSelector=f"life={c.name}", accept=TABLE)
    c.merge(path, {"metadata": {"labels": {"team": "b"}}})
    c.strategic(path, {"metadata": {"annotations": {"a": "b"}}})
    c.json(path, {"op": "remove", "path": "/metadata/annotations"})
    c.merge(path, {"spec": {"finalizers": ["example.com/more"]}})
    c.merge(path, {"status": {"phase": "Terminating"}})
    c.merge(path + "/status", {"metadata": {"annotations": {"by": "status"}}})
    c.get(path + "/status")
    now = c.get(path)
    now["metadata"]["labels"]["team"] = "c"
    c.put(path, now)
    watch.events(6, quiet=0.05)
    for bad in ("Upper", "dots.are.not", "under_score", "-dash", "a" * 64, ""):
        c.post(NAMESPACES, named(bad))
    c.post(NAMESPACES, named(name, namespace="somewhere"))
    c.delete("/api/v1/namespaces/default")
    c.delete("/api/v1/namespaces/kube-system")
    c.delete("/api/v1/namespaces/missing")


def life_of_definitions(c):
    """CustomResourceDefinition: the verbs."""
    name = f"lives.{c.group}"
    path = f"{CRDS}/{name}"
    c.get(path)
    c.crd("lives", "Life")
    c.post(CRDS, {"metadata": {"name": name}, "spec": {}})
    c.facts(
        path, lambda a: [a["spec"], sorted(a["status"]), a["status"]["acceptedNames"], a["status"]["storedVersions"]]
    )
    c.facts(path, lambda a: {d["type"]: [d["status"], d["reason"], d["message"]] for d in a["status"]["conditions"]})
    c.merge(path, {"metadata": {"labels": {"life": c.name}}})
    c.get(CRDS, labelSelector=f"life={c.name}")
    c.get(CRDS, labelSelector=f"life={c.name}", accept=TABLE)
    c.merge(path, {"spec": {"names": {"shortNames": ["lf"]}}})
    c.wait(lambda: c.peek("GET", path)[1]["status"]["acceptedNames"].get("shortNames"), "the short name is accepted")
    now = c.get(path)
    c.put(path, now)
    now["spec"]["versions"].append(crd_version("v2", storage=False))
    c.put(path, now)
    c.delete(path)
    c.gone(path)
    c.get(f"/apis/{c.group}/v1")
