"""Load services of others and compare what the gRPC connector makes of drawn messages with protobuf's json_format.

`python tools/grpc_corpus.py FOLDER [--most 140] [--seed 1]`: FOLDER is the root of imports, such as a checkout of
github.com/googleapis/googleapis. Prints the table of docs/upstreams.md and what differs.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import msgspec  # noqa: E402 - this file runs without being installed
from google.protobuf import json_format  # noqa: E402
from google.protobuf.descriptor import Descriptor, FieldDescriptor, MethodDescriptor  # noqa: E402
from google.protobuf.message_factory import GetMessageClass  # noqa: E402

from connectors.errors import DefinitionError  # noqa: E402
from connectors.forms import Form, Part, Unfit, record_class  # noqa: E402
from connectors.grpc.errors import RequestMismatch  # noqa: E402
from connectors.grpc.operations import RpcOperation  # noqa: E402
from connectors.grpc.schema import Method, Schema  # noqa: E402
from connectors.grpc.schema_descriptors import compile_protos  # noqa: E402
from connectors.messages.templates import Template  # noqa: E402
from tests.connectors.grpc.canonical import find_difference  # noqa: E402
from tests.connectors.grpc.drawing import drawn_message  # noqa: E402

_SERVICE = re.compile(r"^service \w+", re.MULTILINE)
_ROUNDS = 3
_MOST_TOLD = 30
_FLOATS = (FieldDescriptor.TYPE_DOUBLE, FieldDescriptor.TYPE_FLOAT)


@dataclass
class Counts:
    """What was seen."""

    counts: Counter[str] = field(default_factory=Counter)
    told: list[str] = field(default_factory=list)

    def add(self, what: str, detail: str = "") -> None:
        """Count one thing; tell the first of those with a detail."""
        self.counts[what] += 1
        if detail and len(self.told) < _MOST_TOLD:
            self.told.append(f"{what}: {detail[:300]}")


def main() -> None:
    """Run over a folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--most", type=int, default=140)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    counts = Counts()
    for file in _choose_files(given.folder, given.most):
        counts.add("files")
        try:
            schema, descriptors = _load(given.folder, file)
        except DefinitionError as error:
            counts.add("files refused", f"{file}: {error}")
            continue
        counts.add("files loaded")
        for method in descriptors:
            _try_method(counts, schema, method, random.Random(f"{given.seed} {method.full_name}"))
    for name, number in sorted(counts.counts.items()):
        print(f"{number:7} {name}")
    print(*counts.told, sep="\n")


def _choose_files(folder: Path, most: int) -> list[Path]:
    """Files with services, evenly from all that there are."""
    files = sorted(each for each in folder.rglob("*.proto") if _SERVICE.search(each.read_text(encoding="utf-8")))
    step = max(1, len(files) // most)
    return files[::step][:most]


def _load(folder: Path, file: Path) -> tuple[Schema, list[MethodDescriptor]]:
    files = compile_protos("corpus", (file,), (folder,))
    schema = Schema("corpus", files)
    (own,) = [each for each in files if each.name == str(file.relative_to(folder))]
    services = [f"{own.package}.{service.name}" if own.package else service.name for service in own.service]
    return schema, [
        method
        for name in services
        for method in schema._pool.FindServiceByName(name).methods  # noqa: SLF001 - a tool
    ]


def _try_method(counts: Counts, schema: Schema, descriptor: MethodDescriptor, chance: random.Random) -> None:
    counts.add("methods")
    name = descriptor.full_name.rpartition(".")
    operation = RpcOperation(
        upstream="corpus", name=f"{name[0]}/{name[2]}", request=Template({}), is_stream=descriptor.server_streaming
    )
    try:
        method = schema.find_method(operation)
    except DefinitionError as error:
        counts.add("methods refused: " + ("client streams" if descriptor.client_streaming else str(error)))
        return
    counts.add("methods found")
    for _ in range(_ROUNDS):
        _try_request(counts, method, descriptor.input_type, chance)
        _try_reply(counts, method, descriptor.output_type, chance)


def _try_request(counts: Counts, method: Method, type_: Descriptor, chance: random.Random) -> None:
    """What json_format writes of a drawn message is encoded to that message."""
    message = drawn_message(chance, type_, trouble=20)
    keeps_names = chance.random() < 0.5
    try:
        data = json_format.MessageToDict(message, preserving_proto_field_name=keeps_names)
        theirs = json_format.ParseDict(data, GetMessageClass(type_)())
    except Exception:  # noqa: BLE001 - what the library itself cannot write or read back
        counts.add("requests that the library refuses")
        return
    counts.add("requests")
    try:
        ours = GetMessageClass(type_).FromString(method.encode(data))
    except RequestMismatch as error:
        counts.add("requests refused", f"{type_.full_name}: {error}")
        return
    is_same = ours.SerializeToString(deterministic=True) == theirs.SerializeToString(deterministic=True)
    counts.add("requests that equal the library" if is_same else "requests that differ", "" if is_same else str(data))


def _try_reply(counts: Counts, method: Method, type_: Descriptor, chance: random.Random) -> None:
    """What is decoded of a drawn message is what json_format writes of it, by both readers."""
    message = drawn_message(chance, type_, trouble=20)
    try:
        theirs = json_format.MessageToDict(
            message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
        )
    except Exception:  # noqa: BLE001 - as above
        counts.add("replies that the library refuses")
        return
    counts.add("replies")
    parsed = method.parse(message.SerializeToString())
    try:
        ours = method.decode(parsed)
    except Exception as error:  # noqa: BLE001 - any is a failure of ours
        counts.add("replies refused", f"{type_.full_name}: {error!r}")
        return
    difference = find_difference(ours, theirs)
    counts.add("replies that differ" if difference else "replies that equal the library", difference)
    _try_form(counts, method, parsed, ours, chance)


def _try_form(counts: Counts, method: Method, message: Any, plain: Any, chance: random.Random) -> None:
    """A record of some fields, filled from the message, holds what plain reading holds."""
    fields = list(message.DESCRIPTOR.fields)
    if not fields or not isinstance(plain, dict):
        return
    chosen = chance.sample(fields, min(len(fields), 4))
    parts = [Part(f"part{number}", each.name, _guess_type(each), None) for number, each in enumerate(chosen)]
    form = Form(record_class("Drawn", parts))
    counts.add("records")
    try:
        ours = method.fill_form(form, message, ())
    except Unfit:
        counts.add("records that do not fit")
        return
    try:
        theirs = msgspec.convert(plain, form.type)
    except msgspec.ValidationError as error:
        counts.add("records that should not fit", f"{message.DESCRIPTOR.full_name}: {error}")
        return
    is_same = repr(ours) == repr(theirs)
    counts.add("records that equal plain reading" if is_same else "records that differ", "" if is_same else repr(ours))


def _guess_type(descriptor: FieldDescriptor) -> Any:
    if descriptor.message_type is not None:
        return Any
    if descriptor.type == FieldDescriptor.TYPE_BOOL:
        kind: Any = bool
    elif descriptor.type in _FLOATS:
        kind = float
    elif descriptor.type in (FieldDescriptor.TYPE_STRING, FieldDescriptor.TYPE_BYTES, FieldDescriptor.TYPE_ENUM):
        kind = str
    else:
        kind = int
    return list[kind] | None if descriptor.is_repeated else kind | None


if __name__ == "__main__":
    main()
