#!/usr/bin/python3
"""To suspend a user cuts all of its devices off, and to restore it brings them
back, with nothing else to do."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

import time

from lab import tcp
from lab.scenario import (answers, check, eventually, main, peer, reaches,
                          refuses)


def run(tailnet):
    tailnet.create_user("eve")
    everybody = "/run/lab/policy.hujson"
    with open(everybody, "w", encoding="utf-8") as file:
        file.write('{"grants": [{"src": ["*"], "dst": ["*"], "ip": ["*"]}]}')
    tailnet.admin("policy", "set", everybody)
    alice = tailnet.add_node("alice", "home")
    alice.up(tailnet.create_key())
    eves_key = tailnet.create_key("--reusable", user="eve")
    eves = [tailnet.add_node(name, "home") for name in ("eve1", "eve2")]
    server = tcp.Server(alice, 80)
    for eve in eves:
        eve.up(eves_key)
        reaches(eve, alice.address())
    flows = [tcp.connect(eve, alice.address(), 80) for eve in eves]
    flows += server.connections
    began = time.monotonic()
    tailnet.admin("user", "suspend", "eve")
    time.sleep(3)
    late = max(flow.last_heard for flow in flows) - began
    print(f"the last bytes came {late:.3f} s after")
    check(late < 2, f"bytes came {late:.1f} s after")
    for eve in eves:
        check(not peer(alice, eve.name), f"alice has forgotten {eve.name}")
        check(eve.status()["peers"] == [], f"{eve.name} sees nobody")
        check(not answers(eve, alice.address()), f"{eve.name} is cut off")
    late_one = tailnet.add_node("eve3", "home")
    refuses(late_one.up(eves_key, check=False), "suspended")
    began = time.monotonic()
    tailnet.admin("user", "restore", "eve")
    for eve in eves:
        eventually(lambda: answers(eve, alice.address()),
                   f"{eve.name} is back", 5)
    print(f"back after {time.monotonic() - began:.3f} s")
    server.stop()


main(run)
