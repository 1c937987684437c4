"""Loads every WSDL below some folders and counts: what loads, what equals zeep, what is refused and why.

    python tools/try_wsdls.py folder... [--seed 1] [--messages 3] [--details]

For each operation it draws messages by the schema. It writes each with our encoder and with zeep's and compares the two
as canonical XML, and reads each drawn reply with our decoder and with zeep's and compares the two as plain data.
The WSDLs belong to others and are not in this repository; docs/upstreams.md has the counts.
"""

# ruff: noqa: S311, BLE001, D102, D103, SLF001 - a script that wants every failure counted

from __future__ import annotations

import argparse
import asyncio
import random
import re
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from lxml import etree

sys.path.insert(0, str(Path(__file__).parent.parent))

from connectors.contract import Operation
from connectors.soap.decode.by_zeep import convert_to_plain
from connectors.soap.encode import encode_message
from connectors.soap.endpoints import soap
from connectors.soap.options import Options
from connectors.soap.schema import Wsdl
from connectors.soap.schema_loading import WsdlLoader
from connectors.soap.schema_zeep import get_operations, get_output

XSI = "http://www.w3.org/2001/XMLSchema-instance"
TEXTS = {
    "boolean": ["true", "false"],
    "decimal": ["1.50", "-7"],
    "float": ["1.5"],
    "double": ["2.5"],
    "dateTime": ["2024-02-29T10:00:00Z"],
    "date": ["2024-02-29"],
    "time": ["10:00:00Z"],
    "duration": ["P1DT2H"],
    "gYear": ["2024"],
    "gYearMonth": ["2024-02"],
    "gMonthDay": ["--02-29"],
    "gDay": ["---09"],
    "gMonth": ["--02"],
    "base64Binary": ["aGVsbG8="],
    "hexBinary": ["00FF"],
    "string": ["words", "é & <b>"],
    "integer": ["7"],
}
DEEPEST = 5


