#!/usr/bin/python3
"""A laptop sleeps for an hour, and its NAT forgets it; it wakes, and its flow
goes on."""

import os
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from lab.live import Live
from lab.programs import PLACE
from lab.scenario import bin_dir, check, main

_HOUR = 3600


def run(tailnet):
    key = tailnet.create_key("--reusable")
    asleep = f"{PLACE}/alice-asleep"
    with open(asleep, "w", encoding="utf-8") as file:
        file.write("0")
    alice = tailnet.add_node("alice", "home", environment={
        "LD_PRELOAD": os.path.join(bin_dir(), "e2e/libclock_off.so"),
        "WARREN_ASLEEP_FILE": asleep})
    bob = tailnet.add_node("bob", "home")
    for node in (alice, bob):
        node.up(key)
    live = Live(alice, bob)

    def sleep():
        # Nothing of it runs, as when a machine sleeps; then its clock has gone
        # on, its timers are due, and nobody knows it any more.
        os.kill(alice.daemon.pid, signal.SIGSTOP)
        alice.site.rebind()
        with open(asleep, "w", encoding="utf-8") as file:
            file.write(str(_HOUR))
        os.kill(alice.daemon.pid, signal.SIGCONT)

    at = live.through("an hour of sleep", sleep)
    live.flows_since(time.monotonic() + 1, 10, "it was awake for a while")
    gap = live.stop().longest_gap(at)
    print(f"longest gap: {gap:.2f} s")
    check(gap < 5, f"after waking the flow stood still for {gap:.1f} s")
    check("awake again" in alice.daemon.log(), "it noticed its sleep")


main(run)
