# SPDX-License-Identifier: Apache-2.0
"""Proxies between fedcopy and an API server that break what a test tells them to break.

FaultProxy speaks HTTP/2 to both (tests/proxy, built beside fedcopy); ConnectProxy is a plain one for `proxy-url` and
HTTPS_PROXY, which sees nothing but bytes."""

import itertools
import json
import os
import pathlib
import select
import socket
import threading

import fedcopy as program
from envtest import end_process, free_port, spawn, tail, wait_for, write_cluster_set, write_kubeconfig

_numbers = itertools.count(1)

# What stands in the path of every watch. Of a list as a stream, which is the beginning of a watch, this does too.
WATCH = "watch=true"
STREAMED = "sendInitialEvents=true"

# A list of ConfigMaps: the sandbox streams lists, the real server is older than that.
LIST = {"method": "GET", "path": "/configmaps?", "without": WATCH}
if os.environ.get("GROUND") == "sandbox":
    LIST = {"method": "GET", "path": STREAMED, "without": "/namespaces?"}


class FaultProxy:
    """One proxy in front of one cluster. A fault is set by one of the methods below and lasts for `count` requests, or until
    clear(). What matches: method; path, a part of path and query; without, a part that must not be in it; skip, how many
    that match go by first."""

    def __init__(self, cluster, directory, names="IP:127.0.0.1,DNS:localhost", authority=None):
        """names: what the certificate is for; authority: who signs it, if not the cluster's own authority for proxies."""
        self.cluster = cluster
        self.name = cluster.name
        self.directory = pathlib.Path(directory) / f"proxy-{next(_numbers)}"
        self.directory.mkdir(parents=True)
        self.authority = authority or cluster.proxy_authority
        self.port = free_port()
        self.url = f"https://127.0.0.1:{self.port}"
        self.log = self.directory / "stderr"
        self.journal_path = self.directory / "requests"
        self._lock = threading.Lock()
        certificate, key = self.authority.server(f"proxy-{self.port}", names)
        with open(self.log, "ab") as log:
            self.process = spawn(
                [
                    program.binary().parent / "tests" / "fault-proxy",
                    self.port,
                    cluster.port,
                    certificate,
                    key,
                    cluster.authority.certificate,
                    self.journal_path,
                ],
                env=program.environment(),
                stdin=-1,
                stdout=-1,
                stderr=log,
            )
        ready = self.process.stdout.readline()
        assert ready, f"the proxy did not start: {tail(self.log)}"

    # What write_kubeconfig asks of a cluster.
    @property
    def server(self):
        return self.url

    @property
    def tokens(self):
        return self.cluster.tokens

    @property
    def login(self):
        return self.cluster.login

    def client_certificate(self, user, groups=None):
        return self.cluster.client_certificate(user, groups)

    def stop(self):
        """Ends it; fails if a sanitizer has found something in it."""
        self.process.stdin.close()
        status = self.process.wait(10)
        end_process(self.process, 0)
        self.process.stdout.close()
        assert status == 0, f"the proxy ended with status {status}: {tail(self.log)}"

    def order(self, what, **words):
        """One order; its answer. From any thread."""
        with self._lock:
            self.process.stdin.write(json.dumps({"do": what, **words}).encode() + b"\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        assert line, f"the proxy has ended: {tail(self.log)}"
        answer = json.loads(line)
        assert "error" not in answer, f"{what} {words}: {answer}"
        return answer

    # -- faults of requests: each returns the fault's id --

    def fault(self, end, **words):
        return self.order("fault", end=end, **words)["id"]

    def answer(self, status, body=None, headers=None, reason=None, **words):
        """An answer of the proxy's own. body: text, or a Status is made; forward=True: after the API server has answered."""
        if body is None:
            body = json.dumps(
                {
                    "kind": "Status",
                    "apiVersion": "v1",
                    "metadata": {},
                    "status": "Failure",
                    "message": f"the proxy says {status}",
                    "reason": reason or REASONS.get(status, ""),
                    "code": status,
                }
            )
            headers = {"content-type": "application/json", **(headers or {})}
        return self.fault("answer", status=status, body=body, headers=headers or {}, **words)

    def html(self, status, **words):
        """What load balancers say."""
        body = f"<html><head><title>{status}</title></head><body><h1>Oh no</h1></body></html>\n"
        return self.answer(status, body, {"content-type": "text/html"}, **words)

    def no_streamed_lists(self):
        """As a server that does not know them."""
        return self.answer(422, reason="Invalid", path=STREAMED)

    def reset(self, **words):
        """The whole connection is reset; forward=True: after the API server has answered."""
        return self.fault("reset", **words)

    def rst_stream(self, code=2, **words):
        return self.fault("rst-stream", code=code, **words)

    def drop(self, **words):
        """No answer, and no end."""
        return self.fault("drop", **words)

    def slow(self, bytes_per_ms, **words):
        return self.fault("pass", bytes_per_ms=bytes_per_ms, **words)

    def cut(self, after, how="rst", **words):
        """The answer's body ends after so many bytes: how = rst, end (as if it were whole) or close (the connection)."""
        return self.fault("pass", cut_after=after, cut=how, **words)

    def delay(self, ms, **words):
        return self.fault("pass", delay_ms=ms, **words)

    def hold(self, **words):
        """Body bytes of answers to come are held back."""
        return self.fault("pass", mute=True, **words)

    def mute(self, path=WATCH, on=True):
        """The same for streams that are open now; on=False lets go of what was held. How many."""
        return self.order("mute", path=path, on=on).get("streams")

    def hits(self, fault):
        return self.order("hits", id=fault)["hits"]

    def wait_hits(self, fault, hits=1, timeout=10):
        wait_for(lambda: self.hits(fault) >= hits, timeout, lambda: f"{hits} hits: {self.hits(fault)}; {tail(self.journal_path)}")

    def clear(self, fault=0):
        """That fault, or all."""
        self.order("clear", id=fault)

    # -- faults of connections --

    def freeze(self, on=True):
        """Nothing is read, written or accepted; sockets stay open."""
        self.order("freeze", on=on)

    def thaw(self):
        self.freeze(False)

    def deaf(self, on=True):
        """New connections are accepted, and that is all."""
        self.order("deaf", on=on)

    def partition(self, on=True, listener=True):
        """What the client sends is lost before TCP sees it: as if the machine had gone without a word, or, with
        listener=False, as if a firewall had forgotten the connections that there are."""
        self.order("partition", on=on, listener=listener)

    def goaway(self):
        self.order("goaway")

    def streams(self, maximum):
        """SETTINGS_MAX_CONCURRENT_STREAMS, for open connections too."""
        self.order("streams", max=maximum)

    def close_all(self, reset=False):
        """How many connections were closed."""
        return self.order("close", reset=reset)["closed"]

    def certificate(self, certificate, key):
        """For connections to come."""
        self.order("certificate", certificate=str(certificate), key=str(key))

    # -- what came through --

    def stats(self):
        """open (connections), streams, requests and connections so far."""
        return self.order("stats")

    def offset(self):
        return self.journal_path.stat().st_size

    def requests(self, since=0, **wanted):
        """The requests as they came, from that offset on (within a line: from the next one); wanted: values of members. path
        is searched for, not compared."""
        with open(self.journal_path, "rb") as file:
            file.seek(since)
            whole = [line for line in file.read().splitlines() if line.startswith(b'{"time_ms"') and line.endswith(b"}")]
        lines = [json.loads(line) for line in whole]
        path = wanted.pop("path", "")
        return [line for line in lines if path in line["path"] and all(line[key] == value for key, value in wanted.items())]


REASONS = {
    401: "Unauthorized",
    403: "Forbidden",
    429: "TooManyRequests",
    500: "InternalError",
    502: "",
    503: "ServiceUnavailable",
    504: "Timeout",
}


class Through:
    """The session's clusters, some of them behind proxies: through.edge_1 and so on are proxies."""

    def __init__(self, clusters, directory):
        self.clusters = clusters
        self.directory = pathlib.Path(directory)
        self.proxies = []
        self._files = itertools.count(1)

    def proxy(self, cluster, **keywords):
        """A proxy of its own in front of the cluster."""
        self.proxies.append(FaultProxy(cluster, self.directory, **keywords))
        return self.proxies[-1]

    def cluster_set(self, proxies, how="token", members=None, **keywords):
        """A cluster set file with these proxies in place of their clusters; members: only these beside the hub."""
        instead = {proxy.name: proxy for proxy in proxies}
        number = next(self._files)
        wanted = [cluster for cluster in self.clusters if members is None or cluster in (self.clusters.hub, *members)]
        places = [instead.get(cluster.name, cluster) for cluster in wanted]
        kubeconfig = self.directory / f"kubeconfig-{number}"
        write_kubeconfig(kubeconfig, places, how=how, **keywords)
        return write_cluster_set(self.directory / f"clusters-{number}.yaml", wanted, kubeconfig.name)

    def stop(self):
        problems = []
        for proxy in self.proxies:
            try:
                proxy.stop()
            except AssertionError as error:
                problems.append(str(error))
        assert not problems, "\n".join(problems)


class ConnectProxy:
    """A proxy that knows CONNECT: what HTTPS_PROXY and proxy-url name. It counts, can freeze, and finds every name here."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.asked = []  # the places that CONNECT named
        self.heads = []
        self._open = threading.Event()
        self._open.set()
        self._stopped = False
        self._sockets = []
        threading.Thread(target=self._accept, daemon=True).start()

    def freeze(self):
        self._open.clear()

    def thaw(self):
        self._open.set()

    def stop(self):
        self._stopped = True
        self._open.set()
        for some in (self.listener, *self._sockets):
            try:
                some.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            some.close()

    def _accept(self):
        while not self._stopped:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            self._sockets.append(client)
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        try:
            head = b""
            while b"\r\n\r\n" not in head:
                piece = client.recv(4096)
                if not piece:
                    return
                head += piece
            self._open.wait()
            place = head.split(b" ")[1].decode()
            self.asked.append(place)
            self.heads.append(head.decode())
            # Whatever the name: names that only the proxy can resolve are a reason to have one.
            with socket.create_connection(("127.0.0.1", int(place.rpartition(":")[2]))) as server:
                client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                self._copy(client, server)
        except OSError:
            pass
        finally:
            client.close()

    def _copy(self, client, server):
        other = {client: server, server: client}
        while not self._stopped:
            readable, _, _ = select.select([client, server], [], [], 0.2)
            self._open.wait()
            for end in readable:
                data = end.recv(65536)
                if not data:
                    return
                other[end].sendall(data)
