#!/usr/bin/python3
"""warren-wg and wireguard-go understand each other, whoever begins.

Over IPv4 and IPv6 below, with and without a pre-shared key; and warren-wg
understands itself.
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
sys.path.insert(0, os.path.dirname(__file__))

from lab import net
from pair import GO, WARREN, check, main, transfer


def one(pair, first, second, family, psk):
    pair.a.start(first)
    pair.b.start(second)
    pair.connect(family, psk)
    for inner in (4, 6):
        check(pair.a.ping(pair.b.inner(inner), 3), f"a pings b, IPv{inner}")
        check(pair.b.ping(pair.a.inner(inner), 3), f"b pings a, IPv{inner}")
    for host in (pair.a, pair.b):
        age = host.handshake_age()
        check(age is not None and -2 < age < 20, f"fresh handshake, {age} s old")
    check(pair.b.show("endpoints") == pair.a.endpoint(family),
          "b learned where a is")
    for sender, receiver in ((pair.a, pair.b), (pair.b, pair.a)):
        speed = transfer(sender, receiver, 20, family)
        print(f"  {sender.kind} -> {receiver.kind}, IPv{family}, "
              f"{'psk' if psk else 'no psk'}: {speed / 1e9:.2f} Gb/s")
    check(all(int(n) > 0 for n in pair.a.run(
        "wg", "show", pair.a.device, "transfer").stdout.split()[1:]),
        "transfer is counted")
    pair.stop()


def run(pair):
    for first, second in ((WARREN, GO), (GO, WARREN), (WARREN, WARREN)):
        for family in (4, 6):
            for psk in (None, net.run("wg", "genpsk").strip()):
                one(pair, first, second, family, psk)

    # Tunnel packets that do not fit the wire travel in fragments; tiny and huge
    # MTUs of the tunnel itself work, also when changed while it is up.
    pair.a.start(WARREN)
    pair.b.start(WARREN)
    pair.connect()
    for wire, tunnel in ((1300, 1420), (1500, 9000), (1500, 600), (1500, 1420)):
        for host in (pair.a, pair.b):
            host.ip("link", "set", host.wire, "mtu", str(wire))
            host.ip("link", "set", host.device, "mtu", str(tunnel))
        pair.a.run("ping", "-n", "-c", "2", "-i", "0.1", "-s", str(tunnel - 28),
                   "-M", "do", pair.b.inner(4))
        speed = transfer(pair.a, pair.b, 5)
        print(f"  wire {wire}, tunnel {tunnel}: {speed / 1e9:.2f} Gb/s")
    pair.stop()

    # With different pre-shared keys nothing passes.
    pair.a.start(WARREN)
    pair.b.start(GO)
    pair.connect(4, net.run("wg", "genpsk").strip())
    pair.b.add_peer(pair.a, None, net.run("wg", "genpsk").strip())
    check(not pair.a.ping(pair.b.inner(4), seconds=1), "keys differ")
    check(pair.a.handshake_age() is None, "no handshake completes")


main(run)
