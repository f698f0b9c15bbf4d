# SPDX-License-Identifier: MIT
"""Facts at a moment."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Create the table and what it is searched by."""
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "events",
        sa.Column("number", number, primary_key=True, autoincrement=True),
        sa.Column("key", sa.String(80), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("seen_at", sa.BigInteger, nullable=False),
        sa.Column("source", sa.String(16), nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("severity", sa.String(16), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("device", sa.Text),
        sa.Column("interface", sa.Text),
        sa.Column("link", sa.Text),
        sa.Column("site", sa.Text),
        sa.Column("fields", sa.JSON, nullable=False),
        sa.UniqueConstraint("key"),
        sqlite_autoincrement=True,
    )
    for column in ("seen_at", "device", "link", "site"):
        op.create_index(f"ix_events_{column}", "events", [column])
