# SPDX-License-Identifier: MIT
"""The one-time code that the first admin is made with."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "first_run",
        sa.Column("hash", sa.String(64), primary_key=True),
        sa.Column("made_at", sa.BigInteger, nullable=False),
    )
