"""NAT routers out of nftables, in the terms of RFC 4787.

Mapping says whether one inside socket keeps one outside port:
  eim   endpoint-independent: the same port for every destination
  apdm  address- and port-dependent ("symmetric"): another for each
Filtering says who may answer to that port:
  eif   anybody ("full cone")
  adf   every port of an address that was sent to
  apdf  only the address and port that was sent to
"""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Nat:
    """One kind of router. `title` is what people read in the table."""
    name: str
    title: str
    mapping: str = "eim"
    filtering: str = "apdf"
    blocks_udp: bool = False


KINDS = {kind.name: kind for kind in (
    Nat("home", "home router", "eim", "apdf"),
    Nat("fullcone", "full cone", "eim", "eif"),
    Nat("restricted", "restricted cone", "eim", "adf"),
    Nat("symmetric", "symmetric", "apdm", "apdf"),
    Nat("noudp", "UDP blocked", "eim", "apdf", blocks_udp=True),
)}

# Seconds a router remembers a silent UDP mapping.
_UDP_SECONDS = 120


def rules(kind):
    """The nft text of a router whose devices are named `wan` and `lan`."""
    learns = kind.filtering in ("eif", "adf")
    lines = ["table ip nat {"]
    if learns:
        # Outside port -> inside socket, learned behind the source NAT.
        lines += [_table("map inside", "inet_service : ipv4_addr . inet_service")]
    if kind.filtering == "adf":
        lines += [_table("set asked", "inet_service . ipv4_addr")]
    port_choice = " fully-random" if kind.mapping == "apdm" else ""
    lines += ["  chain source { type nat hook postrouting priority srcnat;",
              f'    oifname "wan" meta l4proto udp masquerade{port_choice}',
              '    oifname "wan" masquerade', "  }"]
    if learns:
        lines += _learning(kind.filtering)
    lines += ["}", _FIREWALL]
    if kind.blocks_udp:
        lines += [_BLOCK_UDP]
    return "\n".join(lines) + "\n"


def _table(name, types):
    return (f"  {name} {{ type {types}; flags dynamic,timeout; "
            f"timeout {_UDP_SECONDS}s; size 65535; }}")


def _learning(filtering):
    outgoing = 'oifname "wan" meta l4proto udp ct direction original update'
    lines = ["  chain learn { type filter hook postrouting priority 110;",
             f"    {outgoing} @inside {{ ct reply proto-dst : "
             "ct original ip saddr . ct original proto-src }"]
    if filtering == "adf":
        lines += [f"    {outgoing} @asked {{ ct reply proto-dst . "
                  "ct reply ip saddr }"]
    allowed = "udp dport . ip saddr @asked " if filtering == "adf" else ""
    return lines + [
        "  }", "  chain destination { type nat hook prerouting priority dstnat;",
        f'    iifname "wan" meta l4proto udp {allowed}'
        "dnat ip to udp dport map @inside", "  }"]


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

_BLOCK_UDP = """table inet block_udp {
  chain forward { type filter hook forward priority -10;
    meta l4proto udp drop
  }
}"""
