# SPDX-License-Identifier: MIT
"""Both catalogues say everything that the pages say."""

import ast
import re

import pytest

from webui.language import LANGUAGES
from webui.messages import ERRORS, FLOOR, FLOOR_ROOM, catalogue_of, said


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


@pytest.mark.parametrize("name", FLOOR)
def test_an_error_that_reaches_a_page_is_a_template_with_fields(name: str) -> None:
    """A sentence put together by the floor cannot be looked up in any catalogue."""
    tree = ast.parse((FLOOR_ROOM / name).read_text(encoding="utf-8"))
    raised = [one.exc for one in ast.walk(tree) if isinstance(one, ast.Raise)]
    wrong = []
    for call in raised:
        if not isinstance(call, ast.Call) or ast.unparse(call.func).split(".")[-1] not in ERRORS:
            continue
        texts = [one.value if isinstance(one, ast.Constant) else None for one in call.args]
        named = {found for text in texts for found in _names(str(text))}
        if None in texts or named != {word.arg for word in call.keywords}:
            wrong.append(ast.unparse(call))

    assert wrong == []


def _texts(string: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    return (string,) if isinstance(string, str) else tuple(string)


def _names(text: str) -> list[str]:
    return re.findall(r"%\((\w+)\)s", text)
