#!/usr/bin/python3
"""People with accounts on this server, in a real browser: the first owner by
the one-time link, one-time codes, a passkey, a device that asks to join.

By hand, as root: e2e/signin/local_account_test.py bazel-bin
"""

import os
import sys
import unittest

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.dirname(HERE))

from lab import private  # noqa: E402
from lab.scenario import bin_dir  # noqa: E402
import browser  # noqa: E402
import place  # noqa: E402

PASSWORD = "a horse of course"
BIN_DIR = ""
# Would change the title if it ever ran.
MARKUP = "<img src=x onerror=\"document.title='run'\"><script>" \
    "document.title='run'</script>"


class LocalAccount(unittest.TestCase):
    """One story, in the order of the names."""

    @classmethod
    def setUpClass(cls):
        cls.control = place.Control(BIN_DIR)
        cls.addClassCleanup(cls.control.stop)
        cls.page = cls.enterClassContext(browser.Browser())
        cls.devices = []
        cls.addClassCleanup(lambda: [d.stop() for d in cls.devices])

    def at(self, path):
        self.page.open(self.control.url + path)

    def device(self, name):
        # One at a time: they share a network here.
        for before in self.devices:
            before.stop()
        device = place.Device(self.control, name)
        self.devices.append(device)
        return device

    def sign_in(self, code=None):
        self.page.type("#login", "alice")
        self.page.type("#password", PASSWORD)
        self.page.click("form[action='/signin/local'] button")
        if code:
            self.page.type("#code", code)
            self.page.click("form[action='/signin/second'] button")

    def test_1_the_link_makes_the_first_owner(self):
        link = self.control.owner_link()
        self.page.open(link)
        self.assertIn("Become the owner", self.page.text())
        self.page.type("#login", "alice")
        self.page.type("#name", "Alice " + MARKUP)
        self.page.type("#password", "short")
        self.page.type("#again", "short")
        # The browser holds a short one back; the server would, too.
        self.page.run("for (const i of document.querySelectorAll('input'))"
                      " i.removeAttribute('minlength')")
        self.page.click("button[value=local]")
        self.page.wait_for_text("too short")
        self.page.type("#password", PASSWORD)
        self.page.type("#again", PASSWORD)
        self.page.click("button[value=local]")
        self.page.wait_for_text("Your account")
        self.assertIn("owner", self.page.text())
        self.assertIn("<script>", self.page.text())
        self.assertNotEqual(self.page.title(), "run")
        # Once.
        self.page.open(link)
        self.page.wait_for_text("This link is over")
        cookie = self.page.cookies()["warren-session"]
        self.assertTrue(cookie["httpOnly"])
        self.assertEqual(cookie["sameSite"], "Lax")

    def test_2_one_time_codes(self):
        self.at("/account")
        self.page.click("form[action='/account/totp/begin'] button")
        key = self.page.read("#totp-key")
        self.assertTrue(self.page.has("svg.qr path"))
        self.page.type("#code", "000000")
        self.page.click("form[action='/account/totp'] button")
        self.page.wait_for_text("That code is wrong")
        used = place.totp(key)
        self.page.type("#code", used)
        self.page.click("form[action='/account/totp'] button")
        self.page.wait_for_text("One-time codes are on")
        LocalAccount.recovery = self.page.read("code.recovery")
        self.page.click("form[action='/signout'] button")
        self.page.wait_for_text("Sign in to")
        # A code is good once, also the one that turned them on.
        self.sign_in(code=used)
        self.page.wait_for_text("That code is wrong")
        self.page.type("#code", LocalAccount.recovery)
        self.page.click("form[action='/signin/second'] button")
        self.page.wait_for_text("Your account")
        self.assertIn("9 recovery codes", self.page.text())

    def test_3_a_passkey(self):
        self.page.plug_authenticator()
        self.at("/account")
        self.page.type("#passkey-name", "laptop " + MARKUP)
        self.page.click("#add-passkey button")
        self.page.wait_for_text("Your passkeys are changed.")
        self.assertIn("laptop <img", self.page.text())
        self.assertNotEqual(self.page.title(), "run")
        self.page.click("form[action='/signout'] button")
        self.page.wait_for_text("Sign in to")
        self.page.click("#passkey button")
        self.page.wait_for_text("Your account")
        self.assertIn("alice", self.page.text())

    def test_4_a_device_joins_when_its_person_says_yes(self):
        device = self.device("laptop")
        link = device.up("laptop")
        self.page.forget_all()
        self.page.open(link)
        self.page.wait_for_text("Sign in to")
        self.page.click("#passkey button")
        self.page.wait_for_text("Connect a device?")
        text = self.page.text()
        for word in ("laptop", "linux", "127.0.0.1", "Key", "alice"):
            self.assertIn(word, text.replace("Linux", "linux"))
        # To look is not to say yes.
        self.page.open(link)
        self.assertEqual(self.nodes(), [])
        self.page.click("button[value=confirm]")
        self.page.wait_for_text("The device joined as laptop")
        code, said = device.finish_up()
        self.assertEqual(code, 0, said)
        self.assertEqual(self.nodes(), ["laptop"])
        self.at("/account")
        self.page.wait_for_text("laptop")

    def test_5_a_device_that_is_refused_stays_out(self):
        device = self.device("strange")
        link = device.up("strange")
        self.page.open(link)
        self.page.click("button[value=refuse]")
        self.page.wait_for_text("The device was told no.")
        code, said = device.finish_up()
        self.assertNotEqual(code, 0)
        self.assertIn("refused", said)
        self.assertEqual(self.nodes(), ["laptop"])

    def test_6_no_markup_of_a_device_is_more_than_text(self):
        device = self.device("evil")
        self.page.open(device.up(MARKUP))
        self.page.wait_for_text("Connect a device?")
        self.assertNotEqual(self.page.title(), "run")
        self.assertFalse(self.page.has("img"))

    def test_7_signing_out_ends_the_session_on_the_server(self):
        self.at("/account")
        cookie = self.page.cookies()["warren-session"]["value"]
        self.page.click("form[action='/signout'] button")
        self.page.wait_for_text("Sign in to")
        self.page.run("document.cookie = 'warren-session=' + arguments[0]",
                      cookie)
        self.at("/account")
        self.page.wait_for_text("Sign in to")

    def test_8_other_sites_can_do_nothing(self):
        self.page.click("#passkey button")
        self.page.wait_for_text("Your account")
        # localhost and 127.0.0.1 are two sites to a browser.
        other = self.control.url.replace("localhost", "127.0.0.1")
        self.page.open(other + "/signin")
        self.page.run(
            "const f = document.createElement('form'); f.method = 'post';"
            "f.action = arguments[0] + '/signout'; document.body.append(f);"
            "HTMLFormElement.prototype.submit.call(f)", self.control.url)
        self.at("/account")
        self.page.wait_for_text("Your account")
        # Nor may they show our pages inside theirs.
        self.page.open(other + "/signin")
        self.page.run(
            "const f = document.createElement('iframe');"
            "f.src = arguments[0] + '/account'; document.body.append(f)",
            self.control.url)
        self.assertEqual(self.page.run("return window.frames.length"), 1)

    def nodes(self):
        listed = self.control.call("ListNodes")["nodes"]
        return sorted(n["node"]["name"] for n in listed)


if __name__ == "__main__":
    BIN_DIR = bin_dir()
    try:
        browser.Browser()
    except browser.Missing as missing:
        print(f"SKIPPED: {missing}")
        sys.exit(0)
    private.enter()
    unittest.main(argv=sys.argv[:1])
