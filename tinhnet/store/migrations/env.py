# SPDX-License-Identifier: MIT
"""Alembic's entry: runs the migrations on the connection it was handed."""

from alembic import context

from tinhnet.store.schema.whole import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
context.run_migrations()
