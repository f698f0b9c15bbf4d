# SPDX-License-Identifier: MIT
"""What a job is for, and the dry run that it follows."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the columns; jobs of before have neither."""
    op.add_column("jobs", sa.Column("purpose", sa.Text))
    op.add_column("jobs", sa.Column("dry_run", sa.Integer))
