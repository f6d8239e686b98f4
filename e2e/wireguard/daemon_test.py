#!/usr/bin/python3
"""What people and scripts do to warren-wg, and what it says to nonsense."""

import os
import signal
import socket
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
sys.path.insert(0, os.path.dirname(__file__))

from lab import net
from lab.programs import wait_until
from pair import WARREN, check, main, warren_wg

DEVICE = "wga"
SOCKET = f"/run/wireguard/{DEVICE}.sock"


def ask(text):
    """One conversation over the configuration socket."""
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(SOCKET)
        client.sendall(text.encode("latin-1"))
        client.shutdown(socket.SHUT_WR)
        answer = b""
        while piece := client.recv(65536):
            answer += piece
    return answer.decode()


def refused_start(*argv, words, wrapper=()):
    done = subprocess.run([*wrapper, warren_wg(), *argv], capture_output=True,
                          text=True, timeout=20)
    check(done.returncode != 0, f"{argv} was accepted")
    lines = done.stderr.strip().splitlines()
    check(len(lines) == 1, f"{argv}: not one line: {lines}")
    missing = [w for w in words if w.lower() not in lines[0].lower()]
    check(not missing, f"{argv}: {lines[0]!r} says nothing of {missing}")


def bad_lines(host):
    before = ask("get=1\n\n")
    key = "ab" * 32
    for text in ("set=1\nlisten_port=70000\n\n",
                 "set=1\nlisten_port=5\nprivate_key=12\n\n",
                 f"set=1\nfwmark=1\npublic_key={key}\nendpoint=nowhere:1\n\n",
                 f"set=1\npublic_key={key}\nallowed_ip=10.0.0.0/99\n\n",
                 f"set=1\npublic_key={key}\nreplace_allowed_ips=true\nwhat=ever\n\n",
                 f"set=1\nreplace_peers=true\npublic_key={key}zz\n\n",
                 "set=2\n\n", "gets=1\n\n", "=\n\n", "\n\n", "\xff\x00\n\n",
                 "x" * 100000 + "\n\n"):
        answer = ask(text)
        number = answer.strip().split("errno=")[-1]
        check(answer.endswith("\n\n") and int(number) > 0, f"{text!r}: {answer!r}")
        check(ask("get=1\n\n") == before, f"{text!r} changed something")
    check(ask("set=1\nlisten_") == "", "half a request is none")
    log = host.daemon.log()
    check("line 2: listen_port=70000" in log, "the log names line and value")
    check("line 4: allowed_ip" in log or "line 3: allowed_ip" in log, log)


