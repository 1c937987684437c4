"""Build GraphiQL's assets from npm: `python -m bff.http.graphiql.build`. Run by `make graphiql` and the image."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from bff.http.graphiql.assets import ASSETS

_HERE = Path(__file__).parent
_SECONDS = 300
_ENTRIES = ("main", "editor.worker", "json.worker", "graphql.worker")
_INSTALL = ("install", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error")
_OPTIONS = (
    "--bundle",
    "--minify",
    "--format=iife",
    "--legal-comments=linked",
    "--log-level=warning",
    '--define:process.env.NODE_ENV="production"',
    *(f"--loader:.{ending}=dataurl" for ending in ("ttf", "woff", "woff2", "svg")),
)


def build(built: Path = ASSETS, *, quiet: bool = False) -> bool:
    """Build the assets unless they are newer than their sources. Returns whether they exist.

    They are optional: without node or an npm registry, the page loads GraphiQL from a public CDN.
    """
    if _is_fresh(built):
        return True
    npm = shutil.which("npm")
    if npm is None:
        if not quiet:
            _report("node and npm are not here: GraphiQL's page will load it from a public CDN")
        return False
    _report("building GraphiQL from npm ...")
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        shutil.copy(_HERE / "package.json", work)
        shutil.copytree(_HERE / "src", work / "src")
        problem = _run_command(
            work, [npm, "install", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"]
        )
        problem = problem or _run_command(work, _bundle_command(work))
        if problem:
            _report(f"GraphiQL could not be built; its page will load it from a public CDN:\n{problem}")
            return False
        _replace_assets(built, work / "out")
    return True


def _is_fresh(built: Path) -> bool:
    bundle = built / "main.js"
    sources = [_HERE / "package.json", *(_HERE / "src").glob("*")]
    return bundle.exists() and bundle.stat().st_mtime > max(path.stat().st_mtime for path in sources)


def _bundle_command(work: Path) -> list[str]:
    esbuild = str(work / "node_modules" / ".bin" / "esbuild")
    return [esbuild, *(f"src/{name}.js" for name in _ENTRIES), *_OPTIONS, "--outdir=out"]


def _run_command(work: Path, command: list[str]) -> str:
    """Run a command; returns the end of its error output, empty if it succeeded."""
    try:
        done = subprocess.run(command, cwd=work, capture_output=True, text=True, timeout=_SECONDS, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return (done.stderr[-2000:] or f"{command[0]} ended with {done.returncode}") if done.returncode else ""


def _replace_assets(built: Path, new: Path) -> None:
    """Replace the folder in one step: a page never loads a mixture of old and new files."""
    fresh = built.with_name(f"{built.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.copytree(new, fresh)
    shutil.rmtree(built, ignore_errors=True)
    fresh.rename(built)


def _report(text: str) -> None:
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    build(quiet="--quiet" in sys.argv)
