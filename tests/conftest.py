"""For every test: `soak_only` tests are left to `make soak`, fresh seeds are printed, a seed that failed is kept."""

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


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave what is only for `make soak` out of every other run; there it counts as `soak`."""
    long = [each for each in items if each.get_closest_marker("soak_only")]
    if seeds.IS_SOAK:
        for each in long:
            each.add_marker("soak")
    elif long:
        config.hook.pytest_deselected(items=long)
        items[:] = [each for each in items if not each.get_closest_marker("soak_only")]


def pytest_runtest_setup(item: pytest.Item) -> None:
    seeds.forget()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [each for kind in ("passed", "failed") for each in terminalreporter.getreports(kind)]
    found = {each.nodeid: dict(each.user_properties)[FRESH] for each in reports if FRESH in dict(each.user_properties)}
    if found:
        terminalreporter.section(FRESH)
        for test, told in sorted(found.items()):
            terminalreporter.line(f"{told}: {test}")
