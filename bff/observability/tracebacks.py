"""Exceptions as text for the log: frames and messages, never local variables. Used by `lines`."""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator
from types import TracebackType

MAX_FRAMES = 30
"""Of one exception: the first and the last half, because recursion is a thousand frames of the same."""
MAX_CHAIN = 10
"""Causes and members of groups that are shown."""
MAX_MESSAGE = 2_000

_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"", re.DOTALL)
_INPUT = re.compile(r"(input_value=).*?(?=, input_type=)", re.DOTALL)
_NUMBER = re.compile(r"\b\d{3,}\b")
_CAUSE = "\nThe exception above is the cause of this one:\n\n"
_CONTEXT = "\nWhile the exception above was handled, this one occurred:\n\n"


def format_exception(error: BaseException, *, shows_values: bool) -> str:
    """The traceback of an exception with its causes, the first cause first."""
    parts: list[str] = []
    for link, each in reversed(list(_walk_chain(error))):
        frames = _format_frames(each.__traceback__)
        parts.append(f"{frames}{format_message(each, shows_values=shows_values)}\n{link}")
    return "".join(parts).rstrip("\n")


def format_message(error: BaseException, *, shows_values: bool) -> str:
    """Class and message. Unless `shows_values`, the literals in messages about wrong values and keys are left out."""
    kind = type(error)
    module = "" if kind.__module__ in ("builtins", "__main__") else f"{kind.__module__}."
    name = module + kind.__qualname__
    try:
        message = str(error)[:MAX_MESSAGE]
    except Exception:  # noqa: BLE001 - an author's __str__ may raise anything
        message = "(its message cannot be printed)"
    if not shows_values:
        if isinstance(error, ValueError | LookupError):
            message = hide_literals(message)
        if quoted := str(getattr(error, "quoted", "")):
            message = message.replace(quoted, "...")
    return f"{name}: {message}" if message else name


def hide_literals(text: str) -> str:
    """Text of Python or a library about a wrong value, without the value: quoted parts and longer numbers."""
    return _NUMBER.sub("...", _QUOTED.sub("'...'", _INPUT.sub(r"\1...", text)))


def _walk_chain(error: BaseException) -> Iterator[tuple[str, BaseException]]:
    """The exception, then its causes; each with the words that lead to the one before it. Members of groups follow."""
    seen: set[int] = set()
    waiting: list[tuple[str, BaseException | None]] = [("", error)]
    while waiting and len(seen) < MAX_CHAIN:
        link, each = waiting.pop(0)
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        yield link, each
        if each.__cause__ is not None:
            waiting.append((_CAUSE, each.__cause__))
        elif not each.__suppress_context__:
            waiting.append((_CONTEXT, each.__context__))
        if isinstance(each, BaseExceptionGroup):
            waiting.extend((_CAUSE, member) for member in each.exceptions)


def _format_frames(trace: TracebackType | None) -> str:
    frames = list(traceback.walk_tb(trace))
    if not frames:
        return ""
    half = MAX_FRAMES // 2
    lines = ["Traceback (most recent call last):\n"]
    if len(frames) <= MAX_FRAMES:
        lines += traceback.StackSummary.extract(iter(frames), capture_locals=False).format()
    else:
        lines += traceback.StackSummary.extract(iter(frames[:half]), capture_locals=False).format()
        lines.append(f"  ... {len(frames) - 2 * half} frames ...\n")
        lines += traceback.StackSummary.extract(iter(frames[-half:]), capture_locals=False).format()
    return "".join(lines)
