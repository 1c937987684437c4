"""Files that bff.yaml names."""

from __future__ import annotations

from pathlib import Path

from bff.checks.files import find_unusable_files
from bff.config import load
from tests.bff.checks.projects import CONFIG, write


def test_missing_files_and_those_that_are_no_certificates(tmp_path: Path) -> None:
    """By upstream; what is there and can be read is not named."""
    text = CONFIG.replace('rest: "http://127.0.0.1:1"', 'rest: "https://h", tls: {cert: c.pem}')
    config = write(tmp_path, {"bff.yaml": text, "c.pem": "no"})
    (tmp_path / "prices.proto").unlink()
    found = dict(find_unusable_files(load(config, {})))
    assert found.keys() == {"catalog", "prices"}
    assert "c.pem cannot be used" in found["catalog"]
    assert "there is no file" in found["prices"]
