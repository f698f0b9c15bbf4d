# SPDX-License-Identifier: MIT
"""Static files by content: an address that changes with the bytes, sent compressed."""

import gzip
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from flask import Flask, Response, request, url_for

STATIC = Path(__file__).parent / "static"
FOREVER_S = 365 * 24 * 3600
COMPRESSED = {"text/css", "text/javascript", "application/javascript", "image/svg+xml"}
SMALLEST = 1024
"""Bytes; below this a compressed answer is not worth the work."""


@lru_cache(maxsize=256)
def fingerprint(name: str) -> str:
    """Return eight hex digits of the SHA-256 of a static file."""
    return sha256((STATIC / name).read_bytes()).hexdigest()[:8]


@lru_cache(maxsize=64)
def compressed(name: str, version: str) -> bytes:
    """Return a static file in gzip form; `version` is its fingerprint."""
    del version  # part of the key only: another content is another entry
    return gzip.compress((STATIC / name).read_bytes(), compresslevel=6, mtime=0)


def asset(name: str) -> str:
    """Return the address of a static file, one that may be cached for ever."""
    return url_for("static", filename=name, v=fingerprint(name))


def _finish(response: Response) -> Response:
    """Let browsers keep what cannot change, and compress text once per content."""
    if request.endpoint != "static" or response.status_code != 200:  # noqa: PLR2004 plain OK
        return response
    name = str((request.view_args or {})["filename"])
    if "v" in request.args or name.startswith("vendor/fonts/"):
        response.cache_control.public = True
        response.cache_control.max_age = FOREVER_S
        response.cache_control.immutable = True
        response.cache_control.no_cache = None
    accepts = "gzip" in request.headers.get("Accept-Encoding", "")
    if accepts and response.mimetype in COMPRESSED and (response.content_length or 0) > SMALLEST:
        response.close()  # the plain file; what was read of it is not sent
        response.direct_passthrough = False
        response.set_data(compressed(name, fingerprint(name)))
        response.headers["Content-Encoding"] = "gzip"
        response.headers.add("Vary", "Accept-Encoding")
        response.headers.remove("ETag")
    return response


def prepare(app: Flask) -> None:
    """Make `asset` known to templates and finish every static answer."""
    app.add_template_global(asset)
    app.after_request(_finish)
