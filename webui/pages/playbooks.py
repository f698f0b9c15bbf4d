# SPDX-License-Identifier: MIT
"""Stub."""

from flask import Blueprint

from webui.page import Page

_pages = Blueprint("playbooks", __name__, url_prefix="/playbooks")
PAGE = Page(_pages)


@_pages.get("")
def browse() -> str:
    return "stub"
