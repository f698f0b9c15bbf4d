# SPDX-License-Identifier: MIT
"""The cells of a walked table by our words for its columns."""

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Address, ip_address

from collectors.snmp import ber
from collectors.snmp.value import Value, as_text
from collectors.snmp.walk import Column

_UNSIGNED32 = 1 << 32


class Cells:
    """A table: `columns` by word, cells by encoded index; what is absent is None."""

    def __init__(self, columns: Mapping[str, Column]) -> None:
        self._columns = columns

    @property
    def indexes(self) -> Sequence[bytes]:
        """Every index that occurs, in the order of the first column that has it."""
        found: dict[bytes, None] = {}
        for column in self._columns.values():
            found.update(dict.fromkeys(column))
        return list(found)

    def value(self, word: str, index: bytes) -> Value:
        """Return a cell as it came."""
        return self._columns[word].get(index)

    def number(self, word: str, index: bytes) -> int | None:
        """Return a cell that is a number; written out, for it is asked for most."""
        value = self._columns[word].get(index)
        return value if isinstance(value, int) else None

    def text(self, word: str, index: bytes) -> str | None:
        """Return a cell that is text."""
        return as_text(self._columns[word].get(index))

    def size(self, word: str, index: bytes) -> int | None:
        """Return a count of blocks: agents show those above 2**31 as negative ones."""
        number = self.number(word, index)
        return number % _UNSIGNED32 if number is not None and number < 0 else number

    def address(self, word: str, index: bytes) -> str | None:
        """Return a cell that is an IPv4 or IPv6 address."""
        value = self._columns[word].get(index)
        if isinstance(value, IPv4Address):
            return str(value)
        if isinstance(value, bytes) and len(value) in (4, 16):
            return str(ip_address(value))
        return None

    def identity(self, word: str, index: bytes, *, is_mac: bool) -> str | None:
        """Return a cell that is text, or a MAC address as people write it."""
        value = self._columns[word].get(index)
        if is_mac and isinstance(value, bytes):
            return value.hex(":")
        return as_text(value)


def first_arc(index: bytes) -> int | None:
    """Return the number that an index of one sub-identifier is."""
    numbers = ber.arcs(index)
    return numbers[0] if len(numbers) == 1 else None
