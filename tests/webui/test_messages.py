# SPDX-License-Identifier: MIT
"""Both catalogues say everything that the pages say."""

import re

import pytest

from webui.language import LANGUAGES
from webui.messages import catalogue_of, said


@pytest.mark.parametrize("locale", list(LANGUAGES))
def test_every_message_is_translated(locale: str) -> None:
    """A page half in English is a page nobody in the district reads; run webui.messages."""
    known = catalogue_of(locale)

    missing = [
        key
        for message in said()
        for key in (message if isinstance(message, str) else message[0],)
        if key not in known or not all(_texts(known[key].string))
    ]

    assert missing == []


@pytest.mark.parametrize("locale", list(LANGUAGES))
def test_translations_keep_the_placeholders(locale: str) -> None:
    """A placeholder that a translation invents or loses is an error on that page only."""
    for message in catalogue_of(locale):
        if not message.id:
            continue
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        texts = message.string if isinstance(message.string, tuple) else (message.string,)
        for text in texts:
            assert set(_names(str(text))) == set(_names(ids[0])), text


def _texts(string: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    return (string,) if isinstance(string, str) else tuple(string)


def _names(text: str) -> list[str]:
    return re.findall(r"%\((\w+)\)s", text)
