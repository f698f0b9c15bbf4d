# SPDX-License-Identifier: MIT
"""Text that people type."""

import re
from unicodedata import normalize

HIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control signs, signs that turn the direction of what follows, halves of a pair (surrogates)."""


def composed(text: str) -> str:
    """Return text in composed form (Unicode NFC), without surrounding space.

    One Vietnamese keyboard types ệ as one sign, another as three; what is
    stored and compared is always the one.
    """
    return normalize("NFC", text).strip()


def visible(text: str) -> str:
    r"""Return text in which such signs are written out, as `\u202e`, and change nothing."""
    return HIDDEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def hidden_sign(text: str) -> str | None:
    """Return the first sign that nobody types and nobody sees, as `U+202E`; None without one.

    Line ends and tabs are typed.
    """
    found = HIDDEN.search(text)
    return f"U+{ord(found[0]):04X}" if found else None
