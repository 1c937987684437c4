"""Types from proto files and descriptor sets, and what is said when one of them is broken."""

from __future__ import annotations

from pathlib import Path

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet

from connectors.contract import Call
from connectors.direct import Direct
from connectors.errors import DefinitionError
from connectors.grpc.endpoints import grpc
from connectors.grpc.schema_descriptors import build_pool, compile_protos
from tests.connectors.grpc.shop import FILES, PROTO, Shop

prices = grpc("shop").unary("shop.Pricing/GetPrices", many={"skus": "{sku}"}, at="prices", key="sku")
WIDGET = 'syntax = "proto3";\npackage w;\n'


def write(folder: Path, **files: str) -> list[Path]:
    """Proto files by their names, `common__money` being common/money.proto."""
    paths = []
    for name, text in files.items():
        path = folder / (name.replace("__", "/") + ".proto")
        path.parent.mkdir(exist_ok=True)
        path.write_text(WIDGET + text)
        paths.append(path)
    return paths


async def test_types_come_from_proto_files(shop: Shop) -> None:
    """Compiled at start."""
    async with Direct({"shop": shop.connector(protos=[str(PROTO)])}):
        assert (await prices(sku="A")).data["amount"] == 100


async def test_types_come_from_a_descriptor_set(shop: Shop, descriptor_set: Path) -> None:
    """Compiled by somebody else."""
    async with Direct({"shop": shop.connector(descriptor_set=str(descriptor_set))}):
        assert (await prices(sku="A")).data["amount"] == 100


async def test_mistakes_in_a_proto_are_told_with_their_line(tmp_path: Path) -> None:
    """In protoc's own words, when the connector starts."""
    (path,) = write(tmp_path, broken="message A {\n  strin x = 1;\n}\n")
    connector = Shop().connector(address="127.0.0.1:1", protos=[str(path)])
    with pytest.raises(
        DefinitionError, match=r"upstreams\.shop\.protos[\s\S]*broken\.proto:4:3: \"strin\" is not defined"
    ):
        await connector.start()
    await connector.close()


def test_a_missing_proto_is_named(tmp_path: Path) -> None:
    """Before protoc is asked."""
    with pytest.raises(DefinitionError, match=r"upstreams\.shop: .*nowhere\.proto does not exist"):
        compile_protos("shop", [tmp_path / "nowhere.proto"], [])
    with pytest.raises(DefinitionError, match="nofolder does not exist"):
        compile_protos("shop", write(tmp_path, a=""), [tmp_path / "nofolder"])


def test_a_missing_import_is_named(tmp_path: Path) -> None:
    """With the line that imports it."""
    with pytest.raises(DefinitionError, match=r"a\.proto:3:1: Import \"common/money\.proto\" was not found"):
        compile_protos("shop", write(tmp_path, a='import "common/money.proto";'), [])


def test_imports_are_found_along_the_proto_path(tmp_path: Path) -> None:
    """In the folder of the file itself, and in the folders that bff.yaml names."""
    money, shop = write(
        tmp_path, common__money="message Money { int64 units = 1; }", sub__shop='import "common/money.proto";'
    )
    files = compile_protos("shop", [shop], [tmp_path])
    assert {file.name for file in files} == {"common/money.proto", "sub/shop.proto"}
    assert compile_protos("shop", [money, shop], [tmp_path])


@pytest.mark.parametrize(
    ("content", "says"),
    [(None, "No such file or directory"), (b"\xff\xff\xff", "is not a descriptor set; make one with protoc")],
)
async def test_a_broken_descriptor_set_is_named(tmp_path: Path, content: bytes | None, says: str) -> None:
    """Missing, or something else."""
    path = tmp_path / "shop.binpb"
    if content is not None:
        path.write_bytes(content)
    connector = Shop().connector(address="127.0.0.1:1", descriptor_set=str(path))
    with pytest.raises(DefinitionError, match=says) as caught:
        await connector.start()
    assert str(path) in str(caught.value)
    await connector.close()


def test_the_order_of_files_does_not_matter() -> None:
    """Imports are added first, whoever made the set."""
    pool = build_pool("shop", reversed(FILES))
    assert pool.FindServiceByName("shop.Pricing").full_name == "shop.Pricing"


def test_files_of_protobuf_itself_need_not_be_there() -> None:
    """A set made without --include_imports lacks them; we have them."""
    own = [file for file in FILES if file.name == "shop_test.proto"]
    assert build_pool("shop", own).FindMessageTypeByName("google.protobuf.Timestamp")


def test_a_missing_file_matters_only_when_it_is_needed(tmp_path: Path) -> None:
    """Often it holds options for some generator that nobody here has."""
    money, shop = compile_protos(
        "shop",
        write(tmp_path, money="message Money {}", shop='import "money.proto"; message Price { Money m = 1; }'),
        [],
    )
    with pytest.raises(DefinitionError, match=r"missing are money\.proto"):
        build_pool("shop", [shop])
    unused = FileDescriptorProto(name="a.proto", package="a", dependency=["gogo.proto"], syntax="proto3")
    unused.message_type.add(name="A")
    assert build_pool("shop", [unused]).FindMessageTypeByName("a.A")
    assert build_pool("shop", [shop, money]).FindMessageTypeByName("w.Price")


@pytest.mark.parametrize("name", ["a b", "a); boom(", "class\n", "1", ""])
def test_names_that_are_none_are_refused(name: str) -> None:
    """Converters are generated from names, and reflection is an answer like any other: nobody's code runs here."""
    file = FileDescriptorProto(name="a.proto", package="a", syntax="proto3")
    file.message_type.add(name="A").field.add(name=name, number=1, type=5, label=1)
    with pytest.raises(DefinitionError, match="not usable"):
        build_pool("shop", [file])


def test_files_that_import_each_other_are_refused() -> None:
    """protoc would not make them, but anybody can send them."""
    ring = [FileDescriptorProto(name="a", dependency=["b"]), FileDescriptorProto(name="b", dependency=["a"])]
    with pytest.raises(DefinitionError, match="not usable"):
        build_pool("shop", ring)


def test_upstreams_share_no_types() -> None:
    """Two upstreams may have different files of one name."""
    one = FileDescriptorProto(name="a.proto", package="a")
    one.message_type.add(name="A")
    two = FileDescriptorProto(name="a.proto", package="a")
    two.message_type.add(name="B")
    assert build_pool("one", [one]).FindMessageTypeByName("a.A")
    assert build_pool("two", [two]).FindMessageTypeByName("a.B")


async def test_a_set_of_two_services_offers_both(tmp_path: Path) -> None:
    """A hint lists what there is."""
    paths = write(tmp_path, one="service One { rpc Do(M) returns (M); } message M {}", two="service Two {}")
    path = tmp_path / "set.binpb"
    path.write_bytes(FileDescriptorSet(file=compile_protos("shop", paths, [])).SerializeToString())
    connector = Shop().connector(address="127.0.0.1:1", descriptor_set=str(path))
    operation = grpc("shop").unary("x.Y/Z").operation
    with pytest.raises(DefinitionError, match=r"known are w\.One, w\.Two"):
        await connector.send(Call(operation=operation))
    await connector.close()
