#!/usr/bin/python3
"""Without UDP everything still works, through the relay."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from lab import proof
from lab.scenario import check, eventually, is_direct, main, reaches


def run(tailnet):
    key = tailnet.create_key("--reusable")
    alice = tailnet.add_node("alice", "home")
    bob = tailnet.add_node("bob", "home")
    bob.site.set_udp_blocked(True)
    alice.up(key)
    bob.up(key)
    reaches(alice, bob.address())
    reaches(bob, alice.address())
    check(not is_direct(alice, "bob"), "no direct path without UDP")
    check("lab" in alice.cli("ping", "-c", "1", "bob").stdout,
          "ping names the relay")
    web = proof.WebServers([alice, bob])
    check(web.download(alice, bob.address()) > 0, "a download by the relay")
    check(web.download(bob, alice.address()) > 0, "and the other way")

    # As soon as UDP passes, the direct path is found without anybody asking,
    # as long as the two talk.
    bob.site.set_udp_blocked(False)
    eventually(lambda: proof.ping(alice, bob.address(), 1) and
               is_direct(alice, "bob"), "alice goes direct", 40)

    # And when it stops passing, the relay takes over within moments.
    bob.site.set_udp_blocked(True)
    reaches(alice, bob.address(), 10)
    web.stop()


main(run)
