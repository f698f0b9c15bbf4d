# SPDX-License-Identifier: MIT
"""Numbered migrations, run by Alembic alone."""
