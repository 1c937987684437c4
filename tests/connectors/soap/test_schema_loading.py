"""WSDLs are loaded off the event loop, once, from their own folder or host only; a failure is tried again."""

from __future__ import annotations

import asyncio
import shutil
import threading
import time
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from connectors.contract import Call
from connectors.errors import (
    DefinitionError,
    UpstreamBadReply,
    UpstreamNotFound,
    UpstreamTimeout,
    UpstreamUnauthenticated,
    UpstreamUnavailable,
    UpstreamUnreachable,
)
from connectors.soap import schema_documents as documents
from connectors.soap.connector import SoapConnector, connect
from connectors.soap.endpoints import soap
from connectors.soap.options import Options
from connectors.soap.schema_loading import WsdlLoader
from tests.connectors.conformance import eventually, free_port
from tests.connectors.http_world import HANG, HttpWorld, Received, Say, response
from tests.connectors.soap.world import HERE, STOCK, WSDL, answered
from tests.waiting import time_limit, until

WSDL_TEXT = Path(WSDL).read_text()
GET = Call(operation=soap("warehouse").call("GetStock", Sku="T").operation)


class Site:
    """A server that offers the WSDL with its schema, and answers calls."""

    def __init__(self, http: HttpWorld) -> None:
        self.http = http
        self.url = f"http://127.0.0.1:{http.port}"
        self.files = {
            "/warehouse.wsdl": (HERE / "warehouse.wsdl").read_text().replace("127.0.0.1:9", f"127.0.0.1:{http.port}"),
            "/warehouse.xsd": (HERE / "warehouse.xsd").read_text(),
        }
        http.answer = self.answer

    def answer(self, request: Received) -> Say:
        if request.method == "POST":
            return answered(STOCK)
        content = self.files.get(request.target.partition("?")[0])
        return response(status=404) if content is None else response(content.encode(), content_type="text/xml")

    def connector(self, path: str = "/warehouse.wsdl", **options: object) -> SoapConnector:
        return connect("warehouse", Options(address=self.url + path, **options))

    def asked(self) -> list[str]:
        return [f"{request.method} {request.target}" for request in self.http.requests]


@pytest.fixture
async def site() -> AsyncGenerator[Site]:
    async with HttpWorld() as http:
        yield Site(http)


async def test_a_wsdl_is_fetched_with_its_imports_and_its_address_is_used(site: Site) -> None:
    """Everything known beforehand comes from the URL; calls go where the WSDL says."""
    connector = site.connector(max_reply_size=1000)
    await connector.start()
    assert (await connector.send(GET)).data["Quantity"] == 7
    await connector.close()
    assert site.asked() == ["GET /warehouse.wsdl", "GET /warehouse.xsd", "POST /eleven"]


async def test_documents_are_fetched_with_the_fixed_headers_and_so_are_checks(site: Site) -> None:
    """A WSDL behind a sign-in needs the credentials that every call has; nobody else gets them."""

    def guarded(request: Received) -> Say:
        return site.answer(request) if request.headers.get("authorization") == "Bearer t" else response(status=401)

    site.http.answer = guarded
    connector = site.connector()
    with pytest.raises(UpstreamUnauthenticated):
        await connector.start()
    connector.set_fixed_headers({"authorization": "Bearer t"})
    await connector.start()
    await connector.check()
    await connector.close()
    assert site.asked()[1:] == ["GET /warehouse.wsdl", "GET /warehouse.xsd", "HEAD /eleven"]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_to_the_same_origin_are_followed(site: Site, status: int) -> None:
    """Imports are then relative to where the WSDL is now."""
    site.files = {f"/new{path}": content for path, content in site.files.items()}

    def moved(request: Received) -> Say:
        if request.target.startswith("/old"):
            return response(status=status, location="../new/warehouse.wsdl")
        return site.answer(request)

    site.http.answer = moved
    connector = site.connector("/old/w?wsdl")
    assert (await connector.send(GET)).data["Quantity"] == 7
    await connector.close()
    assert site.asked()[:3] == ["GET /old/w?wsdl", "GET /new/warehouse.wsdl", "GET /new/warehouse.xsd"]


async def test_redirects_elsewhere_and_in_circles_are_refused(site: Site) -> None:
    """Credentials go to the origin that bff.yaml names and to no other; the message names the new address."""
    async with HttpWorld() as other:
        for target, told in (
            (f"http://127.0.0.1:{other.port}/w?key=s3cret", "moved to http://127.0.0.1/w, which is another origin"),
            ("http://[", "another origin"),
            ("/again", "redirects are not followed"),
        ):
            site.http.answer = lambda _, target=target: response(status=302, location=target)
            connector = site.connector()
            with pytest.raises(UpstreamBadReply, match=told) as caught:
                await connector.start()
            assert "s3cret" not in str(caught.value)
            await connector.close()
        assert other.requests == []


