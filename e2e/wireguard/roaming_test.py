#!/usr/bin/python3
"""Either side may change its address, and traffic goes on."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
sys.path.insert(0, os.path.dirname(__file__))

from pair import GO, PORT, WARREN, check, main


def moves(host, other, family, number):
    """`host` moves, says something, and is then reached at its new endpoint."""
    new = host.set_wire_address(family, number)
    port = PORT
    if host.kind == GO:
        # Debian's wireguard-go sends from its old address for ever, unless its
        # socket is made anew.
        port = 40000 + number
        host.wg("listen-port", str(port))
    host.reaches(other.inner(4))
    want = f"{new}:{port}" if family == 4 else f"[{new}]:{port}"
    check(other.show("endpoints") == want, f"{other.kind} followed to {want}")
    check(other.ping(host.inner(4), 3), f"{other.kind} reaches it there")


def run(pair):
    for first, second, family in ((WARREN, GO, 4), (GO, WARREN, 4),
                                  (WARREN, WARREN, 6)):
        pair.a.start(first)
        pair.b.start(second)
        pair.connect(family)
        check(pair.a.ping(pair.b.inner(4)), "it works before")
        moves(pair.a, pair.b, family, 11)
        moves(pair.b, pair.a, family, 12)
        moves(pair.a, pair.b, family, 1)
        moves(pair.b, pair.a, family, 2)
        check(pair.a.handshake_age() < 60, "within the same sessions")
        pair.stop()


main(run)
