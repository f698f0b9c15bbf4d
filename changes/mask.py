# SPDX-License-Identifier: MIT
"""Secrets out of everything people or files get to see, the unknown ones of a device too."""

import re

from tinhnet.secrets import SecretStore

UNKNOWN = "<secret unknown>"

_PATTERNS = tuple(
    re.compile(pattern, re.MULTILINE)
    for pattern in (
        r"(?P<before>message-digest-key \d+ md5 )(?P<secret>(?!<secret )\S+)",
        r"(?P<before>authentication-key )(?P<secret>(?!<secret )\S+)",
        r"(?P<before>(?:^|\s)password (?:\d )?)(?P<secret>(?!<secret )\S+)",
        r"(?P<before>key-string )(?P<secret>(?!<secret )\S+)",
        r'(?P<before>createUser \S+ \S+ )(?P<secret>(?!"<secret )"[^"]*"|(?!["<])\S+)',
        r'(?P<before>createUser .* (?:AES|DES)\S* )(?P<secret>(?!"<secret )"[^"]*"|(?!["<])\S+)',
        r'(?P<before>trapsess .* -A )(?P<secret>(?!"<secret )"[^"]*"|(?!["<])\S+)',
        r'(?P<before>trapsess .* -X )(?P<secret>(?!"<secret )"[^"]*"|(?!["<])\S+)',
        r"(?P<before>^r[ow]community6? )(?P<secret>(?!<secret )\S+)",
        r"(?P<before>usmUser (?:\S+ ){8})(?P<secret>\S+)",
    )
)
"""Where a router's configuration holds a secret that our store may not know."""


def mask(text: str, store: SecretStore) -> str:
    """Return a text with known secrets as `<secret NAME vN>`, others as `<secret unknown>`."""
    return mask_unknown(store.mask(text))


def mask_unknown(text: str) -> str:
    """Return a text with whatever stands in the place of a secret hidden."""
    for pattern in _PATTERNS:
        text = pattern.sub(_hidden, text)
    return text


def _hidden(match: "re.Match[str]") -> str:
    return match["before"] + UNKNOWN