@pytest.mark.parametrize(("charset", "named"), [("utf-16", ""), ("latin-1", "; charset=iso-8859-1"), ("utf-8-sig", "")])
async def test_a_wsdl_in_another_charset(site: Site, charset: str, named: str) -> None:
    """By its byte order mark or its content type, whatever its declaration says."""
    text = (
        site.files["/warehouse.wsdl"]
        .replace("<types>", "<!-- é --><types>")
        .replace("<wsdl:types>", "<!-- é --><wsdl:types>")
    )
    assert "é" in text
    site.http.answer = lambda request: (
        response(text.encode(charset), content_type=f"text/xml{named}")
        if request.target.endswith(".wsdl")
        else site.answer(request)
    )
    connector = site.connector()
    await connector.start()
    await connector.close()


async def test_it_is_fetched_once_however_many_ask(site: Site) -> None:
    """Calls that come before start() has finished wait for the same attempt."""
    connector = site.connector()
    await asyncio.gather(connector.start(), *(connector.send(GET) for _ in range(10)), connector.check())
    await connector.start()
    await connector.close()
    assert site.asked().count("GET /warehouse.wsdl") == 1


async def test_a_failed_attempt_is_tried_again_by_the_next(site: Site) -> None:
    """An upstream that was down at start is used as soon as it is up."""
    content = site.files.pop("/warehouse.wsdl")
    connector = site.connector()
    with pytest.raises(UpstreamNotFound):
        await connector.start()
    site.files["/warehouse.wsdl"] = content
    assert (await connector.send(GET)).status == 200
    await connector.close()


async def test_nobody_listens_at_the_url() -> None:
    """start() says unreachable, so that the gateway starts and tries again."""
    connector = connect("warehouse", Options(address=f"http://127.0.0.1:{free_port()}/w.wsdl"))
    for attempt in (connector.start(), connector.check(), connector.send(GET)):
        with pytest.raises(UpstreamUnreachable):
            await attempt
    await connector.close()


async def test_a_slow_wsdl_meets_the_deadline_of_the_call_and_goes_on_loading(site: Site) -> None:
    """One impatient caller does not spoil it for the others."""
    site.http.answer = lambda request: Say(site.answer(request).data, after=0.3 if request.method == "GET" else 0)
    connector = site.connector()
    impatient = Call(operation=GET.operation, deadline=time.monotonic() + 0.1)
    with pytest.raises(UpstreamTimeout):
        await connector.send(impatient)
    assert (await connector.send(GET)).status == 200
    await connector.close()
    assert site.asked().count("GET /warehouse.wsdl") == 1


async def test_closing_ends_loading(site: Site) -> None:
    """Whoever waits is told; the server sees the connection go, and the thread ends."""
    site.http.answer = lambda _: HANG
    threads = threading.active_count()
    connector = site.connector()
    starting = asyncio.create_task(connector.start())
    assert await eventually(site.http.was_asked)
    await connector.close()
    with pytest.raises(UpstreamUnreachable):
        await starting
    assert await eventually(site.http.client_left)
    assert threading.active_count() <= threads + 1  # the pool keeps its one idle thread


async def test_the_event_loop_runs_while_a_wsdl_is_loaded() -> None:
    """Parsing a large schema takes its time in a thread."""
    connector = connect("warehouse", Options(address=WSDL))
    seen: list[str] = []
    load = documents.Documents.load

    def slow(self: documents.Documents, location: str) -> bytes:
        seen.append(threading.current_thread().name)
        return load(self, location)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(documents.Documents, "load", slow)
        await connector.start()
    await connector.close()
    assert len(seen) >= 2
    assert threading.main_thread().name not in seen


@pytest.mark.parametrize("content", ["<html>Login</html>", "", "{}", "<definitions/>", "<x"])
async def test_what_is_no_wsdl_is_a_bad_reply_from_a_url_and_a_definition_error_in_a_file(
    site: Site, tmp_path: Path, content: str
) -> None:
    """A login page may be a WSDL tomorrow; a file stays wrong until somebody mends it."""
    site.files["/warehouse.wsdl"] = content
    connector = site.connector()
    with pytest.raises((UpstreamBadReply, DefinitionError)):
        await connector.start()
    await connector.close()
    (tmp_path / "w.wsdl").write_text(content)
    connector = connect("warehouse", Options(address=str(tmp_path / "w.wsdl")))
    with pytest.raises(DefinitionError, match="warehouse: the WSDL"):
        await connector.start()
    await connector.close()


async def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """The message says which: the WSDL or one of its imports; it is looked for again."""
    connector = connect("warehouse", Options(address=str(tmp_path / "w.wsdl")))
    with pytest.raises(DefinitionError, match=r"warehouse: there is no WSDL at .*w\.wsdl"):
        await connector.start()
    shutil.copy(WSDL, tmp_path / "w.wsdl")
    with pytest.raises(DefinitionError, match=r"imports a file that is missing: .*warehouse\.xsd"):
        await connector.start()
    shutil.copy(HERE / "warehouse.xsd", tmp_path)
    await connector.start()
    await connector.close()


