# SPDX-License-Identifier: MIT
"""People, how they come in, and screens that may look on."""

from sqlalchemy import JSON, Boolean, Column, Integer, String, Table, Text

from tinhnet.store.schema.columns import Moment, metadata

users = Table(
    "users",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("full_name", Text, nullable=False),
    Column("roles", JSON, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("is_enabled", Boolean, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("last_login_at", Moment),
)

login_failures = Table(
    "login_failures",
    metadata,
    Column("key", String(255), primary_key=True),
    Column("count", Integer, nullable=False),
    Column("last_at", Moment, nullable=False),
)

tokens = Table(
    "tokens",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("name", String(64), nullable=False),
    Column("role", String(16), nullable=False),
    Column("hash", String(64), nullable=False, unique=True),
    Column("created_by", String(64), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("last_used_at", Moment),
    Column("is_revoked", Boolean, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("user", String(64), nullable=False, index=True),
    Column("address", Text),
    Column("browser", Text, nullable=False),
    Column("began_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
)

first_run = Table(
    "first_run",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("made_at", Moment, nullable=False),
)

displays = Table(
    "displays",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("name", Text, nullable=False),
    Column("code", String(64), nullable=False, unique=True),
    Column("asked_at", Moment, nullable=False),
    Column("paired_at", Moment),
    Column("paired_by", Text),
    Column("token", String(64), unique=True),
    Column("seen_at", Moment),
    Column("ends_at", Moment),
)
