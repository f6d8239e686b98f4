#!/usr/bin/python3
"""Two symmetric NATs, one router that maps ports by UPnP alone: HTTP to it, in
the midst of all else. netcheck says so, and the port is given back at the end,
though that takes the daemon an exchange more."""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from lab.miniupnpd import MiniUpnpd
from lab.scenario import answers, check, eventually, is_direct, main, peer

_PORT = 41641


def mapping(node):
    return json.loads(node.cli("netcheck", "--json").stdout)["port_mapping"]


def run(tailnet):
    key = tailnet.create_key("--reusable")
    alice = tailnet.place_node("alice", "portmap")
    bob = tailnet.add_node("bob", "symmetric")
    router = MiniUpnpd(alice.site.router, enable_natpmp="no")
    router.start()
    alice.start()
    for node in (alice, bob):
        node.up(key)
    outside = f"{alice.site.outside}:{_PORT}"
    eventually(lambda: mapping(alice)["external"] == outside,
               f"{outside} is mapped", 60)
    check(mapping(alice)["upnp"] is True, f"by UPnP: {mapping(alice)}")
    eventually(lambda: answers(bob, alice.address()) and
               is_direct(bob, "alice") and is_direct(alice, "bob"),
               "they are direct", 30)
    via = peer(bob, "alice")["path"]["via"]
    check(via == outside, f"bob reaches alice at {via}")
    check(alice.daemon.stop() == 0, "the daemon ends well")
    check(not router.lease_end(_PORT), "the port is given back")


main(run)
