"""What a channel and a server agree on: the size of messages and of metadata, pings, and how soon one connects again."""

from __future__ import annotations

from typing import Any

MAX_MESSAGE = 8 * 1024 * 1024  # bytes, both ways
MAX_METADATA = 64 * 1024  # bytes that our channels take: errors with their facts are in it
MAX_STREAMS = 1_000  # calls at a time on one connection; more wait at the caller
USER_AGENT = "blossm"  # who says so takes MAX_METADATA; others are held to take gRPC's own 8 KiB

Options = list[tuple[str, Any]]

_SECOND = 1_000

_BOTH: Options = [
    ("grpc.max_receive_message_length", MAX_MESSAGE),
    ("grpc.max_send_message_length", MAX_MESSAGE),
    # A peer that is gone without a word is noticed while something is under way, and its calls are ended.
    ("grpc.keepalive_time_ms", 20 * _SECOND),
    ("grpc.keepalive_timeout_ms", 10 * _SECOND),
    ("grpc.http2.max_pings_without_data", 0),  # also while a stream waits for a long time: any number
]

CHANNEL: Options = [
    *_BOTH,
    ("grpc.primary_user_agent", USER_AGENT),
    ("grpc.max_metadata_size", MAX_METADATA),
    ("grpc.absolute_max_metadata_size", MAX_METADATA),
    ("grpc.initial_reconnect_backoff_ms", 50),
    ("grpc.min_reconnect_backoff_ms", 1 * _SECOND),  # the time that one attempt gets
    ("grpc.max_reconnect_backoff_ms", 1 * _SECOND),
    ("grpc.use_local_subchannel_pool", 1),  # another channel's failures are not this one's
    ("grpc.enable_http_proxy", 0),  # procedures of one network reach each other directly
    ("grpc.service_config_disable_resolution", 1),
]

SERVER: Options = [
    *_BOTH,
    ("grpc.max_concurrent_streams", MAX_STREAMS),
    # Twice as often as our channels ping: who pings more is told to stop (GOAWAY too_many_pings).
    ("grpc.http2.min_recv_ping_interval_without_data_ms", 10 * _SECOND),
    ("grpc.keepalive_permit_without_calls", 1),
]
