# SPDX-License-Identifier: MIT
"""Vietnamese and English: which one a request speaks, and its catalogue, read from the .po file."""

from functools import lru_cache
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations
from flask import Flask, current_app, has_request_context, request
from flask_babel import Babel, Domain, get_locale

LANGUAGES = {"vi": "Tiếng Việt", "en": "English"}
"""Each language by its own name; the first is the default."""
COOKIE = "tinhnet_language"
ZONE = "Asia/Ho_Chi_Minh"
TRANSLATIONS = Path(__file__).parent / "translations"


class PoDomain(Domain):  # type: ignore[misc]  # Flask-Babel has no types
    """A message domain that needs no compiled catalogue, so none can be out of date."""

    def get_translations(self) -> Translations:
        """Return the catalogue of the request's language."""
        return catalogue(language())


@lru_cache(maxsize=len(LANGUAGES))
def catalogue(locale: str) -> Translations:
    """Return the messages of `locale`, read once from its .po file."""
    with (TRANSLATIONS / locale / "LC_MESSAGES" / "messages.po").open("rb") as file:
        messages = read_po(file, locale=locale)
    compiled = BytesIO()
    write_mo(compiled, messages)
    compiled.seek(0)
    return Translations(compiled)


def language() -> str:
    """Return the language of this request, `vi` outside of one."""
    locale = get_locale()
    return "vi" if locale is None else str(locale.language)


def choose() -> str:
    """Return what the visitor chose, else the installation's language.

    The browser's own wish is not asked: offices here often run a browser
    that was installed in English.
    """
    fallback = str(current_app.config["BABEL_DEFAULT_LOCALE"])
    if not has_request_context():
        return fallback
    chosen = request.cookies.get(COOKIE)
    return chosen if chosen is not None and chosen in LANGUAGES else fallback


def prepare(app: Flask, default: str) -> None:
    """Give the application its languages and time zone."""
    app.config["BABEL_DEFAULT_LOCALE"] = default
    babel = Babel(app, default_timezone=ZONE, locale_selector=choose)
    babel.domain_instance = PoDomain(domain="messages")
