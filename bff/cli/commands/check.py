"""`bff check`: report every mistake that can be found without a running upstream."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from bff.app import load_project
from bff.authoring import SchemaError
from bff.checks import Finding, check_project, read_findings
from bff.checks.notes import list_project_notes
from bff.cli.console import Config, console
from bff.cli.report import Format, count_findings, write_findings
from bff.config import ConfigError


def check(
    *,
    config: Config = Path("bff.yaml"),
    format: Annotated[Format, Parameter(help="How findings are written; all but text go to standard output.")] = "text",  # noqa: A002 - the name of the option
    online: Annotated[
        bool,
        Parameter(help="Also request the descriptions that upstreams give: reflection, introspection, WSDLs by URL."),
    ] = False,
    require_env: Annotated[
        bool, Parameter(help="Report environment variables that are not set as errors, instead of one note.")
    ] = False,
) -> int:
    """Check the configuration, the schemas, the files they name, and calls against descriptions of upstreams.

    Exit code 0 without errors and warnings, 1 with any. Notes do not count. Nothing is started.
    """
    summary = ""
    try:
        project = load_project(config, has_placeholders=not require_env)
        findings = [
            *asyncio.run(check_project(project.settings, project.schemas, config, online=online)),
            *list_project_notes(project.settings, config),
        ]
        upstreams, frontends = (", ".join(each) for each in (project.settings.upstreams, project.frontends))
        summary = f"{config}: OK; upstreams {upstreams or 'none'}; frontends {frontends}"
    except (ConfigError, SchemaError) as error:
        findings = read_findings(error, config)
    return _report(findings, format, summary)


def _report(findings: list[Finding], form: Format, summary: str) -> int:
    write_findings(findings, form)
    counts = count_findings(findings)
    if form == "text":
        console.print(counts or summary, soft_wrap=True)
    return 1 if counts else 0
