# SPDX-License-Identifier: Apache-2.0
"""Faults between fedcopy and a real API server, made by a proxy: what is refused, lost, cut off, late or not what it should
be. The copy ends up right within the time that the test says, and costs no write more than it needs."""

import base64
import time

import pytest
from envtest import never, wait_for
from fault_proxy import LIST, WATCH, ConnectProxy
from fedcopy import LEAN
from objects import asked, configmap, set_data, troubles, wait_data, wait_writes

WRITE = {"method": "PATCH"}
OF_TARGETS = "/configmaps?"
# Of targets and sources; beside them Namespaces are watched.
WATCHES = {"path": WATCH, "without": "/namespaces?"}


def begin(fedcopy, through, hub, edge1, namespace, *args, **keywords):
    """A copy on edge-1, in sync; fedcopy comes to edge-1 through a proxy: (the program, the proxy)."""
    configmap(hub, namespace, "source", {"a": "1"})
    configmap(edge1, namespace, "copy", {}, {"data.a": "configmap:source:data.a"})
    proxy = through.proxy(edge1)
    file = through.cluster_set([proxy], members=[edge1], **keywords)
    program = fedcopy("run", "--clusters", file, "--target", "configmaps", "--namespace", namespace, *args)
    wait_writes(program, "/copy", "data.a", 1)
    return program, proxy


def change(hub, edge1, namespace, value, within):
    """Changes the source, and waits until the copy has it."""
    set_data(hub, "configmaps", namespace, "source", {"a": value})
    wait_data(edge1, "configmaps", namespace, "copy", {"a": value}, within)


def reads(count):
    """Who a cluster is may be asked at any time; this is about objects."""
    return asked(count, "get", resource="configmaps")


# --- Writes -----------------------------------------------------------------------------------------------------------

# The API server never sees these: (what the proxy does, the seconds within which the copy is right).
REFUSED = {
    "429": (lambda p: p.answer(429, count=2, **WRITE), 3),
    "500": (lambda p: p.answer(500, count=2, **WRITE), 3),
    "502-in-html": (lambda p: p.html(502, count=1, **WRITE), 3),
    "503-retry-after": (lambda p: p.answer(503, headers={"retry-after": "1"}, count=1, **WRITE), 3),
    "503-in-html": (lambda p: p.html(503, count=2, **WRITE), 3),
    "504": (lambda p: p.answer(504, count=1, **WRITE), 3),
    "200-in-html": (lambda p: p.html(200, count=1, **WRITE), 3),
    "stream-refused": (lambda p: p.rst_stream(7, count=1, **WRITE), 3),
    "stream-reset": (lambda p: p.rst_stream(2, count=1, **WRITE), 3),
    "connection-reset": (lambda p: p.reset(count=1, **WRITE), 5),
}


@pytest.mark.parametrize("fault, within", REFUSED.values(), ids=REFUSED)
def test_d08_a_write_that_did_not_happen_is_sent_again(through, fedcopy, hub, edge1, namespace, fault, within):
    program, proxy = begin(fedcopy, through, hub, edge1, namespace)
    number = fault(proxy)
    with edge1.counting() as count:
        change(hub, edge1, namespace, "2", within)
        program.wait_rule("/copy")
        assert proxy.hits(number) > 0
        assert [request["code"] for request in asked(count, "patch")] == [200]
        # At most one look for each failure, and none after the success.
        never(lambda: len(asked(count, ("get", "patch"), name="copy")) > 1 + proxy.hits(number), 0.3)
    change(hub, edge1, namespace, "3", 2)


# The API server does what it was asked to, and fedcopy does not hear of it.
LOST_ANSWERS = {
    "504": (lambda p: p.answer(504, forward=True, count=1, **WRITE), 3),
    "502-in-html": (lambda p: p.html(502, forward=True, count=1, **WRITE), 3),
    "200-in-html": (lambda p: p.html(200, forward=True, count=1, **WRITE), 3),
    "stream-reset": (lambda p: p.rst_stream(2, forward=True, count=1, **WRITE), 3),
    "connection-reset": (lambda p: p.reset(forward=True, count=1, **WRITE), 5),
    "answer-cut": (lambda p: p.cut(40, "rst", count=1, **WRITE), 3),
    "answer-cut-as-if-whole": (lambda p: p.cut(40, "end", count=1, **WRITE), 3),
    "connection-closed-in-the-answer": (lambda p: p.cut(40, "close", count=1, **WRITE), 5),
}


