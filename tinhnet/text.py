# SPDX-License-Identifier: MIT
"""Text that people type."""

from unicodedata import normalize


def composed(text: str) -> str:
    """Return text in composed form (Unicode NFC), without surrounding space.

    One Vietnamese keyboard types ệ as one sign, another as three; what is
    stored and compared is always the one.
    """
    return normalize("NFC", text).strip()
