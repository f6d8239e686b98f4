#!/usr/bin/python3
"""warren-admin as an administrator uses it, against a real server."""

import http.server
import json
import os
import re
import subprocess
import sys
import threading
import unittest

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))

from place import Place  # noqa: E402

_BIN = "."
_TREE = os.path.join(os.path.dirname(os.path.realpath(__file__)), "../..")
_USAGE, _FAILED = 2, 1


def _code_of_docs(name, language):
    """What the first such block of a page defines."""
    with open(os.path.join(_TREE, "docs", name), encoding="utf-8") as file:
        block = re.search(rf"```{language}\n(.*?)```", file.read(), re.S)
    names = {}
    exec(block.group(1), names)  # pylint: disable=exec-used
    return names


class Case(unittest.TestCase):
    options = ()

    def setUp(self):
        self.place = Place(_BIN, *self.options)
        self.addCleanup(self.place.__exit__)

    def ok(self, *argv, **options):
        done = self.place.admin(*argv, **options)
        self.assertEqual(done.code, 0, str(done))
        self.assertEqual(done.err if "--json" in argv else "",
                         "", str(done))
        return done

    def refused(self, code, *argv, **options):
        """The one line that says why."""
        done = self.place.admin(*argv, **options)
        self.assertEqual(done.code, code, str(done))
        self.assertEqual(done.out, "", str(done))
        return done.err


class WholeTable(Case):
    """Every noun and verb: help with an example, and completion."""

    def _complete(self, *path):
        done = self.place.run("warren-admin", "__complete", *path)
        return [word for word in done.out.split() if word[0] != "-"]

    def _help(self, *path):
        done = self.place.run("warren-admin", *path, "--help")
        self.assertEqual(done.code, 0, str(done))
        return done.out

    @staticmethod
    def _commands_in(text):
        """What --help lists, in another way than completion finds it."""
        if "Subcommands:" not in text:
            return []
        part = text.split("Subcommands:")[1].split("\n\n")[0]
        return re.findall(r"^  (\S+)", part, re.M)

    def _walk(self, *path):
        """Every command, with its help."""
        text = self._help(*path)
        commands = self._commands_in(text)
        yield path, text, commands
        for name in commands:
            yield from self._walk(*path, name)

    def test_every_command_has_help_an_example_and_completion(self):
        every = {path: (text, commands)
                 for path, text, commands in self._walk()}
        for path, (text, commands) in every.items():
            if commands:
                self.assertEqual(self._complete(*path)[:len(commands)],
                                 commands, path)
            if not path:
                continue
            with self.subTest(command=" ".join(path)):
                self.assertIn("Examples:\n", text)
                for line in text.split("Examples:\n")[1].splitlines():
                    words = line.split()
                    self.assertEqual(tuple(words[1:1 + len(path)]), path)
                    # It has the options that it is shown with.
                    known = every[()][0] + text + every.get(
                        tuple(words[1:3]), ("",))[0]
                    for option in re.findall(r"--[a-z-]+", line):
                        self.assertIn(option, known, line)
        self.assertGreater(len(every), 80)

    def test_shells_complete_nouns_verbs_and_names(self):
        self.ok("user", "create", "alice")
        script = ('source <(warren-admin completion bash); '
                  'COMP_WORDS=(warren-admin "$@" ""); COMP_CWORD=$(($# + 1)); '
                  '_warren_admin; printf "%s\\n" "${COMPREPLY[@]}"')
        for words, wanted in (([], "node"), (["policy"], "rollback"),
                              (["--socket", self.place.socket, "user", "show"],
                               "alice")):
            done = subprocess.run(["bash", "-c", script, "bash", *words],
                                  env=self.place.environment(),
                                  capture_output=True, text=True,
                                  check=False)
            self.assertIn(wanted, done.stdout.split(), (words, done.stderr))
        for shell in ("zsh", "fish"):
            text = self.place.run("warren-admin", "completion", shell).out
            self.assertIn("warren-admin __complete", text)

    def test_a_word_that_is_no_command_is_told(self):
        for argv, words in (
                (["nodes"], "did you mean warren-admin node?"),
                (["webhook", "create", "x", "--url", "y"],
                 'no command "create"; warren-admin webhook has: list, set'),
                (["settings"], "settings needs one of: show, set"),
                (["node", "show"], "node is required"),
                (["settings", "set", "x=on"], "settings show")):
            self.assertIn(words, self.refused(_USAGE, *argv))


