"""Where an upstream's types come from: proto files or a descriptor set. Blocking: connectors run it in a thread."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from graphlib import CycleError, TopologicalSorter
from importlib import import_module
from pathlib import Path

from google.protobuf import descriptor_pool
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet
from google.protobuf.message import DecodeError

from connectors.errors import DefinitionError

_COMPILE_SECONDS = 60
_BUNDLED = (
    "any",
    "api",
    "duration",
    "empty",
    "field_mask",
    "source_context",
    "struct",
    "timestamp",
    "type",
    "wrappers",
)


def compile_protos(name: str, protos: Iterable[Path], proto_path: Iterable[Path]) -> list[FileDescriptorProto]:
    """Compile the files and all that they import with protoc.

    Raises DefinitionError with protoc's own `file:line:column: reason` lines.
    """
    protos, folders = list(protos), [*proto_path]
    for path in [*protos, *folders]:
        if not path.exists():
            raise DefinitionError(f"upstreams.{name}: {path} does not exist")
    folders += [proto.parent for proto in protos if not any(proto.is_relative_to(folder) for folder in folders)]
    command = [
        *(sys.executable, "-m", "grpc_tools.protoc", "--include_imports", "--descriptor_set_out=/dev/stdout"),
        *(f"--proto_path={folder}" for folder in dict.fromkeys(folders)),
        *map(str, protos),
    ]
    try:
        # In a process of its own: inside ours, protoc would print to our stderr and could crash us.
        done = subprocess.run(command, capture_output=True, timeout=_COMPILE_SECONDS, check=False)  # noqa: S603
    except subprocess.TimeoutExpired as error:
        raise DefinitionError(f"upstreams.{name}.protos: protoc took longer than {_COMPILE_SECONDS} s") from error
    if done.returncode != 0:
        complaints = done.stderr.decode(errors="replace").strip()
        raise DefinitionError(f"upstreams.{name}.protos: protoc found mistakes\n{complaints}")
    return list(FileDescriptorSet.FromString(done.stdout).file)


def read_descriptor_set(name: str, path: Path) -> list[FileDescriptorProto]:
    """Read the files of a compiled descriptor set. Raises DefinitionError for a file that is missing or is none."""
    try:
        files = FileDescriptorSet.FromString(path.read_bytes()).file
    except OSError as error:
        raise DefinitionError(f"upstreams.{name}.descriptor_set: {path}: {error.strerror}") from error
    except DecodeError as error:
        raise DefinitionError(
            f"upstreams.{name}.descriptor_set: {path} is not a descriptor set; "
            "make one with protoc --include_imports --descriptor_set_out=FILE"
        ) from error
    return list(files)


def load_bundled_file(name: str) -> FileDescriptorProto | None:
    """Load a file that comes with protobuf, such as `google/protobuf/timestamp.proto`; None for any other."""
    folder, _, stem = name.removesuffix(".proto").rpartition("/")
    if folder != "google/protobuf" or stem not in (*_BUNDLED, "descriptor"):
        return None
    import_module(f"google.protobuf.{stem}_pb2")  # registers the file with the default pool
    return FileDescriptorProto.FromString(descriptor_pool.Default().FindFileByName(name).serialized_pb)


def build_pool(name: str, files: Iterable[FileDescriptorProto]) -> descriptor_pool.DescriptorPool:
    """Build a pool of these files, each added after its imports; upstreams share no pool.

    An imported file that is missing counts as empty: often it holds only options, which are not used here.
    Raises DefinitionError when one of its types is used after all.
    """
    known = {file.name: file for file in files}
    imports, missing = _collect_imports(known)
    pool = descriptor_pool.DescriptorPool()
    try:
        for file_name in TopologicalSorter(imports).static_order():
            pool.AddSerializedFile(known[file_name].SerializeToString())
    except (TypeError, CycleError) as error:
        lacking = f"; missing are {', '.join(sorted(missing))}" if missing else ""
        raise DefinitionError(f"upstreams.{name}: the descriptors are not usable: {error}{lacking}") from error
    return pool


def _collect_imports(known: dict[str, FileDescriptorProto]) -> tuple[dict[str, list[str]], set[str]]:
    """Collect the imports of every file, and the missing files; bundled and empty files are added to `known`."""
    imports: dict[str, list[str]] = {}
    missing: set[str] = set()
    waiting = list(known)
    while waiting:
        name = waiting.pop()
        if name in imports:
            continue
        file = known.get(name) or load_bundled_file(name)
        if file is None:
            missing.add(name)
            file = FileDescriptorProto(name=name)
        known[name] = file
        imports[name] = list(file.dependency)
        waiting += file.dependency
    return imports, missing
