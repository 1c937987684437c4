"""Import the schemas of a project from the folder of its bff.yaml, and tell their authors' mistakes with a place."""

from __future__ import annotations

import sys
import traceback
from importlib import import_module
from importlib.machinery import ModuleSpec
from importlib.util import module_from_spec
from pathlib import Path
from types import ModuleType

from bff.authoring import SchemaError


def import_from(folder: Path, name: str) -> ModuleType:
    """A module of the project. Raises SchemaError, with file and line, whatever goes wrong in it."""
    _look_first_in(folder, name.partition(".")[0])
    try:
        return import_module(name)
    except SchemaError:
        raise
    except ModuleNotFoundError as error:
        if error.name and (name == error.name or name.startswith(error.name + ".")):
            file = name.replace(".", "/")
            raise SchemaError(
                [f"there is no module {name}; make {file}/__init__.py or {file}.py beside bff.yaml"]
            ) from error
        raise SchemaError([_describe_error(error, folder, name)]) from error
    except Exception as error:  # importing a schema runs any code of its author
        raise SchemaError([_describe_error(error, folder, name)]) from error


def _look_first_in(folder: Path, top: str) -> None:
    """Let this project's package win over installed ones of its name, also when it has no __init__.py."""
    path = str(folder)
    if sys.path[:1] != [path]:
        sys.path[:] = [path, *(each for each in sys.path if each != path)]
    package = folder / top
    if top not in sys.modules and package.is_dir() and not (package / "__init__.py").exists():
        spec = ModuleSpec(top, None, is_package=True)
        spec.submodule_search_locations = [str(package)]
        sys.modules[top] = module_from_spec(spec)


def _describe_error(error: Exception, folder: Path, name: str) -> str:
    """The mistake with the last line of the project that led to it."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{_shorten_path(error.filename, folder)}:{error.lineno}: {type(error).__name__}: {error.msg}"
    frames = [each for each in traceback.extract_tb(error.__traceback__) if Path(each.filename).is_relative_to(folder)]
    place = f"{_shorten_path(frames[-1].filename, folder)}:{frames[-1].lineno}" if frames else f"cannot load {name}"
    return f"{place}: {type(error).__name__}: {error}"


def _shorten_path(file: str, folder: Path) -> str:
    path = Path(file)
    return str(path.relative_to(folder)) if path.is_relative_to(folder) else file