class Docs(Case):
    """What the docs say that one should type is there."""

    def _pages(self):
        for folder in ("", "docs"):
            for name in sorted(os.listdir(os.path.join(_TREE, folder))):
                if name.endswith(".md"):
                    path = os.path.join(_TREE, folder, name)
                    with open(path, encoding="utf-8") as file:
                        yield os.path.join(folder, name), file.read()

    @staticmethod
    def _lines(text):
        """Every `warren-admin ...` of a page: in code, inline or in a block;
        a line that ends in a backslash goes on in the next."""
        text = text.replace("\\\n", " ")
        for line in re.findall(r"^(?:    |\$ )?(warren-admin .*)$", text, re.M):
            yield line
        for line in re.findall(r"`(?:sudo )?(warren-admin [^`]*)`", text):
            yield line.replace("\n", " ")

    def test_commands_of_the_docs_exist_with_their_options(self):
        help_of = {}
        seen = 0
        for page, text in self._pages():
            for line in self._lines(text):
                line = re.split(r"\s+#|  +|[|>]", line)[0]
                words = [word for word in line.split()[1:]]
                path = []
                while words and re.fullmatch(r"[a-z-]+", words[0]) and (
                        words[0][0] != "-"):
                    path.append(words.pop(0))
                text_of = help_of.get(tuple(path))
                while text_of is None:
                    done = self.place.run("warren-admin", *path, "--help")
                    if done.code == 0 and (not path or self._is_command(path)):
                        text_of = help_of[tuple(path)] = done.out
                    elif path:
                        path.pop()
                with self.subTest(page=page, line=line):
                    self.assertTrue(path or words[:1] in ([], ["--server"],
                                                          ["--help"]), line)
                    for option in re.findall(r"(?<![\w-])--[a-z-]+", line):
                        self.assertIn(option, text_of + self._root(), line)
                seen += 1
        self.assertGreater(seen, 40)

    def _is_command(self, path):
        done = self.place.run("warren-admin", "__complete", *path[:-1])
        return path[-1] in done.out.split()

    def _root(self):
        return self.place.run("warren-admin", "--help").out

    def test_the_example_of_a_tailnet_file_applies(self):
        page = dict(self._pages())["docs/tailnet-file.md"]
        example = re.search(r"```yaml\n(.*?)```", page, re.S).group(1)
        file = self.place.write("home.yaml", example)
        self.ok("apply", file, "--yes")
        self.assertEqual(self.ok("plan", file).out, "nothing would change\n")
        exported = self.place.write("export.yaml", self.ok("export").out)
        self.assertEqual(self.ok("plan", exported).out,
                         "nothing would change\n")


class Lists(Case):
    """Empty states say what to do; JSON is JSON."""

    def test_what_is_empty_says_what_to_do(self):
        for noun, words in (
                ("node", "warren up --login-server"),
                ("key", "key create"), ("user", "user create"),
                ("api-key", "api-key create"), ("webhook", "webhook set"),
                ("provider", "provider put"), ("relay", "relay create"),
                ("share", "share create NODE"), ("session", "nobody")):
            with self.subTest(noun=noun):
                self.assertIn(words, self.ok(noun, "list").out)

    def test_json_is_json_everywhere(self):
        self.ok("user", "create", "alice")
        for argv in (["node", "list"], ["user", "list"], ["user", "show",
                     "alice"], ["key", "list"], ["key", "create", "--user",
                     "alice"], ["api-key", "list"], ["oauth-client", "list"],
                     ["invite", "list"], ["invite", "create"], ["share",
                     "list"], ["provider", "list"], ["session", "list"],
                     ["settings", "show"], ["settings", "set",
                     "approve-devices=on"], ["policy", "get"], ["policy",
                     "history"], ["relay", "list"],
                     ["audit", "list"], ["webhook", "list"], ["export"],
                     ["server", "show"], ["server", "owner-link"], ["whoami"],
                     ["tailnet", "list"], ["tailnet", "rename", "--roll"]):
            with self.subTest(command=" ".join(argv)):
                self.ok(*argv, "--json").json()
        self.assertIn('"alice" has no device',
                      self.refused(_FAILED, "policy", "who", "alice"))
        error = json.loads(self.refused(_FAILED, "--json", "node", "show", "x"))
        self.assertEqual(error["error"]["code"], "NOT_FOUND")


class Receiver(http.server.BaseHTTPRequestHandler):
    got = []
    status = 204

    def do_POST(self):  # noqa: N802
        body = self.rfile.read(int(self.headers["Content-Length"]))
        Receiver.got.append((dict(self.headers), body))
        self.send_response(Receiver.status)
        self.end_headers()

    def log_message(self, *_):
        pass


