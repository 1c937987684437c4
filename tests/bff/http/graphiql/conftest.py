"""GraphiQL with assets and without."""

from pathlib import Path

import pytest

from bff.http.graphiql import page


@pytest.fixture(params=["built", "missing"])
def assets(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with assets or without, instead of what was built here."""
    if request.param == "built":
        for name, text in (("main.js", "hello()"), ("main.css", "a {}"), ("secret.key", "x")):
            (tmp_path / name).write_text(text)
        (tmp_path / "deep").mkdir()
        (tmp_path / "deep" / "inner.js").write_text("x")
    monkeypatch.setattr(page.Pages.__init__, "__defaults__", (tmp_path,))
    return tmp_path
