"""Says behind a run which tests took more of the processors than one should, and how many thorough ones it left out."""

import os
from collections.abc import Generator, Sequence
from typing import Any

import pytest

BUDGET = 5.0
"""Seconds of CPU, of the test and of what it started and waited for; what is marked as thorough may take more."""
NAME = "cpu"
LEFT_OUT = pytest.StashKey[int]()
NOTE = "left_out"


def seconds_of_cpu() -> float:
    """What this process took, with those that it started and that have ended."""
    user, system, of_children, system_of_children, _ = os.times()
    return user + system + of_children + system_of_children


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Note what a test takes."""
    before = seconds_of_cpu()
    try:
        return (yield)
    finally:
        item.user_properties.append((NAME, seconds_of_cpu() - before))


def pytest_deselected(items: Sequence[pytest.Item]) -> None:
    """Count the thorough tests that are left out; where a run has several processes, each of them finds the same."""
    config = items[0].config
    config.stash[LEFT_OUT] = sum("thorough" in each.keywords for each in items)
    if hasattr(config, "workeroutput"):
        config.workeroutput[NOTE] = config.stash[LEFT_OUT]


def pytest_testnodedown(node: Any) -> None:
    """Take over what a process of the run has counted, unless it was killed."""
    node.config.stash[LEFT_OUT] = getattr(node, "workeroutput", {}).get(NOTE, 0)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Name the tests that took more, and say how those that were left out are run."""
    reports = [each for outcome in ("passed", "failed") for each in terminalreporter.getreports(outcome)]
    for taken, name in sorted(over_budget(reports), reverse=True):
        terminalreporter.write_line(f"{name} took {taken:.0f} s of CPU: {BUDGET:.0f} are there for a test")
    left_out = config.stash.get(LEFT_OUT, 0)
    if left_out and config.option.markexpr:
        terminalreporter.write_line(f"{left_out:,} thorough tests were left out: `make test-all` runs them, too")


def over_budget(reports: list[pytest.TestReport]) -> list[tuple[float, str]]:
    """What took more than there is for a test, with its name."""
    return [
        (taken, each.nodeid)
        for each in reports
        for name, taken in each.user_properties
        if name == NAME and isinstance(taken, float) and taken > BUDGET and "thorough" not in each.keywords
    ]
