# SPDX-License-Identifier: Apache-2.0
"""A small HTTP/2 client on python3-h2: one connection, one thread, any number of streams. Requests wait for their answer;
what comes for watches meanwhile is kept for them."""

import select
import socket
import ssl
import time

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions
import h2.settings

TIMEOUT = 30
# As many as a server may send before it hears from us.
WINDOW = 1 << 24


class Broken(Exception):
    """The connection, or one stream of it, ended before its time."""


class Stream:
    """One request: its answer as far as it has come."""

    def __init__(self, number):
        self.number = number
        self.status = None
        self.headers = []
        self.data = bytearray()
        self.ended = False
        self.broken = None

    def take_line(self):
        """The next whole line of a watch, or None."""
        end = self.data.find(b"\n")
        if end < 0:
            return None
        line = bytes(self.data[:end])
        del self.data[: end + 1]
        return line


class Connection:
    """To one server, by TLS; opened when it is needed, and again when the server has closed it."""

    def __init__(self, host, port, context, timeout=TIMEOUT):
        self.timeout = timeout
        self.host = host
        self.port = port
        self.context = context
        context.set_alpn_protocols(["h2"])
        self.socket = None
        self.h2 = None
        self.streams = {}

    def _connect(self):
        plain = socket.create_connection((self.host, self.port), self.timeout)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = self.context.wrap_socket(plain, server_hostname=self.host)
        if self.socket.selected_alpn_protocol() != "h2":
            raise Broken(f"the server speaks {self.socket.selected_alpn_protocol() or 'no HTTP/2'}")
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
        self.h2.initiate_connection()
        self.h2.update_settings({h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: WINDOW})
        self.h2.increment_flow_control_window(WINDOW)
        self.streams = {}
        self._flush()

    def close(self):
        for stream in self.streams.values():
            stream.ended = True
        self.streams = {}
        if self.socket is not None:
            self.socket.close()
        self.socket = None

    def _flush(self):
        data = self.h2.data_to_send() if self.h2 is not None else None
        if data:
            self.socket.sendall(data)

    def pump(self, timeout):
        """Reads once, if there is anything within that time; False if not."""
        if self.socket is None:
            return False
        if not self.socket.pending() and not select.select([self.socket], [], [], max(timeout, 0))[0]:
            return False
        try:
            data = self.socket.recv(1 << 18)
            events = self.h2.receive_data(data) if data else []
        except (OSError, h2.exceptions.ProtocolError) as error:
            data, events = b"", []
            self._broken(f"{type(error).__name__}: {error}")
        for event in events:
            self._event(event)
        if not data:
            self._broken("the server closed the connection")
            self.close()
            return True
        try:
            self._flush()
        except OSError as error:
            self._broken(str(error))
            self.close()
        return True

    def _broken(self, why):
        for stream in self.streams.values():
            if not stream.ended:
                stream.broken = stream.broken or why

    def _event(self, event):
        stream = self.streams.get(getattr(event, "stream_id", None))
        if isinstance(event, h2.events.ConnectionTerminated):
            # Streams up to the last one named go on; a new request takes a new connection.
            self.h2 = self.h2 if self.streams else None
        if stream is None:
            return
        if isinstance(event, h2.events.ResponseReceived):
            headers = list(event.headers)
            stream.status = int(dict(headers)[":status"])
            stream.headers = [(name.lower(), value) for name, value in headers if not name.startswith(":")]
        elif isinstance(event, h2.events.DataReceived):
            stream.data += event.data
            self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.StreamEnded):
            stream.ended = True
            self.streams.pop(stream.number, None)
        elif isinstance(event, h2.events.StreamReset):
            # With NO_ERROR: the answer is whole, and the rest of the body is not wanted.
            if event.error_code != h2.errors.ErrorCodes.NO_ERROR or stream.status is None:
                stream.broken = f"reset with {event.error_code!r}"
            stream.ended = True
            self.streams.pop(stream.number, None)

    def open(self, method, path, headers, body=None):
        """Sends one request, and waits for the head of its answer."""
        for attempt in (1, 2):
            try:
                # What the server has closed since the last request is opened again.
                while self.socket is not None and self.h2 is not None and self.pump(0):
                    pass
                if self.socket is None or self.h2 is None:
                    self.close()
                    self._connect()
                stream = self._send(method, path, headers, body)
                break
            except (OSError, h2.exceptions.ProtocolError) as error:
                self.close()
                if attempt == 2:
                    raise Broken(f"{type(error).__name__}: {error}") from error
        deadline = time.monotonic() + self.timeout
        while stream.status is None:
            self._check(stream, deadline)
            self.pump(0.5)
        return stream

    def _check(self, stream, deadline):
        if stream.broken:
            raise Broken(stream.broken)
        if time.monotonic() > deadline:
            raise Broken(f"no answer within {self.timeout} s")

    def _send(self, method, path, headers, body):
        number = self.h2.get_next_available_stream_id()
        stream = self.streams[number] = Stream(number)
        head = [(":method", method), (":scheme", "https"), (":authority", f"{self.host}:{self.port}"), (":path", path)]
        if body is not None:
            headers = [*headers, ("content-length", str(len(body)))]
        self.h2.send_headers(number, head + headers, end_stream=body is None)
        rest = memoryview(body if body is not None else b"")
        deadline = time.monotonic() + self.timeout
        while body is not None and not stream.ended:
            size = min(self.h2.local_flow_control_window(number), self.h2.max_outbound_frame_size, len(rest))
            if size or not rest:
                self.h2.send_data(number, bytes(rest[:size]), end_stream=size == len(rest))
                rest = rest[size:]
                if not rest:
                    break
            self._flush()
            self._check(stream, deadline)
            self.pump(0 if size else 0.5)
        self._flush()
        return stream

    def request(self, method, path, headers, body=None):
        """One request with its whole answer: (status, headers, bytes)."""
        stream = self.open(method, path, headers, body)
        deadline = time.monotonic() + self.timeout
        while not stream.ended:
            self._check(stream, deadline)
            self.pump(0.5)
        if stream.broken:
            raise Broken(stream.broken)
        return stream.status, stream.headers, bytes(stream.data)

    def cancel(self, stream):
        """A watch that nobody reads any more."""
        if not stream.ended and stream.number in self.streams:
            del self.streams[stream.number]
            stream.ended = True
            try:
                self.h2.reset_stream(stream.number, h2.errors.ErrorCodes.CANCEL)
                self._flush()
            except (OSError, h2.exceptions.ProtocolError):
                self.close()


def context(authority=None):
    """TLS that trusts this authority (PEM text), or, without one, anybody: for a server of one's own."""
    made = ssl.create_default_context(cadata=authority)
    if authority is None:
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
    return made