class Webhooks(Case):
    options = ("--allow-private-webhooks",)

    def _serve(self, status):
        Receiver.got, Receiver.status = [], status
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return f"http://127.0.0.1:{server.server_port}/hook"

    def _until(self, condition):
        for _ in range(400):
            value = condition()
            if value:
                return value
            threading.Event().wait(0.05)
        self.fail("it did not come")

    def test_a_change_is_told_and_signed(self):
        url = self._serve(204)
        made = self.ok("webhook", "set", "chat", "--url", url, "--event",
                       "user.", "--json").json()
        self.ok("user", "create", "bob")
        headers, body = self._until(lambda: Receiver.got)[0]
        event = json.loads(body)
        self.assertEqual((event["event"], event["target"]),
                         ("user.create", "user bob"))
        check = _code_of_docs("webhooks.md", "python")["is_from_warren"]
        signature = headers["Warren-Webhook-Signature"]
        self.assertTrue(check(made["secret"], signature, body))
        self.assertFalse(check(made["secret"], signature, body + b" "))
        self.assertFalse(check("whsec_other", signature, body))
        self.ok("webhook", "test", "chat")
        self._until(lambda: b"webhook.test" in Receiver.got[-1][1])
        self.assertNotIn(made["secret"], self.ok("webhook", "list").out)
        again = self.ok("webhook", "set", "chat", "--new-secret", "--json")
        self.assertNotEqual(again.json()["secret"], made["secret"])

    def test_a_failure_is_shown_and_a_deleted_one_is_gone(self):
        url = self._serve(500)
        self.ok("webhook", "set", "chat", "--url", url)
        self.ok("webhook", "test", "chat")
        self._until(lambda: "answered 500" in self.ok("webhook", "list").out)
        self.assertIn("--yes", self.refused(_USAGE, "webhook", "delete",
                                            "chat"))
        self.ok("webhook", "delete", "chat", "--yes")
        self.assertIn("webhook set", self.ok("webhook", "list").out)

    def test_what_makes_no_sense_is_refused(self):
        for argv, code, words in (
                (["set", "chat"], _FAILED, "URL"),
                (["set", "chat", "--url", "ftp://x"], _FAILED, "http"),
                (["set", "a b", "--url", "https://x.example"], _FAILED,
                 "name"),
                (["set", "chat", "--url", "https://x.example", "--event",
                  "Node"], _FAILED, "node.rename"),
                (["set", "chat", "--enable", "--disable"], _USAGE, "both"),
                (["test", "nobody"], _FAILED, "no webhook")):
            with self.subTest(argv=argv):
                self.assertIn(words, self.refused(code, "webhook", *argv))
        self.assertIn("webhook set", self.ok("webhook", "list").out)


class Document(Case):
    def _fill(self):
        self.ok("user", "create", "alice")
        self.ok("user", "create", "bob", "--display-name", "Bob: the 2nd")
        self.ok("user", "create", "carol")
        self.ok("user", "role", "alice", "owner")
        self.ok("settings", "set", "approve-devices=on")
        self.ok("relay", "create", "--code", "fra", "--hostname",
                "relay.example.com")
        policy = self.place.write("p", '// Ours.\n{"acls": [{"action": '
                                  '"accept", "src": ["alice@"], "dst": '
                                  '["*:*"]}]}\n')
        self.ok("policy", "set", policy, "--force")

    def test_what_is_exported_applies_and_exports_the_same(self):
        self._fill()
        before = self.ok("export").out
        file = self.place.write("t.yaml", before)
        self.assertEqual(self.ok("plan", file).out, "nothing would change\n")
        for argv in (["user", "delete", "bob", "--force", "--yes"],
                     ["user", "role", "carol", "auditor"],
                     ["relay", "delete", "fra", "--yes"],
                     ["settings", "set", "approve-devices=off"],
                     ["policy", "rollback", "0", "--yes", "--force"]):
            self.ok(*argv)
        plan = self.ok("plan", file).out
        for line in ("+ user bob", "~ user carol: ", "+ relay ",
                     "~ settings"):
            self.assertIn(line, plan)
        self.assertIn("--yes", self.refused(_USAGE, "apply", file))
        applied = self.ok("apply", file, "--yes", "--force")
        self.assertEqual(applied.out, plan)
        self.assertEqual(self.ok("export").out, before)
        self.assertEqual(self.ok("apply", file).out, "nothing to change\n")

    def test_an_error_has_a_place_and_nothing_is_done(self):
        self._fill()
        before = self.ok("export").out
        bad = before + "colour: red\n"
        error = self.refused(_FAILED, "apply", "-", "--yes", stdin=bad)
        self.assertRegex(error, r"line \d+, column \d+: .*colour")
        half = before.replace("approve_devices: true",
                              "approve_devices: false") + (
            "webhooks:\n- name: chat\n  url: http://x.example/\n")
        self.refused(_FAILED, "apply", "-", "--yes", stdin=half)
        self.assertEqual(self.ok("export").out, before)
        self.assertIn("cannot read", self.refused(_FAILED, "plan", "/no/such"))

    def test_prune_removes_what_is_not_named(self):
        self._fill()
        keep = "format: 1\nusers:\n- login: alice\n  role: owner\n"
        self.assertEqual(self.ok("plan", "-", stdin=keep).out,
                         "nothing would change\n")
        pruned = self.ok("plan", "-", "--prune", "--json", stdin=keep).json()
        self.assertIn({"verb": "delete", "kind": "user", "name": "bob"},
                      [{key: change[key] for key in ("verb", "kind", "name")}
                       for change in pruned["changes"]])


