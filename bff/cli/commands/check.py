"""`bff check`: report every mistake that can be found without a running upstream."""

from __future__ import annotations

from pathlib import Path

from bff.app import load_project
from bff.cli.console import Config, console, print_error, print_warning
from bff.config import list_notes


def check(*, config: Config = Path("bff.yaml")) -> int:
    """Check the configuration, the schemas and files that it names, and find N+1 calls. Start nothing.

    Notes do not count as errors.
    """
    project = load_project(config)
    missing, n_plus_one = project.missing_files(), project.n_plus_one()
    for warning in project.settings.warnings:
        print_warning(str(warning))
    for line in (*project.default_limits(), *list_notes(project.settings)):
        print_warning(line, label="note")
    for line in missing:
        print_error(line)
    for line in n_plus_one:
        print_warning(line, label="N+1")
    if errors := len(missing) + len(n_plus_one):
        console.print("1 error" if errors == 1 else f"{errors} errors")
        return 1
    upstreams, frontends = (", ".join(each) for each in (project.settings.upstreams, project.frontends))
    console.print(f"{config}: OK; upstreams {upstreams or 'none'}; frontends {frontends}", soft_wrap=True)
    return 0
