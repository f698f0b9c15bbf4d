# SPDX-License-Identifier: MIT
"""People, jobs, evidence, workers."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the first tables."""
    _create_people()
    _create_jobs()
    _create_evidence()
    op.create_table(
        "heartbeats",
        sa.Column("worker", sa.String(64), primary_key=True),
        sa.Column("machine", sa.Text, nullable=False),
        sa.Column("pid", sa.Integer, nullable=False),
        sa.Column("started_at", sa.BigInteger, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("interval_s", sa.Integer, nullable=False),
    )
    op.create_table(
        "cursors",
        sa.Column("reader", sa.String(64), primary_key=True),
        sa.Column("position", NUMBER, nullable=False),
    )


def _create_people() -> None:
    op.create_table(
        "users",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("full_name", sa.Text, nullable=False),
        sa.Column("roles", sa.JSON, nullable=False),
        sa.Column("password_hash", sa.Text, nullable=False),
        sa.Column("is_enabled", sa.Boolean, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("last_login_at", sa.BigInteger),
    )
    op.create_table(
        "login_failures",
        sa.Column("key", sa.String(255), primary_key=True),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("last_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "tokens",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False, unique=True),
        sa.Column("created_by", sa.String(64), nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("last_used_at", sa.BigInteger),
        sa.Column("is_revoked", sa.Boolean, nullable=False),
    )


def _create_jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("number", NUMBER, primary_key=True, autoincrement=True),
        sa.Column("state", sa.String(16), nullable=False, index=True),
        sa.Column("playbook", sa.Text, nullable=False),
        sa.Column("risk", sa.String(16), nullable=False),
        sa.Column("limit", sa.Text),
        sa.Column("tags", sa.JSON, nullable=False),
        sa.Column("check", sa.Boolean, nullable=False),
        sa.Column("diff", sa.Boolean, nullable=False),
        sa.Column("extra", sa.JSON, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("requested_at", sa.BigInteger, nullable=False),
        sa.Column("started_at", sa.BigInteger),
        sa.Column("ended_at", sa.BigInteger),
        sa.Column("command", sa.JSON),
        sa.Column("commit", sa.Text),
        sa.Column("ansible_version", sa.Text),
        sa.Column("devices", sa.JSON, nullable=False),
        sa.Column("holder", sa.Integer),
        sa.Column("worker", sa.Text),
        sa.Column("lease_until", sa.BigInteger),
        sa.Column("is_cancelling", sa.Boolean, nullable=False),
        sa.Column("cancelled_by", sa.Text),
        sa.Column("reason", sa.Text),
        sa.Column("last_seq", sa.Integer, nullable=False),
    )
    op.create_table(
        "job_devices",
        sa.Column("job", NUMBER, sa.ForeignKey("jobs.number"), primary_key=True),
        sa.Column("device", sa.Text, primary_key=True),
        sa.Column("result", sa.String(16)),
        sa.Column("changed", sa.Integer, nullable=False),
        sa.Column("task", sa.Text),
        sa.Column("detail", sa.Text),
    )
    op.create_table(
        "job_events",
        sa.Column("job", NUMBER, sa.ForeignKey("jobs.number"), primary_key=True),
        sa.Column("seq", sa.Integer, primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("device", sa.Text),
        sa.Column("task", sa.Text),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("result", sa.String(16)),
    )


def _create_evidence() -> None:
    op.create_table(
        "evidence",
        sa.Column("seq", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("via", sa.String(16), nullable=False),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("details", sa.JSON, nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
    )
    op.create_table(
        "evidence_checkpoints",
        sa.Column("seq", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("mac", sa.String(64), nullable=False),
    )
