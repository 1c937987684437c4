"""Which documents a WSDL may import, and how much of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.soap.schema_documents import DocumentRefused, Documents, Fetched, Limits
from connectors.soap.schema_wellknown import DOCUMENTS


def test_a_file_imports_from_its_own_folder(tmp_path: Path) -> None:
    """By path or by file: URL; nothing beside or above it."""
    (tmp_path / "in").mkdir()
    for path in (tmp_path / "in" / "a.xsd", tmp_path / "secret.xsd"):
        path.write_text(path.name)
    documents = Documents(str(tmp_path / "in" / "x.wsdl"), None)
    assert documents.load(str(tmp_path / "in" / "a.xsd")) == b"a.xsd"
    assert documents.load((tmp_path / "in" / "a.xsd").as_uri()) == b"a.xsd"
    for location in (str(tmp_path / "in" / ".." / "secret.xsd"), (tmp_path / "secret.xsd").as_uri()):
        with pytest.raises(DocumentRefused, match=r"secret\.xsd from outside"):
            documents.load(location)
    with pytest.raises(DocumentRefused, match="http://host/x; save that beside the WSDL") as caught:
        documents.load("http://me:pa55@host/x?key=s3cret")
    assert "pa55" not in str(caught.value)


def test_a_url_imports_from_its_own_origin() -> None:
    """The port may be left out where it is the scheme's."""
    documents = Documents("http://host/x.wsdl", lambda url: Fetched(url, url.encode()))
    assert documents.load("http://host:80/a.xsd") == b"http://host:80/a.xsd"
    for location in (
        "https://host/a.xsd",
        "http://other/a.xsd",
        "http://host:81/a.xsd",
        "file:///etc/passwd",
        "http://[",
    ):
        with pytest.raises(DocumentRefused, match="on another host"):
            documents.load(location)


def test_the_number_and_the_size_are_bounded() -> None:
    """Together; well-known schemas do not count."""
    documents = Documents("http://h/", lambda url: Fetched(url, b"12345"), Limits(max_bytes=12, max_documents=3))
    for _ in range(5):
        documents.load(next(iter(DOCUMENTS)))
    documents.load("http://h/1")
    documents.load("http://h/2")
    with pytest.raises(DocumentRefused, match="larger than 12 bytes"):
        documents.load("http://h/3")
    with pytest.raises(DocumentRefused, match="more than 3 documents"):
        documents.load("http://h/4")


def test_a_file_imports_from_the_folder_of_the_configuration(tmp_path: Path) -> None:
    """`wsdl/x.wsdl` may import `../xsd/a.xsd`; nothing above the folder of bff.yaml, and not through a link."""
    for name in ("project/wsdl", "project/xsd", "above"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "project/xsd/a.xsd").write_text("a")
    (tmp_path / "above/secret.xsd").write_text("secret")
    (tmp_path / "project/xsd/link.xsd").symlink_to(tmp_path / "above/secret.xsd")
    documents = Documents(str(tmp_path / "project/wsdl/x.wsdl"), None, folder=tmp_path / "project")
    assert documents.load(str(tmp_path / "project/wsdl/../xsd/a.xsd")) == b"a"
    for location in ("project/wsdl/../../above/secret.xsd", "project/xsd/link.xsd"):
        with pytest.raises(DocumentRefused, match=r"secret\.xsd from outside of its folder and of the folder of bff"):
            documents.load(str(tmp_path / location))
