#!/usr/bin/python3
"""A device that joins with a tagged key is nobody's: the policy of its tags
rules, and it outlives who made the key. A new name is what its peers see."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

import time

from lab import tcp
from lab.scenario import check, eventually, main, peer

POLICY = """{
  "tagOwners": {"tag:web": ["demo@"]},
  "grants": [
    {"src": ["autogroup:member"], "dst": ["tag:web"], "ip": ["tcp:80"]},
  ],
}"""


def run(tailnet):
    path = "/run/lab/policy.hujson"
    with open(path, "w", encoding="utf-8") as file:
        file.write(POLICY)
    tailnet.admin("policy", "set", path)
    alice = tailnet.add_node("alice", "home")
    web = tailnet.add_node("web", "home")
    alice.up(tailnet.create_key())
    tailnet.create_user("ops")
    web.up(tailnet.create_key("--tag", "tag:web", user="ops"))
    check(web.status()["self"]["tags"] == ["tag:web"], "web has its tag")
    check(web.status()["self"]["user"] == "", "and no user")
    server = tcp.Server(web, 22, 80)
    eventually(lambda: tcp.connects(alice, web.address(), 80),
               "a member reaches port 80")
    check(not tcp.connects(alice, web.address(), 22), "and no other")
    tailnet.admin("user", "suspend", "ops")
    time.sleep(1)
    check(tcp.connects(alice, web.address(), 80), "whoever made its key")
    began = time.monotonic()
    tailnet.admin("node", "rename", "web", "shop")
    eventually(lambda: peer(alice, "shop"), "alice sees the new name", 5)
    print(f"renamed at its peer after {time.monotonic() - began:.3f} s")
    check(not peer(alice, "web"), "and not the old one")
    said = alice.cli("ping", "--count", "1", "shop").stdout
    check("pong" in said, f"shop is who is meant: {said!r}")
    server.stop()


main(run)
