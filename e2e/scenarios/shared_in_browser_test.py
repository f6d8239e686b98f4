#!/usr/bin/python3
"""A guest who has an account by invitation takes a shared device in a browser."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from lab import net
from lab.scenario import check, eventually, main, peer, reaches
from lab.web import Browser

PASSWORD = "a horse of course"


def path_of(link):
    return "/" + link.split("/", 3)[3]


def run(tailnet):
    url = f"http://{net.CONTROL_ADDRESS}"
    tailnet.start_servers("--listen", f"{net.CONTROL_ADDRESS}:80",
                          "--public-url", url)
    home = tailnet.first()
    guests = tailnet.add_neighbour("guests")
    web = tailnet.add_node("web", "home")
    gina = tailnet.add_node("gina", "home")
    web.up(home.create_key(user="demo"))

    browser = Browser("gina")
    join = guests.admin_json("invite", "create")["url"]
    check(join.startswith(url + "/invite/"), f"a link to open: {join}")
    browser.open(join)
    browser.submit(path_of(join), login="gina", name="Gina", password=PASSWORD,
                   again=PASSWORD, action="local")
    check("Your account" in browser.page, f"gina is in: {browser.page[:400]}")
    gina.up(guests.create_key(user="gina"))

    link = home.admin_json("share", "create", "web")["url"]
    Browser("web").open(link)  # whoever looks uses nothing up
    browser.open(link)
    for words in ("A device is shared with you", "web", "gina of guests"):
        check(words in browser.page, f"the page says {words}")
    check(not peer(gina, "web"), "nothing is shared yet")
    browser.submit(path_of(link), action="share")
    check("can reach web now" in browser.page, f"said {browser.page[:400]}")
    eventually(lambda: peer(gina, "web"), "gina sees web", 5)
    reaches(gina, web.address())
    browser.open(link)
    check("This link is over" in browser.page, "it is good once")


main(run, servers=False)
