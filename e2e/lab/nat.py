"""NAT routers out of nftables, in the terms of RFC 4787.

Mapping says whether one inside socket keeps one outside port:
  none  no NAT: the host has a public address itself
  eim   endpoint-independent: the same port for every destination
  adm   address-dependent: another for each address
  apdm  address- and port-dependent ("symmetric"): another for each of both
Filtering says who may answer to that port:
  eif   anybody ("full cone")
  adf   every port of an address that was sent to
  apdf  only the address and port that was sent to
Ports says which outside port a mapping gets:
  kept        the inside one, when it is free
  range       another, from a range
  random      any
  sequential  the one after the latest
"""

import dataclasses
from typing import Optional


@dataclasses.dataclass(frozen=True)
class Nat:
    """One kind of site. `title` is what people read in the table."""
    name: str
    title: str
    mapping: str = "eim"
    filtering: str = "apdf"
    ports: str = "kept"
    hairpin: bool = False       # inside hosts reach each other from outside
    blocks_udp: bool = False
    maps_ports: bool = False    # lab.miniupnpd may run on it
    carrier: Optional["Nat"] = None  # the NAT that its router is behind

    @property
    def is_public(self):
        """Whether its host has a public address and no router."""
        return self.mapping == "none"


_HOME = Nat("home", "home router")
_SYMMETRIC = Nat("symmetric", "symmetric", "apdm", "apdf", "random")

KINDS = {kind.name: kind for kind in (
    Nat("open", "public address", "none", "eif"),
    Nat("hostfw", "host firewall", "none", "apdf"),
    _HOME,
    Nat("fullcone", "full cone", "eim", "eif"),
    Nat("restricted", "restricted cone", "eim", "adf"),
    Nat("newports", "home, ports not kept", "eim", "apdf", "range"),
    Nat("hairpin", "home with hairpin", hairpin=True),
    Nat("portmap", "symmetric with UPnP", "apdm", "apdf", "random",
        maps_ports=True),
    Nat("addressmapped", "address-dependent", "adm", "apdf", "range"),
    _SYMMETRIC,
    Nat("sequential", "symmetric, in sequence", "apdm", "apdf", "sequential"),
    Nat("cgnat", "home behind a carrier", carrier=_HOME),
    Nat("cgnat-hard", "home behind a hard carrier", carrier=_SYMMETRIC),
    Nat("noudp", "UDP blocked", blocks_udp=True),
)}

# Seconds a router remembers a silent UDP mapping.
_UDP_SECONDS = 120
# The ports of those that choose from a few. Nothing else uses these.
_FEW_PORTS = range(41000, 41512)
_RANGE = "20000-29999"


def rules(kind, wan):
    """The nft text of a router with address `wan` on its device `wan`, and its
    hosts behind device `lan`; or of a public host itself."""
    if kind.is_public:
        return _HOST_FIREWALL if kind.filtering == "apdf" else ""
    learns = kind.filtering in ("eif", "adf") or kind.hairpin
    lines = ["table ip nat {"]
    if learns:
        # Outside port -> inside socket, learned behind the source NAT.
        lines += [_table("map inside", "inet_service : ipv4_addr . inet_service")]
    if kind.filtering == "adf":
        lines += [_table("set asked", "inet_service . ipv4_addr")]
    # What miniupnpd has mapped comes first.
    priority = "110" if kind.maps_ports else "srcnat"
    lines += [f"  chain source {{ type nat hook postrouting priority {priority};"]
    if kind.hairpin:
        # Who is called sees the caller's outside address (RFC 4787 REQ-9).
        lines += ['    iifname "lan" oifname "lan" ct status dnat '
                  f"meta l4proto udp snat ip to {wan}"]
    lines += [f'    oifname "wan" meta l4proto udp {_source(kind, wan)}',
              '    oifname "wan" masquerade', "  }"]
    if learns:
        lines += _learning(kind, wan)
    lines += ["}", _FIREWALL]
    return "\n".join(lines) + "\n"


def _source(kind, wan):
    """How a router chooses the outside port: in nft, a number becomes a port
    only by a map."""
    few = ", ".join(f"{i} : {port}" for i, port in enumerate(_FEW_PORTS))
    size = len(_FEW_PORTS)
    if kind.mapping == "adm":
        chosen = f"jhash ip saddr . udp sport . ip daddr mod {size}"
        return f"snat ip to {wan} : {chosen} map {{ {few} }}"
    return {
        "kept": "masquerade",
        "range": f"masquerade to :{_RANGE}",  # once for each inside socket
        "random": "masquerade fully-random",
        "sequential": f"snat ip to {wan} : numgen inc mod {size} map {{ {few} }}",
    }[kind.ports]


def _table(name, types):
    return (f"  {name} {{ type {types}; flags dynamic,timeout; "
            f"timeout {_UDP_SECONDS}s; size 65535; }}")


def _learning(kind, wan):
    outgoing = 'oifname "wan" meta l4proto udp ct direction original update'
    lines = ["  chain learn { type filter hook postrouting priority 110;",
             f"    {outgoing} @inside {{ ct reply proto-dst : "
             "ct original ip saddr . ct original proto-src }"]
    if kind.filtering == "adf":
        lines += [f"    {outgoing} @asked {{ ct reply proto-dst . "
                  "ct reply ip saddr }"]
    lines += ["  }",
              "  chain destination { type nat hook prerouting priority dstnat;"]
    allowed = "udp dport . ip saddr @asked " if kind.filtering == "adf" else ""
    if kind.filtering in ("eif", "adf"):
        lines += [f'    iifname "wan" meta l4proto udp {allowed}'
                  "dnat ip to udp dport map @inside"]
    if kind.hairpin:
        lines += [f'    iifname "lan" ip daddr {wan} meta l4proto udp '
                  "dnat ip to udp dport map @inside"]
    return lines + ["  }"]


# Unasked packets are dropped rather than rejected: an answer of the router's
# own would take the very port its inside host is about to use.
_FIREWALL = """table inet firewall {
  chain input { type filter hook input priority filter;
    iifname "wan" ct state established,related accept
    iifname "wan" meta l4proto { tcp, udp } drop
  }
  chain forward { type filter hook forward priority filter; policy drop;
    ct state established,related accept
    iifname "lan" accept
    iifname "wan" ct status dnat accept
  }
}"""

_HOST_FIREWALL = """table inet firewall {
  chain input { type filter hook input priority filter;
    iifname "wan" ct state established,related accept
    iifname "wan" meta l4proto { tcp, udp } drop
  }
}
"""

# What a router does for IPv6: no NAT, and in comes only what was asked for.
IPV6_FIREWALL = """table ip6 firewall6 {
  chain forward { type filter hook forward priority filter; policy drop;
    ct state established,related accept
    icmpv6 type { packet-too-big, time-exceeded, parameter-problem, destination-unreachable } accept
    iifname "lan" accept
  }
}
"""
