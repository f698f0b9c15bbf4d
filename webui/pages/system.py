# SPDX-License-Identifier: MIT
"""Stub."""

from flask import Blueprint

from webui.page import Page

_pages = Blueprint("system", __name__, url_prefix="/system")
PAGE = Page(_pages)


@_pages.get("")
def show() -> str:
    return "stub"
