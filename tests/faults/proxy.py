"""A small TCP proxy between a stream's server and its reader: cuts, stalls, corrupts."""

from __future__ import annotations

import random
import selectors
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Proxy:
    """Forwards to ``target`` (a port on loopback, which may change); one thread.

    ``stall``: nothing passes either way while it is set. ``corrupt``: so many bytes of
    every thousand that come from the server are replaced.
    """

    def __init__(self, target: int) -> None:
        self.target = target
        self.stall = False
        self.corrupt = 0
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._pairs: dict[socket.socket, tuple[socket.socket, bool]] = {}
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listening, selectors.EVENT_READ)
        self._wake, waiting = socket.socketpair()
        self._waiting = waiting
        self._selector.register(waiting, selectors.EVENT_READ)
        self._calls: list[Callable[[], None]] = []
        self._chance = random.Random(1)
        self._ending = False
        self._thread = threading.Thread(target=self._run, name="proxy")
        self._thread.start()

    @property
    def port(self) -> int:
        return int(self._listening.getsockname()[1])

    def cut(self) -> None:
        """Closes every connection."""
        self._call(self._cut)

    def set_stall(self, *, stall: bool) -> None:
        self._call(lambda: self._stall(stall))

    def close(self) -> None:
        self._ending = True
        self._wake.send(b"!")
        self._thread.join()
        self._cut()
        for each in (self._listening, self._wake, self._waiting):
            each.close()
        self._selector.close()

    def _call(self, what: Callable[[], None]) -> None:
        self._calls.append(what)
        self._wake.send(b"!")

    def _run(self) -> None:
        while not self._ending:
            for key, _ in self._selector.select():
                self._serve(key.fileobj)  # type: ignore[arg-type]

    def _serve(self, ready: socket.socket) -> None:
        if ready is self._waiting:
            ready.recv(1024)
            while self._calls:
                self._calls.pop(0)()
        elif ready is self._listening:
            self._accept()
        elif ready in self._pairs:
            self._forward(ready)

    def _accept(self) -> None:
        client, _ = self._listening.accept()
        try:
            server = socket.create_connection(("127.0.0.1", self.target), timeout=2)
        except OSError:
            client.close()
            return
        self._pairs[client] = (server, False)
        self._pairs[server] = (client, True)
        if not self.stall:
            for each in (client, server):
                self._selector.register(each, selectors.EVENT_READ)

    def _forward(self, ready: socket.socket) -> None:
        other, from_server = self._pairs[ready]
        try:
            data = ready.recv(65536)
            if data:
                other.sendall(self._spoilt(data) if from_server else data)
                return
        except OSError:
            pass
        self._end(ready)

    def _spoilt(self, data: bytes) -> bytes:
        if not self.corrupt or len(data) < 400:
            return data
        spoilt = bytearray(data)
        for _ in range(max(1, len(data) * self.corrupt // 1000)):
            # behind the first headers: an interleaved stream that lost its frames ends
            spoilt[self._chance.randrange(64, len(data))] = self._chance.randrange(256)
        return bytes(spoilt)

    def _stall(self, stall: bool) -> None:
        self.stall = stall
        for each in self._pairs:
            known = each in self._selector.get_map()
            if stall and known:
                self._selector.unregister(each)
            elif not stall and not known:
                self._selector.register(each, selectors.EVENT_READ)

    def _end(self, one: socket.socket) -> None:
        other, _ = self._pairs[one]
        for each in (one, other):
            if each in self._selector.get_map():
                self._selector.unregister(each)
            self._pairs.pop(each, None)
            each.close()

    def _cut(self) -> None:
        while self._pairs:
            self._end(next(iter(self._pairs)))


@contextmanager
def proxy_to(port: int) -> Iterator[Proxy]:
    proxy = Proxy(port)
    try:
        yield proxy
    finally:
        proxy.close()
