"""Files of descriptions: what cannot be used is refused within bounds, with the file's name and the reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.errors import DefinitionError
from connectors.rest.schema_document import Document, read_document

BOMB = "\n".join(["a0: &a0 {x: 1, y: 2}", *(f"a{n}: &a{n} {{b{n}: *a{n - 1}, c{n}: *a{n - 1}}}" for n in range(1, 60))])
MERGES = "m0: &m0 {" + ",".join(f"k{n}: 1" for n in range(1000)) + "}\n"
MERGES += "".join(f"m{n}: &m{n} {{<<: *m0}}\n" for n in range(1, 1100))
REFUSED = {
    "a list": ("[]", "it has neither openapi: nor swagger:"),
    "nothing": ("", "it has neither openapi: nor swagger:"),
    "another version": ('{"swagger": "1.2", "paths": {}}', "its version is 1.2"),
    "no paths": ("openapi: 3.0.0", "has no paths:"),
    "JSON that ends": ('{"openapi": ', "is neither JSON nor YAML that can be read"),
    "YAML with a tab": ("openapi:\n\t- a", "is neither JSON nor YAML that can be read"),
    "an unknown anchor": ("a: *b", "is neither JSON nor YAML that can be read"),
    "deep YAML": ("[" * 100_000, "is neither JSON nor YAML that can be read"),
    "deep blocks": ("- " * 100_000, "is neither JSON nor YAML that can be read"),
    "deep JSON": ('{"a":' * 500 + "1" + "}" * 500, "nested in more than 200 levels"),
    "very deep JSON": ('{"a":' * 100_000, "is neither JSON nor YAML that can be read"),
    "merge keys": (MERGES, "its merge keys copy more than"),
    "other bytes": ("\udcff\udcfe", "is neither JSON nor YAML that can be read"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_description(case: str, tmp_path: Path) -> None:
    """One sentence with the upstream, the file, the reason and what is wanted."""
    text, expected = REFUSED[case]
    path = tmp_path / "api.yaml"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(DefinitionError) as caught:
        read_document("shop", path)
    assert str(caught.value).startswith(f"shop: {path} ")
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)


def test_references_and_aliases(tmp_path: Path) -> None:
    """References are followed in the file, aliases are shared, merge keys keep what the mapping has itself."""
    path = tmp_path / "api.yaml"
    path.write_text(f"openapi: 3.0.3\npaths: {{}}\n{BOMB}\nm: {{<<: *a0, y: 3}}\nr: {{$ref: '#/r'}}\n'b/c%': [1, 2]\n")
    document = read_document("shop", path)
    assert document.data["m"] == {"x": "1", "y": "3"}
    assert document.resolve({"$ref": "#/m"}) == document.data["m"]
    assert document.resolve({"$ref": "#/b~1c%25/1"}) == "2"
    for missing in ("#/r", "#/none", "other.yaml", "http://h/a#/b", "#/b~1c%25/9"):
        assert document.resolve({"$ref": missing}) is None


def test_versions() -> None:
    """Swagger 2.0 is told from OpenAPI."""
    assert Document({"swagger": "2.0", "paths": {}}).is_swagger
    assert not Document({"openapi": "3.1.0", "paths": {}}).is_swagger
