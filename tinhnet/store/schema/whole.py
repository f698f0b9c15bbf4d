# SPDX-License-Identifier: MIT
"""All tables of the state at once, for the migrations and for what compares them."""

from tinhnet.store.schema import alerts, columns, evidence, jobs, people, watch

PARTS = (alerts, evidence, jobs, people, watch)
"""Modules whose tables hang on the one `metadata` once they are imported."""

metadata = columns.metadata
