"""Formats and patterns of `@constraint`: what fits, what does not, and how long that takes to see."""

from __future__ import annotations

import time

import pytest

from bff.validation.formats import FORMATS, compile_pattern

FIT = {
    "email": ["a@b.de", "first.last+tag@mail.example.org", "a@localhost", "o'neil@x.y"],
    "url": ["https://a.b", "http://localhost:8080/x?y=1#z", "https://[::1]/", "https://a.b/%20(x)[y]", "http://a.b?q"],
    "uuid": ["123e4567-e89b-12d3-a456-426614174000", "123E4567-E89B-12D3-A456-426614174000"],
    "hostname": ["a", "www.example.org", "a-b.c"],
    "ipv4": ["127.0.0.1", "255.255.255.255"],
    "ipv6": ["::1", "2001:db8::ff00:42:8329"],
    "date": ["2024-02-29"],
    "date-time": ["2024-02-29T23:59:59Z", "2024-01-01t00:00:00.123+02:00"],
}
MISFIT = {
    "email": [
        "",
        "a",
        "a@",
        "@b",
        "a@b@c",
        "a b@c.d",
        "a@b.de\n",
        "a@-b.de",
        f"{'a' * 65}@b.de",
        "é@b.de",
        "\ud800@b.de",
    ],
    "url": [
        "",
        "a.b",
        "ftp://a.b",
        "javascript:alert(1)",
        "https://",
        "https://a b",
        "https://u:p@a.b",
        "https://a.b/\n",
    ],
    "uuid": ["", "123e4567e89b12d3a456426614174000", "123e4567-e89b-12d3-a456-42661417400g"],
    "hostname": ["", "-a", "a_b", f"{'a' * 64}.b", ".".join(["abcdefg"] * 40)],
    "ipv4": ["1.2.3", "256.1.1.1", "1.2.3.4.5", "1.2.3.4/8", "01.2.3.4"],
    "ipv6": ["1", ":::", "::1%eth0", "g::1"],
    "date": ["2023-02-29", "20240101", "2024-1-1", "2024-01-01T00:00:00Z"],
    "date-time": ["2024-01-01", "2024-01-01T00:00:00", "2024-01-01 00:00:00Z", "2024-01-01T25:00:00Z"],
}


def test_all_formats_are_here() -> None:
    """A new one comes with examples."""
    assert FIT.keys() == MISFIT.keys() == FORMATS.keys()


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_fits_what_it_says(name: str) -> None:
    """And nothing else."""
    assert [text for text in FIT[name] if not FORMATS[name](text)] == []
    assert [text for text in MISFIT[name] if FORMATS[name](text)] == []


def test_a_pattern_is_searched() -> None:
    """As in JSON Schema; `$` is the end of all of the text, not of its last line."""
    assert compile_pattern("b+")("abc")
    assert compile_pattern("^a$")("a")
    assert not compile_pattern("^a$")("a\n")
    assert not compile_pattern("a")("\ud800a")  # half of a surrogate pair is no text


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("(", "unclosed group"),
        ("(?=a)", "look-around"),
        (r"(a)\1", "backreferences"),
        ("(x{1000}){1000}", "size limit"),
    ],
)
def test_a_pattern_that_cannot_be_matched_is_refused(pattern: str, reason: str) -> None:
    """With the reason."""
    with pytest.raises(ValueError, match=reason):
        compile_pattern(pattern)


@pytest.mark.parametrize("pattern", ["^(a+)+$", "^(a|a)*$", "^(a|aa)+$", "^(([a-z])+.)+[A-Z]$", "^(.*a){20}$"])
def test_no_pattern_takes_exponential_time(pattern: str) -> None:
    """With Python's re, thirty characters take minutes for most of these."""
    matches = compile_pattern(pattern)
    begin = time.process_time()
    assert not matches("a" * 10_000 + "!")
    assert time.process_time() - begin < 0.5
