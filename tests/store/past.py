# SPDX-License-Identifier: MIT
"""States as older releases left them."""

from datetime import UTC, datetime

from alembic import command
from alembic.config import Config as AlembicConfig

from tinhnet.model.job import JobRequest, Risk
from tinhnet.store import jobs
from tinhnet.store.engine import Store
from tinhnet.store.migrate import MIGRATIONS, known

NOW = datetime(2016, 5, 4, 3, 2, 1, tzinfo=UTC)


def write_first_release(store: Store) -> None:
    """Leave the state as the first release would: its schema, one job."""
    settings = AlembicConfig()
    settings.set_main_option("script_location", str(MIGRATIONS))
    with store.writing() as connection:
        settings.attributes["connection"] = connection
        command.upgrade(settings, known()[0])
    with store.writing() as connection:
        jobs.add_job(connection, JobRequest("wan.yml", "dien-ban"), Risk.CHANGE, "lan", NOW)
