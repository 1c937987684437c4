"""Print the `dev` dependency group of pyproject.toml, one requirement a word. Older pips cannot read groups."""

import sys
import tomllib
from pathlib import Path

groups = tomllib.loads(Path("pyproject.toml").read_text())["dependency-groups"]
sys.stdout.write(" ".join(requirement.replace(" ", "") for requirement in groups["dev"]))
