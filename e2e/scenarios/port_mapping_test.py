#!/usr/bin/python3
"""Two symmetric NATs, which no probing gets through: direct as soon as one of
the routers maps a port for its host, and the port is given back at the end."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from lab.live import Live
from lab.miniupnpd import MiniUpnpd
from lab.scenario import check, eventually, main, peer, reaches

_PORT = 41641


def run(tailnet):
    key = tailnet.create_key("--reusable")
    alice = tailnet.place_node("alice", "portmap")
    bob = tailnet.add_node("bob", "symmetric")
    router = MiniUpnpd(alice.site.router)
    router.start()
    alice.start()
    for node in (alice, bob):
        node.up(key)
    live = Live(alice, bob)
    via = peer(bob, "alice")["path"]["via"]
    check(via.startswith(f"{alice.site.outside}:"), f"bob reaches alice at {via}")
    port = via.rsplit(":", 1)[1]
    check(router.lease_end(port), f"port {port} is mapped: {router.rules()}")
    live.stop()
    alice.daemon.stop()
    # The daemon does not wait for the router that it tells.
    eventually(lambda: "dnat" not in router.rules(), "the port is given back")

    # Without it the relay carries them, as ever.
    router.stop()
    alice.site.forget_mappings()
    alice.start()
    reaches(bob, alice.address(), 40)
    eventually(lambda: peer(bob, "alice")["path"]["kind"] == "relayed",
               "by the relay", 20)


main(run)
