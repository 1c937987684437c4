"""GraphiQL from a public CDN: exact versions with hashes that browsers check."""

from __future__ import annotations

import re

from bff.http.graphiql import cdn

SOURCE = re.compile(
    rf'(?:src|href)="{re.escape(cdn.HOST)}/npm/([\w-]+)@\d+\.\d+\.\d+/\S+" '
    r'integrity="sha384-[\w+/]{64}" crossorigin="anonymous"'
)


def test_each_file_has_a_version_and_a_hash() -> None:
    """Without them whoever controls the CDN controls the page."""
    tags = cdn.render_style() + cdn.render_scripts()
    assert SOURCE.findall(tags) == ["graphiql", "react", "react-dom", "graphiql"]
    assert len(SOURCE.findall(tags)) == tags.count(cdn.HOST)


def test_scripts_run_in_order() -> None:
    """React before what needs it; `defer` keeps the order."""
    assert cdn.render_scripts().count(" defer>") == cdn.render_scripts().count("<script")
