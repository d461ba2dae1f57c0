"""Says behind a run which tests took more of the processors than one should, so that the suite stays as quick as it is."""

import os
from collections.abc import Generator

import pytest

BUDGET = 10.0
"""Seconds of CPU, of the test and of what it started and waited for; what is marked as long may take more."""
NAME = "cpu"


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


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name the tests that took more."""
    reports = [each for outcome in ("passed", "failed") for each in terminalreporter.getreports(outcome)]
    for taken, name in sorted(over_budget(reports), reverse=True):
        terminalreporter.write_line(f"{name} took {taken:.0f} s of CPU: {BUDGET:.0f} are there for a test")


def over_budget(reports: list[pytest.TestReport]) -> list[tuple[float, str]]:
    """What took more than there is for a test, with its name."""
    return [
        (taken, each.nodeid)
        for each in reports
        for name, taken in each.user_properties
        if name == NAME and isinstance(taken, float) and taken > BUDGET and "long" not in each.keywords
    ]