@pytest.mark.parametrize("fault, within", LOST_ANSWERS.values(), ids=LOST_ANSWERS)
def test_a_write_of_unknown_outcome_is_read_back_once_and_not_repeated(
    through, fedcopy, hub, edge1, namespace, fault, within
):
    # kube-client 13.17
    program, proxy = begin(fedcopy, through, hub, edge1, namespace)
    number = fault(proxy)
    with edge1.counting() as count:
        set_data(hub, "configmaps", namespace, "source", {"a": "2"})
        proxy.wait_hits(number)
        wait_for(lambda: asked(count, "get", name="copy"), within, "it is read back")
        program.wait_rule("/copy", timeout=within)
        wait_data(edge1, "configmaps", namespace, "copy", {"a": "2"})
        never(lambda: len(asked(count, "patch")) > 1 or len(asked(count, "get", name="copy")) > 1, 0.5)
        assert len(asked(count, "patch")) == 1
    change(hub, edge1, namespace, "3", 2)


def test_a_write_that_is_not_allowed_says_so_and_heals(through, fedcopy, hub, edge1, namespace):
    for name in ("first", "second"):
        configmap(edge1, namespace, name, {}, {"data.a": "configmap:source:data.a"})
    program, proxy = begin(fedcopy, through, hub, edge1, namespace)
    statuses = {"copy": 403, "first": 401, "second": 403}
    with edge1.counting() as count:
        for name, status in statuses.items():
            # One is refused once; the others until the proxy is told to stop.
            proxy.answer(status, method="PATCH", path=f"/{name}?", **({"count": 1} if name == "second" else {}))
        set_data(hub, "configmaps", namespace, "source", {"a": "2"})
        for name, status in statuses.items():
            assert str(status) in program.wait_rule(f"/{name}", state="Forbidden")["message"]
        proxy.clear()
        for name in statuses:
            # Looked at again after 5 s at most.
            wait_data(edge1, "configmaps", namespace, name, {"a": "2"}, 8)
            program.wait_rule(f"/{name}")
        assert len(asked(count, "patch")) == 3


def gaps(proxy, since):
    times = [request["time_ms"] for request in proxy.requests(since, method="PATCH")]
    return [(later - earlier) / 1000 for earlier, later in zip(times, times[1:])]


def test_retry_after_is_obeyed_and_without_it_the_pauses_grow(through, fedcopy, hub, edge1, namespace):
    _, proxy = begin(fedcopy, through, hub, edge1, namespace)
    since = proxy.offset()
    proxy.answer(429, headers={"retry-after": "2"}, count=1, **WRITE)
    change(hub, edge1, namespace, "2", 4)
    assert [2 <= gap < 3 for gap in gaps(proxy, since)] == [True], gaps(proxy, since)
    # From 200 ms on, doubled, up to a quarter more (promise 6).
    since = proxy.offset()
    proxy.answer(429, count=4, **WRITE)
    change(hub, edge1, namespace, "3", 6)
    found = gaps(proxy, since)
    assert len(found) == 4 and all(gap >= least for gap, least in zip(found, (0.2, 0.4, 0.8, 1.6))), found


def test_an_answer_that_comes_late_or_slowly_is_waited_for(through, fedcopy, hub, edge1, namespace):
    configmap(edge1, namespace, "second", {}, {"data.a": "configmap:source:data.a"})
    program, proxy = begin(fedcopy, through, hub, edge1, namespace)
    program.wait_rule("/second")
    proxy.delay(2500, count=1, method="PATCH", path="/copy?")
    proxy.slow(0.2, count=1, method="PATCH", path="/second?")  # about 600 bytes at 200 a second
    with edge1.counting() as count:
        change(hub, edge1, namespace, "2", 2)  # the write itself was quick
        for name in ("copy", "second"):
            wait_writes(program, f"/{name}", "data.a", 2, 8)
        assert len(asked(count, "patch")) == 2 and reads(count) == []


