#!/usr/bin/python3
"""Holds the layers of ARCHITECTURE.md: who may include whom, and what the core
may not touch. With a second argument, the file of a genquery of the engine's
dependencies, holds those to the same rule."""

import re
import sys

import source_tree

# Each core package and its layer. A package may include lower layers only.
LAYERS = {
    "core/base": 0,
    "core/net": 1,
    "core/crypto": 1,
    "core/stun": 2,
    "core/disco": 2,
    "core/derp": 2,
    "core/dns": 2,
    "core/path": 3,
    "core/netcheck": 3,
    "core/portmap": 3,
    "core/wg": 3,
    "core/filter": 3,
    "core/policy": 3,
    "core/netmap": 3,
    "core/noise": 3,
    "core/engine": 4,
    "core/relay": 4,
    # For tests only: they see all of the core, and only tests see them.
    "core/testing": 5,
    "core/sim": 5,
}

# The exceptions among equals. Each is told in ARCHITECTURE.md.
ARROWS = {
    ("core/wg", "core/noise"),
    ("core/netmap", "core/policy"),
    ("core/netmap", "core/filter"),
    ("core/policy", "core/filter"),
    ("core/sim", "core/testing"),
    ("core/testing", "core/sim"),
}

# The programs, which meet only on the wire, and what they share.
PROGRAMS = {"admin-cli", "client", "control", "relay"}
SHARED = {"io", "proto"}
APART = {("client/daemon", "client/cli"), ("client/cli", "client/daemon")}

# What the core gets from its caller instead, or leaves to them.
FORBIDDEN = re.compile(
    r"""[#]\s*include\s*[<"](?:
          (?:grpc|grpcpp|google/protobuf|sys|netinet|arpa|linux|net)/[^>"]*
        | [^>"]*\.pb\.h | core/crypto/system_rng\.h | sqlite3\.h | libpq-fe\.h | unistd\.h
        | (?:thread|mutex|shared_mutex|condition_variable|future|chrono)
        | absl/(?:synchronization/[^>"]*|time/clock\.h)
        )[>"]
      | absl::(?:Mutex|Now|BitGen|GetCurrentTimeNanos)\b
      | std::(?:random_device|thread|mutex|chrono)\b
      | \b(?:getenv|getrandom|RAND_bytes|randombytes_buf)\b""",
    re.VERBOSE,
)
# The one door to the system's randomness. Programs make a SystemRng and pass it
# down as Rng&; the core itself never makes one.
MAY_USE_FORBIDDEN = {"core/crypto/system_rng.cc"}
FORBIDDEN_DEPENDENCY = re.compile(
    r"^(?:@(?:grpc|protobuf|sqlite3|spdlog|mnl|boost)//"
    r"|//(?:io|proto|client|control|relay|admin-cli)[/:])"
)
_INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.MULTILINE)


def _package(path: str) -> str:
    """The package of ours that `path` is in: two folders deep in the core."""
    parts = path.split("/")
    return "/".join(parts[:2]) if parts[0] in ("core", "client") else parts[0]


def _is_test(path: str) -> bool:
    return path.endswith(("_test.cc", "_fuzz.cc", "_bench.cc"))


def _may_include(path: str, target: str) -> bool:
    source, package = _package(path), _package(target)
    if source == package or (source, package) in ARROWS:
        return True
    if package in LAYERS:
        if LAYERS[package] == 5 and not _is_test(path):
            return False
        if source not in LAYERS:
            return True
        return LAYERS[package] == 5 or LAYERS[package] < LAYERS[source]
    if source in LAYERS:
        return False
    top, target_top = source.split("/")[0], package.split("/")[0]
    if target_top in PROGRAMS:
        if top in PROGRAMS | SHARED and top != target_top:
            return False
        return (source, package) not in APART
    return True


def violations(root: str) -> list[str]:
    found = []
    for path in source_tree.files(root, (".h", ".cc")):
        text = source_tree.without_comments(
            source_tree.read(root, path), keep_strings=True
        )
        package = _package(path)
        if package.startswith("core/") and package not in LAYERS:
            found.append(f"{path}: {package} has no layer in tools/layers_test.py")
            continue
        for target in _INCLUDE.findall(text):
            known = _package(target)
            ours = known in LAYERS or known.split("/")[0] in PROGRAMS | SHARED
            if ours and not _may_include(path, target):
                found.append(f"{path}: may not include {target}")
        if (LAYERS.get(package, 5) == 5 or _is_test(path)
                or path in MAY_USE_FORBIDDEN):
            continue
        for number, line in enumerate(text.split("\n"), 1):
            if match := FORBIDDEN.search(line):
                found.append(f"{path}:{number}: the core may not use "
                             f"`{match.group().strip()}`")
    return found


def dependency_violations(labels: list[str]) -> list[str]:
    return [
        f"//core/engine depends on {label}"
        for label in labels
        if FORBIDDEN_DEPENDENCY.match(label)
    ]


def all_violations(root: str) -> list[str]:
    found = violations(root)
    for path in sys.argv[2:]:
        with open(path, encoding="utf-8") as labels:
            found += dependency_violations(labels.read().split())
    return found


if __name__ == "__main__":
    source_tree.main(all_violations)
