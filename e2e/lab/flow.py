"""A steady flow of numbered packets through the tunnel, and what became of it.

Each packet is answered, so one flow watches both directions.
"""

import dataclasses
import select
import socket
import struct
import threading
import time

from lab.wire import socket_in

_PORT = 7
_PACKET = struct.Struct("!Qd")  # number, time.monotonic() at the sender


class Echo:
    """Answers flows at the tailnet addresses of these nodes until stop()."""

    def __init__(self, nodes):
        self._stopping = False
        self._sockets = []
        for node in nodes:
            listening = socket_in(node.name, socket.AF_INET, socket.SOCK_DGRAM)
            # Not to its address, which may go and come back while it listens.
            listening.bind(("0.0.0.0", _PORT))
            self._sockets.append(listening)
        self._thread = threading.Thread(target=self._answer, daemon=True)
        self._thread.start()

    def _answer(self):
        while not self._stopping:
            for ready in select.select(self._sockets, [], [], 0.1)[0]:
                try:
                    ready.sendto(*ready.recvfrom(2048))
                except OSError:
                    pass  # the tunnel is down: lost

    def stop(self):
        self._stopping = True
        self._thread.join()
        for listening in self._sockets:
            listening.close()


@dataclasses.dataclass
class Record:
    """Sending and answering time of each packet, by its number."""
    sent: list
    answered: dict

    def lost(self, since=0.0, until=float("inf")):
        """Numbers of packets sent in that time and never answered."""
        return [n for n, at in enumerate(self.sent)
                if since <= at <= until and n not in self.answered]

    def longest_gap(self, since=0.0, until=float("inf")):
        """Seconds that pass at most from one answer to the next."""
        times = [since] if since else []
        times += [at for at in sorted(self.answered.values())
                  if since <= at <= until]
        if until != float("inf"):
            times.append(until)
        return max((b - a for a, b in zip(times, times[1:])), default=0.0)


class Flow:
    """Packets from a node to an Echo at `address`, from now until stop()."""

    def __init__(self, node, address, per_second=100, size=64):
        self._interval = 1 / per_second
        self._padding = bytes(max(0, size - _PACKET.size))
        self._socket = socket_in(node.name, socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._target = (address, _PORT)
        self._record = Record([], {})
        self._sending = self._receiving = True
        self._threads = [threading.Thread(target=run, daemon=True)
                         for run in (self._send, self._receive)]
        for thread in self._threads:
            thread.start()

    def _send(self):
        due = time.monotonic()
        while self._sending:
            now = time.monotonic()
            number = len(self._record.sent)
            self._record.sent.append(now)
            try:
                self._socket.sendto(_PACKET.pack(number, now) + self._padding,
                                    self._target)
            except OSError:
                pass  # no route, as when a cable is out: lost
            due += self._interval
            time.sleep(max(0, due - time.monotonic()))

    def _receive(self):
        while self._receiving:
            if not select.select([self._socket], [], [], 0.1)[0]:
                continue
            try:
                number, _ = _PACKET.unpack_from(self._socket.recv(2048))
            except OSError:
                continue
            self._record.answered.setdefault(number, time.monotonic())

    @property
    def num_answered(self):
        return len(self._record.answered)

    def answered_since(self, at):
        """How many packets sent after `at` were answered."""
        sent = self._record.sent
        return sum(sent[n] >= at for n in list(self._record.answered))

    def stop(self, patience=2.0):
        """Its Record, once what is under way was answered or `patience` ends."""
        self._sending = False
        self._threads[0].join()
        end = time.monotonic() + patience
        while time.monotonic() < end and self._record.lost():
            time.sleep(0.02)
        self._receiving = False
        self._threads[1].join()
        self._socket.close()
        return self._record
