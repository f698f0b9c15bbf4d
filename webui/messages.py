# SPDX-License-Identifier: MIT
"""`python -m webui.messages`: bring both catalogues up to date with what pages say.

New messages stand empty in Vietnamese, and the test that wants the
catalogue whole names them.
"""

from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir, extract_from_file
from babel.messages.pofile import read_po, write_po

import tinhnet
from webui.language import LANGUAGES, TRANSLATIONS

ROOM = Path(__file__).parent
FLOOR_ROOM = Path(tinhnet.__file__).parent
METHODS = [("**.py", "python"), ("templates/**.html", "jinja2")]
OPTIONS = {"templates/**.html": {"extensions": "jinja2.ext.do", "newstyle_gettext": "true"}}
KEYWORDS: dict[str, tuple[int, ...] | None] = {
    "_": None,
    "gettext": None,
    "lazy_gettext": None,
    "ngettext": (1, 2),
}
FLOOR = (
    "access.py",
    "actions.py",
    "alerting/actions.py",
    "alerting/display_actions.py",
    "alerting/shift_actions.py",
    "audit.py",
    "catalogue.py",
    "duty/actions.py",
    "entrance.py",
    "purpose.py",
    "reasons.py",
    "sentences.py",
    "sla/report.py",
    "store/errors.py",
)
"""Files of the floor whose errors reach pages: their texts are message ids of our catalogues."""
ERRORS = (
    "AccessDeniedError",
    "LastAdminError",
    "LoginRefusedError",
    "PasswordError",
    "PlaybookMissingError",
    "PurposeError",
    "RequestError",
)
"""Errors whose first text says what went wrong and whose second says what to do."""
HEADER = """\
# SPDX-License-Identifier: MIT
# What the pages say in {name}; the ids are English. `python -m webui.messages` keeps it up to date.
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: {plural}\\n"

"""
WIDTH = 100


def said() -> Iterator[str | tuple[str, str]]:
    """Yield every message that pages and the floor's errors say; a pair where there is a plural."""
    found = extract_from_dir(ROOM, METHODS, OPTIONS, KEYWORDS)
    for _, _, message, _, _ in found:
        yield message if isinstance(message, str) else (message[0], message[1])
    for name in FLOOR:
        for text in (1, 2):
            keywords = {"message_id": None} | dict.fromkeys(ERRORS, (text,))
            for _, message, _, _ in extract_from_file("python", FLOOR_ROOM / name, keywords):
                yield str(message)


def catalogue_of(locale: str) -> Catalog:
    """Return a catalogue as it stands in its file."""
    with _path(locale).open("rb") as file:
        return read_po(file, locale=locale)


def update() -> None:
    """Write both catalogues anew: known translations stay, messages nobody says go."""
    wanted = sorted(set(said()), key=lambda one: one if isinstance(one, str) else one[0])
    for locale in LANGUAGES:
        known = catalogue_of(locale)
        fresh = Catalog(locale=locale)
        for message in wanted:
            fresh.add(message, _translation(known.get(_key(message)), message, locale))
        with _path(locale).open("wb") as file:
            head = HEADER.format(name=LANGUAGES[locale], plural=fresh.plural_forms)
            file.write(head.encode())
            write_po(file, fresh, width=WIDTH, omit_header=True)


def _translation(
    known: Message | None, message: str | tuple[str, str], locale: str
) -> str | tuple[str, ...]:
    """Return what is known, the message itself in English, nothing otherwise."""
    if locale == "en":
        return message
    if known is not None and known.string:
        return known.string if isinstance(known.string, str) else tuple(known.string)
    return "" if isinstance(message, str) else ("",)


def _key(message: str | tuple[str, str]) -> str:
    return message if isinstance(message, str) else message[0]


def _path(locale: str) -> Path:
    return TRANSLATIONS / locale / "LC_MESSAGES" / "messages.po"


if __name__ == "__main__":
    update()