# --- Lists and watches ------------------------------------------------------------------------------------------------

AT_FIRST = {
    "429-retry-after": lambda p: p.answer(429, headers={"retry-after": "1"}, count=1, **LIST),
    "500": lambda p: p.answer(500, count=1, **LIST),
    "503-in-html": lambda p: p.html(503, count=1, **LIST),
    "200-in-html": lambda p: p.html(200, count=1, **LIST),
    "stream-reset": lambda p: p.rst_stream(2, count=1, **LIST),
    "connection-reset": lambda p: p.reset(count=1, **LIST),
    "slow": lambda p: p.slow(1.5, count=1, **LIST),
    "watch-429": lambda p: p.answer(429, headers={"retry-after": "1"}, count=1, **WATCHES),
    "watch-500": lambda p: p.answer(500, count=1, **WATCHES),
    "watch-in-html": lambda p: p.html(200, count=1, **WATCHES),
    "watch-cut": lambda p: p.cut(30, "end", count=1, **WATCHES),
}


def test_a_bad_start_delays_its_own_cluster_alone(through, fedcopy, hub, edge1, edge2, make_namespace):
    # One program for each fault, all at once: edge-1 has it, edge-2 does not.
    stories = []
    for word, fault in AT_FIRST.items():
        namespace = make_namespace()
        configmap(hub, namespace, "source", {"a": "1"})
        for member in (edge1, edge2):
            configmap(member, namespace, "copy", {}, {"data.a": "configmap:source:data.a"})
        proxy = through.proxy(edge1)
        number = fault(proxy)
        args = ["--target", "configmaps", "--namespace", namespace]
        program = fedcopy("run", "--clusters", through.cluster_set([proxy]), *args, ready=False)
        stories.append((word, proxy, number, namespace, program))
    for member in (edge2, edge1):
        for word, proxy, number, namespace, program in stories:
            wait_data(member, "configmaps", namespace, "copy", {"a": "1"}, 8)
    for word, proxy, number, namespace, program in stories:
        assert proxy.hits(number) == 1, word
        # It goes on: the watch of the targets works.
        set_data(edge1, "configmaps", namespace, "copy", {"a": "meddled"})
    for word, proxy, number, namespace, program in stories:
        wait_data(edge1, "configmaps", namespace, "copy", {"a": "1"}, 8)


def test_a_list_that_is_cut_in_the_middle_removes_nothing(through, fedcopy, hub, edge1, make_namespace):
    # One program for each way of cutting, all at once.
    names = [f"copy-{number:02}" for number in range(30)]
    stories = []
    for how in ("rst", "end", "close"):
        namespace = make_namespace(on=[hub, edge1])
        configmap(hub, namespace, "source", {"a": "1"})
        for name in names:
            configmap(edge1, namespace, name, {}, {"data.a": "configmap:source:data.a"})
        proxies = [through.proxy(hub), through.proxy(edge1)]
        args = ["--target", "configmaps", "--namespace", namespace]
        program = fedcopy("run", "--clusters", through.cluster_set(proxies, members=[edge1]), *args)
        stories.append((how, namespace, proxies, program))

    def in_sync():
        return all(len(program.rules(namespace, state="InSync")) == len(names) for _, namespace, _, program in stories)

    def lost():
        for how, namespace, _, program in stories:
            if len(program.rules(namespace)) != len(names) or program.rules(namespace, state="SourceNotFound"):
                return how
        return None

    wait_for(in_sync, 10, "all are in sync")
    cuts = []
    with edge1.counting() as count:
        for how, _, proxies, _ in stories:
            for proxy, after in zip(proxies, (120, 7000)):
                # The version is too old: source and targets are listed again. The lists end in the middle.
                proxy.answer(410, reason="Expired", count=1, **WATCHES)
                cuts.append((proxy, proxy.cut(after, how, count=1, **LIST)))
                proxy.close_all()
        wait_for(lambda: all(proxy.hits(cut) for proxy, cut in cuts), 15, "the lists were cut")
        never(lost, 0.5)
        for _, namespace, _, _ in stories:
            set_data(hub, "configmaps", namespace, "source", {"a": "2"})
        for _, namespace, _, _ in stories:
            for name in names:
                wait_data(edge1, "configmaps", namespace, name, {"a": "2"}, 15)
        wait_for(in_sync, 10, "all are in sync")
        assert lost() is None
        # One write each; what the lists showed again was known.
        assert len(asked(count, "patch")) == len(names) * len(stories) and reads(count) == []


