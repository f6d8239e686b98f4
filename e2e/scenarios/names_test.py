#!/usr/bin/python3
"""Any host name becomes a unique DNS label; two of a kind are told apart."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

import re

from lab.scenario import check, main, reaches


def run(tailnet):
    key = tailnet.create_key("--reusable")
    wanted = {"a1": "web", "a2": "web", "a3": "Ana's MacBook Pro",
              "a4": "Zürich-Büro 東京", "a5": "x" * 300, "a6": "..", "a7": "-"}
    nodes = {}
    for host, name in wanted.items():
        nodes[host] = tailnet.add_node(host, "home")
        nodes[host].up(key, "--hostname", name)
    names = {host: node.status()["self"]["name"] for host, node in nodes.items()}
    check(sorted((names["a1"], names["a2"])) == ["web", "web-1"],
          f"two webs: {names}")
    check(names["a3"] == "anas-macbook-pro", f"a person's machine: {names['a3']}")
    label = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")
    for host, name in names.items():
        check(label.match(name), f"{wanted[host]!r} became {name!r}")
    check(len(set(names.values())) == len(names), f"all differ: {names}")
    reaches(nodes["a1"], nodes["a5"].address())


main(run)