@pytest.mark.parametrize(
    ("location", "told"),
    [
        ("../secret.xsd", "from outside of its folder"),
        ("link.xsd", "from outside of its folder"),
        ("file:///etc/passwd", "from outside of its folder"),
        ("/etc/passwd", "from outside of its folder"),
        ("http://127.0.0.1:9/x.xsd?k=v", "imports http://127.0.0.1/x.xsd; save that beside"),
    ],
)
async def test_a_file_imports_only_from_its_own_folder(tmp_path: Path, location: str, told: str) -> None:
    """Not with dots, not through a link, not by URL."""
    folder = tmp_path / "wsdl"
    folder.mkdir()
    shutil.copy(HERE / "warehouse.xsd", tmp_path / "secret.xsd")
    (folder / "link.xsd").symlink_to(tmp_path / "secret.xsd")
    (folder / "w.wsdl").write_text(WSDL_TEXT.replace("warehouse.xsd", location))
    connector = connect("warehouse", Options(address=str(folder / "w.wsdl")))
    with pytest.raises(DefinitionError, match=told):
        await connector.start()
    await connector.close()


async def test_a_url_imports_only_from_its_own_host(site: Site) -> None:
    """No file, no other host, no other port: a WSDL must not look around in our network."""
    async with HttpWorld() as other:
        for location in (f"http://127.0.0.1:{other.port}/x.xsd", "file:///etc/passwd", "/etc/passwd"):
            content = (HERE / "warehouse.wsdl").read_text().replace("warehouse.xsd", location)
            site.files["/warehouse.wsdl"] = content
            connector = site.connector()
            with pytest.raises((UpstreamBadReply, UpstreamNotFound)) as caught:
                await connector.start()
            assert "root:" not in str(caught.value)
            await connector.close()
        assert other.requests == []


@pytest.mark.parametrize(
    ("limits", "told"),
    [
        (documents.Limits(max_documents=1), "more than 1 documents"),
        (documents.Limits(max_bytes=1), "larger than 1 bytes"),
    ],
)
async def test_imports_without_end_are_refused(tmp_path: Path, limits: documents.Limits, told: str) -> None:
    """The number of documents and their size together are bounded."""
    shutil.copy(WSDL, tmp_path / "w.wsdl")
    shutil.copy(HERE / "warehouse.xsd", tmp_path)
    loader = WsdlLoader("warehouse", Options(address=str(tmp_path / "w.wsdl")), limits=limits)
    with pytest.raises(DefinitionError, match=told):
        await loader.load(GET.operation, None)
    await loader.close()


async def test_check_takes_any_answer_for_life_but_not_a_proxys_regret(site: Site) -> None:
    """SOAP servers answer HEAD with all kinds of statuses; 502 to 504 say that nobody is behind the proxy."""
    connector = site.connector()
    await connector.start()
    for status in (200, 404, 405, 500):
        site.http.answer = lambda _, status=status: response(status=status)
        assert await connector.check() is None
    site.http.answer = lambda _: response(status=503)
    with pytest.raises(UpstreamUnavailable):
        await connector.check()
    await connector.close()


@pytest.mark.parametrize("address", ["", "ftp://x/y", "http://user:pa55@127.0.0.1/x", "stock.asmx"])
async def test_an_address_in_the_wsdl_that_cannot_be_called(tmp_path: Path, address: str) -> None:
    """`endpoint` in bff.yaml helps, and the message says so."""
    content = WSDL_TEXT.replace("http://127.0.0.1:9/eleven", address)
    (tmp_path / "w.wsdl").write_text(content)
    shutil.copy(HERE / "warehouse.xsd", tmp_path)
    connector = connect("warehouse", Options(address=str(tmp_path / "w.wsdl")))
    with pytest.raises(DefinitionError, match=r"the address of port WarehousePort in the WSDL .*`endpoint`") as caught:
        await connector.send(GET)
    assert "pa55" not in str(caught.value)
    await connector.close()


async def test_wsdls_that_hang_hold_no_thread_of_others() -> None:
    """Before, each held one of the pool in which responses are compressed, which has six threads on two cores."""
    async with HttpWorld(lambda _: HANG) as http:
        connectors = [connect("warehouse", Options(address=f"{http.url}/warehouse.wsdl")) for _ in range(40)]
        loading = [asyncio.ensure_future(each.send(GET)) for each in connectors]
        await until(lambda: http.hanging)
        async with time_limit(10):
            assert await asyncio.to_thread(len, "free") == 4
        for each in connectors:
            await each.close()
        assert {type(each) for each in await asyncio.gather(*loading, return_exceptions=True)} == {UpstreamUnreachable}
