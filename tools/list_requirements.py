"""Print the requirements of pyproject.toml, with those of the extras that are named: `list_requirements.py demo redis`.

The image installs them before the code is copied, so that a changed line of code does not install them again.
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

project = tomllib.loads(Path("pyproject.toml").read_text())["project"]
lines = [*project["dependencies"], *(line for name in sys.argv[1:] for line in project["optional-dependencies"][name])]
sys.stdout.write("\n".join(lines) + "\n")
