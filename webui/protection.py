# SPDX-License-Identifier: MIT
"""What no request may carry, what every answer carries against misuse, where a visitor may go."""

from urllib.parse import urlsplit

from flask import Flask, Response, request

from tinhnet.actions import refuse_hidden

RULES = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",  # Tabler draws its arrows as data: images
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
    "manifest-src": "'self'",
}
POLICY = "; ".join(f"{name} {sources}" for name, sources in RULES.items())
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def safe_target(target: str | None, fallback: str) -> str:
    r"""Return `target` when it is a path of this site, else `fallback`.

    Browsers read `//host`, `/\host` and control characters as another
    site's address, so anything but a plain local path is refused.
    """
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return fallback
    if any(ord(letter) < 32 or letter == "\\" for letter in target):  # noqa: PLR2004 the space
        return fallback
    parts = urlsplit(target)
    return fallback if parts.scheme or parts.netloc else target


def _look() -> None:
    """Look through the address; of a form only for what no database keeps.

    The actions look through what was typed, so that it stays in its form.
    """
    refuse_hidden([("address", request.path), *(("name", one) for one in request.args)])
    refuse_hidden(request.args.items(multi=True))
    refuse_hidden(pair for pair in request.form.items(multi=True) if "\0" in pair[1])


def _finish(response: Response) -> Response:
    """Add the headers; pages of a person are never kept by a shared cache."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "no-store")
    return response


def prepare(app: Flask) -> None:
    """Look at every request and finish every answer of the application."""
    app.before_request(_look)
    app.after_request(_finish)
