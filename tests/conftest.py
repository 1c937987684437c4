"""For every test: fresh seeds are printed at the end, and the seed that failed is kept and told with the failure."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from tests import seeds

FRESH = "fresh seeds"


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name packed bytes by their argument: they may hold the time, and then each worker collects another test."""
    return argname if isinstance(val, bytes) and not all(32 <= each < 127 for each in val) else None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.when == "call" and report.failed and (told := seeds.keep_failed(item.nodeid)):
        report.sections.append(("Failed seed", told))
    if report.when == "call":
        report.user_properties += [(FRESH, each) for each in seeds.fresh_ones]
    return report


def pytest_runtest_setup(item: pytest.Item) -> None:
    seeds.forget()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [each for kind in ("passed", "failed") for each in terminalreporter.getreports(kind)]
    found = {each.nodeid: dict(each.user_properties)[FRESH] for each in reports if FRESH in dict(each.user_properties)}
    if found:
        terminalreporter.section(FRESH)
        for test, told in sorted(found.items()):
            terminalreporter.line(f"{told}: {test}")
