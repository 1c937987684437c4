"""The table of transports: what a process has, and what its order decides."""

from __future__ import annotations

import importlib
import inspect
import pkgutil

import bff.http.transports
from bff.http.options import Options, Timeouts
from bff.http.transports.table import make_transports
from bff.http.transports.transport import Transport


def test_every_transport_stands_in_it() -> None:
    """One that is written and not entered would never be asked."""
    modules = [
        importlib.import_module(f"bff.http.transports.{each.name}")
        for each in pkgutil.iter_modules(bff.http.transports.__path__)
    ]
    classes = {each for module in modules for _, each in inspect.getmembers(module, inspect.isclass)}
    concrete = {each for each in classes if issubclass(each, Transport) and not inspect.isabstract(each)}
    assert {type(each) for each in make_transports(Options(), Timeouts())} == concrete


def test_only_one_shows_the_page() -> None:
    """A browser navigates with GET, and may look first with HEAD."""
    pages = [type(each).__name__ for each in make_transports(Options(), Timeouts()) if each.shows_page]
    assert pages == ["GetTransport", "HeadTransport"]
