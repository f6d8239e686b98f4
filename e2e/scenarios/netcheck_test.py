#!/usr/bin/python3
"""`warren netcheck` tells each kind of NAT for what it is, by real routers."""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from lab import net
from lab.programs import Program, call, wait_until
from lab.scenario import check, main

_MAPPING = {"eim": "endpoint_independent", "adm": "address_dependent",
            "apdm": "address_and_port_dependent"}
# What one relay shows of who is let in: its own two ports.
_FILTERING = {"eif": "address_dependent", "adf": "address_dependent",
              "apdf": "address_and_port_dependent"}
_PORTS = {"kept": "preserving", "range": "random", "random": "random",
          "sequential": "sequential"}

_PORTAL = """
table ip portal {
  chain prerouting {
    type nat hook prerouting priority dstnat;
    iifname "lan" tcp dport 80 redirect to :8080
  }
}
"""

KINDS = ("open", "hostfw", "home", "fullcone", "restricted", "newports",
         "hairpin", "addressmapped", "symmetric", "sequential")


def netcheck(node):
    return json.loads(node.cli("netcheck", "--json").stdout)


def wanted(kind):
    if kind.is_public:
        return {"translates": False, "mapping": _MAPPING["eim"],
                "filtering": _FILTERING[kind.filtering], "ports": None,
                "hairpins": None}
    return {"translates": True, "mapping": _MAPPING[kind.mapping],
            "filtering": _FILTERING[kind.filtering],
            "ports": _PORTS[kind.ports], "hairpins": kind.hairpin}


def behind_a_nat(tailnet, name, key):
    node = tailnet.add_node(name, name)
    node.up(key)
    report = netcheck(node)
    kind = node.kind
    for what, value in wanted(kind).items():
        check(report["nat"][what] == value,
              f"{name}: {what} is {report['nat'][what]}, not {value}")
    if kind.ports == "sequential":
        check(report["nat"]["port_step"] == 1, f"step of {report['nat']}")
    seen = report["global_v4"]
    check(seen.startswith(f"{node.site.outside}:"), f"{name} is at {seen}")
    check(report["udp"] and report["captive_portal"] is False, report)
    relays = {relay["code"]: relay for relay in report["relays"]}
    check(set(relays) == {"lab", "other"}, relays)
    check(all(relay["latency_ms"] for relay in relays.values()), relays)
    check(sum(relay["home"] for relay in relays.values()) == 1, relays)
    return node


def without_udp(tailnet, key):
    node = tailnet.add_node("noudp", "noudp")
    node.up(key)
    netcheck(node)  # that UDP does not get through is known from now on
    report = netcheck(node)
    check(not report["udp"] and report["global_v4"] is None, report)
    check(report["nat"]["mapping"] is None, report)
    check(report["captive_portal"] is False, report)
    check(any(relay["latency_ms"] for relay in report["relays"]), report)
    check("UDP" in report["advice"], report)
    text = node.cli("netcheck").stdout
    check("does not get through" in text and "Advice: " in text, text)


def behind_a_portal(tailnet, key):
    """A network that lets web pages out alone, and answers them itself."""
    node = tailnet.add_node("portal", "home")
    node.up(key)
    router = node.site.router
    page = Program("portal-page", router,
                   ["python3", "-m", "http.server", "8080"])
    try:
        net.nft(router, _PORTAL)
        node.site.set_udp_blocked(True)
        wait_until(lambda: call(node.name, "curl", "-sf",
                                f"http://{net.RELAY_ADDRESS}/", check=False)
                   .returncode == 0, 10, "the portal answers")
        report = netcheck(node)
        check(report["captive_portal"] is True, report)
        check("sign in" in report["advice"], report)
        check(any("sign in" in line for line in node.status()["health"]),
              node.status()["health"])
        net.nft(router, "delete table ip portal\n")
        node.site.set_udp_blocked(False)
        check(netcheck(node)["captive_portal"] is False, "it stays a portal")
    finally:
        page.stop()


def run(tailnet):
    tailnet.start_other_relay()
    key = tailnet.create_key("--reusable")
    nodes = {name: behind_a_nat(tailnet, name, key) for name in KINDS}
    text = nodes["symmetric"].cli("netcheck").stdout
    check("hard: another public port for each destination, at random" in text,
          text)
    without_udp(tailnet, key)
    behind_a_portal(tailnet, key)


main(run)
