# SPDX-License-Identifier: Apache-2.0
"""What is refused with 422, and how its causes are worded."""

from conversations.words import (
    NAMESPACES,
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


def names(c):
    """Names of objects."""
    maps = c.maps()
    for name in (
        "Upper",
        "under_score",
        "dots.are.fine",
        "dots..are-not",
        "-a",
        "a-",
        ".a",
        "a.",
        "a/b",
        "a%b",
        "..",
        ".",
    ):
        c.post(maps, config_map(name))
    c.post(maps, config_map("a" * 253))
    c.post(maps, config_map("a" * 254))
    c.post(maps, config_map("0"))
    c.post(maps, config_map("a b"))
    c.post(maps, config_map("\u00e4"))
    c.post(maps, {"metadata": {}})
    c.post(maps, {"data": {}})
    c.post(maps, config_map(""))
    c.get(maps + "/" + "a" * 253)


def names_of_kinds(c):
    """Kinds have rules of their own for names."""
    ns = c.namespace()
    for name in ("Upper", "a.b", "1a", "a" * 64, "-a", "a-b"):
        c.post(core(ns, "services"), service(name))
        c.post(grouped("apps/v1", ns, "deployments"), deployment(name))
        c.post(grouped("rbac.authorization.k8s.io/v1", ns, "roles"), named(name))
        c.post(core(ns, "serviceaccounts"), named(name))
        c.post(grouped("coordination.k8s.io/v1", ns, "leases"), named(name))
        c.post(grouped("batch/v1beta1", ns, "cronjobs"), cron_job(name))
    c.post(grouped("batch/v1beta1", ns, "cronjobs"), cron_job("a" * 52))
    c.post(grouped("batch/v1beta1", ns, "cronjobs"), cron_job("a" * 53))
    c.post(grouped("rbac.authorization.k8s.io/v1", ns, "roles"), named("a:b"))
    c.post(grouped("rbac.authorization.k8s.io/v1", ns, "roles"), named("a%b"))
    c.post(grouped("rbac.authorization.k8s.io/v1", ns, "roles"), named(".."))


def labels(c):
    """Keys and values of labels."""
    maps = c.maps()
    for number, bad in enumerate(
        (
            {"a b": "c"},
            {"-a": "c"},
            {"a-": "c"},
            {"": "c"},
            {"/a": "c"},
            {"a/": "c"},
            {"a/b/c": "d"},
            {"Example.com/a": "b"},
            {"example..com/a": "b"},
            {"e" * 254 + "/a": "b"},
            {"a" * 64: "b"},
            {"a": "has blanks "},
            {"a": "-b"},
            {"a": "b" * 64},
            {"a": "b/c"},
            {"a": "\u00e4"},
            {"-a": "*", "ok": "fine"},
            {"a b": "c d"},
        )
    ):
        c.post(maps, config_map(f"bad-{number}", labels=bad))
    c.post(maps, config_map("good", labels={"a": "", "A_b.c": "X-1_2.3", "example.com/a": "b", "a" * 63: "b" * 63}))
    c.merge(maps + "/good", {"metadata": {"labels": {"a b": "c"}}})
    c.post(maps, config_map("several", labels={"a b": "c", "d": "e f"}, annotations={"g h": "i"}))


def annotations(c):
    """Keys of annotations; their values are free."""
    maps = c.maps()
    for number, bad in enumerate(({"a b": "c"}, {"": "c"}, {"a/b/c": "d"}, {"example..com/a": "b"}, {"a" * 64: "b"})):
        c.post(maps, config_map(f"bad-{number}", annotations=bad))
    c.post(maps, config_map("good", annotations={"a": "any *text*\n\u00e4", "Example.com/Ab": "", "e.x/a": "b" * 1000}))
    c.post(maps, config_map("two-sizes", annotations={"a": "x" * 131072, "b": "y" * 131072}))
    c.merge(maps + "/good", {"metadata": {"annotations": {"a b": "c"}}})
    c.merge(maps + "/good", {"metadata": {"annotations": {"a": None, "Example.com/Ab": None, "e.x/a": None}}})


def data_keys(c):
    """Keys of ConfigMaps and Secrets."""
    ns = c.namespace()
    for plural, value in (("configmaps", "1"), ("secrets", b64("1"))):
        path = core(ns, plural)
        for number, key in enumerate(
            ("a/b", "", ".", "..", "..a", "a b", "\u00e4", "a" * 253, "a" * 254, "A-b_c.d", "-", "_")
        ):
            c.post(path, named(f"one-{number}", data={key: value}))
        c.post(path, named("several", data={"a/b": value, "c d": value, "ok": value}))
        c.post(path, named("later", data={"ok": value}))
        c.merge(path + "/later", {"data": {"a/b": value}})
    c.post(core(ns, "configmaps"), named("binary", binaryData={"a/b": "", "ok": ""}))
    c.post(core(ns, "configmaps"), named("both", data={"a": "1", "b": "2"}, binaryData={"a": "AAEC", "c": "AAEC"}))


def secret_types(c):
    """What Secrets of some types must hold."""
    path = core(c.namespace(), "secrets")
    for word, keys in (
        ("tls", ["tls.crt", "tls.key"]),
        ("basic-auth", ["username", "password"]),
        ("ssh-auth", ["ssh-privatekey"]),
        ("dockercfg", [".dockercfg"]),
        ("dockerconfigjson", [".dockerconfigjson"]),
        ("service-account-token", []),
        ("nothing-known", []),
    ):
        kind = f"kubernetes.io/{word}"
        c.post(path, named(f"none-{word}", type=kind))
        c.post(path, named(f"one-{word}", type=kind, data={key: b64("{}") for key in keys[:1]}))
        c.post(path, named(f"empty-{word}", type=kind, data={key: "" for key in keys}))
        c.post(path, named(f"all-{word}", type=kind, data={key: b64("{}") for key in keys}))
        c.post(path, named(f"text-{word}", type=kind, data={key: b64("no JSON") for key in keys}))
        for key in keys:
            c.json(path + f"/all-{word}", {"op": "remove", "path": f"/data/{key}"})
    account = {"kubernetes.io/service-account.name": "x"}
    c.post(path, named("account", type="kubernetes.io/service-account-token", annotations=account))
    c.post(path, named("own", type="example.com/own", data={}))
    c.post(path, named("bootstrap", type="bootstrap.kubernetes.io/token"))
    c.post(path, named("untyped", data={}))
    c.post(path, named("empty-type", type=""))
    c.merge(path + "/own", {"type": "Opaque"})
    c.merge(path + "/own", {"type": None})
    c.put(path + "/own", named("own"))
    c.merge(path + "/untyped", {"type": "example.com/own"})


def secret_sizes(c):
    """How large a Secret may be."""
    path = core(c.namespace(), "secrets")
    meta = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io"
    mebi = 1024 * 1024
    c.post(path, named("fits", data={"a": b64("x" * mebi)}), accept=meta)
    c.post(path, named("above", data={"a": b64("x" * (mebi + 1))}))
    c.post(path, named("sum", data={"a": b64("x" * (mebi // 2)), "b": b64("x" * (mebi // 2 + 1))}))
    c.merge(path + "/fits", {"data": {"b": b64("1")}})


def secret_values(c):
    """base64 of Secrets."""
    path = core(c.namespace(), "secrets")
    for number, value in enumerate(
        ("dmFsdWU=", "dmFsdWU", "no base64!", "", "AA==\n", " AA==", "_-8=", "AB==", 5, None, True, {})
    ):
        c.post(path, named(f"value-{number}", data={"k": value}))
    c.get(path + "/value-9")
    c.post(path, named("good", data={"k": "AAEC"}))
    c.merge(path + "/good", {"data": {"k": "not base64"}})
    c.merge(path + "/good", {"data": {"k": None, "l": ""}})
    c.json(path + "/good", {"op": "add", "path": "/data/n", "value": 5})
    c.merge(path + "/good", {"data": None})


def immutability(c):
    """Immutable ConfigMaps and Secrets."""
    ns = c.namespace()
    for plural, one, two in (("configmaps", "1", "2"), ("secrets", b64("1"), b64("2"))):
        path = core(ns, plural)
        c.post(path, named("a", data={"k": one}, immutable=False))
        c.merge(path + "/a", {"data": {"k": two}})
        c.merge(path + "/a", {"immutable": True})
        c.merge(path + "/a", {"data": {"k": one}})
        c.merge(path + "/a", {"data": {"l": one}})
        c.merge(path + "/a", {"data": None})
        c.merge(path + "/a", {"immutable": False})
        c.merge(path + "/a", {"immutable": None})
        c.merge(path + "/a", {"immutable": None, "data": {"k": one}})
        c.merge(path + "/a", {"metadata": {"labels": {"still": "writable"}}})
        c.merge(path + "/a", {"metadata": {"finalizers": ["example.com/f"]}})
        c.put(path + "/a", named("a", data={"k": two}, immutable=True))
        c.put(path + "/a", named("a", data={"k": two}))
        c.delete(path + "/a")
        c.json(path + "/a", {"op": "remove", "path": "/metadata/finalizers"})
    c.post(core(ns, "configmaps"), named("b", binaryData={"k": "AAEC"}, immutable=True))
    c.merge(core(ns, "configmaps") + "/b", {"binaryData": {"k": "AAED"}, "data": {"l": "1"}})
    c.merge(core(ns, "configmaps") + "/b", {"immutable": "yes"})
    c.post(core(ns, "secrets"), named("typed", type="example.com/t", immutable=True))
    c.merge(core(ns, "secrets") + "/typed", {"type": "example.com/u"})


def generated_names(c):
    """generateName."""
    maps = c.maps()
    made = c.post(maps, {"metadata": {"generateName": "made-"}, "data": {"k": "v"}})
    c.get(f"{maps}/{(made.get('metadata') or {}).get('name', 'none')}")
    c.post(maps, {"metadata": {"generateName": "made-", "name": "given"}})
    c.post(maps, {"metadata": {"generateName": "made-", "name": ""}})
    c.post(maps, {"metadata": {"generateName": "Upper-"}})
    c.post(maps, {"metadata": {"generateName": "dot."}})
    c.post(maps, {"metadata": {"generateName": "made-"}}, dryRun="All")
    long = c.post(maps, {"metadata": {"generateName": "a" * 70}})
    assert len(long["metadata"]["name"]) == 63
    c.merge(maps + "/given", {"metadata": {"generateName": "other-"}})


def owners(c):
    """ownerReferences."""
    maps = c.maps()
    owner = c.post(maps, config_map("owner"))
    good = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": (owner.get("metadata") or {}).get("uid")}
    c.post(maps, config_map("one", ownerReferences=[good]))
    c.post(maps, config_map("two", ownerReferences=[{**good, "controller": True, "blockOwnerDeletion": True}]))
    for number, bad in enumerate(
        (
            [{key: value for key, value in good.items() if key != "uid"}],
            [{key: value for key, value in good.items() if key != "name"}],
            [{key: value for key, value in good.items() if key != "kind"}],
            [{key: value for key, value in good.items() if key != "apiVersion"}],
            [{**good, "apiVersion": "a/b/c"}],
            [{**good, "kind": "Event"}],
            [{**good, "controller": True}, {**good, "controller": True, "uid": "other"}],
            [good, good],
            ["text"],
        )
    ):
        c.post(maps, config_map(f"bad-{number}", ownerReferences=bad))
    c.merge(maps + "/one", {"metadata": {"ownerReferences": [{**good, "uid": ""}]}})
    c.merge(maps + "/one", {"metadata": {"ownerReferences": None}})


def finalizers(c):
    """Words of finalizers."""
    maps = c.maps()
    for number, words in enumerate(
        (["no domain"], ["example"], ["kubernetes"], ["Example.com/F"], ["a/b/c"], [""], ["orphan"])
    ):
        c.post(maps, config_map(f"one-{number}", finalizers=words))
    c.post(maps, config_map("both", finalizers=["orphan", "foregroundDeletion"]))
    c.post(maps, config_map("doubled", finalizers=["example.com/a", "example.com/a"]))
    c.post(maps, config_map("good", finalizers=["example.com/a"]))
    c.merge(maps + "/good", {"metadata": {"finalizers": ["not good"]}})
    c.merge(maps + "/good", {"metadata": {"finalizers": ["example.com/b", "example.com/a"]}})
    c.merge(maps + "/good", {"metadata": {"finalizers": []}})


def metadata_given(c):
    """Metadata that is the server's own affair."""
    maps = c.maps()
    body = config_map("a")
    body["metadata"].update(
        {
            "uid": "00000000-0000-4000-8000-000000000000",
            "generation": 7,
            "creationTimestamp": "2001-01-01T00:00:00Z",
            "deletionTimestamp": "2001-01-01T00:00:00Z",
            "deletionGracePeriodSeconds": 5,
            "selfLink": "/nonsense",
        }
    )
    made = c.post(maps, body)
    c.post(maps, config_map("b", resourceVersion="5"))
    c.post(maps, config_map("b", resourceVersion="0"))
    c.post(maps, config_map("c", resourceVersion=""))
    for patch in (
        {"uid": "00000000-0000-4000-8000-000000000000"},
        {"uid": None},
        {"creationTimestamp": "2001-01-01T00:00:00Z"},
        {"creationTimestamp": None},
        {"deletionTimestamp": "2001-01-01T00:00:00Z"},
        {"deletionGracePeriodSeconds": 5},
        {"generation": 17},
        {"generation": -1},
        {"selfLink": "/x"},
        {"clusterName": "x"},
        {"managedFields": [{"manager": "x", "operation": "Update", "apiVersion": "v1"}]},
        {"managedFields": [{"manager": "x", "operation": "Strange"}]},
        {"managedFields": []},
        {"managedFields": [{}]},
    ):
        c.merge(maps + "/a", {"metadata": patch})
    c.put(maps + "/a", {**made, "metadata": {**made["metadata"], "creationTimestamp": None, "resourceVersion": ""}})


def services(c):
    """What a Service must be."""
    path = core(c.namespace(), "services")
    for number, spec in enumerate(
        (
            {"ports": []},
            {"ports": None},
            {"ports": [{"port": 0}]},
            {"ports": [{"port": 65536}]},
            {"ports": [{"port": 80}, {"port": 81}]},
            {"ports": [{"name": "a", "port": 80}, {"name": "a", "port": 81}]},
            {"ports": [{"name": "a", "port": 80}, {"name": "b", "port": 80}]},
            {"ports": [{"name": "Upper", "port": 80}]},
            {"ports": [{"port": 80, "protocol": "HTTP"}]},
            {"ports": [{"port": 80, "targetPort": "not a name"}]},
            {"ports": [{"port": 80, "targetPort": 70000}]},
            {"ports": [{"port": 80, "nodePort": 30000}]},
            {"type": "Strange"},
            {"type": "ExternalName"},
            {"type": "ExternalName", "externalName": "example.com", "ports": None},
            {"type": "ExternalName", "externalName": "not a name"},
            {"sessionAffinity": "Strange"},
            {"selector": {"a b": "c"}},
            {"clusterIP": "None"},
            {"clusterIP": "nonsense"},
            {"clusterIP": "10.0.0.200"},
            {"clusterIP": "10.0.0.200"},
            {"clusterIP": "192.0.2.1"},
            {"externalIPs": ["x"]},
            {"loadBalancerSourceRanges": ["10.0.0.0/8"]},
            {"externalTrafficPolicy": "Local"},
            {"type": "NodePort"},
            {"type": "LoadBalancer"},
            {"ports": "80"},
            {"ports": [{"port": "80"}]},
        )
    ):
        c.post(path, service(f"s-{number}", spec=spec))
    c.post(path, service("later"))
    c.merge(path + "/later", {"spec": {"clusterIP": "10.0.0.201"}})
    c.merge(path + "/later", {"spec": {"clusterIP": None}})
    c.merge(path + "/later", {"spec": {"ports": []}})
    c.merge(path + "/later", {"spec": {"type": "NodePort"}})
    c.merge(path + "/later", {"spec": {"type": "ClusterIP"}})
    c.merge(path + "/later", {"spec": {"type": "ExternalName", "externalName": "example.com"}})


def deployments(c):
    """What a Deployment must be."""
    path = grouped("apps/v1", c.namespace(), "deployments")
    container = {"name": "c", "image": "i"}
    template = {"metadata": {"labels": {"app": "d"}}, "spec": {"containers": [container]}}

    def with_pod(**spec):
        return {"template": {"metadata": {"labels": {"app": "d"}}, "spec": {"containers": [container], **spec}}}

    for number, spec in enumerate(
        (
            {"selector": None},
            {"selector": {}},
            {"selector": {"matchLabels": {"app": "other"}}},
            {"selector": {"matchLabels": {"a b": "c"}}},
            {"selector": {"matchExpressions": [{"key": "app", "operator": "Strange"}]}},
            {"selector": {"matchExpressions": [{"key": "app", "operator": "In"}]}},
            {"replicas": -1},
            {"replicas": "3"},
            {"replicas": 1.5},
            {"minReadySeconds": -1},
            {"revisionHistoryLimit": -1},
            {"progressDeadlineSeconds": 0},
            {"strategy": {"type": "Strange"}},
            {"strategy": {"type": "Recreate", "rollingUpdate": {"maxSurge": 1}}},
            {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 0}}},
            {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "x"}}},
            {"template": {"metadata": {"labels": {"app": "d"}}}},
            {"template": {"spec": {"containers": [container]}}},
            with_pod(containers=[]),
            with_pod(containers=[{"name": "c"}]),
            with_pod(containers=[{"image": "i"}]),
            with_pod(containers=[container, container]),
            with_pod(containers=[{**container, "name": "Upper_"}]),
            with_pod(containers=[{**container, "imagePullPolicy": "Strange"}]),
            with_pod(containers=[{**container, "ports": [{"containerPort": 0}]}]),
            with_pod(containers=[{**container, "env": [{"value": "x"}]}]),
            with_pod(restartPolicy="Never"),
            with_pod(dnsPolicy="Strange"),
        )
    ):
        c.post(path, deployment(f"d-{number}", spec=spec))
    c.post(path, deployment("later"))
    c.merge(path + "/later", {"spec": {"selector": {"matchLabels": {"app": "x"}}}})
    c.merge(path + "/later", {"spec": {"replicas": -5}})
    c.merge(path + "/later", {"spec": {"template": None}})
    c.merge(path + "/later", {"spec": {"template": template}})


def cron_jobs(c):
    """What a CronJob must be."""
    path = grouped("batch/v1beta1", c.namespace(), "cronjobs")
    for number, spec in enumerate(
        (
            {"schedule": ""},
            {"schedule": "every day"},
            {"schedule": "60 * * * *"},
            {"schedule": "@hourly"},
            {"schedule": "1 2 3 4 5 6"},
            {"concurrencyPolicy": "Strange"},
            {"startingDeadlineSeconds": -1},
            {"successfulJobsHistoryLimit": -1},
            {"failedJobsHistoryLimit": -1},
            {"jobTemplate": {}},
            {"jobTemplate": {"spec": {"template": {"spec": {"containers": [{"name": "c", "image": "i"}]}}}}},
            {"suspend": "yes"},
        )
    ):
        c.post(path, cron_job(f"j-{number}", spec=spec))
    c.post(path, cron_job("later"))
    c.merge(path + "/later", {"spec": {"schedule": "nonsense"}})


def dry_runs(c):
    """dryRun, and its bad values."""
    maps = c.maps()
    c.post(maps, config_map("a", data={"k": "1"}))
    c.post(maps, config_map("a"), dryRun="All")
    c.post(maps, config_map("b"), dryRun="All")
    c.post(maps, config_map("Bad"), dryRun="All")
    c.get(maps + "/b")
    for value in ("true", "", "all", "None"):
        c.post(maps, config_map("b"), dryRun=value)
        c.put(maps + "/a", config_map("a"), dryRun=value)
        c.merge(maps + "/a", {"data": {"k": "2"}}, dryRun=value)
        c.delete(maps + "/a", dryRun=value, propagationPolicy="Background" if value == "true" else None)
        c.post(maps, config_map("a"))
    c.post(maps + "?dryRun=All&dryRun=Other", config_map("b"))
    c.post(maps + "?dryRun=All&dryRun=All", config_map("b"))
    c.put(maps + "/a", config_map("a", data={"k": "3"}), dryRun="All")
    c.put(maps + "/new", config_map("new"), dryRun="All")
    c.merge(maps + "/a", {"data": {"k": "3"}}, dryRun="All")
    c.json(maps + "/a", {"op": "add", "path": "/data", "value": {"k": "3"}}, dryRun="All")
    c.get(maps + "/a")
    c.delete(maps + "/a", {"dryRun": ["All"]})
    c.delete(maps + "/a", {"dryRun": ["Other"]})
    c.delete(maps, dryRun="All")
    c.delete(maps, {"dryRun": ["All"]})
    c.get(maps + "/a")
    c.post(NAMESPACES, typed("v1", "Namespace", c.ns + "-never"), dryRun="All")
    c.get(f"{NAMESPACES}/{c.ns}-never")


def managers_named(c):
    """fieldManager, and its bad values."""
    maps = c.maps()
    c.post(maps, config_map("a", data={"k": "1"}), fieldManager="one")
    c.merge(maps + "/a", {"data": {"k": "2"}}, fieldManager="two")
    c.put(maps + "/a", config_map("a", data={"k": "2", "l": "1"}), fieldManager="three")
    c.merge(maps + "/a", {"data": {"k": "3"}}, headers={"user-agent": "agent/v1.2 (linux/amd64) more"})
    c.merge(maps + "/a", {"data": {"k": "4"}}, headers={"user-agent": "no-slash"})
    c.merge(maps + "/a", {"data": {"k": "5"}}, fieldManager="x" * 129)
    c.merge(maps + "/a", {"data": {"k": "5"}}, fieldManager="\u0001")
    c.post(maps, config_map("b"), fieldManager="x" * 129)
    c.put(maps + "/a", config_map("a"), fieldManager="x" * 129)
    c.merge(maps + "/a", {"data": {"k": "6"}}, force="true")
    c.merge(maps + "/a", {"data": {"k": "6"}}, force="nonsense")


def concurrency(c):
    """Optimistic concurrency: writes that name the version they were made for."""
    maps = c.maps()
    first = c.post(maps, config_map("a", data={"k": "1"}))
    second = c.put(maps + "/a", {**first, "data": {"k": "2"}})
    c.put(maps + "/a", {**first, "data": {"k": "3"}})
    c.put(maps + "/a", {**second, "data": {"k": "2"}})
    c.merge(maps + "/a", {"metadata": {"resourceVersion": first["metadata"]["resourceVersion"]}, "data": {"k": "4"}})
    c.merge(maps + "/a", {"metadata": {"resourceVersion": second["metadata"]["resourceVersion"]}, "data": {"k": "4"}})
    c.strategic(
        maps + "/a", {"metadata": {"resourceVersion": first["metadata"]["resourceVersion"]}, "data": {"k": "5"}}
    )
    c.merge(maps + "/a", {"metadata": {"resourceVersion": "nonsense"}})
    c.merge(maps + "/a", {"metadata": {"resourceVersion": "-1"}})
    c.merge(maps + "/a", {"metadata": {"resourceVersion": "0"}, "data": {"k": "6"}})
    c.merge(maps + "/a", {"metadata": {"resourceVersion": ""}, "data": {"k": "6"}})
    c.put(maps + "/a", config_map("a", resourceVersion="nonsense"))
    c.put(maps + "/a", config_map("a", resourceVersion="999999999"))
    c.put(maps + "/a", config_map("a", uid="00000000-0000-4000-8000-000000000000"))
    c.put(maps + "/a", config_map("a", data={"k": "unconditional"}))
    c.put(maps + "/missing", config_map("missing", resourceVersion=first["metadata"]["resourceVersion"]))
    c.put(maps + "/missing", config_map("missing", uid=first["metadata"]["uid"]))
    c.delete(maps + "/a")
    c.post(maps, config_map("a"))
    c.put(maps + "/a", {**second, "data": {"k": "of the one before"}})
    c.merge(maps + "/a", {"metadata": {"uid": first["metadata"]["uid"]}, "data": {"k": "of the one before"}})


def created_by_update(c):
    """PUT of what does not exist: some types are made so."""
    ns = c.namespace()
    c.put(core(ns, "configmaps") + "/a", config_map("a"))
    c.put(core(ns, "secrets") + "/a", named("a"))
    c.put(core(ns, "services") + "/a", service("a"))
    c.put(core(ns, "serviceaccounts") + "/a", named("a"))
    c.put(grouped("apps/v1", ns, "deployments") + "/a", deployment("a"))
    c.put(grouped("coordination.k8s.io/v1", ns, "leases") + "/a", named("a"))
    c.put(grouped("rbac.authorization.k8s.io/v1", ns, "roles") + "/a", named("a"))
    c.put(core(ns, "events") + "/a", typed("v1", "Event", "a", involvedObject={"namespace": ns}))
    c.put(core("absent-" + ns, "configmaps") + "/a", config_map("a"))
