"""A browser without scripts on a host of the lab: cookies, pages, forms."""

import html
import http.client
import http.cookies
import re
import socket
import urllib.parse

from lab import net
from lab.wire import socket_in


class Browser:
    """`namespace` is the host that it runs on; control is all it can open."""

    def __init__(self, namespace):
        self._namespace = namespace
        self._cookies = {}
        self.page = ""
        self.status = 0

    def open(self, path):
        """Opens a path or URL, and goes where that leads."""
        self._ask("GET", path)

    def submit(self, path, **fields):
        """The form of the page that is open, with its hidden fields."""
        hidden = re.findall(
            r'<input[^>]*type="hidden"[^>]*name="([^"]*)"[^>]*value="([^"]*)"',
            self.page)
        values = {name: html.unescape(value) for name, value in hidden}
        self._ask("POST", path, urllib.parse.urlencode({**values, **fields}))

    def _ask(self, method, path, body=None):
        for _ in range(5):
            location = self._ask_once(method, path, body)
            if not location:
                return
            method, path, body = "GET", location, None

    def _ask_once(self, method, path, body):
        path = re.sub(r"^http://[^/]*", "", path)
        connection = http.client.HTTPConnection(net.CONTROL_ADDRESS)
        connection.sock = socket_in(self._namespace, socket.AF_INET,
                                    socket.SOCK_STREAM)
        connection.sock.settimeout(10)
        connection.sock.connect((net.CONTROL_ADDRESS, 80))
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value
                                       in self._cookies.items())}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            headers["Sec-Fetch-Site"] = "same-origin"
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        for line in answer.headers.get_all("Set-Cookie", []):
            for name, cookie in http.cookies.SimpleCookie(line).items():
                self._cookies[name] = cookie.value
        self.status = answer.status
        self.page = answer.read().decode()
        connection.close()
        return answer.headers.get("Location") if answer.status == 303 else None
