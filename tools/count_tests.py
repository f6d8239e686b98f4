#!/usr/bin/python3
"""Prints `N passed, N failed` for one `bazel test`.

usage: count_tests.py EVENT_FILE EXIT_STATUS_OF_BAZEL
"""

import json
import sys

_KINDS = ("targetConfigured", "targetCompleted", "testSummary")


def main() -> None:
    wanted: set[str] = set()
    passed: set[str] = set()
    with open(sys.argv[1], encoding="utf-8") as events:
        for event in map(json.loads, events):
            kind = next((k for k in _KINDS if k in event["id"]), None)
            if not kind:
                continue
            label = event["id"][kind]["label"]
            is_test = kind == "testSummary" or "testSize" in event.get("configured", {})
            is_broken = "aborted" in event or (
                kind == "targetCompleted"
                and not event.get("completed", {}).get("success")
            )
            if is_test or is_broken:
                wanted.add(label)
            status = event.get("testSummary", {}).get("overallStatus")
            if status in ("PASSED", "FLAKY"):
                passed.add(label)
    # A test that never ran and a target that does not build count as failed, and
    # so does whatever else made Bazel fail.
    failed = len(wanted - passed)
    if sys.argv[2] != "0":
        failed = max(failed, 1)
    print(f"{len(passed)} passed, {failed} failed")


main()
