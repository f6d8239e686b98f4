#!/usr/bin/python3
"""A flood of handshakes costs cookies, and honest peers get through.

A third address on the wire sends initiations that carry the right mac1 (it
needs the public key only) and are nonsense otherwise, as fast as it can.
"""

import base64
import contextlib
import hashlib
import os
import socket
import struct
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
sys.path.insert(0, os.path.dirname(__file__))

from lab.programs import wait_until
from pair import GO, PORT, WARREN, check, main

UDP_SEGMENT = 103
TRAIN = 40  # initiations a system call
COOKIE_REPLY_SIZE = 64


def initiation(public_key):
    """148 bytes with a valid mac1 (whitepaper 5.4.4), for nobody's session."""
    body = struct.pack("<II", 1, 7) + os.urandom(108)
    key = hashlib.blake2s(b"mac1----" + base64.b64decode(public_key)).digest()
    mac1 = hashlib.blake2s(body, digest_size=16, key=key).digest()
    return body + mac1 + bytes(16)


class Flood:
    """Sends from host `source`, which owns `address` besides its own."""

    def __init__(self, source, address, target, public_key):
        self.asked_for_cookie = threading.Event()
        self._stop = threading.Event()
        train = b"".join(initiation(public_key) for _ in range(TRAIN))
        source.ip("addr", "add", f"{address}/24", "dev", source.wire)
        self._thread = threading.Thread(
            target=self._send, args=(source.name, address, target, train))
        self._thread.start()

    def _send(self, namespace, address, target, train):
        # A network namespace is a thread's own.
        import ctypes
        handle = os.open(f"/run/netns/{namespace}", os.O_RDONLY)
        ctypes.CDLL(None).setns(handle, 0)
        os.close(handle)
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.bind((address, 0))
        udp.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, len(train) // TRAIN)
        while not self._stop.is_set():
            udp.sendto(train, (target, PORT))
            with contextlib.suppress(BlockingIOError):
                udp.recv(COOKIE_REPLY_SIZE, socket.MSG_DONTWAIT)
                self.asked_for_cookie.set()

    def stop(self):
        self._stop.set()
        self._thread.join()


def run(pair):
    for first, second in ((GO, WARREN), (WARREN, GO), (WARREN, WARREN)):
        pair.a.start(first)
        pair.b.start(second)
        pair.connect()
        flood = Flood(pair.a, "10.9.0.66", pair.b.underlay(4), pair.b.public_key)
        try:
            wait_until(flood.asked_for_cookie.is_set, 10,
                       f"{second} demands cookies")
            # The first attempt earns a cookie, the next, 5 s later, carries it.
            wait_until(lambda: pair.a.ping(pair.b.inner(4), seconds=2), 40,
                       f"{first} gets through to a flooded {second}")
            if first == WARREN:
                counters = pair.a.counters()
                check(counters["cookies_accepted"] > 0,
                      f"it was asked for a cookie: {counters}")
        finally:
            flood.stop()
            pair.a.ip("addr", "del", "10.9.0.66/24", "dev", pair.a.wire)
        if second == WARREN:
            counters = pair.b.counters()
            print(f"  flooded: {counters['cookies_sent']} cookies, "
                  f"{counters.get('drop_handshake_flood', 0)} dropped unread")
        pair.a.reaches(pair.b.inner(4))
        check(pair.a.ping(pair.b.inner(4), 3), "and after the flood as before")
        pair.stop()


main(run)
