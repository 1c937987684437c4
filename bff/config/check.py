"""Check what bff.yaml says, section by section, and collect everything that is wrong. Called by load."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from bff.config.document import Document
from bff.config.problems import ConfigError
from bff.config.settings import Sections, Settings
from bff.config.words import explain, keys_of, unknown
from bff.frontends.options import Options as FrontendOptions
from bff.policies.outbound.options import Options as PolicyOptions
from bff.upstreams import UpstreamSettings
from connectors.kinds import KINDS, options_of

M = TypeVar("M", bound=BaseModel)
Where = tuple[str | int, ...]

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_SECTIONS = ("upstreams", *Sections.model_fields)


class Check:
    """Makes Settings from one document."""

    def __init__(self, document: Document, folder: Path) -> None:
        """`folder` is where the file lies."""
        self._document = document
        self._folder = folder
        self._problems = list(document.problems)

    def settings(self) -> Settings:
        """Everything that the document says. Raises ConfigError with all its mistakes."""
        data = self._document.data
        if not isinstance(data, dict):
            self._say((), "expected a mapping with `upstreams` and `frontends`")
            raise ConfigError(self._problems)
        for key in data.keys() - set(_SECTIONS):
            self._say((key,), unknown(key, _SECTIONS))
        upstreams = self._upstreams(data.get("upstreams"))
        self._check_names("frontends", data.get("frontends"))
        sections = self._model(Sections, {key: data[key] for key in Sections.model_fields if key in data}, ())
        frontends = _valid(FrontendOptions, data.get("frontends"))
        self._check_choice(frontends)
        self._check_sharing(frontends, upstreams)
        if self._problems or sections is None:
            raise ConfigError(self._problems)
        return Settings(
            upstreams=MappingProxyType(upstreams),
            frontends=MappingProxyType(sections.frontends),
            server=sections.server,
            log=sections.log,
            folder=self._folder,
        )

    def _upstreams(self, data: Any) -> dict[str, UpstreamSettings]:
        if data is None:
            return {}
        if not isinstance(data, dict):
            self._say(("upstreams",), 'expected a mapping of names, such as `catalog: {rest: "http://..."}`')
            return {}
        self._check_names("upstreams", data)
        found = {name: self._upstream(name, each) for name, each in data.items()}
        return {name: each for name, each in found.items() if each is not None}

    def _upstream(self, name: str, data: Any) -> UpstreamSettings | None:
        path = ("upstreams", name)
        if not isinstance(data, dict):
            self._say(path, f"expected a mapping with the upstream's address under one of {', '.join(KINDS)}")
            return None
        kind = self._kind(path, data)
        if kind is None:
            return None
        model = options_of(kind)
        own, policies = keys_of(model) - {"address"}, keys_of(PolicyOptions)
        for key in data.keys() - own - policies - {kind}:
            self._say((*path, key), unknown(key, {kind, *own, *policies}))
        connector = self._model(model, {"address": data[kind], **_only(data, own)}, path, written_as={"address": kind})
        checked = self._model(PolicyOptions, _only(data, policies), path)
        if connector is None or checked is None:
            return None
        return UpstreamSettings(name=name, kind=kind, connector=connector, policies=checked)

    def _kind(self, path: Where, data: Mapping[str, Any]) -> str | None:
        kinds = [key for key in data if key in KINDS]
        if len(kinds) == 1:
            return kinds[0]
        if kinds:
            self._say((*path, kinds[1]), f"an upstream speaks one protocol, and this one has {kinds[0]}; keep one")
            return None
        for key in data:
            if nearest := get_close_matches(key, KINDS, n=1):
                self._say((*path, key), f'unknown key; did you mean "{nearest[0]}"?')
                return None
        self._say(path, f"the address is missing; give it under one of {', '.join(KINDS)}")
        return None

    def _model(
        self, model: type[M], data: Any, path: Where, *, written_as: Mapping[str, str] = MappingProxyType({})
    ) -> M | None:
        """The model of this data, or None after its mistakes are told. `written_as` renames fields to their keys."""
        try:
            return model.model_validate(data, context={"folder": self._folder})
        except ValidationError as error:
            for each in error.errors(include_url=False):
                steps = [written_as.get(str(step), step) for step in each["loc"]]
                place = self._place(path, steps, is_there=each["type"] != "missing")
                is_public = place not in self._document.from_environment
                self._say(place, explain(model, each, is_public=is_public))
            return None

    def _place(self, path: Where, steps: list[str | int], *, is_there: bool) -> Where:
        """Where an error is. Pydantic names choices of a union among the steps; those are not in the document."""
        for index, step in enumerate(steps):
            if (*path, step) in self._document.places or (index == len(steps) - 1 and not is_there):
                path = (*path, step)
        return path

    def _check_names(self, section: str, data: Any) -> None:
        for name in data if isinstance(data, dict) else ():
            if not _NAME.fullmatch(name):
                self._say((section, name), "a name begins with a letter and has letters, digits, - and _")

    def _check_choice(self, frontends: Mapping[str, FrontendOptions]) -> None:
        """No request may be for two frontends."""
        seen: dict[tuple[str, str], Where] = {}
        for name, options in frontends.items():
            for rule, value, steps in _rules(options):
                path: Where = ("frontends", name, *steps)
                first = seen.setdefault((rule, value), path)
                if first[1] != name:
                    line = self._document.problem(first, "").line
                    self._say(path, f"{rule} already chooses {first[1]} in line {line}; keep one of them")

    def _check_sharing(
        self, frontends: Mapping[str, FrontendOptions], upstreams: Mapping[str, UpstreamSettings]
    ) -> None:
        """What an upstream is told of the caller may change its answers."""
        told = {header: name for name, each in upstreams.items() for header in each.policies.forward}
        for name, options in frontends.items():
            key = options.match.api_key
            for index, header in enumerate(options.share_across):
                path: Where = ("frontends", name, "share_across", index)
                if header in told:
                    self._say(path, f"{header} is forwarded to {told[header]}, so it may change an answer; remove it")
                elif key is not None and header == key.header:
                    self._say(path, f"{header} holds the caller's API key, so it may change an answer; remove it")

    def _say(self, path: Where, message: str) -> None:
        self._problems.append(self._document.problem(path, message))


def _valid(model: type[M], data: Any) -> dict[str, M]:
    """Those of several that are right by themselves, so that they can be compared though others are not."""
    found: dict[str, M] = {}
    for name, each in data.items() if isinstance(data, dict) else ():
        with suppress(ValidationError):
            found[name] = model.model_validate(each)
    return found


def _only(data: Mapping[str, Any], keys: set[str]) -> dict[str, Any]:
    return {key: value for key, value in data.items() if key in keys}


def _rules(options: FrontendOptions) -> Iterator[tuple[str, str, Where]]:
    """What chooses a frontend: in words without secrets, the exact value, and where it stands."""
    match = options.match
    if options.default:
        yield "the default", "", ("default",)
    for name, value in match.header.items():
        yield f"the header {name} with this value", value, ("match", "header", name)
    for index, host in enumerate(match.host):
        yield f"the host {host}", host, ("match", "host", index)
    if match.api_key is not None:
        for index, key in enumerate(match.api_key.keys):
            rule = f"this key in {match.api_key.header}"
            yield rule, key.get_secret_value(), ("match", "api_key", "keys", index)
