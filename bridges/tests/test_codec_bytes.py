"""The bytes codec keeps everything and reads nothing into it."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridges.codecs.base import MAX_PAYLOAD_BYTES, Incoming
from bridges.codecs.bytes import BytesCodec
from telemetry.values import Decoded, DecodeFault

NOW = datetime(2026, 1, 31, tzinfo=UTC)


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_kept_as_hex_and_size(payload: bytes) -> None:
    _, (decoded,) = BytesCodec().decode(None, Incoming(payload, NOW))
    assert decoded == Decoded({"hex": payload.hex(), "size": len(payload)})


def test_a_payload_beyond_the_limit_is_refused() -> None:
    with pytest.raises(DecodeFault, match="limit"):
        BytesCodec().decode(None, Incoming(b"x" * (MAX_PAYLOAD_BYTES + 1), NOW))
