"""Hosts, routers and an internet out of network namespaces.

                    +--------------------- inet: bridge br0 ----------------+
                    | 203.0.113.0/24        and 2001:db8:113::/64           |
        control .2 -+- relay .3 -+- router-alice .10 -+- router-bob .11 -+- ...
                                          |                    |
                              192.168.10.0/24      192.168.11.0/24
                                    alice .100           bob .100

../README.md has the other kinds of site. Only for a process inside
lab.private.enter().
"""

import os
import subprocess
import sys

from lab import nat

CONTROL_ADDRESS = "203.0.113.2"
RELAY_ADDRESS = "203.0.113.3"
OTHER_RELAY_ADDRESS = "203.0.113.4"
NAT64_ADDRESS = "203.0.113.5"
_FIRST_WAN = 10  # the first router's last byte; also its LAN's third
MAX_SITES = 60


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


def nft(namespace, text):
    """Loads nft rules into a namespace, on top of what it has."""
    run(*inside(namespace, "nft", "-f", "-"), stdin=text)


def ip(namespace, *lines):
    """Runs `ip` commands, one a line, in a namespace."""
    run("ip", "-n", namespace, "-batch", "-", stdin="\n".join(lines) + "\n")


def ip6(namespace, *lines):
    """Like ip(), about IPv6 where the words do not say so."""
    run("ip", "-n", namespace, "-6", "-batch", "-",
        stdin="\n".join(lines) + "\n")


def public_ipv6(number):
    """The IPv6 address of who has 203.0.113.`number`."""
    return f"2001:db8:113::{number:x}"


def add_namespace(name):
    run("ip", "netns", "add", name)
    # Bridged frames must not meet the routers' rules twice; addresses that
    # nobody else can have need no second of waiting.
    quiet = "".join(f"echo 0 > /proc/sys/net/{path}\n" for path in (
        "bridge/bridge-nf-call-iptables", "bridge/bridge-nf-call-ip6tables",
        "bridge/bridge-nf-call-arptables", "ipv6/conf/all/accept_dad",
        "ipv6/conf/default/accept_dad")
        if os.path.exists(f"/proc/sys/net/{path}"))
    subprocess.run(inside(name, "sh", "-c", f"ip link set lo up\n{quiet}"),
                   capture_output=True, check=True)


def veth(first, first_device, second, second_device):
    run("ip", "link", "add", first_device, "netns", first, "type", "veth",
        "peer", "name", second_device, "netns", second)
    ip(first, f"link set {first_device} up")
    ip(second, f"link set {second_device} up")


CONTROL_ADDRESS6, RELAY_ADDRESS6 = public_ipv6(2), public_ipv6(3)


class Internet:
    """The public bridge, and sites behind routers on it.

    Its namespace is also the next hop (.1) of whoever needs a default route.
    `delay_ms` is the way from each site to the bridge, one way.
    """

    def __init__(self, delay_ms=0):
        self._num_sites = 0
        self._delay_ms = delay_ms
        self._delays = []
        add_namespace("inet")
        ip("inet", "link add br0 type bridge", "link set br0 up",
           "addr add 203.0.113.1/24 dev br0",
           f"addr add {public_ipv6(1)}/64 dev br0 nodad",
           "route add unreachable default", "route add unreachable ::/0")
        write_sysctl("inet", net__ipv4__ip_forward=1,
                     net__ipv6__conf__all__forwarding=1)

    def add_public_host(self, name, address):
        """A host with a public address, no router between."""
        add_namespace(name)
        self._plug(name, int(address.rsplit(".", 1)[1]))
        ip(name, "route add default via 203.0.113.1")

    def take_number(self):
        """The last byte of a public address nobody has had."""
        if self._num_sites >= MAX_SITES:
            raise ValueError(f"at most {MAX_SITES} sites")
        self._num_sites += 1
        return _FIRST_WAN + self._num_sites - 1

    def plug_site(self, name):
        """Puts namespace `name` on the bridge at a new public address, with a
        default route; returns the address's last byte."""
        number = self.take_number()
        self._plug(name, number, self._delay_ms)
        ip(name, "route add default via 203.0.113.1")
        return number

    def give_real_address(self, router, number):
        """Replaces 203.0.113.`number` by an address such as the real internet
        has, and returns it: miniupnpd refuses those meant for tests."""
        address = f"5.5.5.{number}"
        ip(router, "addr flush dev wan", f"addr add {address}/32 dev wan",
           "route add 203.0.113.1 dev wan",
           "route add default via 203.0.113.1")
        ip("inet", f"route add {address} dev br0")
        return address

    def add_carrier(self, name, kind):
        """A carrier's NAT, `carrier-name`, that routers can be put behind."""
        return Carrier(self, f"carrier-{name}", kind)

    def cut(self, *addresses):
        """Nothing passes directly between these public addresses any more."""
        every = ", ".join(addresses)
        nft("inet", "table bridge cut {\n"
            "  chain forward { type filter hook forward priority 0; }\n}\n"
            "flush table bridge cut\n"
            f"add rule bridge cut forward ip saddr {{ {every} }} "
            f"ip daddr {{ {every} }} drop\n")

    def mend(self):
        """Undoes cut()."""
        nft("inet", "table bridge cut\ndelete table bridge cut\n")

    def _plug(self, name, number, delay_ms=0):
        # Interface names are at most 15 bytes, and node names may be longer.
        port = f"p{number}"
        if delay_ms:
            self._delays.append(_delayed_link("inet", port, name, "wan",
                                              delay_ms))
        else:
            veth("inet", port, name, "wan")
        ip("inet", f"link set {port} master br0")
        ip(name, f"addr add 203.0.113.{number}/24 dev wan")


class Carrier:
    """A carrier-grade NAT with 100.64.N.0/24 behind it."""

    def __init__(self, internet, namespace, kind):
        self.namespace = namespace
        self._num_inside = 0
        add_namespace(namespace)
        self.number = internet.plug_site(namespace)
        ip(namespace, "link add lan type bridge", "link set lan up",
           f"addr add 100.64.{self.number}.1/24 dev lan")
        write_sysctl(namespace, net__ipv4__ip_forward=1)
        nft(namespace, nat.rules(kind, self.address))

    @property
    def address(self):
        return f"203.0.113.{self.number}"

    def plug(self, router):
        """Puts a router behind it; returns the router's address."""
        self._num_inside += 1
        port, number = f"c{self._num_inside}", self._num_inside + 1
        veth(self.namespace, port, router, "wan")
        ip(self.namespace, f"link set {port} master lan")
        address = f"100.64.{self.number}.{number}"
        ip(router, f"addr add {address}/24 dev wan",
           f"route add default via 100.64.{self.number}.1")
        return address


def _delayed_link(first, first_device, second, second_device, delay_ms):
    """Like veth(), but frames take `delay_ms` each way; returns its process."""
    program = os.path.join(os.path.dirname(os.path.realpath(__file__)),
                           "delay.py")
    process = subprocess.Popen(
        [sys.executable, program, first, first_device, second, second_device,
         str(delay_ms)], stdout=subprocess.PIPE, text=True,
        start_new_session=True)
    if process.stdout.readline() != "ready\n":
        raise RuntimeError("the delayed link did not come up")
    ip(first, f"link set {first_device} up")
    ip(second, f"link set {second_device} up")
    return process
