"""What can be known to be wrong before anything runs: `bff check` prints it, and `bff serve` refuses its errors."""

from bff.checks.findings import Finding, Severity, read_findings
from bff.checks.project import check_project

__all__ = ["Finding", "Severity", "check_project", "read_findings"]
