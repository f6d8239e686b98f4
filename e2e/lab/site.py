"""A place with hosts: its router's behaviour, and what can happen to it."""

from lab import nat, net


class Site:
    """A host, or several on one LAN, and the router that they are behind.

    `name` is its first host. A public kind has no router: the rules are then
    the host's own, and `router` is the host.
    """

    def __init__(self, internet, name, kind, carrier=None):
        self.name = name
        self.kind = kind
        self._num_hosts = 0
        self._internet = internet
        net.add_namespace(name)
        if kind.is_public:
            self.router = name
            self.number = internet.plug_site(name)
            self.wan = self.outside = f"203.0.113.{self.number}"
        else:
            self.router = f"router-{name}"
            net.add_namespace(self.router)
            self._plug_router(carrier)
            self._make_lan()
            self._plug_host(name)
        self.set_nat(kind)

    def _plug_router(self, carrier):
        if carrier is None and self.kind.carrier:
            carrier = self._internet.add_carrier(self.name, self.kind.carrier)
        if carrier:
            self.number = self._internet.take_number()
            self.wan = carrier.plug(self.router)
            self.outside = carrier.address
        else:
            self.number = self._internet.plug_site(self.router)
            self.wan = self.outside = f"203.0.113.{self.number}"
        if self.kind.maps_ports:
            self.wan = self.outside = self._internet.give_real_address(
                self.router, self.number)

    def _make_lan(self):
        net.ip(self.router, "link add lan type bridge", "link set lan up",
               f"addr add {self.gateway}/24 dev lan")
        net.write_sysctl(self.router, net__ipv4__ip_forward=1)

    @property
    def gateway(self):
        """The router as its hosts see it."""
        return f"192.168.{self.number}.1"

    @property
    def gateway6(self):
        return f"2001:db8:{self.number:x}::1"

    def add_host(self, name):
        """Another host on this LAN, in a new namespace."""
        net.add_namespace(name)
        self._plug_host(name)

    def _plug_host(self, name):
        self.plug(name, "eth0")
        self.use_route(name, "eth0")

    def plug(self, name, device):
        """Puts a device of host `name` on this LAN, with the next address."""
        number = 100 + self._num_hosts
        self._num_hosts += 1
        net.veth(self.router, f"l{number}", name, device)
        net.ip(self.router, f"link set l{number} master lan")
        net.ip(name, f"addr add 192.168.{self.number}.{number}/24 dev {device}")

    def use_route(self, host, device):
        """The host's default route is now by this site's router."""
        net.ip(host, f"route replace default via {self.gateway} dev {device}")

    # ---- IPv6. ----

    def add_ipv6(self, *hosts):
        """Gives the site IPv6 behind a stateful firewall, without NAT."""
        net.ip(self.router, f"addr replace {self.outside6}/64 dev wan nodad",
               f"route replace default via {net.public_ipv6(1)}")
        if self.kind.is_public:
            return
        lan = f"2001:db8:{self.number:x}::"
        net.ip(self.router, f"addr replace {lan}1/64 dev lan nodad")
        net.write_sysctl(self.router, net__ipv6__conf__all__forwarding=1)
        net.nft(self.router, nat.IPV6_FIREWALL)
        net.ip("inet", f"route replace {lan}/64 via {self.outside6}")
        for i, host in enumerate(hosts or (self.name,)):
            net.ip(host, f"addr replace {lan}{100 + i}/64 dev eth0 nodad",
                   f"route replace default via {self.gateway6}")

    @property
    def outside6(self):
        return net.public_ipv6(self.number)

    def drop_ipv4(self, host=None):
        """The host has IPv6 alone from now on."""
        net.ip(host or self.name, "addr flush dev eth0 to 192.168.0.0/16")

    def drop_ipv6(self, host=None):
        net.ip6(host or self.name, "addr flush dev eth0 scope global",
                "route flush default")

    # ---- What a router does. ----

    def set_nat(self, kind):
        """The router behaves like `kind` from now on; it forgets what it knew."""
        net.nft(self.router, "flush ruleset\n" + nat.rules(kind, self.wan))
        self.set_udp_blocked(kind.blocks_udp)

    def set_udp_blocked(self, blocked):
        """Makes the router drop all UDP, or stop dropping it."""
        # A public host's own traffic inside the tunnel meets its hooks, too.
        hooks = ({"input": 'iifname "wan"', "output": 'oifname "wan"'}
                 if self.kind.is_public else {"forward": ""})
        lines = ["table inet lab_block {"]
        lines += [f"  chain {hook} {{ type filter hook {hook} priority -20; }}"
                  for hook in hooks]
        lines += ["}", "flush table inet lab_block"]
        if blocked:
            lines += [f"add rule inet lab_block {hook} {device} "
                      "meta l4proto udp drop" for hook, device in hooks.items()]
        net.nft(self.router, "\n".join(lines) + "\n")

    def forget_mappings(self):
        """The NAT restarts: all that it knew of flows is gone."""
        net.run(*net.inside(self.router, "conntrack", "-F"))

    def rebind(self):
        """The NAT restarts, and maps to other ports than before."""
        # Other than what any kind with kept ports chooses.
        self.set_nat(nat.Nat("rebound", "rebound", self.kind.mapping,
                             self.kind.filtering, "range"))
        self.forget_mappings()

    def change_wan_address(self):
        """The provider gives the router another public address."""
        old = self.wan
        self.wan = self.outside = f"203.0.113.{self._internet.take_number()}"
        net.ip(self.router, f"addr del {old}/24 dev wan",
               f"addr add {self.wan}/24 dev wan",
               "route replace default via 203.0.113.1")
        self.set_nat(self.kind)
        self.forget_mappings()

    def shrink_wan(self, mtu, icmp=True):
        """The link to the internet takes `mtu` bytes. Without `icmp` nobody is
        told of what did not fit."""
        net.ip(self.router, f"link set wan mtu {mtu}")
        if not icmp:
            net.nft(self.router, _NO_ICMP)

    # ---- What happens to a host. ----

    def renumber(self, host, device="eth0"):
        """The host gets another address on this LAN, as by a new lease."""
        number = 100 + self._num_hosts
        self._num_hosts += 1
        net.ip(host, f"addr flush dev {device} to 192.168.0.0/16",
               f"addr add 192.168.{self.number}.{number}/24 dev {device}")
        self.use_route(host, device)

    def unplug(self, host, device="eth0"):
        net.ip(host, f"link set {device} down")

    def replug(self, host, device="eth0"):
        """Undoes unplug(): the routes went with the link."""
        net.ip(host, f"link set {device} up")
        self.use_route(host, device)


_NO_ICMP = """table inet no_icmp {
  chain output { type filter hook output priority 0;
    icmp type destination-unreachable drop
    icmpv6 type packet-too-big drop
  }
}
"""
