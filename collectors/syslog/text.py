# SPDX-License-Identifier: MIT
"""Bytes of strangers as text that can be shown, stored and compared.

A line is written by whoever can make a device log something: a user name
with a line break in it must not become a second line, an escape sequence
must not move a cursor, a right-to-left mark must not reorder what is read.
"""

import re

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_ESCAPE = re.compile(r"\\(\\|n|r|t|x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8})")
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_LONG = {sign: char for char, sign in _SHORT.items()} | {"\\\\": "\\"}


def decode(line: bytes) -> str:
    """Return a line as text: UTF-8, or Latin-1 where it is none (every byte is a sign there)."""
    line = line.removeprefix(_BYTE_ORDER_MARK)
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode("latin-1")


def visible(text: str) -> str:
    """Return text with every sign that cannot be printed written as an escape."""
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() else _escaped(sign) for sign in text)


def escape(line: bytes) -> str:
    """Return bytes as text without control characters, so that `unescape` gives them back."""
    parts = []
    for sign in line.decode("utf-8", "surrogateescape"):
        code = ord(sign)
        if sign == "\\":
            parts.append("\\\\")
        elif 0xDC80 <= code <= 0xDCFF:  # noqa: PLR2004 how Python keeps a byte that is no UTF-8
            parts.append(f"\\x{code - 0xDC00:02x}")
        else:
            parts.append(sign if sign.isprintable() else _escaped(sign))
    return "".join(parts)


def unescape(raw: str) -> bytes:
    """Return the bytes that `escape` was given."""
    parts = []
    end = 0
    for found in _ESCAPE.finditer(raw):
        parts.append(raw[end : found.start()].encode())
        whole = found.group()
        end = found.end()
        if whole in _LONG:
            parts.append(_LONG[whole].encode())
        elif whole[1] == "x":
            parts.append(bytes.fromhex(whole[2:]))
        else:
            parts.append(chr(int.from_bytes(bytes.fromhex(whole[2:]))).encode())
    return b"".join((*parts, raw[end:].encode()))


def _escaped(sign: str) -> str:
    code = ord(sign)
    if sign in _SHORT:
        return _SHORT[sign]
    if code < 0x80:  # noqa: PLR2004 one byte in UTF-8 too
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"  # noqa: PLR2004 the basic plane
