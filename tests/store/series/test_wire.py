# SPDX-License-Identifier: MIT
"""The bytes of a remote write, by hand; a real Prometheus reads them in test_contract."""

import pytest

from tinhnet.store.series.sample import series_of
from tinhnet.store.series.wire import labels_of, snappy, varint, write_request


@pytest.mark.parametrize(
    ("number", "packed"),
    [(0, "00"), (1, "01"), (127, "7f"), (128, "8001"), (300, "ac02"), (2**40, "808080808020")],
)
def test_whole_numbers_take_seven_bits_a_byte(number: int, packed: str) -> None:
    """The examples of protobuf's encoding guide, and the edges."""
    assert varint(number).hex() == packed


def test_a_request_is_what_the_specification_says() -> None:
    """One series with one label and one sample, worked out by hand."""
    labels = labels_of(series_of("up", a="é"))
    expected = (
        "0a 2b"
        "0a 0e 0a 08 5f5f6e616d655f5f 12 02 7570"  # label __name__ = up
        "0a 07 0a 01 61 12 02 c3a9"  # label a = é
        "12 10 09 000000000000f83f 10 80d0eab6b733"  # 1.5 at 1,767,225,600,000 ms
    )

    packed = write_request([(labels, 1_767_225_600_000, 1.5)])

    assert packed == bytes.fromhex(expected)


@pytest.mark.parametrize("size", [0, 1, 60, 65_536, 65_537, 200_000])
def test_a_block_holds_all_bytes_as_literals(size: int) -> None:
    """Length first, then pieces of at most 65,536 bytes with their tags."""
    plain = bytes(range(256)) * (size // 256 + 1)
    block = snappy(plain[:size])
    head = len(varint(size))
    read = b""
    while head < len(block) or not read:
        if size == 0:
            break
        assert block[head] == 0xF4
        length = int.from_bytes(block[head + 1 : head + 3], "little") + 1
        read += block[head + 3 : head + 3 + length]
        head += 3 + length

    assert read == plain[:size]
