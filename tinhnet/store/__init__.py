# SPDX-License-Identifier: MIT
"""State on SQLite or PostgreSQL; the only importer of SQLAlchemy and Alembic."""
