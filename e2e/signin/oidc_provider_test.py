#!/usr/bin/python3
"""Our relying party against a real, certified OpenID provider.

By hand: e2e/signin/oidc_provider_test.py bazel-bin/e2e/signin/sign_in_probe
"""

import json
import os
import subprocess
import sys
import tempfile
import unittest
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))

import npm  # noqa: E402
import provider  # noqa: E402

PUBLIC_URL = "http://127.0.0.1:9"  # nothing is there, and nobody goes there
CALLBACK = PUBLIC_URL + "/auth/callback/probe"
ALICE = {"email": "alice@example.com", "email_verified": True, "name": "Alice",
         "preferred_username": "al", "groups": ["staff", "admins"]}
SCOPES = ["openid", "profile", "email", "groups"]
PROBE = ""


class Probe:
    """e2e/signin/sign_in_probe, for the length of a `with`."""

    def __init__(self, settings):
        config = dict({"client_id": "warren", "client_secret": "s3cret",
                       "scopes": SCOPES, "public_url": PUBLIC_URL}, **settings)
        self._process = subprocess.Popen(
            [PROBE, json.dumps(config)], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(10)

    def _ask(self, command):
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def begin(self, path="/devices"):
        return self._ask({"begin": path})

    def finish(self, url):
        query = urllib.parse.urlsplit(url).query
        return self._ask({"finish": dict(urllib.parse.parse_qsl(query))})

    def sign_in(self, login="alice", **how):
        """All of a sign-in; what finish() answers."""
        begun = self.begin()
        if "url" not in begun:
            return begun
        return self.finish(provider.sign_in(begun["url"], login, CALLBACK, **how))


def client(**changes):
    return dict({"client_id": "warren", "client_secret": "s3cret",
                 "redirect_uris": [CALLBACK]}, **changes)


class OidcProviderTest(unittest.TestCase):
    def provider(self, **changes):
        config = dict({"clients": [client()], "accounts": {"alice": ALICE}},
                      **changes)
        return self.enterContext(provider.Provider(config))

    def probe(self, idp, **settings):
        return self.enterContext(Probe(dict({"issuer": idp.issuer}, **settings)))

    def refused(self, answer, code, text):
        self.assertEqual(answer.get("code"), code, answer)
        self.assertIn(text, answer["error"])

    def test_claims_of_userinfo_and_of_the_token(self):
        for in_token in (False, True):
            idp = self.provider(claims_in_id_token=in_token)
            self.assertEqual(self.probe(idp).sign_in(), {
                "return_to": "/devices", "issuer": idp.issuer,
                "subject": "alice", "email": "alice@example.com",
                "email_verified": True, "name": "Alice", "login": "al",
                "groups": ["admins", "staff"]})

    def test_every_algorithm(self):
        for name in ("RS256", "PS256", "ES256", "EdDSA"):
            with self.subTest(name):
                idp = self.provider(clients=[
                    client(id_token_signed_response_alg=name)])
                self.assertEqual(self.probe(idp).sign_in().get("subject"),
                                 "alice")

    def test_a_shared_secret_signs_nothing(self):
        secret = "s" * 40
        idp = self.provider(clients=[client(
            client_secret=secret, id_token_signed_response_alg="HS256")])
        probe = self.probe(idp, client_secret=secret)
        self.refused(probe.sign_in(), "UNAUTHENTICATED", "HS256")

    def test_every_way_to_tell_the_secret(self):
        for method, secret in (("client_secret_basic", "a b:%/+&="),
                               ("client_secret_post", "a b:%/+&="),
                               ("none", "")):
            with self.subTest(method):
                registered = client(token_endpoint_auth_method=method,
                                    client_secret=secret)
                if not secret:
                    del registered["client_secret"]
                idp = self.provider(clients=[registered])
                answer = self.probe(idp, client_secret=secret).sign_in()
                self.assertEqual(answer.get("subject"), "alice", answer)

    def test_a_wrong_secret(self):
        probe = self.probe(self.provider(), client_secret="wrong")
        self.refused(probe.sign_in(), "UNAUTHENTICATED", "invalid_client")

    def test_no(self):
        answer = self.probe(self.provider()).sign_in(cancel=True)
        self.refused(answer, "CANCELLED", "was cancelled")

    def test_a_callback_is_good_once(self):
        probe = self.probe(self.provider())
        url = provider.sign_in(probe.begin()["url"], "alice", CALLBACK)
        self.assertEqual(probe.finish(url).get("subject"), "alice")
        self.refused(probe.finish(url), "FAILED_PRECONDITION", "begin anew")

    def test_a_code_is_good_for_its_own_sign_in(self):
        probe = self.probe(self.provider())
        stolen = provider.sign_in(probe.begin()["url"], "alice", CALLBACK)
        own = provider.sign_in(probe.begin()["url"], "alice", CALLBACK)
        fields = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(own).query))
        fields["code"] = dict(urllib.parse.parse_qsl(
            urllib.parse.urlsplit(stolen).query))["code"]
        injected = CALLBACK + "?" + urllib.parse.urlencode(fields)
        # PKCE: the verifier is another's.
        self.refused(probe.finish(injected), "UNAUTHENTICATED", "invalid_grant")

    def test_new_keys(self):
        idp = self.provider()
        probe = self.probe(idp)
        self.assertEqual(probe.sign_in().get("subject"), "alice")
        idp.rotate_keys()
        # It has just fetched the old ones, and does so once a minute.
        self.refused(probe.sign_in(), "UNAUTHENTICATED", "no key")
        fresh = self.probe(idp)
        self.assertEqual(fresh.sign_in().get("subject"), "alice")

    def test_groups_decide(self):
        idp = self.provider()
        probe = self.probe(idp, groups=["admins"])
        self.assertEqual(probe.sign_in().get("subject"), "alice")
        idp.set_accounts({"alice": dict(ALICE, groups=["staff"])})
        self.refused(probe.sign_in(), "PERMISSION_DENIED", "groups allowed")

    def test_an_issuer_that_calls_itself_otherwise(self):
        idp = self.provider()
        probe = self.probe(idp, issuer=idp.issuer.replace("127.0.0.1",
                                                           "localhost"))
        self.refused(probe.begin(), "UNAVAILABLE", "of another issuer")

    def test_nobody_there(self):
        idp = self.provider()
        probe = self.probe(idp)
        idp.stop()
        self.refused(probe.begin(), "UNAVAILABLE", "discovery document")


class TlsTest(unittest.TestCase):
    def test_own_roots(self):
        folder = self.enterContext(tempfile.TemporaryDirectory())
        cert, key = folder + "/cert.pem", folder + "/key.pem"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-keyout", key,
             "-out", cert, "-subj", "/CN=id", "-addext",
             "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
        idp = self.enterContext(provider.Provider({
            "clients": [client()], "accounts": {"alice": ALICE},
            "tls": {"cert": cert, "key": key}}))
        self.assertTrue(idp.issuer.startswith("https://"))
        trusting = self.enterContext(Probe({"issuer": idp.issuer, "roots": cert}))
        self.assertEqual(trusting.sign_in(roots=cert).get("subject"), "alice")
        strict = self.enterContext(Probe({"issuer": idp.issuer}))
        answer = strict.begin()
        self.assertEqual(answer.get("code"), "UNAVAILABLE", answer)


if __name__ == "__main__":
    PROBE = os.path.abspath(sys.argv.pop(1))
    try:
        npm.folder()
    except npm.Missing as missing:
        print(f"SKIPPED, all of it: {missing}")
        raise SystemExit(0) from missing
    unittest.main()
