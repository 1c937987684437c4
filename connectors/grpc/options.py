"""What bff.yaml can say about a gRPC upstream. Imported by bff.config without loading grpcio."""

from __future__ import annotations

import re

from pydantic import field_validator, model_validator

from connectors.options import ConfigPath, ConnectorOptions, Duration

_ADDRESS = re.compile(
    r"(?:(?P<scheme>grpcs?)://)?(?P<target>(?P<host>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):(?P<port>\d+))/?"
)


class Options(ConnectorOptions):
    """A gRPC upstream. `address` is `host:port`, `grpc://host:port` or `grpcs://host:port`; `grpcs` means TLS.

    Its types come from exactly one of `protos`, `descriptor_set` and `reflection`.
    """

    protos: tuple[ConfigPath, ...] = ()
    """Proto files to compile at start."""
    proto_path: tuple[ConfigPath, ...] = ()
    """Folders in which imports of `protos` are looked up, besides the folders of the files themselves."""
    descriptor_set: ConfigPath | None = None
    """File made by `protoc --include_imports --descriptor_set_out` or `buf build`."""
    reflection: bool = False
    """Ask the upstream itself (gRPC server reflection, v1 or v1alpha)."""
    secure: bool = False
    """Speak TLS; the same as `grpcs://`."""
    authority: str | None = None
    """Name that the upstream's certificate must have and that is sent as :authority, where it differs from the host."""
    connect_timeout: Duration = 2.0
    """How long making a connection may take."""
    keepalive: Duration | None = None
    """How often an idle connection is probed with a ping, also without calls; the server must permit it."""
    compression: bool = False
    """Accept compressed replies. They are unpacked before `max_reply` is checked, so say yes only to whom you trust."""
    health: str = ""
    """Service whose health is asked (grpc.health.v1); empty asks about the server as a whole."""

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
                f"say where the types come from with exactly one of {', '.join(sources)}; "
                f"given {'are ' + ' and '.join(given) if given else 'is none'}"
            )
        if self.proto_path and not self.protos:
            raise ValueError("proto_path is only of use with protos")
        return self

    @model_validator(mode="after")
    def _check_tls(self) -> Options:
        if self.is_secure and not self.tls.verify:
            raise ValueError("gRPC cannot skip the check of certificates; give the upstream's CA as tls.ca instead")
        if self.secure and self.address.startswith("grpc://"):
            raise ValueError("grpc:// means without TLS, but secure is true; write grpcs://")
        return self
