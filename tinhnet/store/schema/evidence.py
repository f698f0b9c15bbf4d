# SPDX-License-Identifier: MIT
"""The evidence log and the checkpoints that seal it."""

from sqlalchemy import JSON, Column, String, Table, Text

from tinhnet.store.schema.columns import Moment, Number, metadata

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
