# SPDX-License-Identifier: MIT
"""Light, dark, or as the system says."""

from flask import request

THEMES = ("auto", "dark", "light")
THEME_COOKIE = "tinhnet_theme"


def theme() -> str:
    """Return the visitor's theme."""
    chosen = request.cookies.get(THEME_COOKIE, "auto")
    return chosen if chosen in THEMES else "auto"
