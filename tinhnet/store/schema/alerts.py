# SPDX-License-Identifier: MIT
"""Alerts and their timelines, who is told, what is silent, and shifts."""

from sqlalchemy import JSON, Boolean, Column, Float, Integer, String, Table, Text

from tinhnet.store.schema.columns import Moment, Number, metadata

alerts = Table(
    "alerts",
    metadata,
    Column("fingerprint", String(16), primary_key=True),
    Column("rule", String(64), nullable=False),
    Column("thing", String(255), nullable=False),
    Column("severity", String(16), nullable=False),
    Column("state", String(16), nullable=False, index=True),
    Column("at", Moment, nullable=False),
    Column("since", Moment),
    Column("clear_since", Moment),
    Column("fired_at", Moment, index=True),
    Column("resolved_at", Moment, index=True),
    Column("episode", Integer, nullable=False),
    Column("owner", Text),
    Column("owner_reason", Text),
    Column("owned_at", Moment),
    Column("owned_until", Moment),
    Column("silences", JSON, nullable=False),
    Column("is_told", Boolean, nullable=False),
    Column("is_flapping", Boolean, nullable=False),
    Column("beginnings", JSON, nullable=False),
    Column("notices", Integer, nullable=False),
    Column("labels", JSON, nullable=False),
    Column("device", Text, index=True),
    Column("link", Text, index=True),
    Column("site", Text, index=True),
    Column("cause", String(255)),
    Column("explains", JSON, nullable=False),
    Column("sites_down", JSON, nullable=False),
    Column("sites_degraded", JSON, nullable=False),
    Column("value", Float),
    Column("title_vi", Text, nullable=False),
    Column("title_en", Text, nullable=False),
    Column("sentence_vi", Text, nullable=False),
    Column("sentence_en", Text, nullable=False),
)

alert_entries = Table(
    "alert_entries",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("fingerprint", String(16), nullable=False, index=True),
    Column("episode", Integer, nullable=False),
    Column("at", Moment, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("actor", Text),
    Column("text", Text, nullable=False),
    Column("details", JSON, nullable=False),
    sqlite_autoincrement=True,
)

notices = Table(
    "notices",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("key", String(80), nullable=False, unique=True),
    Column("kind", String(32), nullable=False),
    Column("fingerprint", String(16), nullable=False, index=True),
    Column("episode", Integer, nullable=False),
    Column("at", Moment, nullable=False),
    sqlite_autoincrement=True,
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("receiver", String(64), primary_key=True),
    Column("key", String(120), primary_key=True),
    Column("message", Integer, primary_key=True, autoincrement=False),
    Column("notifier", String(32), nullable=False),
    Column("fate", String(16), nullable=False, index=True),
    Column("at", Moment, nullable=False),
    Column("due_at", Moment, index=True),
    Column("tries", Integer, nullable=False),
    Column("detail", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("facts", JSON, nullable=False),
    Column("fingerprints", JSON, nullable=False),
)

windows = Table(
    "windows",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("is_planned", Boolean, nullable=False),
    Column("scope", JSON, nullable=False),
    Column("start", Moment, nullable=False),
    Column("length_s", Float, nullable=False),
    Column("owner", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("announced_at", Moment, nullable=False),
    Column("recurrence", Text),
    Column("without", JSON, nullable=False),
    Column("lifted_at", Moment, index=True),
    Column("lifted_by", Text),
)

duties = Table(
    "duties",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("person", String(64), nullable=False),
    Column("level", Integer, nullable=False),
    Column("start", Moment, nullable=False),
    Column("end", Moment, nullable=False, index=True),
    sqlite_autoincrement=True,
)

tickets = Table(
    "tickets",
    metadata,
    Column("fingerprint", String(16), primary_key=True),
    Column("episode", Integer, primary_key=True, autoincrement=False),
    Column("carrier", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("opened_at", Moment, nullable=False),
    Column("opened_by", Text, nullable=False),
    Column("note", Text, nullable=False),
)

handovers = Table(
    "handovers",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("given_at", Moment, nullable=False),
    Column("given_by", Text, nullable=False),
    Column("taken_at", Moment),
    Column("taken_by", Text),
    Column("note", Text, nullable=False),
    Column("content", JSON, nullable=False),
)
