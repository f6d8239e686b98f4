"""A whole tailnet in one lab: control, relay, and nodes behind routers."""

import os
import signal
import sys

from lab import nat, nat64, net
from lab.site import Site
from lab.programs import (LabError, PLACE, Program, call, call_json, wait_until)

NAMES = """alice bob carol dave erin frank grace heidi ivan judy kate leo mallory
nina oscar peggy quinn rupert sybil trent ursula victor wendy xavier yvonne zoe
amber bruno chloe dora""".split()

# Which router each node gets when nobody says: the easy one, the open one, the
# hard one, and one through which no UDP passes.
DEFAULT_KINDS = ("home", "fullcone", "symmetric", "noudp")

_CONTROL_URL = f"http://{net.CONTROL_ADDRESS}"
_RELAY_ID = 900
_USER = "demo"


class Node:
    """One device: its namespace, its daemon, and the CLI that drives it."""

    def __init__(self, tailnet, name, site):
        self.name = name
        self.site = site
        self._tailnet = tailnet
        self.daemon = None
        self.known_address = None
        self.nameserver = None  # its DNS server; none: nobody answers

    @property
    def kind(self):
        return self.site.kind

    @property
    def state_dir(self):
        return f"{PLACE}/nodes/{self.name}/state"

    @property
    def socket(self):
        return f"{PLACE}/nodes/{self.name}/run/warrend.sock"

    def start(self, environment=None):
        """Starts the daemon and waits until its socket answers."""
        argv = [self._tailnet.program("warrend"), "--state-dir", self.state_dir,
                "--socket", self.socket, "--tun", "warren0"]
        if self.nameserver:
            argv = self._with_nameserver(argv)
        if self.daemon:
            self.daemon.start()
        else:
            os.makedirs(self.state_dir, mode=0o700, exist_ok=True)
            self.daemon = Program(self.name, self.name, argv, environment)
        wait_until(lambda: self._answers(), 10, f"{self.name}'s daemon answers")

    def _with_nameserver(self, argv):
        """The command line that runs argv with a resolv.conf of its own."""
        path = f"{PLACE}/resolv-{self.name}.conf"
        with open(path, "w", encoding="ascii") as file:
            file.write(f"nameserver {self.nameserver}\n")
        script = f'mount --bind {path} /etc/resolv.conf && exec "$@"'
        return ["unshare", "--mount", "--propagation", "private", "--", "sh",
                "-c", script, "sh", *argv]

    def _answers(self):
        if not self.daemon.running():
            raise LabError(f"{self.name}'s daemon ended with "
                           f"{self.daemon.exit_code()}: "
                           f"{self.daemon.log()[-500:]}")
        return self.cli("status", check=False).returncode == 0

    def cli(self, *argv, **options):
        """`warren ARGV` on this node."""
        return call(self.name, self._tailnet.program("warren"), "--socket",
                    self.socket, *argv, **options)

    def status(self):
        return call_json(self.name, self._tailnet.program("warren"), "--socket",
                         self.socket, "status", "--json")

    def up(self, auth_key, *extra, server=None, **options):
        return self.cli("up", "--login-server", server or _CONTROL_URL,
                        "--auth-key", auth_key, "--hostname", self.name, *extra,
                        **options)

    def address(self, family=4):
        return self.cli("ip", f"-{family}").stdout.strip()

    def run(self, *argv, **options):
        """Any program on this node."""
        return call(self.name, *argv, **options)


class Neighbour:
    """Another tailnet of the same server, as its administrator sees it."""

    def __init__(self, tailnet, name):
        self._tailnet = tailnet
        self.name = name

    def admin(self, *argv, **options):
        return self._tailnet.admin("--tailnet", self.name, *argv, **options)

    def admin_json(self, *argv):
        return self._tailnet.admin_json("--tailnet", self.name, *argv)

    def create_key(self, *options, user):
        """The secret of a new auth key."""
        made = self.admin_json("key", "create", "--user", user, *options)
        return made["secret"]


