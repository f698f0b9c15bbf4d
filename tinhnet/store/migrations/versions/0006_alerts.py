# SPDX-License-Identifier: MIT
"""What is seen, alerts and their life, silences, notices, the ledger, shifts, displays."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the tables and what they are searched by."""
    op.create_table(
        "observed",
        sa.Column("source", sa.String(64), primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("format", sa.Integer, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
    )
    op.create_table(
        "reprobes",
        sa.Column("thing", sa.String(255), primary_key=True),
        sa.Column("asked_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "alerts",
        sa.Column("fingerprint", sa.String(16), primary_key=True),
        sa.Column("rule", sa.String(64), nullable=False),
        sa.Column("thing", sa.String(255), nullable=False),
        sa.Column("severity", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("since", sa.BigInteger),
        sa.Column("clear_since", sa.BigInteger),
        sa.Column("fired_at", sa.BigInteger),
        sa.Column("resolved_at", sa.BigInteger),
        sa.Column("episode", sa.Integer, nullable=False),
        sa.Column("owner", sa.Text),
        sa.Column("owner_reason", sa.Text),
        sa.Column("owned_at", sa.BigInteger),
        sa.Column("owned_until", sa.BigInteger),
        sa.Column("silences", sa.JSON, nullable=False),
        sa.Column("is_told", sa.Boolean, nullable=False),
        sa.Column("is_flapping", sa.Boolean, nullable=False),
        sa.Column("beginnings", sa.JSON, nullable=False),
        sa.Column("notices", sa.Integer, nullable=False),
        sa.Column("labels", sa.JSON, nullable=False),
        sa.Column("device", sa.Text),
        sa.Column("link", sa.Text),
        sa.Column("site", sa.Text),
        sa.Column("cause", sa.String(255)),
        sa.Column("explains", sa.JSON, nullable=False),
        sa.Column("sites_down", sa.JSON, nullable=False),
        sa.Column("sites_degraded", sa.JSON, nullable=False),
        sa.Column("value", sa.Float),
        sa.Column("title_vi", sa.Text, nullable=False),
        sa.Column("title_en", sa.Text, nullable=False),
        sa.Column("sentence_vi", sa.Text, nullable=False),
        sa.Column("sentence_en", sa.Text, nullable=False),
    )
    op.create_index("ix_alerts_state", "alerts", ["state"])
    op.create_index("ix_alerts_fired_at", "alerts", ["fired_at"])
    op.create_index("ix_alerts_resolved_at", "alerts", ["resolved_at"])
    op.create_index("ix_alerts_device", "alerts", ["device"])
    op.create_index("ix_alerts_link", "alerts", ["link"])
    op.create_index("ix_alerts_site", "alerts", ["site"])
    op.create_table(
        "alert_entries",
        sa.Column("number", NUMBER, primary_key=True, autoincrement=True),
        sa.Column("fingerprint", sa.String(16), nullable=False),
        sa.Column("episode", sa.Integer, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("actor", sa.Text),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("details", sa.JSON, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_alert_entries_fingerprint", "alert_entries", ["fingerprint"])
    op.create_table(
        "notices",
        sa.Column("number", NUMBER, primary_key=True, autoincrement=True),
        sa.Column("key", sa.String(80), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("fingerprint", sa.String(16), nullable=False),
        sa.Column("episode", sa.Integer, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("key"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_notices_fingerprint", "notices", ["fingerprint"])
    op.create_table(
        "deliveries",
        sa.Column("receiver", sa.String(64), primary_key=True),
        sa.Column("key", sa.String(120), primary_key=True),
        sa.Column("message", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("notifier", sa.String(32), nullable=False),
        sa.Column("fate", sa.String(16), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("due_at", sa.BigInteger),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("facts", sa.JSON, nullable=False),
        sa.Column("fingerprints", sa.JSON, nullable=False),
    )
    op.create_index("ix_deliveries_fate", "deliveries", ["fate"])
    op.create_index("ix_deliveries_due_at", "deliveries", ["due_at"])
    op.create_table(
        "windows",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("is_planned", sa.Boolean, nullable=False),
        sa.Column("scope", sa.JSON, nullable=False),
        sa.Column("start", sa.BigInteger, nullable=False),
        sa.Column("length_s", sa.Float, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("announced_at", sa.BigInteger, nullable=False),
        sa.Column("recurrence", sa.Text),
        sa.Column("without", sa.JSON, nullable=False),
        sa.Column("lifted_at", sa.BigInteger),
        sa.Column("lifted_by", sa.Text),
    )
    op.create_index("ix_windows_lifted_at", "windows", ["lifted_at"])
    op.create_table(
        "memories",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
    )
    op.create_table(
        "claims",
        sa.Column("number", NUMBER, primary_key=True, autoincrement=True),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("is_up", sa.Boolean, nullable=False),
        sa.Column("start", sa.BigInteger, nullable=False),
        sa.Column("until", sa.BigInteger, nullable=False),
        sa.Column("is_open", sa.Boolean, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_claims_subject", "claims", ["subject"])
    op.create_index("ix_claims_until", "claims", ["until"])
    op.create_index("ix_claims_is_open", "claims", ["is_open"])
    op.create_table(
        "duties",
        sa.Column("number", NUMBER, primary_key=True, autoincrement=True),
        sa.Column("person", sa.String(64), nullable=False),
        sa.Column("level", sa.Integer, nullable=False),
        sa.Column("start", sa.BigInteger, nullable=False),
        sa.Column("end", sa.BigInteger, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_duties_end", "duties", ["end"])
    op.create_table(
        "tickets",
        sa.Column("fingerprint", sa.String(16), primary_key=True),
        sa.Column("episode", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("carrier", sa.Text, nullable=False),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("opened_at", sa.BigInteger, nullable=False),
        sa.Column("opened_by", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
    )
    op.create_table(
        "handovers",
        sa.Column("number", NUMBER, primary_key=True, autoincrement=True),
        sa.Column("given_at", sa.BigInteger, nullable=False),
        sa.Column("given_by", sa.Text, nullable=False),
        sa.Column("taken_at", sa.BigInteger),
        sa.Column("taken_by", sa.Text),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("content", sa.JSON, nullable=False),
    )
    op.create_table(
        "displays",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("code", sa.String(64), nullable=False),
        sa.Column("asked_at", sa.BigInteger, nullable=False),
        sa.Column("paired_at", sa.BigInteger),
        sa.Column("paired_by", sa.Text),
        sa.Column("token", sa.String(64)),
        sa.Column("seen_at", sa.BigInteger),
        sa.Column("ends_at", sa.BigInteger),
        sa.UniqueConstraint("code"),
        sa.UniqueConstraint("token"),
    )
    op.create_table(
        "positions",
        sa.Column("view", sa.String(32), primary_key=True),
        sa.Column("thing", sa.String(255), primary_key=True),
        sa.Column("x", sa.Float, nullable=False),
        sa.Column("y", sa.Float, nullable=False),
    )
