"""A real browser, Chromium without a window, driven by WebDriver (W3C) over
plain HTTP.

    with Browser() as browser:
        browser.open("http://localhost:8080/signin")
        browser.type("#login", "alice")
        browser.click("button[type=submit]")

What is looked for is waited for. Raises Missing where Debian's chromium or
chromium-driver is not installed: skip the test aloud.
"""

import json
import os
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # WebDriver §12.2
PATIENCE = 20  # seconds


class Missing(Exception):
    """The browser is not installed; the text is for people."""


class BrowserError(Exception):
    """The browser said no; `kind` is WebDriver's name for it."""

    def __init__(self, kind, text):
        super().__init__(f"{kind}: {text}")
        self.kind = kind


class Browser:
    """One browser with a profile of its own, for the length of a `with`."""

    def __init__(self):
        for program in ("chromium", "chromedriver"):
            if not shutil.which(program):
                raise Missing(f"{program} is not installed")
        self._driver = None
        self._url = None
        self._folder = None

    def __enter__(self):
        self._folder = tempfile.TemporaryDirectory(
            prefix="browser.", ignore_cleanup_errors=True)
        log = os.path.join(self._folder.name, "driver.log")
        with open(log, "wb") as file:
            self._driver = subprocess.Popen(
                ["chromedriver", "--port=0"], stdout=subprocess.PIPE,
                stderr=file, text=True, start_new_session=True)
        self._url = f"http://127.0.0.1:{self._port()}/session"
        try:
            session = self._send("POST", "", {"capabilities": {
                "alwaysMatch": self._capabilities()}})
        except Exception:
            self._stop()
            raise
        self._url += "/" + session["sessionId"]
        return self

    def __exit__(self, *_):
        try:
            self._send("DELETE", "")
        finally:
            self._stop()

    def _stop(self):
        self._driver.terminate()
        self._driver.wait(10)
        self._driver.stdout.close()
        self._folder.cleanup()

    def _port(self):
        for line in self._driver.stdout:
            if "started successfully on port" in line:
                return int(line.rstrip(".\n").rsplit(" ", 1)[1])
        raise BrowserError("not started", "chromedriver has ended")

    def _capabilities(self):
        profile = os.path.join(self._folder.name, "profile")
        return {
            "browserName": "chrome",
            "webauthn:virtualAuthenticators": True,
            "unhandledPromptBehavior": "accept",
            "goog:chromeOptions": {
                "binary": shutil.which("chromium"),
                # No sandbox: Chromium has none for root.
                "args": ["--headless=new", "--no-sandbox", "--disable-gpu",
                         "--disable-dev-shm-usage", "--no-first-run",
                         "--disable-background-networking",
                         f"--user-data-dir={profile}"]}}

    def _send(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self._url + path, data, method=method,
            headers={"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            value = json.load(error)["value"]
            raise BrowserError(value["error"], value["message"]) from None

    # ---- pages ----

    def open(self, url):
        self._send("POST", "/url", {"url": url})

    def url(self):
        return self._send("GET", "/url")

    def title(self):
        return self._send("GET", "/title")

    def text(self):
        """All that a person could read."""
        return self.run("return document.body.innerText")

    def run(self, script, *arguments):
        return self._send("POST", "/execute/sync",
                          {"script": script, "args": list(arguments)})

    def screenshot(self):
        """The page as PNG, base64."""
        return self._send("GET", "/screenshot")

    # ---- elements, by CSS selector ----

    def has(self, css):
        return bool(self._send("POST", "/elements",
                               {"using": "css selector", "value": css}))

    def _find(self, css):
        end = time.monotonic() + PATIENCE
        while True:
            found = self._send("POST", "/elements",
                               {"using": "css selector", "value": css})
            if found:
                return found[0][ELEMENT]
            if time.monotonic() > end:
                raise BrowserError(
                    "no such element",
                    f"{css} at {self.url()}: {self.text()[:600]}")
            time.sleep(0.05)

    def read(self, css):
        return self._send("GET", f"/element/{self._find(css)}/text")

    def type(self, css, text):
        element = self._find(css)
        self._send("POST", f"/element/{element}/clear", {})
        self._send("POST", f"/element/{element}/value", {"text": text})

    def click(self, css):
        self._send("POST", f"/element/{self._find(css)}/click", {})

    def wait_for_text(self, text):
        end = time.monotonic() + PATIENCE
        while text not in self.text():
            if time.monotonic() > end:
                raise BrowserError(
                    "no such text",
                    f"{text!r} at {self.url()}: {self.text()[:600]}")
            time.sleep(0.05)

    # ---- cookies, passkeys ----

    def cookies(self):
        return {c["name"]: c for c in self._send("GET", "/cookie")}

    def forget_all(self):
        """As another person's browser, on this site."""
        self._send("DELETE", "/cookie")

    def plug_authenticator(self):
        """A passkey holder whose owner always says yes."""
        return self._send("POST", "/webauthn/authenticator", {
            "protocol": "ctap2", "transport": "internal",
            "hasResidentKey": True, "hasUserVerification": True,
            "isUserVerified": True, "isUserConsenting": True})
