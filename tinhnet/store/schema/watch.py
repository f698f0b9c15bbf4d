# SPDX-License-Identifier: MIT
"""What workers leave for each other: that they live, what they saw, how far they read."""

from sqlalchemy import JSON, Boolean, Column, Float, Integer, String, Table, Text

from tinhnet.store.schema.columns import Moment, Number, metadata

heartbeats = Table(
    "heartbeats",
    metadata,
    Column("worker", String(64), primary_key=True),
    Column("machine", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("at", Moment, nullable=False),
    Column("interval_s", Integer, nullable=False),
)

cursors = Table(
    "cursors",
    metadata,
    Column("reader", String(64), primary_key=True),
    Column("position", Number, nullable=False),
)

memories = Table(
    "memories",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("at", Moment, nullable=False),
    Column("content", Text, nullable=False),
)

events = Table(
    "events",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("key", String(80), nullable=False, unique=True),
    Column("at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False, index=True),
    Column("source", String(16), nullable=False),
    Column("kind", String(64), nullable=False),
    Column("severity", String(16), nullable=False),
    Column("text", Text, nullable=False),
    Column("device", Text, index=True),
    Column("interface", Text),
    Column("link", Text, index=True),
    Column("site", Text, index=True),
    Column("fields", JSON, nullable=False),
    sqlite_autoincrement=True,
)

observed = Table(
    "observed",
    metadata,
    Column("source", String(64), primary_key=True),
    Column("at", Moment, nullable=False),
    Column("format", Integer, nullable=False),
    Column("content", Text, nullable=False),
)
"""What each collector last saw of all it asks, one row each: one a thing and second is too many."""

reprobes = Table(
    "reprobes",
    metadata,
    Column("thing", String(255), primary_key=True),
    Column("asked_at", Moment, nullable=False),
)

claims = Table(
    "claims",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("subject", String(255), nullable=False, index=True),
    Column("is_up", Boolean, nullable=False),
    Column("start", Moment, nullable=False),
    Column("until", Moment, nullable=False, index=True),
    Column("is_open", Boolean, nullable=False, index=True),
    Column("source", Text, nullable=False),
    sqlite_autoincrement=True,
)

positions = Table(
    "positions",
    metadata,
    Column("view", String(32), primary_key=True),
    Column("thing", String(255), primary_key=True),
    Column("x", Float, nullable=False),
    Column("y", Float, nullable=False),
)
