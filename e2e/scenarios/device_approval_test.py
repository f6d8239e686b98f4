#!/usr/bin/python3
"""With approval of devices on, a new one waits, unseen, until it is let in."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

import time

from lab.scenario import answers, check, eventually, main, peer, reaches


def run(tailnet):
    key = tailnet.create_key("--reusable")
    alice = tailnet.add_node("alice", "home")
    bob = tailnet.add_node("bob", "home")
    alice.up(key)
    tailnet.admin("settings", "set", "approve-devices=on")
    said = bob.up(key)
    check("approve" in said.stdout + said.stderr,
          f"bob is told that it waits: {said.stdout + said.stderr!r}")
    eventually(lambda: bob.status()["waits_for_approval"], "bob waits", 5)
    check(bob.status()["peers"] == [], "bob sees nobody")
    check(not peer(alice, "bob"), "alice does not see bob")
    check(not answers(bob, alice.address()), "bob reaches nobody")
    check(not answers(alice, bob.address()), "nobody reaches bob")
    began = time.monotonic()
    tailnet.admin("node", "approve", "bob")
    eventually(lambda: answers(alice, bob.address()), "alice reaches bob", 5)
    took = time.monotonic() - began
    print(f"approved and connected after {took:.3f} s")
    check(took < 3, f"it took {took:.1f} s")
    check(not bob.status()["waits_for_approval"], "bob waits no more")
    # A key that says so lets in by itself; who was in stays in.
    carol = tailnet.add_node("carol", "home")
    carol.up(tailnet.create_key("--preapproved"))
    reaches(carol, alice.address())


main(run)
