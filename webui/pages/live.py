# SPDX-License-Identifier: MIT
"""The stream that tells open pages to fetch what changed."""

from flask import Blueprint, Response

from webui.changes import changes
from webui.context import web
from webui.live import StreamsFullError
from webui.page import Page
from webui.person import still_here
from webui.stream import event_stream, full

_pages = Blueprint("live", __name__)
PAGE = Page(_pages)


@_pages.get("/live")
def stream() -> Response:
    """Say "jobs", "alerts", "sights" and "events" whenever pages about them are out of date."""
    found = web()
    try:
        return event_stream(changes(found.pulse, found.store, found.sights), still_here())
    except StreamsFullError:
        return full()