class Draw:
    """Draws messages and replies by zeep's types."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)

    def text(self, xsd_type: Any) -> str:
        for kind in type(xsd_type).__mro__:
            qname = getattr(kind, "_default_qname", None)
            if qname is not None and qname.localname in TEXTS:
                return self.chance.choice(TEXTS[qname.localname])
        item = getattr(xsd_type, "item_type", None)
        members = getattr(xsd_type, "item_types", None)
        return self.text(item) if item is not None else self.text(members[0]) if members else "words"

    def value(self, xsd_type: Any, depth: int = 0) -> Any:
        if not hasattr(xsd_type, "elements_nested"):
            return self.text(xsd_type)
        made: dict[str, Any] = {}
        for name, nested in xsd_type.elements_nested:
            if hasattr(nested, "attr_name") and hasattr(nested, "nillable"):
                made[name] = self.text(nested.type)
            else:
                self.group(nested, made, depth)
        for name, attribute in xsd_type.attributes:
            if attribute.name is not None and (attribute.required or self.chance.random() < 0.5):
                made[name] = self.text(attribute.type)
        return made

    def group(self, particle: Any, made: dict[str, Any], depth: int) -> None:
        if hasattr(particle, "nillable"):
            optional = particle.min_occurs == 0
            if optional and (depth >= DEEPEST or self.chance.random() < 0.3):
                return
            if depth > 2 * DEEPEST:
                raise RecursionError
            many = particle.max_occurs != 1
            values = [self.value(particle.type, depth + 1) for _ in range(self.chance.randrange(1, 3) if many else 1)]
            made[particle.attr_name] = values if many else values[0]
        elif hasattr(particle, "child"):
            self.group(particle.child, made, depth)
        elif isinstance(particle, list):
            if particle.max_occurs != 1 or any(type(each).__name__ == "Any" for each in particle):
                raise NotImplementedError  # zeep has names of its own for these
            parts = list(particle)
            if type(particle).__name__ == "Choice":
                parts = [self.chance.choice(parts)] if parts else []
            for part in parts:
                self.group(part, made, depth)

    def reply(self, tag: Any, xsd_type: Any, depth: int = 0) -> etree._Element:
        node = etree.Element(tag)
        if not hasattr(xsd_type, "elements_nested"):
            node.text = self.text(xsd_type)
            return node
        for _, nested in xsd_type.elements_nested:
            if hasattr(nested, "nillable"):
                node.text = self.text(nested.type)
            else:
                self.children(node, nested, depth)
        for _, attribute in xsd_type.attributes:
            if attribute.name is not None and attribute.required:
                node.set(attribute.qname, self.text(attribute.type))
        return node

    def children(self, node: etree._Element, particle: Any, depth: int) -> None:
        if hasattr(particle, "nillable"):
            if particle.min_occurs == 0 and (depth >= DEEPEST or self.chance.random() < 0.3):
                return
            if depth > 2 * DEEPEST:
                raise RecursionError
            for _ in range(self.chance.randrange(1, 3) if particle.max_occurs != 1 else 1):
                node.append(self.reply(particle.qname, particle.type, depth + 1))
        elif hasattr(particle, "child"):
            self.children(node, particle.child, depth)
        elif isinstance(particle, list):
            parts = list(particle)
            if type(particle).__name__ == "Choice":
                parts = [self.chance.choice(parts)] if parts else []
            for part in parts:
                self.children(node, part, depth)


def clean(value: Any) -> Any:
    """Plain data without what the two readers say differently by design: absent, null and empty; names of types."""
    value = convert_to_plain(value)
    if isinstance(value, dict):
        found: dict[str, Any] = {}
        for name, item in value.items():
            if re.fullmatch(r"_value_\d+", name) and isinstance(item, list):
                for each in item:
                    for inner, content in each.items() if isinstance(each, dict) else ():
                        found.setdefault(inner, []).append(clean(content))
            elif name != "__typename":
                found[name] = clean(item)
        return {name: item for name, item in found.items() if item not in (None, "", [], {})} or None
    if isinstance(value, list):
        return [clean(each) for each in value]
    return None if value is None else str(value).lower().replace("+00:00", "z").removesuffix(".0")


def canonical(node: etree._Element) -> Any:
    """An element as data: prefixes and empty texts do not matter."""
    attributes = {name: value for name, value in node.items() if "soap/encoding/" not in name}
    return node.tag, attributes, (node.text or "").strip(), [canonical(child) for child in node]


def zeep_message(method: Any, message: Any) -> etree._Element:
    named = message if isinstance(message, dict) else {}
    arguments = () if isinstance(message, dict) else (message,)
    return method.client.create_message(method.client.service, method.operation.name, *arguments, **named)


def try_wsdl(wsdl: Wsdl, counts: Counter[str], seed: int, turns: int, tell: Any) -> None:
    for service, ports in wsdl._ports.items():
        for port, described in ports.items():
            for name in get_operations(described):
                counts["operations"] += 1
                endpoint = soap("x").call(name, service=service, port=port, message={})
                try:
                    method = wsdl.find_method(endpoint.operation)
                except Exception as error:
                    counts[f"operation refused: {type(error).__name__}"] += 1
                    tell(name, error)
                    continue
                try_operation(method, counts, seed, turns, lambda *what, name=name: tell(name, *what))


def try_operation(method: Any, counts: Counter[str], seed: int, turns: int, tell: Any) -> None:
    for turn in range(turns):
        draw = Draw(seed + turn)
        body = method.operation.input.body if method.operation.input else None
        counts["messages: " + try_message(method, body, draw, tell)] += 1
        output = get_output(method.operation)
        if output is not None and output.name != "Body" and output.type is not None:
            counts["replies: " + try_reply(method, output, draw, tell)] += 1


def try_message(method: Any, body: Any, draw: Draw, tell: Any) -> str:
    try:
        message = {} if body is None else draw.value(body.type)
    except (NotImplementedError, RecursionError):
        return "not drawn (wildcards, repeated groups)"
    try:
        theirs = zeep_message(method, message)
    except Exception as error:
        theirs = None
        why = f"{type(error).__name__}: {error}"
    try:
        encoded: Any = encode_message(method, message, {})
        ours = etree.fromstring(encoded[0] if isinstance(encoded, tuple) else encoded)
    except Exception as error:
        if theirs is not None:
            tell("message", error, message)
        return "refused by both" if theirs is None else "refused, zeep sends"
    if theirs is None:
        tell("zeep cannot", why)
        return "sent, zeep fails"
    if canonical(ours[-1]) == canonical(theirs[-1]):
        return "equal"
    tell("message differs", etree.tostring(ours[-1])[:600], etree.tostring(theirs[-1])[:600])
    return "differ"


def try_reply(method: Any, output: Any, draw: Draw, tell: Any) -> str:
    try:
        node = draw.reply(output.qname, output.type)
    except RecursionError:
        return "not drawn (recursive)"
    body = etree.Element("{http://schemas.xmlsoap.org/soap/envelope/}Body")
    body.append(node)
    try:
        theirs = clean(output.parse(node, method.client.wsdl.types))
    except Exception:
        try:
            method.decode(body)
        except Exception:
            return "refused by both"
        return "read, zeep fails"
    try:
        ours = clean(method.decode(body))
    except Exception as error:
        tell("reply", error)
        return "refused, zeep reads"
    if ours == theirs:
        return "equal"
    tell("reply differs", ours, theirs, etree.tostring(node)[:600])
    return "differ"


async def main() -> None:
    """Print the counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--messages", type=int, default=3)
    parser.add_argument("--details", action="store_true")
    given = parser.parse_args()
    counts: Counter[str] = Counter()
    for folder in given.folders:
        for path in sorted(each for each in folder.rglob("*") if each.suffix.lower() == ".wsdl"):
            counts["WSDLs"] += 1

            def tell(*what: Any, path: Path = path) -> None:
                if given.details:
                    sys.stdout.write(f"{path}: {' | '.join(str(each) for each in what)}\n")

            options = Options.model_validate({"address": str(path)}, context={"folder": str(folder)})
            options = options.model_copy(update={"address": str(path), "endpoint": "http://127.0.0.1:9/"})
            try:
                wsdl = await WsdlLoader("x", options).load(Operation(upstream="x", name="load"), None)
            except Exception as error:
                reason = re.sub(
                    r"^.*?(cannot be used: |imports a file|no service)", r"\1", str(error).partition("\n")[0]
                )
                counts[f"not loaded: {reason[:110]}"] += 1
                tell("not loaded", error)
                continue
            counts["loaded"] += 1
            try_wsdl(wsdl, counts, given.seed, given.messages, tell)
    for name, count in sorted(counts.items()):
        sys.stdout.write(f"{count:6} {name}\n")


if __name__ == "__main__":
    asyncio.run(main())
