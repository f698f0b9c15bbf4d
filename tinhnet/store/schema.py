# SPDX-License-Identifier: MIT
"""Tables of the state, as of the newest migration; a test holds both to each other."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


class Moment(TypeDecorator[datetime]):
    """An aware UTC time as whole microseconds since 1970: the same on every database."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Refuse a time without a zone: it would be somebody's local time."""
        del dialect
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone")
        return (value - EPOCH) // MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """Return an aware UTC time."""
        del dialect
        return None if value is None else EPOCH + value * MICROSECOND


Number = BigInteger().with_variant(Integer(), "sqlite")
"""SQLite numbers rows by itself only in a column of exactly this type."""

metadata = MetaData()

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

jobs = Table(
    "jobs",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("state", String(16), nullable=False, index=True),
    Column("playbook", Text, nullable=False),
    Column("risk", String(16), nullable=False),
    Column("limit", Text),
    Column("tags", JSON, nullable=False),
    Column("check", Boolean, nullable=False),
    Column("diff", Boolean, nullable=False),
    Column("extra", JSON, nullable=False),
    Column("actor", Text, nullable=False),
    Column("requested_at", Moment, nullable=False),
    Column("started_at", Moment),
    Column("ended_at", Moment),
    Column("command", JSON(none_as_null=True)),
    Column("commit", Text),
    Column("ansible_version", Text),
    Column("devices", JSON, nullable=False),
    Column("holder", Integer),
    Column("worker", Text),
    Column("lease_until", Moment),
    Column("is_cancelling", Boolean, nullable=False),
    Column("cancelled_by", Text),
    Column("reason", Text),
    Column("purpose", Text),
    Column("dry_run", Integer),
    Column("last_seq", Integer, nullable=False),
)

job_devices = Table(
    "job_devices",
    metadata,
    Column("job", Number, ForeignKey("jobs.number"), primary_key=True),
    Column("device", Text, primary_key=True),
    Column("result", String(16)),
    Column("changed", Integer, nullable=False),
    Column("task", Text),
    Column("detail", Text),
)

job_events = Table(
    "job_events",
    metadata,
    Column("job", Number, ForeignKey("jobs.number"), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("device", Text),
    Column("task", Text),
    Column("kind", String(16), nullable=False),
    Column("text", Text, nullable=False),
    Column("result", String(16)),
)

evidence = Table(
    "evidence",
    metadata,
    Column("seq", Number, primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False),
    Column("actor", Text, nullable=False),
    Column("via", String(16), nullable=False),
    Column("action", String(64), nullable=False),
    Column("subject", Text, nullable=False),
    Column("details", JSON, nullable=False),
    Column("previous", String(64), nullable=False),
    Column("digest", String(64), nullable=False),
)

evidence_checkpoints = Table(
    "evidence_checkpoints",
    metadata,
    Column("seq", Number, primary_key=True, autoincrement=False),
    Column("digest", String(64), nullable=False),
    Column("mac", String(64), nullable=False),
)

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
