#!/usr/bin/python3
"""Each kind of key that must not work says why, in one line."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from lab.scenario import check, main, refuses


def run(tailnet):
    alice = tailnet.add_node("alice", "home")
    bob = tailnet.add_node("bob", "home")
    once = tailnet.create_key()
    alice.up(once)
    refuses(bob.up(once, check=False), "used")
    refuses(bob.up("wkey-nonsense", check=False), "key")
    refuses(bob.up(once[:-1] + ("a" if once[-1] != "a" else "b"), check=False),
            "key")
    check(once not in bob.up(once, check=False).stderr, "no key is echoed")

    revoked = tailnet.admin_json("key", "create", "--user", "demo")
    tailnet.admin("key", "expire", str(revoked["key"]["id"]))
    refuses(bob.up(revoked["secret"], check=False), "revoked")

    short = tailnet.create_key("--expires", "1s")
    bob.run("sleep", "1.2")
    refuses(bob.up(short, check=False), "expired")

    check(bob.status()["state"] == "needs-login", "bob is still out")
    names = [n["name"] for n in tailnet.admin_json("node", "list")]
    check(names == ["alice"], f"only alice is in: {names}")
    for program in (tailnet.control, bob.daemon):
        check(once not in program.log(), f"no key in the log of {program.name}")


main(run)
