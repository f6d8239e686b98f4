#!/usr/bin/python3
"""Two tailnets with a relay each, under the same number: a shared device and
its guest, who have no UDP, meet at the relay of either."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from lab import net
from lab.scenario import check, eventually, main, peer, reaches


def run(tailnet):
    home = tailnet.first()
    tailnet.start_other_relay(listed=False)
    guests = tailnet.add_neighbour("guests", relay=net.OTHER_RELAY_ADDRESS)
    guests.admin("user", "create", "gina")
    web = tailnet.add_node("web", "noudp")
    gina = tailnet.add_node("gina", "noudp")
    web.up(home.create_key(user="demo"))
    gina.up(guests.create_key(user="gina"))
    link = home.admin_json("share", "create", "web")["url"]
    share = guests.admin_json("share", "accept", link, "--user", "gina")
    eventually(lambda: peer(gina, "web"), "gina sees web", 5)
    reaches(gina, web.address())
    check(peer(gina, "web")["path"]["kind"] == "relayed", "by a relay")
    guests.admin("share", "delete", str(share["id"]), "--yes")
    eventually(lambda: not peer(gina, "web"), "gina sees web no more", 5)


main(run)
