# SPDX-License-Identifier: MIT
"""States as older releases left them."""

from datetime import UTC, datetime

from alembic import command
from alembic.config import Config as AlembicConfig
from sqlalchemy import insert

from tinhnet.store.engine import Store
from tinhnet.store.migrate import MIGRATIONS, known
from tinhnet.store.schema.jobs import jobs

NOW = datetime(2016, 5, 4, 3, 2, 1, tzinfo=UTC)

FIRST_JOB: dict[str, object] = {
    "state": "waiting",
    "playbook": "wan.yml",
    "risk": "change",
    "limit": "dien-ban",
    "tags": [],
    "check": False,
    "diff": False,
    "extra": {},
    "actor": "lan",
    "requested_at": NOW,
    "devices": [],
    "is_cancelling": False,
    "last_seq": 0,
}
"""A job as the first release wrote it: without the columns that came later."""


def write_first_release(store: Store) -> None:
    """Leave the state as the first release would: its schema, one job."""
    settings = AlembicConfig()
    settings.set_main_option("script_location", str(MIGRATIONS))
    with store.writing() as connection:
        settings.attributes["connection"] = connection
        command.upgrade(settings, known()[0])
    with store.writing() as connection:
        connection.execute(insert(jobs).values(FIRST_JOB))