class Upkeep(Case):
    def test_an_owner_link_is_the_file_s_until_another_is_made(self):
        with open(f"{self.place.state}/owner-link", encoding="ascii") as file:
            first = file.read().strip()
        self.assertNotIn(first, self.place.log())
        self.assertIn(f"{self.place.state}/owner-link", self.place.log())
        self.assertEqual(self._status(first), 200)
        link = self.ok("server", "owner-link", "--json").json()["url"]
        self.assertTrue(link.startswith(self.place.url + "/invite/"))
        self.assertEqual(self._status(link), 200)
        self.assertNotEqual(self._status(first), 200)
        self.ok("user", "create", "alice")
        self.ok("user", "role", "alice", "owner")
        self.assertIn("has an owner", self.refused(_FAILED, "server",
                                                   "owner-link"))

    @staticmethod
    def _status(url):
        done = subprocess.run(["curl", "-s", "-o", "/dev/null", "-w",
                               "%{http_code}", url], capture_output=True,
                              text=True, check=False)
        return int(done.stdout)

    def _local(self, *argv):
        return self.place.run("warren-admin", "server", *argv, "--state-dir",
                              self.place.state)

    def test_a_backup_is_restored(self):
        self.ok("user", "create", "alice")
        backup = f"{self.place.folder}/backup.db"
        made = self.ok("server", "backup", backup, "--json").json()
        self.assertEqual(made["path"], backup)
        self.assertEqual(made["size_bytes"], os.path.getsize(backup))
        self.assertIn("already", self.refused(_FAILED, "server", "backup",
                                            backup))
        self.ok("user", "create", "bob")
        # Not while it runs.
        busy = self._local("restore", "--from", backup)
        self.assertEqual(busy.code, 1, str(busy))
        self.place.stop()
        done = self._local("restore", "--from", backup, "--json")
        self.assertEqual(done.code, 0, str(done))
        self.assertTrue(os.path.exists(done.json()["kept"]), str(done))
        self.place.start()
        users = self.ok("user", "list", "--json").json()
        self.assertIn("alice", json.dumps(users))
        self.assertNotIn("bob", json.dumps(users))

    def test_the_doctor_tells_good_from_bad_by_its_exit_code(self):
        good = self._local("doctor", "--json")
        self.assertEqual(good.code, 0, str(good))
        self.assertTrue(good.json()["ok"])
        self.assertEqual(self._local("doctor").code, 0)
        self.place.stop()
        with open(f"{self.place.state}/control.db", "r+b") as file:
            file.write(b"no database any more")
        bad = self._local("doctor", "--json")
        self.assertEqual(bad.code, 1, str(bad))
        self.assertFalse(bad.json()["ok"])
        self.assertTrue(any(finding["grade"] == "bad" and finding["todo"]
                            for finding in bad.json()["findings"]), str(bad))

    def test_upgrade_only_looks(self):
        done = self._local("upgrade", "--check", "--json")
        self.assertEqual(done.code, 0, str(done))
        self.assertEqual(done.json()["steps"], [])
        self.assertEqual(done.json()["from"], done.json()["to"])
        self.assertIn("as it is", self._local("upgrade", "--check").out)
        self.assertEqual(self._local("upgrade").code, 2)


if __name__ == "__main__":
    if len(sys.argv) > 1 and os.path.isdir(sys.argv[1]):
        _BIN = sys.argv.pop(1)
    unittest.main()
