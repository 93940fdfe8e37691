# SPDX-License-Identifier: Apache-2.0
"""Objects that carry k8s-copier rules, and what the tests ask of them."""

import envtest

PREFIX = "k8s-copier.fig.org/"

# What fedcopy is told to look for rules in, where a test has no reason to say something else.
TARGETS = "secrets,configmaps,deployments,federatedsecrets,federateddeployments,federatedhelmreleases"

# The values that the running test has put into Secrets: the fixture `secrets`, which no output may hold.
VALUES = []


def hidden(text):
    """What stands in a Secret for that text: long enough not to be found in an output by chance."""
    return f"{text} (for nobody to see)"


def encode(data):
    """{key: text} as Secrets hold it, the values being remembered; None stays."""
    VALUES.extend(hidden(text) for text in data.values() if text is not None and hidden(text) not in VALUES)
    return {key: None if text is None else envtest.b64(hidden(text)) for key, text in data.items()}


def metadata(name, rules=None, **more):
    """rules: {destination path: value}; more: further members of the metadata."""
    annotations = {f"{PREFIX}replace-{path}": value for path, value in (rules or {}).items()}
    annotations.update(more.pop("annotations", {}))
    return {"name": name, "annotations": annotations, **more}


def configmap(cluster, namespace, name, data=None, rules=None, **more):
    return cluster.api.create("configmaps", namespace, {"metadata": metadata(name, rules, **more), "data": data or {}})


def secret(cluster, namespace, name, data=None, rules=None, **more):
    """data: {key: text}; what is stored is hidden(text), and no output may hold it."""
    return cluster.api.create("secrets", namespace, {"metadata": metadata(name, rules, **more), "data": encode(data or {})})


def deployment(cluster, namespace, name, rules=None, replicas=1, image="worker:1"):
    body = {
        "metadata": metadata(name, rules),
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"containers": [{"name": "main", "image": image}]},
            },
        },
    }
    return cluster.api.create("deployments", namespace, body)


def custom(cluster, namespace, kind, name, spec, rules=None):
    """An object of one of the kinds in crds/."""
    group_version = "helm.toolkit.fluxcd.io/v2beta1" if kind == "HelmRelease" else "types.kubefed.io/v1beta1"
    body = {"apiVersion": group_version, "kind": kind, "metadata": metadata(name, rules), "spec": spec}
    return cluster.api.create(kind.lower() + "s", namespace, body)


def at(value, *path):
    """The value at a place; None where there is none."""
    for step in path:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def wait_value(cluster, resource, namespace, name, path, want, timeout=10):
    """Until the value at that place, a tuple of keys, is the wanted one."""
    path = (path,) if isinstance(path, str) else path

    def have():
        return at(cluster.api.get(resource, namespace, name), *path)

    envtest.wait_for(
        lambda: have() == want, timeout, lambda: f"{cluster.name}/{resource}/{namespace}/{name}{list(path)} == {want!r}: {have()!r}"
    )


def wait_data(cluster, resource, namespace, name, want, timeout=10):
    """Until `data` is as wanted; given as text for Secrets too."""
    if resource == "secrets" and want is not None:
        want = encode(want)
    wait_value(cluster, resource, namespace, name, ("data",), want, timeout)


def set_data(cluster, resource, namespace, name, changes):
    """Changes some keys of `data`; None takes one away."""
    if resource == "secrets":
        changes = encode(changes)
    return cluster.api.patch(resource, namespace, name, {"data": changes})


def version(cluster, resource, namespace, name):
    return cluster.api.get(resource, namespace, name)["metadata"]["resourceVersion"]


def asked(count, verb, **wanted):
    """The requests of fedcopy in the audit log of a counted span."""
    return count.requests(user="fedcopy", verb=verb, **wanted)


def wait_writes(program, target, path, writes, timeout=10):
    """Until the rule has been written that often and is in sync, without asking an API server."""

    def done():
        rules = program.rules(target, path, "InSync")
        return rules and rules[0]["writes"] >= writes

    envtest.wait_for(done, timeout, lambda: f"{writes} writes of {target} {path}: {program.rules(target, path)}")


def troubles(program):
    """The lines of its log that warn or tell of an error."""
    return [line for line in program.stderr().splitlines() if line.split(" ")[1:2] in (["warn"], ["error"])]


def takes_one_more(cluster, namespace):
    """Is a ConfigMap more created there?"""
    try:
        cluster.api.create("configmaps", namespace, {"metadata": {"generateName": "more-"}})
    except envtest.ApiError:
        return False
    return True


def quota_of_none(cluster, namespace, name):
    """A ResourceQuota that lets no further ConfigMap be created, and holds when this returns."""
    hard = {"count/configmaps": "0"}
    cluster.api.create("resourcequotas", namespace, {"metadata": {"name": name}, "spec": {"hard": hard}})
    # Without a controller manager nobody counts: a quota that has not been counted refuses nothing.
    cluster.api.patch("resourcequotas", namespace, name, {"status": {"hard": hard, "used": hard}}, subresource="status")
    envtest.wait_for(lambda: not takes_one_more(cluster, namespace), 10, "the quota holds")
