#!/usr/bin/python3
"""The checks must fail on what they forbid: each gets a bad sample."""

import contextlib
import os
import tempfile
import unittest
from collections.abc import Iterator

import layers_test
import size_test


@contextlib.contextmanager
def tree(files: dict[str, str]) -> Iterator[str]:
    """The root of a temporary source tree of the files given."""
    with tempfile.TemporaryDirectory() as root:
        for path, text in ({size_test.EXCEPTIONS: ""} | files).items():
            full = os.path.join(root, path)
            os.makedirs(os.path.dirname(full), exist_ok=True)
            with open(full, "w", encoding="utf-8") as file:
                file.write(text)
        yield root


class Layers(unittest.TestCase):
    def refused(self, path: str, text: str) -> bool:
        with tree({path: text}) as root:
            return bool(layers_test.violations(root))

    def test_includes(self):
        for path, target, refused in [
            ("core/base/a.h", "core/net/ip.h", True),  # upward
            ("core/net/a.h", "core/crypto/b.h", True),  # among equals
            ("core/path/a.cc", "core/wg/b.h", True),
            ("core/noise/a.cc", "core/wg/b.h", True),  # against the arrow
            ("core/wg/a.cc", "core/sim/world.h", True),  # a test's in the core
            ("core/wg/a.cc", "io/tls.h", True),
            ("client/daemon/a.cc", "client/cli/b.h", True),
            ("client/io/a.cc", "control/store/b.h", True),
            ("io/a.cc", "relay/io/b.h", True),
            ("core/wg/a.cc", "core/noise/b.h", False),
            ("core/wg/a.cc", "core/base/b.h", False),
            ("core/wg/a_test.cc", "core/testing/b.h", False),
            ("control/api/a.cc", "control/store/b.h", False),
            ("client/io/a.cc", "core/engine/engine.h", False),
        ]:
            with self.subTest(path=path, target=target):
                text = f'#include "{target}"\n'
                self.assertEqual(self.refused(path, text), refused)

    def test_forbidden_words(self):
        for text in [
            "#include <grpcpp/grpcpp.h>",
            '#include "warren/v1/admin.pb.h"',
            "#include <sqlite3.h>",
            "#include <sys/socket.h>",
            "#include <thread>",
            "#include <mutex>",
            "#include <chrono>",
            "absl::Mutex mutex;",
            "auto now = absl::Now();",
            "std::random_device entropy;",
            'auto path = std::getenv("PATH");',
        ]:
            with self.subTest(text=text):
                self.assertTrue(self.refused("core/wg/a.cc", text))
                self.assertFalse(self.refused("client/io/a.cc", text))
                self.assertFalse(self.refused("core/wg/a.cc", "// " + text))

    def test_unknown_core_package(self):
        self.assertTrue(self.refused("core/helper/a.h", ""))

    def test_dependencies(self):
        self.assertTrue(
            layers_test.dependency_violations(["@grpc//:grpc++_unsecure"])
        )
        self.assertFalse(
            layers_test.dependency_violations(["@absl//:absl", "//core/wg:peer"])
        )


class Sizes(unittest.TestCase):
    def found(self, path: str, text: str, exceptions: str = "") -> list[str]:
        with tree({path: text, size_test.EXCEPTIONS: exceptions}) as root:
            return size_test.violations(root)

    def test_files(self):
        self.assertTrue(self.found("io/a.cc", "\n" * 501))
        self.assertTrue(self.found("io/a.h", "\n" * 201))
        self.assertFalse(self.found("io/a.cc", "\n" * 500))
        self.assertFalse(self.found("io/a.cc", "\n" * 501, "io/a.cc A table."))

    def test_functions(self):
        def function(lines: int) -> str:
            body = "  if (x) {\n  }\n" * (lines // 2 - 1)
            return "namespace w {\nint A::F(int x) const {\n" + body + "}\n}\n"

        self.assertEqual(
            self.found("io/a.cc", function(72)),
            ["io/a.cc#A::F: 72 lines, at most 70"],
        )
        self.assertFalse(self.found("io/a.cc", function(70)))
        self.assertFalse(
            self.found("io/a.cc", function(72), "io/a.cc#A::F A switch.")
        )

    def test_tables_are_no_functions(self):
        table = "const std::vector<Case> kCases = {\n" + "{F(1)},\n" * 100 + "};\n"
        self.assertFalse(self.found("io/a.cc", table))


if __name__ == "__main__":
    unittest.main()
