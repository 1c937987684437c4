"""The folders of a project."""

from __future__ import annotations

from pathlib import Path

from bff.config import load


def test_schemas_lie_beside_bff_yaml_or_where_it_says(tmp_path: Path) -> None:
    """The folder is that of the path as it was named, also where bff.yaml is a link."""
    (tmp_path / "real.yaml").write_text("frontends: {web: {schema: web}}\n")
    (tmp_path / "mounted").mkdir()
    link = tmp_path / "mounted" / "bff.yaml"
    link.symlink_to("../real.yaml")
    assert load(link, {}).module_folder == load(link, {}).folder == tmp_path / "mounted"
    (tmp_path / "real.yaml").write_text("schemas: app\nfrontends: {web: {schema: web}}\n")
    assert load(link, {}).module_folder == tmp_path / "mounted" / "app"
