#!/usr/bin/python3
"""Sessions are renewed at their time without losing a packet.

The initiator's clock runs faster: its 120 s pass in 4. wireguard-go's runs as
it does.
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
sys.path.insert(0, os.path.dirname(__file__))

from pair import GO, WARREN, check, main

RATE = 30
SECONDS = 14  # real; three renewals and a bit


def run(pair):
    for second, options in ((GO, ()),
                            (WARREN, ("--debug-clock-rate", str(RATE)))):
        pair.a.start(WARREN, "--debug-clock-rate", str(RATE))
        pair.b.start(second, *options)
        pair.connect()
        check(pair.a.ping(pair.b.inner(4)), "it works before")
        check(pair.a.ping(pair.b.inner(4), SECONDS * 20, 0.05),
              "no packet is lost over three renewals")
        counters = pair.a.counters()
        check(counters["sessions"] >= 4, f"renewed thrice: {counters}")
        pair.stop()

    # A peer that is silent for 15 s is asked anew; after 180 s its session is
    # over. Here its interface is down, so it stays silent.
    pair.a.start(WARREN, "--debug-clock-rate", str(RATE))
    pair.b.start(GO)
    pair.connect()
    check(pair.a.ping(pair.b.inner(4)), "it works before")
    pair.b.ip("link", "set", pair.b.wire, "down")
    check(not pair.a.ping(pair.b.inner(4), 20, 0.1, seconds=1), "nobody answers")
    check(pair.a.counters()["initiations_sent"] >= 2, "so it asks again")
    pair.b.ip("link", "set", pair.b.wire, "up")
    pair.b.ip("addr", "replace", "fd09::2/64", "dev", pair.b.wire, "nodad")
    pair.a.reaches(pair.b.inner(4))


main(run)
