# SPDX-License-Identifier: MIT
"""Jobs, what came of each device, and their numbered lines."""

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Integer, String, Table, Text

from tinhnet.store.schema.columns import Moment, Number, metadata

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
