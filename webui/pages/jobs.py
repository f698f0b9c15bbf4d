# SPDX-License-Identifier: MIT
"""Stub."""

from flask import Blueprint

from webui.page import Page

_pages = Blueprint("jobs", __name__, url_prefix="/jobs")
PAGE = Page(_pages)


@_pages.get("")
def browse() -> str:
    return "stub"


@_pages.get("/<job_id>")
def show(job_id: str) -> str:
    return job_id
