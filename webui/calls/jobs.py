# SPDX-License-Identifier: MIT
"""Calls about jobs."""

from flask_openapi import APIBlueprint


def add(calls: APIBlueprint) -> None:
    """Add the calls."""
