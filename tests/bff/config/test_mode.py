"""`mode: development | production`: defaults, and options that win over them."""

from __future__ import annotations

from pathlib import Path

import pytest

from bff.config import load
from bff.config.mode import PRODUCTION_DELAY
from tests.bff.config.conftest import Load, Problems

SMALL = "frontends: {web: {schema: s}}\n"
PUBLIC = SMALL + "server: {host: 0.0.0.0}\n"


@pytest.mark.parametrize(("host", "mode"), [
    ("127.0.0.1", "development"), ("localhost", "development"), ("::1", "development"),
    ("0.0.0.0", "production"), ("::", "production"), ("192.0.2.1", "production"), ("gateway", "production"),
])  # fmt: skip
def test_the_address_chooses_the_default(load_text: Load, host: str, mode: str) -> None:
    """What listens on loopback alone is out of the reach of strangers."""
    assert load_text(SMALL + f"server: {{host: '{host}'}}").mode == mode


def test_production_says_what_it_switched_off(load_text: Load) -> None:
    """Nothing that helps a stranger is on, and nothing is off in silence."""
    settings = load_text(PUBLIC)
    server, web = settings.server, settings.frontends["web"]
    assert settings.mode == "production"
    assert not any((server.graphiql, server.metrics, server.ready_details, server.frontend_names))
    assert not any((server.server_timing_names, web.introspection, web.explains))
    for word in ("GraphiQL", "/metrics", "introspection", "suggestions", "/ready", "names of frontends"):
        assert word in ", ".join(settings.switched_off)


def test_development_has_everything(load_text: Load) -> None:
    """As before there were modes."""
    settings = load_text("mode: development\n" + SMALL)
    server, web = settings.server, settings.frontends["web"]
    assert all((server.graphiql, server.metrics, server.ready_details, server.frontend_names))
    assert all((server.server_timing_names, web.introspection, web.explains))
    assert settings.switched_off == ()


def test_an_option_that_is_set_wins(load_text: Load) -> None:
    """In both directions, and only that one."""
    settings = load_text(
        "mode: production\nserver: {graphiql: true}\n"
        "frontends: {web: {schema: s, introspection: true}, app: {schema: t, suggestions: true}}"
    )
    assert (settings.server.graphiql, settings.server.metrics) == (True, False)
    web, app = settings.frontends["web"], settings.frontends["app"]
    assert (web.introspection, web.explains) == (True, False)
    assert (app.introspection, app.explains) == (False, True)
    assert settings.switched_off == ()  # nothing to be surprised about: the file names its mode
    settings = load_text("mode: development\nserver: {graphiql: false}\n" + SMALL)
    assert (settings.server.graphiql, settings.server.metrics) == (False, True)


def test_a_command_may_choose_the_default(tmp_path: Path) -> None:
    """`bff demo` and `--reload` do; the file wins."""
    file = tmp_path / "bff.yaml"
    for text, mode in ((SMALL, "development"), ("mode: production\n" + SMALL, "production")):
        file.write_text(text)
        assert load(file, {}, "development").mode == mode


@pytest.mark.parametrize("mode", ["prod", "Production", "true"])
def test_another_mode_is_a_mistake(problems_of: Problems, mode: str) -> None:
    """Named with its place."""
    (problem,) = problems_of(f"mode: {mode}\n{SMALL}")
    assert problem.startswith("bff.yaml:1:1 mode: expected ")


def test_production_waits_for_load_balancers(tmp_path: Path) -> None:
    """A value that is set stays."""
    file = tmp_path / "bff.yaml"
    for text, delay in (
        ("mode: production", PRODUCTION_DELAY),
        ("mode: production\nserver: {shutdown_delay: 1s}", 1.0),
        ("mode: development", 0.0),
    ):
        file.write_text("frontends: {web: {schema: s}}\n" + text)
        assert load(file, {}).server.shutdown_delay == delay