# --- Connections ------------------------------------------------------------------------------------------------------


def test_goaway_loses_nothing_and_is_no_trouble(through, fedcopy, hub, edge1, namespace):
    # kube-client 2.7: a server sends it to spread its clients, and goes on to serve what is open.
    configmap(hub, namespace, "source", {"a": "0"})
    configmap(edge1, namespace, "copy", {}, {"data.a": "configmap:source:data.a"})
    proxies = [through.proxy(hub), through.proxy(edge1)]
    file = through.cluster_set(proxies, members=[edge1])
    program = fedcopy("run", "--clusters", file, "--target", "configmaps", "--namespace", namespace)
    wait_writes(program, "/copy", "data.a", 1)
    before = [proxy.stats()["connections"] for proxy in proxies]
    with edge1.counting() as count:
        for number in range(1, 31):
            if number % 6 == 0:
                for proxy in proxies:
                    proxy.goaway()
            change(hub, edge1, namespace, str(number), 2)
            wait_writes(program, "/copy", "data.a", 1 + number)
        assert len(asked(count, "patch")) == 30 and reads(count) == []
    # The writes went elsewhere, and the watches stayed until their end.
    assert proxies[1].stats()["connections"] > before[1]
    assert troubles(program) == [], troubles(program)
    assert program.metrics().total("fedcopy_watch_restarts_total") == 0


def watches_of(proxy):
    """The watches that are open."""
    return proxy.stats()["streams"]


def many(fedcopy, through, hub, edge1, make_namespace, count, prepare=None):
    """fedcopy with so many watches on edge-1: (program, proxy, one of their namespaces)."""
    namespaces = [make_namespace(on=[hub, edge1]) for _ in range(3)]
    others = [f"nowhere-{number}" for number in range(count - len(namespaces))]
    for namespace in namespaces:
        configmap(hub, namespace, "source", {"a": "1"})
        configmap(edge1, namespace, "copy", {}, {"data.a": "configmap:source:data.a"})
    proxy = through.proxy(edge1)
    if prepare:
        prepare(proxy)
    args = ["--target", "configmaps", "--namespace", ",".join(namespaces + others)]
    program = fedcopy("run", "--clusters", through.cluster_set([proxy], members=[edge1]), *args)
    for namespace in namespaces:
        wait_data(edge1, "configmaps", namespace, "copy", {"a": "1"}, 20)
    return program, proxy, namespaces


def test_70_watches_are_one_connection_and_90_are_two(through, fedcopy, hub, edge1, make_namespace):
    # design, Connections; kube-client 14.16. An API server lets 100 streams be open, and so does the proxy.
    for count, connections in ((70, 1), (90, 2)):
        program, proxy, namespaces = many(fedcopy, through, hub, edge1, make_namespace, count)
        wait_for(lambda p=proxy, n=count: watches_of(p) >= n, 10, lambda p=proxy: f"{p.stats()}")
        for namespace in namespaces:
            change(hub, edge1, namespace, "2", 3)
        assert proxy.stats()["open"] == connections, proxy.stats()
        program.stop()


