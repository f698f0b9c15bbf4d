# SPDX-License-Identifier: MIT
"""Stub."""

from flask import Blueprint

from webui.page import Page

_pages = Blueprint("search", __name__, url_prefix="/search")
PAGE = Page(_pages)


@_pages.get("")
def find() -> str:
    return "stub"
