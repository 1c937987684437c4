"""Durations, sizes, paths and TLS as bff.yaml writes them."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

import pytest
import trustme
from pydantic import ValidationError

from connectors.options import ConfigPath, ConnectorOptions, Model, TlsOptions, parse_duration, parse_size


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("800ms", 0.8), ("2s", 2.0), ("1.5m", 90.0), ("1h", 3600.0), (" 2 s ", 2.0), (0.5, 0.5)],
)
def test_durations(written: Any, seconds: float) -> None:
    """A number with its unit; a float is a default, already in seconds."""
    assert parse_duration(written) == pytest.approx(seconds)


@pytest.mark.parametrize("written", [2, "2", True, "2 days", "-1s", "", None, "1e3s"])
def test_what_is_no_duration(written: Any) -> None:
    """A bare number is refused: its unit would be a guess."""
    with pytest.raises(ValueError, match="write a number with its unit"):
        parse_duration(written)


@pytest.mark.parametrize(
    ("written", "size"), [("512kB", 512_000), ("8MB", 8_000_000), ("64KiB", 65_536), ("1.5GB", 1_500_000_000), (7, 7)]
)
def test_sizes(written: Any, size: int) -> None:
    """Decimal and binary units."""
    assert parse_size(written) == size


@pytest.mark.parametrize("written", [True, 1.5, "8 mb", "many", "-1B", None])
def test_what_is_no_size(written: Any) -> None:
    """With how to write one."""
    with pytest.raises(ValueError, match="write it like 512kB"):
        parse_size(written)


def test_paths_are_relative_to_the_file_that_names_them() -> None:
    """Not to where the gateway was started; an absolute one stays."""

    class Files(Model):
        wsdl: ConfigPath

    assert Files.model_validate({"wsdl": "a/b.wsdl"}, context={"folder": "/etc/bff"}).wsdl == Path("/etc/bff/a/b.wsdl")
    assert Files.model_validate({"wsdl": "/x.wsdl"}, context={"folder": "/etc/bff"}).wsdl == Path("/x.wsdl")


def test_options_are_strict_and_frozen() -> None:
    """A key that nobody reads is a mistake, and nothing changes after loading."""
    with pytest.raises(ValidationError, match="Extra inputs"):
        ConnectorOptions.model_validate({"address": "x", "adress": "y"})
    options = ConnectorOptions(address="x")
    with pytest.raises(ValidationError, match="frozen"):
        options.address = "y"  # type: ignore[misc]


def test_tls_verifies_unless_it_is_told_not_to(tmp_path: Path) -> None:
    """And trusts the given CA alone."""
    ca = trustme.CA()
    ca.cert_pem.write_to_path(tmp_path / "ca.pem")
    strict = TlsOptions(ca=tmp_path / "ca.pem").context()
    assert strict.verify_mode is ssl.CERT_REQUIRED
    assert strict.check_hostname
    assert len(strict.get_ca_certs()) == 1
    lax = TlsOptions(verify=False).context()
    assert (lax.verify_mode, lax.check_hostname) == (ssl.CERT_NONE, False)


def test_a_certificate_that_is_missing(tmp_path: Path) -> None:
    """Is told where the options are used."""
    with pytest.raises(OSError, match="No such file"):
        TlsOptions(cert=tmp_path / "nowhere.pem").context()
