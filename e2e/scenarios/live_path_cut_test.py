#!/usr/bin/python3
"""When the direct path dies under a flow, the relay carries on, and when it is
back, so is the direct path."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from lab.live import Live
from lab.scenario import check, eventually, main


def run(tailnet):
    key = tailnet.create_key("--reusable")
    alice = tailnet.add_node("alice", "home")
    bob = tailnet.add_node("bob", "home")
    for node in (alice, bob):
        node.up(key)
    live = Live(alice, bob, tcp_seconds=15)
    cut = live.through("the cut", lambda: tailnet.internet.cut(
        alice.site.outside, bob.site.outside), direct=False)
    eventually(lambda: not live.is_direct(), "no direct path is claimed")
    mended = live.through("the mending", tailnet.internet.mend, seconds=40)
    record = live.stop()
    gap = record.longest_gap(cut, mended)
    print(f"longest gap after the cut {gap:.2f} s")
    check(gap < 3, f"the flow stood still for {gap:.1f} s after the cut")
    lost = record.lost(mended)
    check(not lost, f"moving back to the direct path lost {len(lost)} packets")


main(run)