def test_a_limit_of_10_streams_holds_up_nothing(through, fedcopy, hub, edge1, make_namespace):
    # libcurl opens another connection for each watch that finds no place on the first, instead of filling the second.
    _, proxy, namespaces = many(fedcopy, through, hub, edge1, make_namespace, 25, lambda p: p.streams(10))
    wait_for(lambda: watches_of(proxy) >= 25, 20, lambda: f"25 watches: {proxy.stats()}")
    for value in ("2", "3", "4"):
        for namespace in namespaces:
            change(hub, edge1, namespace, value, 5)
    # 25 of targets, one of Namespaces, and one connection for all else: never more than one for each.
    assert proxy.stats()["open"] <= 25 + 1 + 1, proxy.stats()


def test_user_agent_and_basic_login_reach_the_server(through, fedcopy, hub, edge1, namespace):
    # kube-client 1.18, 2.8. API servers know no Basic login any more, proxies in front of them do.
    proxies = [through.proxy(hub)]
    program = fedcopy(
        "run", "--clusters", through.cluster_set(proxies, how="basic", members=[]), "-t", "configmaps", ready=False
    )
    # The server takes the user for nobody: /version it may ask, lists it may not.
    wait_for(lambda: "Forbidden" in program.stderr() or "403" in program.stderr(), 10, program.stderr)
    want = base64.b64encode(f"fedcopy:{hub.tokens['fedcopy']}".encode()).decode()
    for request in proxies[0].requests():
        assert request["authorization"] == f"Basic {want}", request
        assert request["user_agent"].startswith("fedcopy/"), request
    assert want not in program.output() and hub.tokens["fedcopy"] not in program.output()


def test_a_token_is_sent_with_every_request_and_shown_nowhere(through, fedcopy, hub, edge1, namespace, secrets):
    secrets.append(edge1.tokens["fedcopy"])
    program, proxy = begin(fedcopy, through, hub, edge1, namespace, "--log-level", "debug")
    change(hub, edge1, namespace, "2", 2)
    for request in proxy.requests():
        assert request["authorization"] == f"Bearer {edge1.tokens['fedcopy']}", request
        assert request["user_agent"].startswith("fedcopy/"), request
    assert program.running


# --- Ways -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def connect():
    proxy = ConnectProxy()
    yield proxy
    proxy.stop()


def test_proxy_url_of_the_kubeconfig_is_gone_through(through, fedcopy, connect, hub, edge1, namespace):
    # kube-client 1.13: it counts for this cluster alone, and more than the environment.
    more = lambda cluster: {"proxy-url": connect.url} if cluster.name == "edge-1" else {}
    env = {"HTTPS_PROXY": "http://127.0.0.1:9", "NO_PROXY": "127.0.0.1"}
    configmap(hub, namespace, "source", {"a": "1"})
    configmap(edge1, namespace, "copy", {}, {"data.a": "configmap:source:data.a"})
    file = through.cluster_set([], members=[edge1], more=more)
    fedcopy("run", "--clusters", file, "--target", "configmaps", "--namespace", namespace, env=env)
    wait_data(edge1, "configmaps", namespace, "copy", {"a": "1"})
    change(hub, edge1, namespace, "2", 2)
    assert set(connect.asked) == {f"127.0.0.1:{edge1.port}"}


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy"])
def test_the_environment_names_the_proxy_and_the_exceptions(through, fedcopy, connect, hub, edge1, namespace, variable):
    # kube-client 2.9. The name means something only to the proxy.
    name = "kubernetes.default.svc"
    configmap(hub, namespace, "source", {"a": "1"})
    configmap(edge1, namespace, "copy", {}, {"data.a": "configmap:source:data.a"})
    server = lambda cluster: f"https://{name}:{cluster.port}" if cluster is edge1 else cluster.server
    args = ["--clusters", through.cluster_set([], members=[edge1], server=server)]
    args += ["--target", "configmaps", "--namespace", namespace]
    env = {"HTTPS_PROXY": None, "https_proxy": None, "no_proxy": None, "NO_PROXY": "127.0.0.1", variable: connect.url}
    program = fedcopy("run", *args, env=env)
    wait_data(edge1, "configmaps", namespace, "copy", {"a": "1"})
    change(hub, edge1, namespace, "2", 2)
    assert set(connect.asked) == {f"{name}:{edge1.port}"}
    program.stop()
    asked_before = len(connect.asked)
    program = fedcopy("run", *args, env={**env, "NO_PROXY": "127.0.0.1,.default.svc"})
    wait_for(lambda: "cluster unreachable cluster=edge-1" in program.stderr(), 15, program.stderr)
    assert len(connect.asked) == asked_before