def port_in_use(host):
    port = int(ask("get=1\n\n").split("listen_port=")[1].split()[0])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        # The daemon's namespace, not ours.
        holder = subprocess.Popen(
            net.inside(host.name, "python3", "-c",
                       "import socket,sys\n"
                       "s=socket.socket(socket.AF_INET,socket.SOCK_DGRAM)\n"
                       "s.bind(('',51999))\nprint('held',flush=True)\n"
                       "sys.stdin.read()"),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        holder.stdout.readline()
        answer = ask(f"set=1\nfwmark=9\nlisten_port=51999\n"
                     f"public_key={'ab' * 32}\n\n")
        holder.stdin.close()
        holder.wait()
        other.close()
    check(answer == "errno=98\n\n", answer)
    after = ask("get=1\n\n")
    check(f"listen_port={port}\n" in after and "fwmark" not in after
          and "public_key" not in after, f"nothing changed: {after}")
    check("51999" in host.daemon.log(), "the log names the port")
    check(ask("set=1\nlisten_port=51999\n\n") == "errno=0\n\n", "free now")
    check("listen_port=51999\n" in ask("get=1\n\n"), "and taken")


def ends(host):
    """The daemon is asked to end in each way, and leaves nothing behind."""
    for how in ("TERM", "link", "socket"):
        host.start(WARREN)
        if how == "TERM":
            os.kill(host.daemon.pid, signal.SIGTERM)
        elif how == "link":
            host.ip("link", "del", DEVICE)
        else:
            os.unlink(SOCKET)
        wait_until(lambda: not host.daemon.running(), 10, f"it ended by {how}")
        check(host.daemon.exit_code() == 0, f"{how}: {host.daemon.exit_code()}")
        check(not os.path.exists(SOCKET), f"{how}: the socket is gone")
        check(DEVICE not in host.run("ip", "link").stdout, f"{how}: the link too")
    # After a crash the next start is not in the way of itself.
    host.start(WARREN)
    host.daemon.stop(signal.SIGKILL)
    check(os.path.exists(SOCKET), "a crash leaves the socket")
    host.start(WARREN)
    host.stop()


def refusals(host):
    refused_start("-f", "a b", words=["a b", "name"])
    refused_start("-f", "../x", words=["../x", "name"])
    refused_start("-f", "x" * 300, words=["name", "15"])
    refused_start("-f", "lo", words=["lo", "exists"])
    host.start(WARREN)
    inside = net.inside(host.name)
    refused_start("-f", DEVICE, words=[DEVICE, "exists"], wrapper=inside)
    # In another network namespace, where the interface does not exist.
    refused_start("-f", DEVICE, words=[SOCKET.replace("/run", "/var/run"),
                                       "another daemon"])
    check("wga" not in net.run("ip", "link"), "the loser left no interface")
    check(ask("get=1\n\n").endswith("errno=0\n\n"), "the first is untouched")
    host.stop()
    nobody = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
    refused_start("-f", DEVICE, words=["permission", "root"], wrapper=nobody)
    net.run("mount", "-t", "tmpfs", "tmpfs", "/dev/net")
    refused_start("-f", DEVICE, words=["/dev/net/tun", "no such file"])
    refused_start(DEVICE, words=["/dev/net/tun", "no such file"])
    net.run("umount", "/dev/net")


def in_background(host):
    """Without -f the command returns when all is ready."""
    host.run(warren_wg(), DEVICE)
    check(ask("get=1\n\n").endswith("errno=0\n\n"), "it serves at once")
    host.ip("link", "del", DEVICE)
    wait_until(lambda: not os.path.exists(SOCKET), 10, "it ended")


def configuration_by_wg(host):
    """wg setconf, addconf, syncconf, set and show agree with each other."""
    host.start(WARREN)
    key, psk = net.run("wg", "genkey").strip(), net.run("wg", "genpsk").strip()
    peer = net.run("wg", "pubkey", stdin=net.run("wg", "genkey")).strip()
    config = (f"[Interface]\nPrivateKey = {key}\nListenPort = 40000\nFwMark = 0x10\n"
              f"[Peer]\nPublicKey = {peer}\nPresharedKey = {psk}\n"
              f"AllowedIPs = 10.1.0.0/16, fd01::/64\n"
              f"Endpoint = [fd09::2]:7\nPersistentKeepalive = 25\n")
    with open("/run/wg.conf", "w", encoding="utf-8") as file:
        file.write(config)
    net.run("wg", "setconf", DEVICE, "/run/wg.conf")
    with open("/run/shown.conf", "w", encoding="utf-8") as file:
        file.write(net.run("wg", "showconf", DEVICE))
    shown = net.run("wg", "showconf", DEVICE)
    for line in config.replace("[Interface]\n", "").replace("[Peer]\n", "").split("\n"):
        check(line.lower() in shown.lower(), f"{line!r} in {shown!r}")
    net.run("wg", "syncconf", DEVICE, "/run/shown.conf")
    check(net.run("wg", "showconf", DEVICE) == shown, "syncconf changes nothing")
    net.run("wg", "set", DEVICE, "peer", peer, "allowed-ips", "10.2.0.0/16",
            "preshared-key", "/dev/null", "persistent-keepalive", "off")
    shown = net.run("wg", "showconf", DEVICE)
    check("10.2.0.0/16" in shown and "10.1.0.0" not in shown
          and "PresharedKey" not in shown and "Persistent" not in shown, shown)
    net.run("wg", "set", DEVICE, "fwmark", "0", "peer", peer, "remove")
    shown = net.run("wg", "showconf", DEVICE)
    check("Peer" not in shown and "FwMark" not in shown, shown)


def up_and_down(pair):
    """An interface that is down neither answers nor asks, and keeps no session."""
    for host in (pair.a, pair.b):
        host.start(WARREN)
    pair.connect()
    check(pair.a.ping(pair.b.inner(4)), "up: it works")
    pair.b.ip("link", "set", pair.b.device, "down")
    check(not pair.a.ping(pair.b.inner(4), seconds=1), "down: no answer")
    pair.b.ip("link", "set", pair.b.device, "up")
    pair.b.ip("addr", "replace", f"{pair.b.inner(6)}/64", "dev", pair.b.device,
              "nodad")
    check(pair.b.ping(pair.a.inner(4)), "up again, it asks anew")
    check(pair.b.counters()["sessions"] == 2, "by a second handshake")
    pair.b.stop()

    # A keepalive that was configured while down goes out at once when up.
    pair.b.start(WARREN)
    pair.b.ip("link", "set", pair.b.device, "down")
    pair.b.add_peer(pair.a, pair.a.endpoint(4), keepalive=25)
    check(pair.b.handshake_age() is None, "silent while down")
    pair.b.ip("link", "set", pair.b.device, "up")
    wait_until(pair.b.handshake_age, 4, "a handshake by the keepalive alone")
    pair.stop()


def run(pair):
    host = pair.a
    up_and_down(pair)
    help_text = subprocess.run([warren_wg(), "--help"], capture_output=True,
                               text=True, check=True).stdout
    check("INTERFACE" in help_text and "--foreground" in help_text, help_text)
    version = subprocess.run([warren_wg(), "--version"], capture_output=True,
                             text=True, check=True).stdout
    check(version.startswith("warren-wg "), version)
    refusals(host)
    in_background(host)
    ends(host)
    configuration_by_wg(host)
    host.stop()
    host.start(WARREN)
    bad_lines(host)
    port_in_use(host)


main(run)
