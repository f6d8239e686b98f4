"""NAT64 and DNS64 for sites that have IPv6 alone (RFC 6146, 6147).

Debian's tayga translates; it answers RFC 7050's question by a small DNS server
of our own, which also knows where control is.
"""

import os
import sys

from lab import net
from lab.programs import PLACE, Program, wait_until

# Not 64:ff9b::/96: tayga refuses to map addresses that are not global there.
PREFIX = "2001:db8:64::"
NAMESERVER = net.public_ipv6(5)
CONTROL_NAME = "control.lab"
_POOL = "192.0.2"  # what tayga gives its clients, behind the host's NAT

_CONFIG = f"""tun-device nat64
ipv4-addr {_POOL}.1
ipv6-addr {net.public_ipv6(0x64)}
prefix {PREFIX}/96
dynamic-pool {_POOL}.128/25
data-dir {PLACE}/tayga
"""


def start(internet):
    """Puts the translator on the bridge; returns its Programs."""
    internet.add_public_host("nat64", net.NAT64_ADDRESS)
    net.ip("nat64", f"addr add {NAMESERVER}/64 dev wan nodad",
           f"route add default via {net.public_ipv6(1)}")
    os.makedirs(f"{PLACE}/tayga", exist_ok=True)
    config = f"{PLACE}/tayga/tayga.conf"
    with open(config, "w", encoding="ascii") as file:
        file.write(_CONFIG)
    net.run(*net.inside("nat64", "tayga", "--config", config, "--mktun"))
    net.write_sysctl("nat64", net__ipv4__ip_forward=1,
                     net__ipv6__conf__all__forwarding=1)
    net.ip("nat64", "link set nat64 up", f"addr add {_POOL}.1/24 dev nat64",
           f"route add {PREFIX}/96 dev nat64")
    net.nft("nat64", "table ip nat {\n chain source {\n"
            "  type nat hook postrouting priority srcnat;\n"
            f'  oifname "wan" ip saddr {_POOL}.0/24 masquerade\n }}\n}}\n')
    net.ip("inet", f"route add {PREFIX}/96 via {NAMESERVER}")
    tayga = Program("tayga", "nat64", ["tayga", "--config", config,
                                       "--nodetach"])
    here = os.path.dirname(os.path.realpath(__file__))
    dns = Program("dns64", "nat64", [sys.executable, f"{here}/dns64.py",
                                     NAMESERVER, PREFIX,
                                     f"{CONTROL_NAME}={net.CONTROL_ADDRESS}"])
    wait_until(lambda: "ready" in dns.log(), 10, "the DNS server listens")
    return [tayga, dns]
