# SPDX-License-Identifier: MIT
"""What a change is for: a line a person wrote, or the dry run that it follows.

Months later the evidence log must say why the network was changed, not only how.
"""

import unicodedata

from tinhnet.errors import TinhnetError, message_id
from tinhnet.text import composed

LONGEST = 300
"""Characters of a purpose: a sentence and the number of a document, not a report."""
UNFIT = {
    "Cc": message_id("the purpose holds a control character (%(code)s)"),
    "Cs": message_id("the purpose holds half of a character (%(code)s)"),
    "Zl": message_id("the purpose holds a line break (%(code)s)"),
    "Zp": message_id("the purpose holds a line break (%(code)s)"),
}
"""Unicode categories that no purpose holds: one line that every database and terminal can show."""
TURNED = message_id("the purpose holds a sign that turns the direction of writing (%(code)s)")
TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Signs that turn the direction of writing: a log that reads otherwise than it is written."""


class PurposeError(TinhnetError):
    """A change does not say what it is for, or says it in a form nobody can keep."""


def purpose_of(text: str) -> str:
    """Return a purpose as it is kept: composed, one line.

    Raises PurposeError when it says nothing, is too long, or holds what
    cannot be shown or stored.
    """
    purpose = composed(text)
    for sign in purpose:
        complaint = _complaint(sign)
        if complaint is not None:
            raise complaint
    if not any(sign.isalnum() for sign in purpose):
        raise PurposeError("the purpose says nothing", "write in a few words what it is for")
    if len(purpose) > LONGEST:
        raise PurposeError(
            "the purpose has %(length)s characters",
            "expected %(longest)s at most; name the document that says more",
            length=len(purpose),
            longest=LONGEST,
        )
    return purpose


def without_purpose(playbook: str, hours: float) -> PurposeError:
    """Return the refusal of a change that says nothing and follows no dry run."""
    return PurposeError(
        "%(playbook)s changes devices and nobody said what for",
        "give a purpose (--purpose TEXT), or first make a dry run (--check) of the same"
        " playbook, limit, tags and arguments, which counts for %(hours)s h",
        playbook=playbook,
        hours=f"{hours:g}",
    )


def _complaint(sign: str) -> PurposeError | None:
    """Return what is wrong with one sign, None for one that fits."""
    said = TURNED if sign in TURNING else UNFIT.get(unicodedata.category(sign))
    hint = message_id("write it as one line of plain text")
    return None if said is None else PurposeError(said, hint, code=f"U+{ord(sign):04X}")
