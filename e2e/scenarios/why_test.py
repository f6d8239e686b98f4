#!/usr/bin/python3
"""warren why says of real pairs what is the matter with them, and which end."""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from lab.scenario import (answers, check, eventually, is_direct, main, peer,
                          reaches, refuses)


def run(tailnet):
    key = tailnet.create_key("--reusable")
    kinds = {"alice": "home", "bob": "home", "carol": "symmetric",
             "dave": "symmetric", "erin": "noudp"}
    nodes = {name: tailnet.add_node(name, kind) for name, kind in kinds.items()}
    for node in nodes.values():
        node.up(key)
    alice, bob, carol, dave, erin = nodes.values()

    reaches(alice, bob.address())
    eventually(lambda: answers(alice, bob.address()) and
               is_direct(alice, "bob"), "alice reaches bob directly")
    report = why(alice, "bob")
    check(report["verdict"] == "direct", f"direct: {report['cause']}")
    check(report["cause"]["code"] == "both_easy", f"why: {report['cause']}")
    check(report["remote"]["answered"], "bob told its half")
    check(report["clock_error_ms"] < 1000, "the clocks are joined")
    screen = alice.cli("why", "bob").stdout
    check(screen.startswith("bob is reached directly, at 203.0.113."), screen)
    check("To do: nothing" in screen, screen)
    fits(screen)

    # The end that blocks UDP is named by both, and what to do about it.
    for asker, other in ((alice, erin), (erin, alice)):
        reaches(asker, other.address())
        says(asker, other, "udp_blocked", "erin's network blocks UDP",
             "let UDP out of erin's network")
    for node, nat in ((alice, "easy"), (carol, "hard"), (erin, "no_udp")):
        told = node.status()["self"]["nat_class"]
        check(told == nat, f"{node.name}'s status says {told} of itself")

    reaches(carol, dave.address())
    says(carol, dave, "both_hard", "both NATs are hard: carol's and dave's",
         "forward UDP port")
    check(peer(alice, "erin")["nat_class"] == "no_udp", "status tells of erin")
    check(peer(carol, "dave")["nat_class"] == "hard", "and of dave")
    check(peer(carol, "dave")["path"]["rtt_ms"], "status: how fast the relay is")

    scripts(alice)
    refuses(alice.cli("why", "zoe", check=False), "zoe", "bob", "carol")
    silent(alice, bob)


def why(node, name):
    return json.loads(node.cli("why", name, "--json").stdout)


def says(node, other, code, cause, remedy):
    """The cause and the suggestion of node's pair with other, once the two
    have looked for a direct path and at their networks."""
    eventually(lambda: answers(node, other.address()) and
               why(node, other.name)["cause"]["code"] == code,
               f"why {other.name} says {code} on {node.name}", 60)
    check(why(node, other.name)["remote"]["answered"], "the other told its half")
    screen = node.cli("why", other.name).stdout
    flat = " ".join(screen.split())
    check(f"{other.name} is reached by relay" in flat, screen)
    check(cause in flat and remedy in flat, screen)
    fits(screen)


def fits(screen):
    lines = screen.splitlines()
    check(len(lines) <= 42, f"{len(lines)} lines:\n{screen}")
    check(max(map(len, lines)) <= 100, f"too wide:\n{screen}")


def scripts(node):
    """warren debug paths --json has every peer, and what was tried."""
    told = json.loads(node.cli("debug", "paths", "--json").stdout)["peers"]
    names = [pair["remote"]["name"] for pair in told]
    check(names == sorted(names) and len(names) == 4, f"{names}")
    check(any(pair["local"]["events"] for pair in told), "with events")
    one = json.loads(node.cli("debug", "paths", "bob", "--json").stdout)["peers"]
    check([pair["remote"]["name"] for pair in one] == ["bob"], f"{one}")


def silent(alice, bob):
    """A peer that is gone: our half alone, and that it is."""
    bob.daemon.stop()
    report = why(alice, "bob")
    check(not report["remote"]["answered"], "nobody answered")
    check(report["clock_error_ms"] is None, "so there is no second clock")
    check(report["local"]["events"], "our own half is there")


main(run)
