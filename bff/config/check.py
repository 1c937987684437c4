"""Build Settings from the document of bff.yaml, section by section, and collect all mistakes. Called by load."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from bff.config.document import Document
from bff.config.document import Path as Location
from bff.config.messages import explain, explain_unknown_key, keys_of
from bff.config.mode import Mode, choose_default_mode, switch_off_frontends, switch_off_server
from bff.config.placeholders import fit_placeholders
from bff.config.problems import ConfigError, Problem
from bff.config.renamed import KeyRenamer
from bff.config.settings import Sections, Settings
from bff.frontends.options import Options as FrontendOptions
from bff.identity.options import Provider as IdentityOptions
from bff.policies.outbound.options import Options as PolicyOptions
from bff.upstreams import UpstreamSettings
from connectors.kinds import KINDS, load_options

M = TypeVar("M", bound=BaseModel)
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_SECTIONS = ("upstreams", *Sections.model_fields)


class SettingsBuilder:
    """Builds Settings from one document."""

    def __init__(self, document: Document, folder: Path) -> None:
        """`folder` contains the file."""
        self._document = document
        self._folder = folder
        self._problems = list(document.problems)
        self._renamer = KeyRenamer(document)

    def build(self, default_mode: Mode | None = None) -> Settings:
        """The settings of the document. Raises ConfigError with all its mistakes.

        Without `mode` in the document it is `default_mode`, or what suits the address that it listens on.
        """
        data = self._document.data
        if not isinstance(data, dict):
            self._report((), "expected a mapping with `upstreams` and `frontends`")
            raise ConfigError(self._problems)
        for key in data.keys() - set(_SECTIONS):
            self._report((key,), explain_unknown_key(key, _SECTIONS))
        self._renamer.rename(data, (), [Sections], more=_SECTIONS)
        upstreams = self._build_upstreams(data.get("upstreams"))
        self._check_names("frontends", data.get("frontends"))
        self._check_names("identity", data.get("identity"))
        sections = self._validate_model(Sections, {key: data[key] for key in Sections.model_fields if key in data}, ())
        frontends = _validate_each(FrontendOptions, data.get("frontends"))
        self._check_choice(frontends)
        identity = _validate_each(IdentityOptions, data.get("identity"))
        self._check_identity(frontends, data.get("identity"))
        self._check_sharing(frontends, upstreams, identity)
        if self._problems or sections is None:
            raise ConfigError(self._problems)
        return self._assemble(upstreams, sections, default_mode)

    def _assemble(
        self, upstreams: dict[str, UpstreamSettings], sections: Sections, default_mode: Mode | None
    ) -> Settings:
        """The settings, with the defaults of the mode."""
        default_mode = default_mode or choose_default_mode(sections.server.host)
        mode = sections.mode or default_mode
        off: list[str] = []
        server, chosen = sections.server, sections.frontends
        if mode == "production":
            chosen, off = switch_off_frontends(chosen)
            server, more = switch_off_server(server)
            off += more
        return Settings(
            upstreams=MappingProxyType(upstreams),
            frontends=MappingProxyType(chosen),
            identity=MappingProxyType(sections.identity),
            server=server,
            mode=mode,
            default_mode=default_mode,
            has_mode=sections.mode is not None,
            switched_off=tuple(off) if sections.mode is None else (),
            log=sections.log,
            folder=self._folder,
            schemas=sections.schemas,
            warnings=tuple(self._renamer.warnings),
            unset=tuple(self._list_unset()),
        )

    def _list_unset(self) -> list[Problem]:
        """The variables that have placeholders, each once."""
        first: dict[str, Location] = {}
        for path, names in self._document.unset.items():
            for name in names:
                first.setdefault(name, path)
        return [
            self._document.problem(path, f"the environment variable {name} is not set or empty")
            for name, path in first.items()
        ]

    def _build_upstreams(self, data: Any) -> dict[str, UpstreamSettings]:
        if data is None:
            return {}
        if not isinstance(data, dict):
            self._report(("upstreams",), 'expected a mapping of names, such as `catalog: {rest: "http://..."}`')
            return {}
        self._check_names("upstreams", data)
        found = {name: self._build_upstream(name, each) for name, each in data.items()}
        return {name: each for name, each in found.items() if each is not None}

    def _build_upstream(self, name: str, data: Any) -> UpstreamSettings | None:
        path = ("upstreams", name)
        if not isinstance(data, dict):
            self._report(path, f"expected a mapping with the upstream's address under one of {', '.join(KINDS)}")
            return None
        kind = self._find_kind(path, data)
        if kind is None:
            return None
        model = load_options(kind)
        self._renamer.rename(data, path, [model, PolicyOptions], more=(kind,))
        own, policies = keys_of(model) - {"address"}, keys_of(PolicyOptions)
        for key in data.keys() - own - policies - {kind}:
            self._report((*path, key), explain_unknown_key(key, {kind, *own, *policies}))
        connector = self._validate_model(
            model, {"address": data[kind], **_select_keys(data, own)}, path, written_as={"address": kind}
        )
        checked = self._validate_model(PolicyOptions, _select_keys(data, policies), path)
        if connector is None or checked is None:
            return None
        return UpstreamSettings(name=name, kind=kind, connector=connector, policies=checked)

    def _find_kind(self, path: Location, data: Mapping[str, Any]) -> str | None:
        kinds = [key for key in data if key in KINDS]
        if len(kinds) == 1:
            return kinds[0]
        if kinds:
            self._report((*path, kinds[1]), f"an upstream speaks one protocol, and this one has {kinds[0]}; keep one")
            return None
        for key in data:
            if nearest := get_close_matches(key, KINDS, n=1):
                self._report((*path, key), f'unknown key; did you mean "{nearest[0]}"?')
                return None
        self._report(path, f"the address is missing; give it under one of {', '.join(KINDS)}")
        return None

    def _validate_model(
        self, model: type[M], data: Any, path: Location, *, written_as: Mapping[str, str] = MappingProxyType({})
    ) -> M | None:
        """The model of this data, or None after reporting its mistakes. `written_as` maps fields to their keys."""
        validate = partial(model.model_validate, context={"folder": self._folder})

        def locate(error: Any) -> Location:
            steps = [written_as.get(str(step), step) for step in error["loc"]]
            return self._locate_error(path, steps, is_there=error["type"] != "missing")

        try:
            if self._document.has_placeholders:
                data = fit_placeholders(data, validate, locate, self._document.unset)
            return validate(data)
        except ValidationError as error:
            for each in error.errors(include_url=False):
                place = locate(each)
                is_public = place not in self._document.from_environment
                self._report(place, explain(model, each, is_public=is_public))
            return None

    def _locate_error(self, path: Location, steps: list[str | int], *, is_there: bool) -> Location:
        """The place of an error. Pydantic's steps include choices of a union, which are not in the document."""
        for index, step in enumerate(steps):
            if (*path, step) in self._document.places or (index == len(steps) - 1 and not is_there):
                path = (*path, step)
        return path

    def _check_names(self, section: str, data: Any) -> None:
        for name in data if isinstance(data, dict) else ():
            if not _NAME.fullmatch(name):
                self._report((section, name), "a name begins with a letter and has letters, digits, - and _")

    def _check_choice(self, frontends: Mapping[str, FrontendOptions]) -> None:
        """Report rules that match the same requests for two frontends."""
        seen: dict[tuple[str, str], Location] = {}
        for name, options in frontends.items():
            for rule, value, steps in _match_rules(options):
                path: Location = ("frontends", name, *steps)
                first = seen.setdefault((rule, value), path)
                if first[1] != name:
                    line = self._document.problem(first, "").line
                    self._report(path, f"{rule} already selects {first[1]} in line {line}; keep one of them")

    def _check_identity(self, frontends: Mapping[str, FrontendOptions], data: Any) -> None:
        """Report names of identity providers that there are not, and providers that no frontend names."""
        known = list(data) if isinstance(data, dict) else []
        for name, options in frontends.items():
            for index, each in enumerate(options.identity):
                if each not in known:
                    path: Location = ("frontends", name, "identity", index)
                    self._report(path, f'there is no identity provider "{each}"; {_suggest(each, known)}')
            if options.when_missing == "anonymous" and not options.identity:
                path = ("frontends", name, "when_missing")
                self._report(path, "needs `identity`; without it every caller is anonymous")

    def _check_sharing(
        self,
        frontends: Mapping[str, FrontendOptions],
        upstreams: Mapping[str, UpstreamSettings],
        identity: Mapping[str, IdentityOptions],
    ) -> None:
        """Report headers in share_across that identify a caller or are forwarded to an upstream."""
        forwarded = {header: name for name, each in upstreams.items() for header in each.policies.forward}
        for name, options in frontends.items():
            key = options.match.api_key
            proofs = {header for each in options.identity if each in identity for header in identity[each].headers}
            for index, header in enumerate(options.share_across):
                path: Location = ("frontends", name, "share_across", index)
                if header in forwarded:
                    self._report(
                        path, f"{header} is forwarded to {forwarded[header]}, so it may change a response; remove it"
                    )
                elif header in proofs or (key is not None and header == key.header):
                    self._report(
                        path, f"{header} holds the caller's credential, so it may change a response; remove it"
                    )

    def _report(self, path: Location, message: str) -> None:
        if path in self._document.unset and not self._document.has_placeholders:
            return  # the variable that is not set is reported
        self._problems.append(self._document.problem(path, message))


def _validate_each(model: type[M], data: Any) -> dict[str, M]:
    """The valid ones of several, so that they can be compared although others are not valid."""
    found: dict[str, M] = {}
    for name, each in data.items() if isinstance(data, dict) else ():
        with suppress(ValidationError):
            found[name] = model.model_validate(each)
    return found


def _suggest(name: str, known: Sequence[str]) -> str:
    if nearest := get_close_matches(name, known, n=1):
        return f'did you mean "{nearest[0]}"?'
    return f"there is {', '.join(known)}" if known else "add it under `identity`"


def _select_keys(data: Mapping[str, Any], keys: set[str]) -> dict[str, Any]:
    return {key: value for key, value in data.items() if key in keys}


def _match_rules(options: FrontendOptions) -> Iterator[tuple[str, str, Location]]:
    """The match rules of a frontend: a description without secrets, the exact value, and its place."""
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
