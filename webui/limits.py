# SPDX-License-Identifier: MIT
"""How often one address may ask: the login and the API."""

from flask import Flask
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

LOGINS = "60 per minute"
"""Beside the pauses of `tinhnet.access`, which count wrong passwords per name and address."""
REVIEWS = "40 per minute"
"""Pages for which Ansible is asked; a process of a second or two each."""
CALLS = "1200 per minute"

limiter = Limiter(get_remote_address, storage_uri="memory://", headers_enabled=True)


def prepare(app: Flask) -> None:
    """Count the calls of this application."""
    limiter.init_app(app)
