#!/usr/bin/python3
"""An ephemeral node disappears some time after it did, and at once when it says goodbye."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from lab.scenario import check, eventually, main, peer, reaches


def run(tailnet):
    alice = tailnet.add_node("alice", "home")
    alice.up(tailnet.create_key())
    key = tailnet.create_key("--ephemeral", "--reusable")
    for how, name in ((9, "job"), (15, "polite")):
        job = tailnet.add_node(name, "home")
        job.up(key)
        reaches(alice, job.address())
        job.daemon.stop(how)
        eventually(lambda: not peer(alice, name), f"{name} disappears", 20)
        names = [n["name"] for n in tailnet.admin_json("node", "list")]
        check(names == ["alice"], f"control has forgotten {name}: {names}")


main(run)
