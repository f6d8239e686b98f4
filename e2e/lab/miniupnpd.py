"""Debian's miniupnpd: a home router's port mapping, by all three protocols."""

import os
import shutil

from lab import net
from lab.programs import PLACE, LabError, Program, wait_until

_TABLE = """
table inet miniupnpd {
  chain forward { type filter hook forward priority 0; jump mapped; }
  chain prerouting { type nat hook prerouting priority -100; jump to_inside; }
  chain postrouting { type nat hook postrouting priority 100; jump to_outside; }
  chain mapped { }
  chain to_inside { }
  chain to_outside { }
}
"""

_CONFIG = {
    "enable_natpmp": "yes",  # and PCP
    "enable_upnp": "yes",
    "secure_mode": "yes",  # a client maps to itself alone
    "uuid": "00000000-0000-0000-0000-000000000001",
    "upnp_table_name": "miniupnpd",
    "upnp_nat_table_name": "miniupnpd",
    "upnp_forward_chain": "mapped",
    "upnp_nat_chain": "to_inside",
    "upnp_nat_postrouting_chain": "to_outside",
    "allow": "1024-65535 0.0.0.0/0 1024-65535",
}


class MiniUpnpd:
    """It runs on a router, whose rules it adds to, once start()ed.

    `options` are lines of its configuration. Its outside address must look like
    one of the real internet, or it maps nothing.
    """

    def __init__(self, router, wan="wan", lan="lan", **options):
        if not shutil.which("miniupnpd"):
            raise LabError("this needs Debian's miniupnpd-nftables")
        self.router = router
        self._program = None
        os.makedirs(PLACE, exist_ok=True)
        self._leases = f"{PLACE}/{router}.leases"
        self._config = f"{PLACE}/{router}.miniupnpd.conf"
        lines = {"ext_ifname": wan, "listening_ip": lan,
                 "lease_file": self._leases, **_CONFIG, **options}
        with open(self._config, "w", encoding="utf-8") as file:
            file.writelines(f"{key}={value}\n" for key, value in lines.items()
                            if key != "allow")
            file.write(f"allow {lines['allow']}\n")

    def start(self):
        self._forget()
        net.nft(self.router, _TABLE)
        self._program = Program(
            f"miniupnpd-{self.router}", self.router,
            ["miniupnpd", "-d", "-f", self._config, "-P",
             f"{PLACE}/{self.router}.miniupnpd.pid"])
        wait_until(lambda: not self._program.running() or self._listens(), 10,
                   f"miniupnpd listens on {self.router}")
        if not self._program.running():
            raise LabError(f"miniupnpd ended: {self._program.log()[-2000:]}")

    def stop(self):
        self._program.stop()

    def reboot(self):
        """The router is off for a moment; it forgets all mappings."""
        self.stop()
        net.run(*net.inside(self.router, "conntrack", "-F"))
        self.start()

    def lease_end(self, port):
        """The Unix time when the UDP mapping of outside port `port` ends; None
        if there is none."""
        try:
            with open(self._leases, encoding="utf-8") as file:
                for line in file:
                    fields = line.split(":")
                    if fields[:2] == ["UDP", str(port)]:
                        return int(fields[4])
        except FileNotFoundError:
            pass
        return None

    def rules(self):
        return net.run(*net.inside(self.router, "nft", "list", "table", "inet",
                                   "miniupnpd"))

    def _listens(self):
        sockets = net.run(*net.inside(self.router, "ss", "-Hlun"))
        return ":5351 " in sockets or ":1900 " in sockets

    def _forget(self):
        if os.path.exists(self._leases):
            os.remove(self._leases)
        net.nft(self.router,
                "table inet miniupnpd\ndelete table inet miniupnpd\n")
