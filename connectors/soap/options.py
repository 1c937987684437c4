"""The options of a SOAP upstream in bff.yaml. Imported by bff.config without loading zeep."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import ConfigDict, Field, PrivateAttr, SecretStr, ValidationInfo, field_validator, model_validator

from connectors.transport import HttpOptions


class Options(HttpOptions):
    """A SOAP upstream: `warehouse: {soap: warehouse.wsdl, endpoint: "https://host/warehouse"}`."""

    model_config = ConfigDict(hide_input_in_errors=True)  # a refused URL may hold a password

    address: str
    """The WSDL: a path relative to the configuration file, or an http(s) URL."""
    endpoint: str | None = None
    """URL of the service, instead of the one in the WSDL."""
    absent_lists: Literal["empty", "error"] = "empty"
    """As of other upstreams; `empty` by default: XML does not distinguish an empty list from an absent one."""
    service: str | None = None
    """Service of the WSDL. Defaults to the first service that has the operation."""
    port: str | None = None
    """Port of the service. Defaults to the first SOAP port that has the operation."""
    username: str | None = None
    """User name of a WS-Security UsernameToken sent with every call."""
    password: SecretStr | None = None
    """Password of the UsernameToken; write it as a ${VARIABLE}."""
    digest: bool = False
    """Send the password as a digest with nonce and time (PasswordDigest) instead of plain text."""
    soap_headers: dict[str, Any] = Field(default_factory=dict, repr=False)
    """SOAP header elements sent with every call, by name. An endpoint's own header of that name takes precedence."""
    strict: bool = False
    """Refuse replies that contain elements unknown to the WSDL, or lack elements that it requires."""

    mtom: bool = False
    """Send binary data (`xs:base64Binary`) beside the envelope (MTOM). Replies of that form are always read."""

    _folder: Path | None = PrivateAttr(default=None)

    @property
    def folder(self) -> Path | None:
        """The folder of bff.yaml; None where there is none."""
        return self._folder

    @property
    def is_remote(self) -> bool:
        """Whether the WSDL is fetched by HTTP."""
        return self.address.lower().startswith(("http://", "https://"))

    @property
    def description_source(self) -> Literal["file", "upstream", "none"]:
        """As of ConnectorOptions."""
        return "upstream" if self.is_remote else "file"

    @field_validator("address")
    @classmethod
    def _place(cls, value: str, info: ValidationInfo) -> str:
        value = value.strip()
        if not value:
            raise ValueError("is empty; write the path or http(s) URL of the WSDL")
        if "://" in value:
            return _http_url(value)
        return str(Path((info.context or {}).get("folder", ".")) / value)

    @field_validator("endpoint")
    @classmethod
    def _is_url(cls, value: str | None) -> str | None:
        return None if value is None else _http_url(value.strip())

    @model_validator(mode="after")
    def _keep_folder(self, info: ValidationInfo) -> Options:
        folder = (info.context or {}).get("folder")
        self._folder = None if folder is None else Path(folder)
        return self

    @model_validator(mode="after")
    def _whole_token(self) -> Options:
        if self.username is None and (self.password is not None or self.digest):
            raise ValueError("password and digest belong to a UsernameToken; add username")
        if self.digest and self.password is None:
            raise ValueError("digest is made from the password; add password")
        return self


def _http_url(value: str) -> str:
    """The URL. Raises ValueError, telling the next step and never a password."""
    if problem := problem_of_url(value):
        raise ValueError(problem)
    return value


def problem_of_url(value: str) -> str | None:
    """What keeps a text from being a URL that calls can be sent to, without repeating the text; None when nothing."""
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        return "is not a URL; write it like http://host:8080/service"
    if parts.scheme.lower() not in ("http", "https") or not parts.hostname or port == 0:
        return "is not an http(s) URL; write it like http://host:8080/service"
    if "@" in parts.netloc:
        return "holds a user or password; take it out and set username and password, or an authorization header"
    if not value.isascii() or any(character.isspace() for character in value):
        return "holds characters that a URL cannot have; percent-encode them"
    return None
