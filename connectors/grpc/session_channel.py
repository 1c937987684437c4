"""Opens the channel to one upstream, with TLS where it is asked for. Used by the connector inside the running loop."""

from __future__ import annotations

import ssl
from pathlib import Path

import grpc
from grpc import aio

from connectors.errors import DefinitionError
from connectors.grpc.options import Options
from connectors.options import TlsOptions

_IDENTITY_ONLY = 1


def open_channel(options: Options, credentials: grpc.ChannelCredentials | None, *, max_message: int) -> aio.Channel:
    """Open a channel, which connects at first use and refuses messages of more than `max_message` bytes."""
    arguments = _make_channel_arguments(options, max_message)
    if credentials is None:
        return aio.insecure_channel(options.target, options=arguments)
    return aio.secure_channel(options.target, credentials, options=arguments)


def read_credentials(name: str, options: Options) -> grpc.ChannelCredentials | None:
    """Read TLS credentials from files (blocking); None for plain text. Raises DefinitionError for an unusable file."""
    if not options.is_secure:
        return None
    tls = options.tls
    try:
        tls.context()  # grpcio accepts any bytes and fails only when connecting, without a reason
        chain = tls.cert.read_bytes() if tls.cert else None
        key = tls.key.read_bytes() if tls.key else chain
        return grpc.ssl_channel_credentials(_read_trusted_roots(tls), key, chain)
    except (OSError, ssl.SSLError) as error:
        raise DefinitionError(f"upstreams.{name}.tls: {error}; check the files of ca, cert and key") from error


def _read_trusted_roots(tls: TlsOptions) -> bytes | None:
    """Read the trusted CAs: the configured file or the system's; None stands for grpcio's own bundle."""
    path = tls.ca or ssl.get_default_verify_paths().cafile
    return Path(path).read_bytes() if path else None


def _make_channel_arguments(options: Options, max_message: int) -> list[tuple[str, int | str]]:
    arguments: list[tuple[str, int | str]] = [
        ("grpc.max_receive_message_length", max_message),
        # How long one attempt to connect may take, and how soon the next follows: a restarted upstream is found soon.
        ("grpc.min_reconnect_backoff_ms", int(options.connect_timeout * 1000)),
        ("grpc.initial_reconnect_backoff_ms", 100),
        ("grpc.max_reconnect_backoff_ms", 1000),
        ("grpc.dns_min_time_between_resolutions_ms", 1000),
        # The gateway retries and balances; a TXT record must not switch either on.
        ("grpc.service_config_disable_resolution", 1),
        # Proxies from the environment are for the internet, not for the upstreams in bff.yaml.
        ("grpc.enable_http_proxy", 0),
        # Channels of equal settings would share one connection, and closing one gateway's would not close it.
        ("grpc.use_local_subchannel_pool", 1),
    ]
    if not options.compression:
        arguments.append(("grpc.compression_enabled_algorithms_bitset", _IDENTITY_ONLY))
    if options.keepalive_interval is not None:
        arguments += [
            ("grpc.keepalive_time_ms", int(options.keepalive_interval * 1000)),
            ("grpc.keepalive_timeout_ms", int(options.connect_timeout * 1000)),
            ("grpc.keepalive_permit_without_calls", 1),
            ("grpc.http2.max_pings_without_data", 0),
        ]
    if options.authority is not None:
        arguments.append(("grpc.default_authority", options.authority))
        if options.is_secure:
            arguments.append(("grpc.ssl_target_name_override", options.authority))
    return arguments
