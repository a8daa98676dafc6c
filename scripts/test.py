"""Run the tests on each database and say what ran: ``scripts/test.py [--database NAME]… [pytest arguments]``."""

import argparse
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree as ET

DATABASES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


@dataclass
class Outcome:
    """What one run came to; reasons are those of skipped tests, with how often."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    reasons: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


def run(database: str, arguments: list[str]) -> Outcome:
    """Run pytest on one database; a run that breaks off or runs nothing counts as a failure."""
    print(f"=== {DATABASES[database]}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.xml")
        options = [f"--database={database}", f"--numprocesses={workers()}", f"--junitxml={report}"]
        command = [sys.executable, "-m", "pytest", *options, *arguments]
        status = subprocess.run(command, check=False).returncode  # noqa: S603 - the caller's own arguments
        outcome = read(report) if report.exists() else Outcome()
    broken = status != 0 or outcome.passed == 0
    if broken and outcome.failed == 0:
        print(f"No test failed, yet the run did: pytest ended with {status}, {outcome.passed} tests passed.")
        outcome.failed = 1
    return outcome


def workers() -> int:
    """One process a core, two at least: tests wait for their database as much as they compute."""
    return max(2, os.cpu_count() or 1)


def read(report: Path) -> Outcome:
    """Count tests, not phases: a test that fails and then cannot clean up is one failure."""
    results: dict[tuple[str | None, str | None], ET.Element | None] = {}
    for case in ET.parse(report).iter("testcase"):  # noqa: S314 - pytest wrote it a moment ago
        name = case.get("classname"), case.get("name")
        results[name] = worst([results.get(name), *case])
    outcome = Outcome()
    for result in results.values():
        if result is None:
            outcome.passed += 1
        elif result.tag == "skipped":
            outcome.skipped += 1
            outcome.reasons[result.get("message") or "no reason given"] += 1
        else:
            outcome.failed += 1
    return outcome


def worst(results: Iterable[ET.Element | None]) -> ET.Element | None:
    """Return a failure before a skip, and None for a test that passed."""
    found = {result.tag: result for result in results if result is not None}
    return found.get("failure", found.get("error", found.get("skipped")))


def main() -> int:
    """Print pytest's own output, then a summary whose last line is the total."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--database", action="append", choices=DATABASES, help="only on this database; may be repeated")
    options, arguments = parser.parse_known_args()
    outcomes = {name: run(name, arguments) for name in options.database or DATABASES}

    print()
    for name, outcome in outcomes.items():
        print(f"{DATABASES[name]}: {outcome}")
        for reason, count in sorted(outcome.reasons.items()):
            print(f"  skipped {count}: {reason}")
    total = [sum(counts) for counts in zip(*((o.passed, o.failed, o.skipped) for o in outcomes.values()), strict=True)]
    print(Outcome(*total))
    return 1 if any(outcome.failed for outcome in outcomes.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