class Tailnet:
    """Control and relay on the public bridge, and the nodes.

    `delay_ms` is the way of a packet from each node's router to the internet.
    """

    def __init__(self, bin_dir, delay_ms=0):
        self._bin_dir = bin_dir
        self.nodes = {}
        self.internet = net.Internet(delay_ms)
        self.internet.add_public_host("control", net.CONTROL_ADDRESS)
        self.internet.add_public_host("relay", net.RELAY_ADDRESS)
        self.control = None
        self.relay = None
        self._others = []  # programs that end with the rest

    def program(self, name):
        folder = {"warren": "client/cli", "warrend": "client/daemon",
                  "warren-admin": "admin-cli", "warren-control": "control",
                  "warren-relay": "relay"}[name]
        return os.path.join(self._bin_dir, folder, name)

    def start_control(self, *options):
        """`options` take the place of where and how it listens."""
        os.makedirs(f"{PLACE}/control", mode=0o700, exist_ok=True)
        options = options or ("--listen", f"{net.CONTROL_ADDRESS}:80")
        self.control = Program("control", "control", [
            self.program("warren-control"), "serve", "--state-dir",
            f"{PLACE}/control", "--admin-socket", f"{PLACE}/admin.sock",
            "--ephemeral-timeout", "5s", *options])
        self.wait_for_control()

    def wait_for_control(self):
        wait_until(lambda: self._alive(self.control) and self.admin(
            "server", "show", check=False).returncode == 0, 15, "control answers")

    def start_relay(self, *options):
        """`options` take the place of where and how it listens."""
        options = options or ("--listen", f"{net.RELAY_ADDRESS}:80",
                              "--plain-http")
        self.relay = Program("relay", "relay", [
            self.program("warren-relay"), "--stun-listen",
            f"{net.RELAY_ADDRESS}:3478", "--key-file", f"{PLACE}/relay.key",
            *options])
        self.wait_for_relay()

    def wait_for_relay(self):
        scheme = "http" if "--plain-http" in self.relay.argv else "https"
        url = f"{scheme}://{net.RELAY_ADDRESS}/derp/latency-check"
        wait_until(lambda: self._alive(self.relay) and call(
            "relay", "curl", "-sfk", url, check=False).returncode == 0, 15,
                   "the relay answers")

    @staticmethod
    def _alive(program):
        if not program.running():
            raise LabError(f"{program.name} ended with {program.exit_code()}: "
                           f"{program.log()[-500:]}")
        return True

    def start_servers(self, *control_options):
        """Control and relay, one user, and the relay in the relay map."""
        self.start_control(*control_options)
        self.start_relay()
        self._list_relay("lab", net.RELAY_ADDRESS, "--id", str(_RELAY_ID))
        self.admin("user", "create", _USER)

    def start_dual_stack_servers(self):
        """Like start_servers(), but both have IPv6, too."""
        for host, address in (("control", net.CONTROL_ADDRESS6),
                              ("relay", net.RELAY_ADDRESS6)):
            net.ip(host, f"addr add {address}/64 dev wan nodad",
                   f"route add default via {net.public_ipv6(1)}")
        self.start_control("--listen", "[::]:80")
        self.start_relay("--listen", ":80", "--plain-http", "--stun-listen",
                         ":3478")
        self._list_relay("lab", net.RELAY_ADDRESS, "--ipv6", net.RELAY_ADDRESS6)
        self.admin("user", "create", _USER)

    def serve_browsers(self, descriptor):
        """Who connects to this listening socket reaches control."""
        self._others.append(Program("web", "control", [
            sys.executable, os.path.join(os.path.dirname(__file__),
                                         "forward.py"),
            str(descriptor), net.CONTROL_ADDRESS, "80"], keep=(descriptor,)))

    def owner_link(self):
        """The one-time link that makes whoever opens it the owner."""
        with open(f"{PLACE}/control/owner-link", encoding="ascii") as file:
            return file.read().strip()

    def start_nat64(self):
        self._others += nat64.start(self.internet)

    def start_other_relay(self, listed=True):
        """A second relay, in a region of its own; returns its Program."""
        host, address = "relay2", net.OTHER_RELAY_ADDRESS
        self.internet.add_public_host(host, address)
        relay = Program(host, host, [
            self.program("warren-relay"), "--listen", f"{address}:80",
            "--plain-http", "--stun-listen", f"{address}:3478", "--key-file",
            f"{PLACE}/{host}.key"])
        self._others.append(relay)
        wait_until(lambda: self._alive(relay) and call(
            host, "curl", "-sf", f"http://{address}/derp/latency-check",
            check=False).returncode == 0, 15, f"{host} answers")
        if listed:
            self._list_relay("other", address)
        return relay

    def _list_relay(self, code, address, *options, tailnet=""):
        self.admin("--tailnet", tailnet, "relay", "create", "--code", code, "--name", f"Relay {code}",
                   "--hostname", address, "--ipv4", address, "--derp-port",
                   "80", "--plain-http", *options)

    def admin(self, *argv, **options):
        return call("control", self.program("warren-admin"), "--socket",
                    f"{PLACE}/admin.sock", *argv, **options)

    def admin_json(self, *argv):
        return call_json("control", self.program("warren-admin"), "--socket",
                         f"{PLACE}/admin.sock", "--json", *argv)

    def first(self):
        """This one by its name, which is needed beside neighbours."""
        return Neighbour(self, self.admin_json("tailnet", "list")[0]["name"])

    def add_neighbour(self, name, relay=net.RELAY_ADDRESS):
        """A second tailnet on the server, with that relay in its relay map."""
        self.admin("tailnet", "create", name)
        self._list_relay("lab", relay, "--id", str(_RELAY_ID), tailnet=name)
        return Neighbour(self, name)

    def create_user(self, login):
        self.admin("user", "create", login)

    def create_key(self, *options, user=_USER):
        """The secret of a new auth key."""
        made = self.admin_json("key", "create", "--user", user, *options)
        return made["secret"]

    def add_node(self, name, kind, environment=None, beside=None, carrier=None):
        """A node with its router and running daemon, not logged in.

        With `beside`, a node, it is on that one's LAN instead, whatever `kind`
        says. `carrier` is who its router is behind.
        """
        node = self.place_node(name, kind, beside, carrier)
        node.start(environment)
        return node

    def place_node(self, name, kind, beside=None, carrier=None):
        """Like add_node(), but its daemon does not run yet."""
        if beside:
            site = beside.site
            site.add_host(name)
        else:
            site = Site(self.internet, name, nat.KINDS[kind], carrier)
        node = self.nodes[name] = Node(self, name, site)
        return node

    def programs(self):
        """All that should be running, nodes first."""
        daemons = [node.daemon for node in self.nodes.values() if node.daemon]
        servers = [self.relay, *self._others, self.control]
        return daemons + [program for program in servers if program]

    def stop(self):
        """Ends everything in order; the first complaint is raised at the end."""
        complaint = None
        for program in self.programs():
            try:
                program.stop(signal.SIGTERM)
            except LabError as error:
                complaint = complaint or error
        if complaint:
            raise complaint

    def log_tails(self, num_lines=12):
        """The end of each program's log, for a failure report."""
        parts = []
        for program in self.programs():
            tail = program.log().splitlines()[-num_lines:]
            parts.append("\n".join([f"--- {program.name}", *tail]))
        return "\n".join(parts)
