"""Hostile documents. The token limit (2,000) and the others of bff.yaml hold; many are made to stay just below them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping


def words(template: str, count: int, joint: str = " ") -> str:
    """The template with `#` replaced by each number below `count`."""
    return joint.join(template.replace("#", str(number)) for number in range(count))


def nested(opening: str, depth: int, inner: str, closing: str = "}") -> str:
    return opening * depth + inner + closing * depth


def chain(template: str, count: int, last: str) -> str:
    """Fragments F0 ... of which each holds the template; `#` is the next one's number."""
    each = (f"fragment F{n} on Query {{ {template.replace('#', str(n + 1))} }}" for n in range(count))
    return " ".join(each) + f" fragment F{count} on Query {{ {last} }}"


def lines(items: Iterable[str]) -> str:
    return "\n".join(items)


DOCUMENTS: Mapping[str, str] = {
    # too many of something
    "aliases, 100,000": "{" + words("a#:__typename", 100_000) + "}",
    "aliases below the token limit": "{" + words("a#:__typename", 660) + "}",
    "aliases of a field with an upstream": "{" + words("a#:departments{name}", 330) + "}",
    "tokens, 100,000": "{" + "a " * 100_000 + "}",
    "operations, 10,000": words("query Q#{__typename}", 10_000),
    "operations below the token limit": words("query Q#{__typename}", 390),
    "variable definitions, 10,000": "query(" + words("$v#:Int", 10_000) + "){__typename}",
    "variable definitions below the token limit": "query(" + words("$v#:Int", 390) + "){__typename}",
    "variables that fragments use": "query(" + words("$v#:ID!", 90) + "){...F0} " + chain("...F#", 100, "__typename"),
    "operations that share fragments": words("query Q#($v:ID!){...F0}", 60)
    + chain("product(id:$v){id}...F#", 45, "__typename"),
    "directives @include, 100,000": "{__typename" + "@include(if:true)" * 100_000 + "}",
    "directives @include below the token limit": "{__typename" + "@include(if:true)" * 280 + "}",
    "unknown directives, 10,000": "{__typename" + words("@x#", 10_000) + "}",
    "unknown directives below the token limit": "{__typename" + words("@x#", 990) + "}",
    "unknown fields": "{" + words("x#", 1990) + "}",
    "unknown fields that nearly fit": "{" + words("produc#", 1990) + "}",
    "unknown arguments": "{product(" + words("i#:1", 650) + "){id}}",
    "unknown fields with long names": "{" + words("product" * 1000 + "#", 120) + "}",
    "unknown input fields": "{products(filter:{" + words("text#:1", 650) + "}){total}}",
    # too deep
    "nesting, 10,000": nested("{a", 10_000, ""),
    "nesting, 1,000 fields in 24 KB": nested("{ some_field_of_it_all ", 1000, "{a}"),
    "inline fragments, nested": "{" + nested("...on Query{", 480, "__typename") + "}",
    "list literals, nested 10,000": "{product(id:" + nested("[", 10_000, "1", "]") + "){id}}",
    "object literals, nested": "{product(id:" + nested("{a:", 150, "1") + "){id}}",
    "types of variables, nested 10,000": "query($v:" + nested("[", 10_000, "Int", "]") + "){__typename}",
    # fragments
    "circular fragments": "{...F0} " + words("fragment F# on Query{...F#}", 200),
    "a circle of 170 fragments": "{...F0} " + chain("...F#", 169, "...F0"),
    "circular fragments below fields": "{product(id:1){...A}} fragment A on Product{price{...B}} fragment B on Product{price{...A}}",
    "exponential fragments": "{...F0} " + chain("...F# ...F#", 150, "__typename"),
    "exponential fragments of introspection": "{...F0} "
    + chain("a:__schema{types{name}} ...F# ...F#", 100, "__typename"),
    "each fragment spreads all": "{...F0} "
    + lines(f"fragment F{a} on Query {{ {words('...F#', 28)} }}" for a in range(28)),
    "a fragment of many fields spread often": "{product(id:1){"
    + "...F " * 600
    + "}} fragment F on Product{"
    + "name " * 700
    + "}",
    # overlapping fields: every two fields of one name are compared
    "one leaf 1,990 times": "{" + "__typename " * 1990 + "}",
    "one unknown field 1,990 times": "{" + "x " * 1990 + "}",
    "one field 490 times": "{" + "departments{name}" * 490 + "}",
    "one name for fields that clash": "{" + words("a:departments{name:name}b:departments{name:count}", 120) + "}",
    "the same in 130 fragments": "{"
    + words("...F#", 130)
    + "}"
    + words("fragment F# on Query{departments{name}}", 130),
    "one field at each of ten depths": "{" + "product(id:1){price{amount was text}reviews{id title}}" * 95 + "}",
    "fields with many arguments": "{" + 'products(first:1 offset:2 sort:TITLE filter:{text:"a"}){total}' * 80 + "}",
    "fragments in fields of one name": "{"
    + "product(id:1){...A...B...C}" * 110
    + "}fragment A on Product{price{...M}...B}fragment B on Product{price{...M}...C}"
    + "fragment C on Product{price{...M}}fragment M on Money{amount was}",
    # long, of few tokens
    "a string of 900 KB": '{product(id:"' + "x" * 900_000 + '"){id}}',
    "a block string of 200,000 lines": '{product(id:"""' + "\n  x" * 200_000 + '"""){id}}',
    "escapes, 150,000": '{product(id:"' + r"\u0041" * 150_000 + '"){id}}',
    "a comment of 900 KB": "#" + "x" * 900_000 + "\n{__typename}",
    "commas, 900,000": "," * 900_000 + "{__typename}",
    "blank lines, 900,000": "\n" * 900_000 + "{x}",
    "blank lines below the limit, many mistakes": "\n" * 90_000 + "{" + words("x#", 900) + "}",
    "an integer of 100,000 digits": "{products(first:" + "9" * 100_000 + "){total}}",
    "an integer of 90,000 digits": "{products(first:" + "9" * 90_000 + "){total}}",
    "a float of 90,000 digits": "{products(first:1e" + "9" * 90_000 + "){total}}",
    "an integer of 5,000 digits as an id": "{product(id:" + "9" * 5_000 + "){id}}",
    "a list of 100,000": "{product(id:[" + "1 " * 100_000 + "]){id}}",
    "a list below the token limit": "{product(id:[" + "1 " * 1900 + "]){id}}",
    "a list of objects": 'mutation{placeOrder(customer:1,key:"k",lines:[' + '{sku:"x" quantity:1}' * 240 + "]){id}}",
    "an unknown operation": "x" * 90_000,
    # introspection
    "introspection, nested": "{__schema{types{" + nested("fields{type{", 100, "name", "}}") + "}}}",
    "introspection, three deep": "{__schema{types{" + nested("fields{type{", 3, "name", "}}") + "}}}",
    "introspection, two deep": "{__schema{types{" + nested("fields{type{", 2, "name kind", "}}") + "}}}",
    "introspection, ofType 300 deep": "{__schema{types{fields{type{" + nested("ofType{", 300, "name") + "}}}}}",
    "introspection with aliases": "{__schema{types{" + words("a#:fields{name type{name}}", 180) + "}}}",
    "introspection with aliases of leaves": "{__schema{types{fields{" + words("a#:name", 640) + "}}}}",
    "introspection with aliases at the top": "{" + words("a#:__schema{types{fields{name}}}", 150) + "}",
    "introspection with fragments": "{__schema{types{...F}}}fragment F on __Type{"
    + words("a#:fields{...G}", 80)
    + "}fragment G on __Field{"
    + words("b#:name", 400)
    + "}",
    # characters
    "NUL": "{__type\0name}",
    "NUL in a string": '{product(id:"a\0b"){id}}',
    "an escaped NUL": r'{product(id:"a\u0000b"){id}}',
    "an escaped lone surrogate": r'{product(id:"\uD800"){id}}',
    "a byte order mark in the middle": "{\ufeff__typename\ufeff}",
    "format characters": "{\u202e__typename}",
    "nothing": "",
    "spaces": " " * 90_000,
}
"""Name -> text."""
