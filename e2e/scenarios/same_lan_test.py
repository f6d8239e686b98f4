#!/usr/bin/python3
"""Hosts on one LAN talk over it, whatever the router can do, and both are
reached from outside although they use one port."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from lab.scenario import answers, check, eventually, is_direct, main, peer


def direct(one, other):
    eventually(lambda: answers(one, other.address()) and
               is_direct(one, other.name) and is_direct(other, one.name),
               f"{one.name} and {other.name} talk directly")


def run(tailnet):
    key = tailnet.create_key("--reusable")
    far = tailnet.add_node("far", "home")
    far.up(key)
    for kind in ("home", "hairpin", "symmetric"):
        one = tailnet.add_node(f"{kind}-1", kind)
        other = tailnet.add_node(f"{kind}-2", kind, beside=one)
        for node in (one, other):
            node.up(key)
        direct(one, other)
        for node, name in ((one, other.name), (other, one.name)):
            via = peer(node, name)["path"]["via"]
            check(via.startswith(f"192.168.{one.site.number}."),
                  f"{node.name} reaches {name} over the LAN, not by {via}")
        if kind != "symmetric":
            direct(one, far)
            direct(far, other)


main(run)
