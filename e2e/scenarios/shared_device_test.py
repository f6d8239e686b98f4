#!/usr/bin/python3
"""A device shared by link: the guest reaches that one and nothing else, and is
reached by nobody; the owner's policy rules; the end of the share ends it."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

import time

from lab import tcp
from lab.scenario import (answers, check, eventually, main, peer, reaches,
                          refuses)

GUESTS_MAY = """{"grants": [
  {"src": ["autogroup:member"], "dst": ["autogroup:self"], "ip": ["*"]},
  {"src": ["autogroup:shared"], "dst": ["*"], "ip": ["%s"]}]}"""


def set_policy(home, ip):
    path = "/run/lab/policy.hujson"
    with open(path, "w", encoding="utf-8") as file:
        file.write(GUESTS_MAY % ip)
    home.admin("policy", "set", path)


def names(node):
    return sorted(p["name"] for p in node.status()["peers"])


def accept(home, guests, node):
    link = home.admin_json("share", "create", node)["url"]
    share = guests.admin_json("share", "accept", link, "--user", "gina")
    return link, str(share["id"])


def check_the_guest_reaches_that_one_alone(web, desk, gina, hugo):
    eventually(lambda: names(gina) == ["web"], "gina sees web, and no more", 5)
    reaches(gina, web.address())
    check(tcp.connects(gina, web.address(), 80), "gina opens a connection")
    domain = peer(gina, "web")["domain"]
    check(domain.split(".")[0] == gina.home, f"web is of {domain}")
    for name in ("web", f"web.{domain}"):
        said = gina.cli("ping", "--count", "1", name).stdout
        check("pong" in said, f"warren ping {name} says {said!r}")
    check(not answers(gina, desk.address()), "gina does not reach desk")
    check(names(hugo) == [], f"hugo sees {names(hugo)}")
    check(not answers(hugo, web.address()), "hugo does not reach web")
    check(names(desk) == ["web"], f"desk sees {names(desk)}")


def check_nothing_comes_back(web, gina):
    # The shared device knows the guest's, to answer it: that is all.
    check(not answers(web, gina.address()), "web does not ping gina")
    check(not tcp.connects(web, gina.address(), 80), "nor opens a connection")


def check_the_owners_policy_rules(home, web, gina):
    set_policy(home, "tcp:81")
    eventually(lambda: tcp.connects(gina, web.address(), 81), "81 is open", 5)
    check(not tcp.connects(gina, web.address(), 80), "80 is not")
    set_policy(home, "*")
    eventually(lambda: tcp.connects(gina, web.address(), 80), "80 is, again", 5)


def check_its_end_is_felt(guests, share, web, gina):
    flow = tcp.connect(gina, web.address(), 80)
    eventually(lambda: flow.heard_since(time.monotonic() - 0.1), "bytes flow")
    began = time.monotonic()
    guests.admin("share", "delete", share, "--yes")
    eventually(lambda: names(gina) == [] and names(web) == ["desk"],
               "neither knows the other", 5)
    print(f"gone from both netmaps after {time.monotonic() - began:.3f} s")
    time.sleep(1)
    late = flow.last_heard - began
    print(f"the last bytes came {late:.3f} s after the end of the share")
    check(late < 3, f"bytes came {late:.1f} s after the end")
    check(not answers(gina, web.address()), "gina reaches web no more")
    flow.stop()


def run(tailnet):
    home = tailnet.first()
    guests = tailnet.add_neighbour("guests")
    for login in ("gina", "hugo"):
        guests.admin("user", "create", login)
    web = tailnet.add_node("web", "home")
    desk = tailnet.add_node("desk", "home")
    gina = tailnet.add_node("gina", "home")
    hugo = tailnet.add_node("hugo", "home")
    gina.home = home.name
    key = home.create_key("--reusable", user="demo")
    web.up(key)
    desk.up(key)
    gina.up(guests.create_key(user="gina"))
    hugo.up(guests.create_key(user="hugo"))
    servers = [tcp.Server(node, 80, 81) for node in (web, gina)]
    link, share = accept(home, guests, "web")
    refuses(guests.admin("share", "accept", link, "--user", "hugo",
                         check=False), "used")
    check_the_guest_reaches_that_one_alone(web, desk, gina, hugo)
    check_nothing_comes_back(web, gina)
    check_the_owners_policy_rules(home, web, gina)
    check_its_end_is_felt(guests, share, web, gina)
    # And again, from the side of who shares.
    _, share = accept(home, guests, "web")
    eventually(lambda: answers(gina, web.address()), "shared again", 5)
    home.admin("share", "delete", share, "--yes")
    eventually(lambda: not answers(gina, web.address()), "ended by home", 5)
    for server in servers:
        server.stop()


main(run)
