# SPDX-License-Identifier: MIT
"""Stub."""

from flask import Blueprint

from webui.page import Page

_pages = Blueprint("profile", __name__, url_prefix="/profile")
PAGE = Page(_pages)


@_pages.get("")
def show() -> str:
    return "stub"
