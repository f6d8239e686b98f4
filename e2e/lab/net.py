"""Hosts, routers and an internet out of network namespaces.

                    +--------------------- inet: bridge br0 ----------------+
                    | 203.0.113.0/24                                        |
        control .2 -+- relay .3 -+- router-alice .10 -+- router-bob .11 -+- ...
                                          |                    |
                              192.168.10.0/24      192.168.11.0/24
                                    alice .100           bob .100

Only for a process inside lab.private.enter().
"""

import os
import subprocess

from lab import nat

CONTROL_ADDRESS = "203.0.113.2"
RELAY_ADDRESS = "203.0.113.3"
_FIRST_WAN = 10  # the first router's last byte; also its LAN's third
MAX_SITES = 30


def run(*argv, stdin=None):
    """Runs a command to its end; RuntimeError with its words when it fails."""
    done = subprocess.run(argv, input=stdin, text=True, capture_output=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(argv)}: {done.stderr.strip()}")
    return done.stdout


def inside(namespace, *argv):
    """The command line that runs argv inside a namespace."""
    return ["nsenter", f"--net=/run/netns/{namespace}", "--", *argv]


def write_sysctl(namespace, **values):
    """write_sysctl("r", net__ipv4__ip_forward=1)"""
    text = "".join(f"echo {value} > /proc/sys/{name.replace('__', '/')}\n"
                   for name, value in values.items())
    run(*inside(namespace, "sh", "-ec", text))


class Internet:
    """The public bridge, and sites behind routers on it."""

    def __init__(self):
        self._num_sites = 0
        _add_namespace("inet")
        _ip("inet", "link", "add", "br0", "type", "bridge")
        _ip("inet", "link", "set", "br0", "up")

    def add_public_host(self, name, address):
        """A host with a public address, no router between."""
        _add_namespace(name)
        self._plug(name, address)

    def add_site(self, name, kind):
        """A host `name` on a LAN behind `router-name`; returns its WAN address."""
        if self._num_sites >= MAX_SITES:
            raise ValueError(f"at most {MAX_SITES} sites")
        number = _FIRST_WAN + self._num_sites
        self._num_sites += 1
        router, wan = f"router-{name}", f"203.0.113.{number}"
        _add_namespace(router)
        _add_namespace(name)
        self._plug(router, wan)
        _veth(router, "lan", name, "eth0")
        _ip(router, "addr", "add", f"192.168.{number}.1/24", "dev", "lan")
        _ip(name, "addr", "add", f"192.168.{number}.100/24", "dev", "eth0")
        _ip(name, "route", "add", "default", "via", f"192.168.{number}.1")
        write_sysctl(router, net__ipv4__ip_forward=1)
        set_nat(name, kind)
        return wan

    def _plug(self, name, address):
        # Interface names are at most 15 bytes, and node names may be longer.
        port = f"p{address.rsplit('.', 1)[1]}"
        _veth("inet", port, name, "wan")
        _ip("inet", "link", "set", port, "master", "br0")
        _ip(name, "addr", "add", f"{address}/24", "dev", "wan")


def set_nat(name, kind):
    """Gives the router of site `name` the behaviour of a nat.Nat."""
    text = "flush ruleset\n" + nat.rules(kind)
    run(*inside(f"router-{name}", "nft", "-f", "-"), stdin=text)


def set_udp_blocked(name, blocked):
    """Makes the router of site `name` drop all UDP, or stop dropping it."""
    lines = ["table inet lab_block {",
             "  chain forward { type filter hook forward priority -20; }", "}",
             "flush table inet lab_block"]
    if blocked:
        lines += ["add rule inet lab_block forward meta l4proto udp drop"]
    run(*inside(f"router-{name}", "nft", "-f", "-"), stdin="\n".join(lines) + "\n")


def _add_namespace(name):
    run("ip", "netns", "add", name)
    _ip(name, "link", "set", "lo", "up")
    # Bridged frames must not meet the routers' rules twice.
    for entry in ("iptables", "ip6tables", "arptables"):
        path = f"/proc/sys/net/bridge/bridge-nf-call-{entry}"
        if os.path.exists(path):
            subprocess.run(inside(name, "sh", "-c", f"echo 0 > {path}"),
                           capture_output=True)


def _veth(first, first_device, second, second_device):
    run("ip", "link", "add", first_device, "netns", first, "type", "veth",
        "peer", "name", second_device, "netns", second)
    _ip(first, "link", "set", first_device, "up")
    _ip(second, "link", "set", second_device, "up")


def _ip(namespace, *argv):
    run("ip", "-n", namespace, *argv)
