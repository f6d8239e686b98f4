#!/usr/bin/python3
"""Debian's miniupnpd maps a port by each protocol, and it really works.

      client 192.168.7.50 -- 192.168.7.1 router 5.5.5.1 -- 5.5.5.9 outside

The router translates each flow to a port of its own choosing and lets nobody
in, unless miniupnpd makes it. The outside has an address of the real internet,
which this namespace never sees: miniupnpd refuses those meant for tests.
"""

import glob
import os
import signal
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, ".."))

from lab import net, private
from lab.miniupnpd import MiniUpnpd
from lab.programs import PLACE, LabError, Program, wait_until

PORT = 41641
PUBLIC = "5.5.5.1"

FIREWALL = """
table inet nat {
  chain postrouting {
    type nat hook postrouting priority 110;
    oifname "wan" masquerade fully-random
  }
  chain forward {
    type filter hook forward priority 10; policy accept;
    ct state established,related accept
    iifname "lan" accept
    ct status dnat accept
    drop
  }
  chain input {
    type filter hook input priority 0; policy accept;
    %s
  }
}
"""

# What each protocol is like: miniupnpd's options, and what is kept from it.
NO_PCP = "udp dport 5351 @th,64,8 2 drop"
KINDS = {
    "PCP": ({"enable_upnp": "no"}, ""),
    "NAT-PMP": ({"enable_upnp": "no"}, NO_PCP),
    "UPnP IGD 2": ({"enable_natpmp": "no"}, ""),
    "UPnP IGD 1": ({"enable_natpmp": "no", "force_igd_desc_v1": "yes"}, ""),
    "PCP first": ({}, ""),
}


def client_program():
    root = os.environ.get("TEST_SRCDIR")
    root = (os.path.join(root, os.environ["TEST_WORKSPACE"]) if root else
            os.path.join(HERE, "../../bazel-bin"))
    return os.path.abspath(os.path.join(root, "e2e/portmap/port_client"))


def make_network():
    for name in ("client", "router", "outside"):
        net.add_namespace(name)
    net.veth("router", "wan", "outside", "eth0")
    net.veth("router", "lan", "client", "eth0")
    net.ip("router", f"addr add {PUBLIC}/24 dev wan",
           "addr add 192.168.7.1/24 dev lan")
    net.ip("outside", "addr add 5.5.5.9/24 dev eth0")
    net.ip("client", "addr add 192.168.7.50/24 dev eth0",
           "route add default via 192.168.7.1")
    net.write_sysctl("router", net__ipv4__ip_forward=1)


class Client:
    def __init__(self, name):
        self.program = Program(name, "client", [
            client_program(), "192.168.7.1", "192.168.7.50", str(PORT)])

    def until(self, condition, what):
        """Waits for it, and says now and then that there is traffic: on a busy
        machine a router may be too slow to answer the first time."""
        last = time.monotonic()
        def holds():
            nonlocal last
            if time.monotonic() - last > 4:
                last = time.monotonic()
                self.tell(signal.SIGUSR1)
            return condition()
        wait_until(holds, 60, what)

    def lines(self):
        return self.program.log().splitlines()

    def hears_outside(self, text):
        """A third host's packet to the mapped port reaches the client."""
        def heard():
            net.run(*net.inside("outside", sys.executable, "-c", _SEND, PUBLIC,
                                str(PORT), text))
            return f"received {text}" in self.lines()
        self.until(heard, f"the client hears `{text}` from outside")

    def tell(self, number):
        os.kill(self.program.pid, number)


_SEND = """
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.sendto(sys.argv[3].encode(), (sys.argv[1], int(sys.argv[2])))
"""


def try_kind(name):
    options, input_rules = KINDS[name]
    net.nft("router", "flush ruleset" + FIREWALL % input_rules)
    router = MiniUpnpd("router", "wan", "lan", **options)
    router.start()
    started = time.monotonic()
    client = Client(f"client-{name}")
    protocol = name.split(" ")[0]
    client.until(lambda: f"mapped {protocol} {PUBLIC}:{PORT}" in client.lines(),
                 "the port is mapped")
    client.hears_outside("hello")

    # Renewed: the router counts anew.
    lease = router.lease_end(PORT)
    time.sleep(2.1)  # leases are told in seconds, rounded either way
    client.tell(signal.SIGUSR2)
    client.until(lambda: (router.lease_end(PORT) or 0) > lease,
                 "the mapping is renewed")

    # Restarted: it knows nothing, and the client finds out. PCP and NAT-PMP
    # tell by the router's clock, which may be wrong by two seconds (RFC 6886
    # §3.6): one that had hardly begun to count cannot be seen to begin again.
    wait_until(lambda: time.monotonic() - started > 6, 10, "the router is up")
    router.reboot()
    if router.lease_end(PORT):
        raise LabError("the router should have forgotten the mapping")
    client.tell(signal.SIGUSR1)
    client.until(lambda: router.lease_end(PORT), "it is mapped anew")
    client.hears_outside("again")

    # Given back.
    if client.program.stop() != 0:
        raise LabError(f"the client ended badly: {client.program.log()}")
    wait_until(lambda: not router.lease_end(PORT), 5,
               "the mapping is gone with the client")
    if "dnat" in router.rules():
        raise LabError(f"its rule is still there: {router.rules()}")
    router.stop()


def main():
    private.enter()
    make_network()
    for name in sys.argv[1:] or KINDS:
        began = time.monotonic()
        try:
            try_kind(name)
        except (LabError, RuntimeError) as error:
            for log in sorted(glob.glob(f"{PLACE}/logs/*")):
                with open(log, encoding="utf-8", errors="replace") as file:
                    print(f"--- {log}:\n{file.read()[-3000:]}")
            sys.exit(f"FAILED with {name}: {error}")
        print(f"{name}: holds, {time.monotonic() - began:.1f} s", flush=True)


main()