def test_tls_server_name_is_what_the_certificate_must_be_for(through, fedcopy, hub, edge1, namespace):
    # kube-client 1.12
    name = "api.shop.example"
    proxy = through.proxy(edge1, names=f"DNS:{name}")
    configmap(hub, namespace, "source", {"a": "1"})
    configmap(edge1, namespace, "copy", {}, {"data.a": "configmap:source:data.a"})
    args = ["--target", "configmaps", "--namespace", namespace]
    program = fedcopy("run", "--clusters", through.cluster_set([proxy], members=[edge1]), *args)
    wait_for(lambda: "cluster unreachable cluster=edge-1" in program.stderr(), 10, program.stderr)
    assert "certificate" in program.stderr() and proxy.requests() == []
    program.stop()
    more = lambda place: {"tls-server-name": name} if place is proxy else {}
    fedcopy("run", "--clusters", through.cluster_set([proxy], members=[edge1], more=more), *args)
    wait_data(edge1, "configmaps", namespace, "copy", {"a": "1"})
    request = proxy.requests()[0]
    assert request["sni"] == name and request["host"] == f"127.0.0.1:{proxy.port}", request


# --- Again and again --------------------------------------------------------------------------------------------------


def settled(proxy):
    """Is it connected, and has its watch lived for more than a second? One that did not is opened again ever later
    (kube-client 5.13, 5.14), and this is about memory."""
    watches = proxy.requests(max(0, proxy.offset() - 4000), path=WATCH)
    return proxy.stats()["streams"] >= 1 and watches and watches[-1]["time_ms"] < (time.time() - 1.05) * 1000


def reconnect(through, fedcopy, hub, edge1, edge2, make_namespace, times):
    """Closes connections so often, every other time by a reset; memory and descriptors stay as they are."""
    namespace = make_namespace()
    configmap(hub, namespace, "source", {"a": "0"})
    for member in (edge1, edge2):
        configmap(member, namespace, "copy", {}, {"data.a": "configmap:source:data.a"})
    proxies = [through.proxy(cluster) for cluster in (hub, edge1, edge2)]
    args = ["--target", "configmaps", "--namespace", namespace]
    program = fedcopy("run", "--clusters", through.cluster_set(proxies), *args, env=LEAN)

    def sizes():
        return program.memory()["RssAnon"], program.metrics().value("process_open_fds")

    closed, before = 0, None
    while closed < times:
        wait_for(lambda: all(settled(proxy) for proxy in proxies), 70, lambda: f"settled after {closed} ends")
        # What is used for the first time, by either way of closing, is no growth.
        if before is None and closed >= times * 2 // 5:
            before = sizes()
        closed += sum(proxy.close_all(reset=closed % 2 == 1) for proxy in proxies)
    wait_for(lambda: all(settled(proxy) for proxy in proxies), 70, "settled")
    set_data(hub, "configmaps", namespace, "source", {"a": "9"})
    for member in (edge1, edge2):
        wait_data(member, "configmaps", namespace, "copy", {"a": "9"}, 5)
    after = sizes()
    assert after[0] <= before[0] + 512 and after[1] <= before[1] + 3, (before, after)


def test_reconnecting_costs_no_memory(through, fedcopy, hub, edge1, edge2, make_namespace):
    reconnect(through, fedcopy, hub, edge1, edge2, make_namespace, 20)


@pytest.mark.full
def test_1000_reconnects_cost_no_memory(through, fedcopy, hub, edge1, edge2, make_namespace):
    # kube-client 14.16
    reconnect(through, fedcopy, hub, edge1, edge2, make_namespace, 1000)
