# SPDX-License-Identifier: MIT
"""Calls about the evidence log."""

from flask_openapi import APIBlueprint


def add(calls: APIBlueprint) -> None:
    """Add the calls."""
