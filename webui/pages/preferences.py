# SPDX-License-Identifier: MIT
"""Language and theme: kept in cookies, so that the login page speaks them too."""

from flask import Blueprint, current_app, redirect, request, url_for
from werkzeug.wrappers import Response

from webui.language import COOKIE, LANGUAGES
from webui.page import Page
from webui.protection import safe_target
from webui.theme import THEME_COOKIE, THEMES

_pages = Blueprint("preferences", __name__, url_prefix="/preferences")
PAGE = Page(_pages, public=True)
YEAR_S = 365 * 24 * 3600


@_pages.post("/language")
def choose_language() -> Response:
    """Remember the language."""
    return _remember(COOKIE, request.form.get("language", ""), tuple(LANGUAGES))


@_pages.post("/theme")
def choose_theme() -> Response:
    """Remember the theme."""
    return _remember(THEME_COOKIE, request.form.get("theme", ""), THEMES)


def _remember(cookie: str, value: str, allowed: tuple[str, ...]) -> Response:
    """Go back where the visitor was, with the choice in a cookie."""
    answer = redirect(safe_target(request.form.get("next"), url_for("overview.show")), code=303)
    if value in allowed:
        answer.set_cookie(
            cookie,
            value,
            max_age=YEAR_S,
            httponly=True,
            samesite="Lax",
            secure=bool(current_app.config["SESSION_COOKIE_SECURE"]),
        )
    return answer
