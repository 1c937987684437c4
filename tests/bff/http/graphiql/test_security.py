"""The content security policy of GraphiQL's page."""

from __future__ import annotations

from bff.http.graphiql.security import HEADERS, make_policy


def directives(policy: str) -> dict[str, str]:
    """The sources of each directive."""
    return dict(each.split(" ", 1) for each in policy.split("; "))


def test_nothing_inline_runs_and_nothing_foreign_loads() -> None:
    """Inline styles alone are allowed, because the editor writes them."""
    policy = directives(make_policy())
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert [name for name, sources in policy.items() if "unsafe" in sources] == ["style-src"]


def test_a_host_may_serve_code_and_fonts_and_nothing_else() -> None:
    """Requests go to this gateway alone, whoever serves the editor."""
    plain, policy = directives(make_policy()), directives(make_policy("https://cdn.example"))
    changed = {name for name in policy if policy[name] != plain[name]}
    assert changed == {"script-src", "style-src", "font-src"}
    assert all(policy[name] == f"{plain[name]} https://cdn.example" for name in changed)


def test_no_file_is_sniffed() -> None:
    """A file runs as what its type says."""
    assert HEADERS["x-content-type-options"] == "nosniff"
