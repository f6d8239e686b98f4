"""Starts a real OpenID provider, `oidc-provider` of npm, for one test.

    with Provider(config) as provider:
        provider.issuer                    # "http://127.0.0.1:41234"
        provider.set_accounts({...})       # adds and replaces
        provider.rotate_keys()             # all are new, none of the old stay
        provider.stop()                    # it is down, as far as we can see

`config` is what provider.js reads:

    clients   list of clients as OpenID Connect Dynamic Registration names their
              fields: client_id, client_secret, redirect_uris,
              token_endpoint_auth_method, id_token_signed_response_alg, ...
    accounts  {"alice": {"email": ..., "email_verified": true, "name": ...,
              "groups": [...]}}: who can sign in, and their claims by scope
              (profile: name, preferred_username; email; groups). The key is the
              subject and the login; any password will do.
    port      0 or absent: a free one
    host      where it listens; absent: 127.0.0.1
    name      what its issuer calls it; absent: as `host`
    tls       {"cert": FILE, "key": FILE}; absent: http
    claims_in_id_token  true: not only in userinfo

Its pages, in a browser: a form with the fields `login` and `password`, then one
that asks for consent; both with a button of type submit. "Cancel" ends in
error=access_denied. sign_in() walks through them without a browser.

Raises npm.Missing where the packages cannot be had: skip the test aloud.
"""

import html
import http.cookiejar
import json
import os
import re
import ssl
import subprocess
import tempfile
import urllib.error
import urllib.parse
import urllib.request

import npm

HERE = os.path.dirname(os.path.realpath(__file__))
MAX_PAGES = 12


class Provider:
    """A provider that runs until the end of the `with`."""

    def __init__(self, config):
        self.config = config
        self.issuer = None
        self._process = None
        self._folder = None

    def __enter__(self):
        modules = npm.folder()
        self._folder = tempfile.TemporaryDirectory(prefix="provider.")
        # Node looks for packages beside the script, so both lie together.
        script = os.path.join(self._folder.name, "provider.js")
        with open(os.path.join(HERE, "provider.js"), encoding="utf-8") as source:
            with open(script, "w", encoding="utf-8") as copy:
                copy.write(source.read())
        os.symlink(os.path.join(modules, "node_modules"),
                   os.path.join(self._folder.name, "node_modules"))
        for name, text in (("package.json", '{"type": "module"}'),
                           ("config.json", json.dumps(self.config))):
            path = os.path.join(self._folder.name, name)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        log = open(os.path.join(self._folder.name, "log"), "wb")
        with log:
            self._process = subprocess.Popen(
                ["node", script, path], stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, stderr=log, text=True)
        try:
            self.issuer = self._answer()["issuer"]
        except Exception:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        """Ends it before its time."""
        if not self._process:
            return
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(10)
        self._process = None
        self._folder.cleanup()

    def _answer(self):
        line = self._process.stdout.readline()
        if not line:
            with open(os.path.join(self._folder.name, "log"),
                      encoding="utf-8") as log:
                raise RuntimeError(f"provider.js has ended: {log.read()[-2000:]}")
        return json.loads(line)

    def _command(self, command):
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        self._answer()

    def set_accounts(self, accounts):
        self._command({"accounts": accounts})

    def rotate_keys(self):
        self._command({"rotate_keys": True})


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args):
        return None


def _form(page, fields):
    """The body of the page's form: its hidden fields, and `fields`."""
    hidden = re.findall(
        r'<input[^>]*type="hidden"[^>]*name="([^"]*)"[^>]*value="([^"]*)"', page)
    return urllib.parse.urlencode(dict(hidden, **fields)).encode()


def sign_in(url, login, stop_at, cancel=False, roots=None):
    """Walks through the provider's pages from `url` as a browser would.

    Returns the URL of ours, which starts with `stop_at`, that it leads to.
    """
    context = ssl.create_default_context(cafile=roots) if roots else None
    opener = urllib.request.build_opener(
        urllib.request.HTTPSHandler(context=context), _NoRedirects(),
        urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
    body = None
    for _ in range(MAX_PAGES):
        try:
            answer = opener.open(urllib.request.Request(url, body), timeout=20)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            page = answer.read().decode()
        body = None
        if 300 <= answer.status < 400:
            url = urllib.parse.urljoin(url, answer.headers["Location"])
            if url.startswith(stop_at):
                return url
            continue
        if answer.status != 200:
            raise RuntimeError(f"provider: {answer.status} at {url}: {page}")
        if cancel:
            abort = re.search(r'href="([^"]*/abort)"', page).group(1)
            url = urllib.parse.urljoin(url, html.unescape(abort))
            continue
        action = re.search(r'<form[^>]*action="([^"]*)"', page).group(1)
        url = urllib.parse.urljoin(url, html.unescape(action))
        body = _form(page, {"login": login, "password": "any"})
    raise RuntimeError(f"provider: no end of its pages, at {url}")
