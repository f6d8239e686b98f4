"""What really goes over a link, whatever the programs at its ends say."""

import contextlib
import ctypes
import dataclasses
import select
import socket
import struct
import threading
import time

_ETH_IPV4, _ETH_IPV6 = 0x0800, 0x86DD
_DISCO = "TS💬".encode()
_STUN_COOKIE = b"\x21\x12\xa4\x42"
_CLONE_NEWNET = 0x40000000


@dataclasses.dataclass(frozen=True)
class Seen:
    """One packet. `kind` is "data" (WireGuard transport), "handshake", "disco",
    "stun", "tcp" or "other"; `size` is of the IP packet."""
    at: float  # time.monotonic()
    source: str
    target: str
    kind: str
    size: int


def socket_in(namespace, *arguments):
    """socket.socket(*arguments) inside a namespace."""
    made = []

    def make():
        libc = ctypes.CDLL(None, use_errno=True)
        with open(f"/run/netns/{namespace}", encoding="ascii") as there:
            if libc.setns(there.fileno(), _CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), f"setns to {namespace}")
        made.append(socket.socket(*arguments))

    # The namespace is of a thread, so this one keeps its own.
    thread = threading.Thread(target=make)
    thread.start()
    thread.join()
    return made[0]


class Wire:
    """Listens on a device of a namespace until stop()."""

    def __init__(self, namespace, device="wan"):
        self._socket = socket_in(namespace, socket.AF_PACKET, socket.SOCK_RAW,
                                 socket.htons(3))  # ETH_P_ALL
        self._socket.bind((device, 3))
        self._socket.setsockopt(socket.SOL_SOCKET, 33, 8 << 20)  # RCVBUFFORCE
        self._seen = []
        self._stopping = False
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self):
        while not self._stopping:
            if not select.select([self._socket], [], [], 0.1)[0]:
                continue
            frame = self._socket.recv(65535)
            at = time.monotonic()
            with contextlib.suppress(struct.error, IndexError):
                seen = _parse(at, frame)
                if seen:
                    self._seen.append(seen)

    def seen(self):
        return list(self._seen)

    def first(self, kind, *addresses, since=0.0):
        """The first packet of a kind between two addresses, or None."""
        return next((s for s in self.seen() if s.kind == kind and s.at >= since
                     and {s.source, s.target} == set(addresses)), None)

    def stop(self):
        self._stopping = True
        self._thread.join()
        self._socket.close()
        return self._seen


def _parse(at, frame):
    (ethertype,) = struct.unpack_from("!H", frame, 12)
    packet = frame[14:]
    if ethertype == _ETH_IPV4:
        size, protocol = struct.unpack_from("!2xH5xB", packet)
        head = (packet[0] & 15) * 4
        addresses = [socket.inet_ntoa(packet[i:i + 4]) for i in (12, 16)]
    elif ethertype == _ETH_IPV6:
        size, protocol = struct.unpack_from("!4xHB", packet)
        size, head = size + 40, 40
        addresses = [socket.inet_ntop(socket.AF_INET6, packet[i:i + 16])
                     for i in (8, 24)]
    else:
        return None
    kind = "tcp" if protocol == 6 else "other"
    if protocol == 17:
        kind = _kind_of(packet[head + 8:])
    return Seen(at, *addresses, kind, size)


def _kind_of(datagram):
    if datagram.startswith(_DISCO):
        return "disco"
    if datagram[4:8] == _STUN_COOKIE:
        return "stun"
    if datagram[1:4] == b"\0\0\0" and 1 <= datagram[0] <= 4:
        return "data" if datagram[0] == 4 else "handshake"
    return "other"
