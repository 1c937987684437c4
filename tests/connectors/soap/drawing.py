"""Draws replies of any XSD type as XML: right ones, and such as no service should send.

What cannot be read as its type is drawn beside a value that can: `spoiled` and `repaired` make XML of the two.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from typing import Any
from xml.sax.saxutils import escape

from zeep.xsd import AnySimpleType, ComplexType
from zeep.xsd.elements import Element
from zeep.xsd.types import builtins
from zeep.xsd.types.collection import ListType, UnionType

from connectors.soap.decode.occurrence import Occurrence, count_occurrences

WHOLE = ["0", "7", "-7", "+7", "007", " 12\n", "2147483647", "-2147483648"]
LARGE = ["2147483648", "-2147483649", "9007199254740993", "12345678901234567890123"]
TEXTS = ["text", "7", "é\U0001f986", " two\n  words\t", "<![CDATA[<b>&amp;]]>", "a<!-- not text -->b", "&lt;"]
NUMBERS = ["1.5", "-0.0", "7", "1e3", ".5", " 123456789.125 "]
VALUES: list[tuple[type, list[str], list[str], list[str]]] = [
    (builtins.Boolean, ["true", "false", "1", "0", " true "], [], ["yes", "TRUE"]),
    (builtins.Integer, WHOLE, LARGE, ["lots", "1_0", "1.0", "\u0663", "9" * 5000, "--1"]),
    (builtins.Decimal, ["9.90", "1", "-.5", " 12345678901234567890.5 "], [], ["1,5", "1e3", "NaN"]),
    (builtins.Float, NUMBERS, ["NaN", "INF", "-INF", "1e308", "9007199254740993", "1e400"], ["0x1", "nan", "1_0.0"]),
    (builtins.Double, NUMBERS, ["NaN", "INF", "-INF", "1e308", "9007199254740993", "1e400"], ["0x1", "nan", "1_0.0"]),
    (builtins.DateTime, ["2024-02-29T23:59:59.5+01:00", " 2026-11-21T10:00:00Z"], ["never", "2026-02-30T10:00:00"], []),
    (builtins.Date, ["2024-01-31", "2024-01-31\n"], ["2026-02-30", "soon"], []),
    (builtins.Base64Binary, ["aGVs\nbG8=", "AA=="], ["?"], []),
    (builtins.String, TEXTS, ["RED", "red"], []),
]
"""For each type: values, odd values, and what is none."""
SPOILED = re.compile("\1(.*?)\2(.*?)\3", re.DOTALL)
NAMESPACES = (
    'xmlns:o="urn:other" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    'xmlns:xsd="http://www.w3.org/2001/XMLSchema"'
)
DEEPEST = 5


def spoiled(text: str) -> str:
    """As the drawn service sends it."""
    return SPOILED.sub(r"\1", text)


def repaired(text: str) -> str:
    """With everything as its type says."""
    return SPOILED.sub(r"\2", text)


class Drawing:
    """Draws elements of one namespace, whose prefix is t. With `trouble` in 1000 something is odd, `bad` wrong.

    `others` are names of complex types that elements of another type may say they have.
    """

    def __init__(self, chance: random.Random, others: Sequence[str] = (), *, trouble: int = 0, bad: int = 0) -> None:
        self.others = others
        self.chance = chance
        self.trouble = trouble
        self.bad = bad

    def odd(self) -> bool:
        return self.chance.randrange(1000) < self.trouble

    def element(self, tag: str, xsd_type: Any, depth: int = 0, **forced: str) -> str:
        """An element of this tag and type. `forced` are the texts of some of its children."""
        attributes, content = [], ""
        if isinstance(xsd_type, ComplexType):
            attributes, content = self.attributes(xsd_type), self.content(xsd_type, depth, forced)
            if self.odd():
                named = f"t:{xsd_type.name}" if xsd_type.name else "t:NoSuch"
                other = self.chance.choice([*self.others, "xsd:string", "xsd:anyType", "o:Other", "no:such"])
                attributes.append(f'xsi:type="{named if self.chance.random() < 0.5 else other}"')
        elif isinstance(xsd_type, AnySimpleType):
            content = self.simple(xsd_type)
        else:
            attributes, content = self.anything()
        if self.odd():
            attributes.append(f'xsi:nil="{self.chance.choice(["true", "1", "false"])}"')
            content = self.chance.choice([content, ""])
        elif self.odd():
            content = self.chance.choice(["", "<t:Sku>7</t:Sku>", f"{content}<o:more>1</o:more>"])
        name = self.name(tag)
        return f"<{' '.join([name, *attributes])}>{content}</{name}>"

    def name(self, tag: str) -> str:
        """As it should be qualified, or not."""
        local = tag.rpartition("}")[2]
        return self.chance.choice([f"t:{local}", local, f"o:{local}"]) if self.odd() else right(tag)

    def content(self, xsd_type: ComplexType, depth: int, forced: dict[str, str]) -> str:
        """Children in their order, mostly, or a text."""
        texts = []
        for _, nested in xsd_type.elements_nested:
            if isinstance(nested, Element):  # a text beside attributes, or nothing
                return self.simple(nested.type) if isinstance(nested.type, AnySimpleType) else ""
            for tag, occurs in count_occurrences(nested).items():
                name, type_ = occurs.element.name, occurs.element.type
                if name in forced:
                    texts.append(f"<{right(tag)}>{escape(forced[name])}</{right(tag)}>")
                    continue
                times = 0 if depth >= DEEPEST and isinstance(type_, ComplexType) else self.how_often(occurs)
                texts += [self.element(tag, type_, depth + 1) for _ in range(times)]
        if self.odd():
            texts.append(self.chance.choice(["<t:New/>", "<o:New>1</o:New>", f"<t:New>{''.join(texts)}</t:New>"]))
        if self.odd():
            self.chance.shuffle(texts)
        return "".join(texts)

    def how_often(self, occurs: Occurrence) -> int:
        if occurs.max > 1:
            return self.chance.randrange(4)
        if self.odd():
            return self.chance.choice([0, 2])
        return 0 if not occurs.min and self.chance.random() < 0.1 else 1

    def attributes(self, xsd_type: ComplexType) -> list[str]:
        drawn = []
        for _, attribute in xsd_type.attributes:
            if attribute.name is None or self.chance.random() < 0.3:
                continue
            name = "xml:lang" if "XML/1998" in attribute.qname.text else attribute.name
            value = self.simple(attribute.type)
            plain = "plain" if "<" in value else value.replace('"', "")
            drawn.append(f'{name}="{plain}"')
        return drawn

    def simple(self, xsd_type: Any) -> str:
        """The text of a value."""
        if isinstance(xsd_type, ListType):
            return " ".join(self.simple(xsd_type.item_type) for _ in range(self.chance.randrange(4)))
        if isinstance(xsd_type, UnionType):
            return self.simple(self.chance.choice(xsd_type.item_types))
        kinds = (each[1:] for each in VALUES if isinstance(xsd_type, each[0]))
        good, strange, wrong = next(kinds, (TEXTS, [], []))
        value = self.chance.choice(good)
        if strange and self.odd():
            return self.chance.choice(strange)
        if wrong and self.chance.randrange(1000) < self.bad:
            return f"\1{self.chance.choice(wrong)}\2{value}\3"
        return value

    def anything(self) -> tuple[list[str], str]:
        kind = self.chance.choice(["", "xsd:int", "xsd:string", "xsd:anyType", "t:NoSuch", "deep"])
        if kind == "deep":
            return [], "words<o:deep/>"
        return ([f'xsi:type="{kind}"'] if kind else []), "7" if kind == "xsd:int" else "words"


def right(tag: str) -> str:
    """The name of an element with the prefix that it should have."""
    local = tag.rpartition("}")[2]
    return f"t:{local}" if tag.startswith("{") else local
