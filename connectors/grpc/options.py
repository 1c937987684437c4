"""The options of a gRPC upstream in bff.yaml. Imported by bff.config without loading grpcio."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import field_validator, model_validator

from connectors.options import ConfigPath, ConnectorOptions, Duration

_ADDRESS = re.compile(
    r"(?:(?P<scheme>grpcs?)://)?(?P<target>(?P<host>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):(?P<port>\d+))/?"
)


class Options(ConnectorOptions):
    """A gRPC upstream. `address` is `host:port`, `grpc://host:port` or `grpcs://host:port`; `grpcs` means TLS.

    Its types come from exactly one of `protos`, `descriptor_set` and `reflection`.
    """

    absent_lists: Literal["empty", "error"] = "empty"
    """As of other upstreams; `empty` by default: protobuf does not distinguish an empty list from an absent one."""
    protos: tuple[ConfigPath, ...] = ()
    """Proto files to compile at start."""
    proto_path: tuple[ConfigPath, ...] = ()
    """Folders searched for imports of `protos`, besides the folders of the files themselves."""
    descriptor_set: ConfigPath | None = None
    """File made by `protoc --include_imports --descriptor_set_out` or `buf build`."""
    reflection: bool = False
    """Read the types from the upstream (gRPC server reflection, v1 or v1alpha)."""
    secure: bool = False
    """Use TLS; the same as `grpcs://`."""
    authority: str | None = None
    """Name expected in the upstream's certificate and sent as :authority, when it differs from the host."""
    connect_timeout: Duration = 2.0
    """Maximum time to open a connection."""
    keepalive_interval: Duration | None = None
    """Interval of pings on a connection, also without calls. The server must permit it."""
    compression: bool = False
    """Accept compressed replies. They are decompressed before `max_reply_size` is checked, so enable it only for an
    upstream that you trust."""
    health: str = ""
    """Service name of the health check (grpc.health.v1); empty checks the server as a whole."""

    @property
    def target(self) -> str:
        """`host:port`."""
        match = _ADDRESS.fullmatch(self.address)
        assert match is not None
        return match["target"]

    @property
    def is_secure(self) -> bool:
        """Whether TLS is spoken."""
        return self.secure or self.address.startswith("grpcs://")

    @property
    def description_source(self) -> Literal["file", "upstream", "none"]:
        """As of ConnectorOptions."""
        return "upstream" if self.reflection else "file"

    @field_validator("address")
    @classmethod
    def _check_address(cls, address: str) -> str:
        match = _ADDRESS.fullmatch(address.strip())
        if match is None:
            raise ValueError("write a host and a port, such as pricing:9002 or grpcs://pricing:443, and nothing else")
        if not 0 < int(match["port"]) < 65536:
            raise ValueError(f"{match['port']} is not a port; ports go from 1 to 65535")
        return address.strip()

    @model_validator(mode="after")
    def _check_source(self) -> Options:
        sources = {
            "protos": bool(self.protos),
            "descriptor_set": self.descriptor_set is not None,
            "reflection": self.reflection,
        }
        given = [name for name, is_given in sources.items() if is_given]
        if len(given) != 1:
            raise ValueError(
                f"the types come from exactly one of {', '.join(sources)}; "
                f"found {' and '.join(given) if given else 'none'}"
            )
        if self.proto_path and not self.protos:
            raise ValueError("proto_path has no effect without protos; remove it or add protos")
        return self

    @model_validator(mode="after")
    def _check_tls(self) -> Options:
        if self.is_secure and not self.tls.verify:
            raise ValueError("gRPC always verifies certificates; set tls.ca to the upstream's CA instead")
        if self.secure and self.address.startswith("grpc://"):
            raise ValueError("grpc:// is without TLS, but secure is true; write grpcs://")
        return self
