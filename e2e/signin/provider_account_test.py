#!/usr/bin/python3
"""People with accounts elsewhere, in a real browser and with a real, certified
OpenID provider: a device joins, groups, an invitation, a suspended user.

By hand, as root: e2e/signin/provider_account_test.py bazel-bin
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
import npm  # noqa: E402
import place  # noqa: E402
import provider  # noqa: E402

BIN_DIR = ""
MARKUP = "<script>document.title='run'</script>"
ACCOUNTS = {
    "alice": {"email": "alice@example.com", "email_verified": True,
              "name": "Alice " + MARKUP, "preferred_username": "alice",
              "groups": ["staff", "admins"]},
    "bob": {"email": "bob@example.com", "email_verified": True, "name": "Bob",
            "preferred_username": "bob", "groups": []},
}


class ProviderAccount(unittest.TestCase):
    """One story, in the order of the names."""

    @classmethod
    def setUpClass(cls):
        cls.control = place.Control(BIN_DIR)
        cls.addClassCleanup(cls.control.stop)
        cls.provider = cls.enterClassContext(provider.Provider({
            "clients": [{"client_id": "warren", "client_secret": "s3cret",
                         "redirect_uris": [cls.control.url + "/later"]}],
            "accounts": ACCOUNTS}))
        cls.page = cls.enterClassContext(browser.Browser())
        cls.devices = []
        cls.addClassCleanup(lambda: [d.stop() for d in cls.devices])

    def device(self, name):
        device = place.Device(self.control, name)
        self.devices.append(device)
        return device

    def at_the_provider(self, login):
        """Signs in on the provider's own pages, and consents."""
        self.page.type("input[name=login]", login)
        self.page.type("input[name=password]", "any")
        self.page.click("button[type=submit]")
        self.page.wait_for_text("Authorize")
        self.page.click("button[type=submit]")

    def user(self, login):
        users = self.control.call("ListUsers")["users"]
        return next((u for u in users if u["login"].startswith(login)), None)

    def test_1_the_provider_is_added(self):
        settings = {"name": "Example Ltd", "kind": "oidc",
                    "issuer": self.provider.issuer, "client_id": "warren",
                    "scopes": ["openid", "profile", "email", "groups"],
                    "allow_private_addresses": True}
        added = self.control.call("PutProvider", {
            "ref": "Example Ltd", "provider": settings, "secret": "s3cret"})
        self.assertTrue(added["callback_url"].startswith(self.control.url))
        self.provider.stop()
        ProviderAccount.provider = self.enterClassContext(provider.Provider({
            "port": int(self.provider.issuer.rsplit(":", 1)[1]),
            "clients": [{"client_id": "warren", "client_secret": "s3cret",
                         "redirect_uris": [added["callback_url"]]}],
            "accounts": ACCOUNTS}))

    def test_2_a_device_joins_by_an_account_elsewhere(self):
        device = self.device("laptop")
        self.page.open(device.up("laptop"))
        self.page.click("a[href^='/signin/with/']")
        self.at_the_provider("alice")
        self.page.wait_for_text("Connect a device?")
        self.page.click("button[value=confirm]")
        self.page.wait_for_text("The device joined as laptop")
        code, said = device.finish_up()
        self.assertEqual(code, 0, said)
        node = self.control.call("ListNodes")["nodes"][0]
        self.assertEqual(node["node"]["name"], "laptop")
        self.assertEqual(node["owner_login"], self.user("alice")["login"])

    def test_3_what_the_provider_says_is_shown_as_text(self):
        self.page.open(self.control.url + "/account")
        self.page.wait_for_text("staff")
        self.assertIn("<script>", self.page.text())
        self.assertNotEqual(self.page.title(), "run")
        identity = self.user("alice")["identities"][0]
        self.assertEqual(identity["issuer"], self.provider.issuer)
        self.assertEqual(identity["subject"], "alice")
        self.assertEqual(identity["groups"], ["admins", "staff"])

    def test_4_an_invitation_lets_in_where_only_the_invited_may(self):
        settings = self.control.call("GetSettings")
        self.control.call("SetSettings", {"settings": dict(
            settings, invited_only=True)})
        self.page.forget_all()
        self.page.open(self.provider.issuer)
        self.page.forget_all()
        self.page.open(self.control.url + "/signin")
        self.page.click("a[href^='/signin/with/']")
        self.at_the_provider("bob")
        self.page.wait_for_text("That did not work")
        self.assertIsNone(self.user("bob"))
        made = self.control.call("CreateInvitation", {"role": "auditor"})
        self.page.open(made["url"])
        self.page.click("button[value=provider]")
        self.page.wait_for_text("Your account")
        self.assertEqual(self.user("bob")["role"], "auditor")

    def test_5_a_suspended_user_is_out_at_once(self):
        self.control.call("SuspendUser", {"ref": self.user("bob")["login"]})
        self.page.open(self.control.url + "/account")
        self.page.click("a[href^='/signin/with/']")
        self.page.wait_for_text("suspended")

    def test_6_cancelled_at_the_provider_is_cancelled_here(self):
        self.page.forget_all()
        self.page.open(self.provider.issuer)
        self.page.forget_all()
        self.page.open(self.control.url + "/signin")
        self.page.click("a[href^='/signin/with/']")
        self.page.click("a[href$='/abort']")
        self.page.wait_for_text("That did not work")
        self.assertNotIn("warren-session", self.page.cookies())


if __name__ == "__main__":
    BIN_DIR = bin_dir()
    try:
        npm.folder()  # while there is a network
        browser.Browser()
    except (npm.Missing, browser.Missing) as missing:
        print(f"SKIPPED: {missing}")
        sys.exit(0)
    private.enter()
    unittest.main(argv=sys.argv[:1])
