# SPDX-License-Identifier: MIT
"""The body of a remote write: a protobuf message in a snappy block.

Sources: Prometheus Remote-Write 1.0 specification
(https://prometheus.io/docs/specs/prw/remote_write_spec/) for the message and
the headers; protobuf's encoding guide
(https://protobuf.dev/programming-guides/encoding/) for its bytes; snappy's
format_description.txt (https://github.com/google/snappy) for the block.  The
block holds literals only, which every decoder reads: two libraries less, for
about 150 bytes a sample between two machines of one room.
"""

import struct
from collections.abc import Iterable

from tinhnet.store.series.sample import Series

HEADERS = {
    "Content-Encoding": "snappy",
    "Content-Type": "application/x-protobuf",
    "X-Prometheus-Remote-Write-Version": "0.1.0",
}

# Keys of protobuf fields: number << 3 | wire type (0 varint, 1 eight bytes, 2 with a length).
_TIMESERIES, _LABEL, _SAMPLE = b"\x0a", b"\x0a", b"\x12"
_LABEL_NAME, _LABEL_VALUE = b"\x0a", b"\x12"
_SAMPLE_VALUE, _SAMPLE_AT = b"\x09", b"\x10"

_LITERAL = 61 << 2
"""Tag of a snappy literal whose length, less one, follows in two bytes."""
_LITERAL_MOST = 1 << 16


def labels_of(series: Series) -> bytes:
    """Return the labels of a series, its name among them, as fields of a TimeSeries.

    They must be sorted; our words are lower-case letters, which follow `_`.
    """
    pairs = (("__name__", series.name), *series.labels)
    return b"".join(
        _field(_LABEL, _field(_LABEL_NAME, name.encode()) + _field(_LABEL_VALUE, value.encode()))
        for name, value in pairs
    )


def write_request(samples: Iterable[tuple[bytes, int, float]]) -> bytes:
    """Return a WriteRequest of samples: labels as of `labels_of`, milliseconds, value."""
    return b"".join(
        _field(
            _TIMESERIES,
            labels
            + _field(
                _SAMPLE,
                _SAMPLE_VALUE + struct.pack("<d", value) + _SAMPLE_AT + varint(at),
            ),
        )
        for labels, at, value in samples
    )


def snappy(plain: bytes) -> bytes:
    """Return a snappy block of literals."""
    parts = [varint(len(plain))]
    for start in range(0, len(plain), _LITERAL_MOST):
        piece = plain[start : start + _LITERAL_MOST]
        parts.append(struct.pack("<BH", _LITERAL, len(piece) - 1) + piece)
    return b"".join(parts)


def varint(number: int) -> bytes:
    """Return a whole number, not negative, seven bits a byte, the lowest first."""
    held = bytearray()
    while number > 0x7F:  # noqa: PLR2004
        held.append(number & 0x7F | 0x80)
        number >>= 7
    held.append(number)
    return bytes(held)


def _field(key: bytes, content: bytes) -> bytes:
    return key + varint(len(content)) + content
