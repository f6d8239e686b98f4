#!/usr/bin/env python3
"""Prints `N passed, N failed` for one `bazel test`, from its event file."""

import json
import sys


def main() -> None:
    tests: set[str] = set()
    passed: set[str] = set()
    with open(sys.argv[1], encoding="utf-8") as events:
        for line in events:
            event = json.loads(line)
            event_id = event["id"]
            if "testSize" in event.get("configured", {}):
                tests.add(event_id["targetConfigured"]["label"])
            if "testSummary" in event:
                label = event_id["testSummary"]["label"]
                tests.add(label)
                if event["testSummary"]["overallStatus"] in ("PASSED", "FLAKY"):
                    passed.add(label)
    # A test that was never built or run counts as failed.
    print(f"{len(passed)} passed, {len(tests - passed)} failed")


main()
