# SPDX-License-Identifier: MIT
"""The schema's number: looked at by everybody, raised by `tinhnet migrate` alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from tinhnet.secrets import secrets_of
from tinhnet.settings import Config
from tinhnet.store.engine import Store, connect
from tinhnet.store.errors import SchemaNewerError, SchemaOlderError

MIGRATIONS = Path(__file__).parent / "migrations"


@dataclass(frozen=True, slots=True)
class Migrated:
    """What a migration did; `before` is None for a new state."""

    before: str | None
    after: str


def known() -> tuple[str, ...]:
    """Return the numbers of all migrations, the newest last."""
    return tuple(reversed([one.revision for one in _scripts().walk_revisions()]))


def current(store: Store) -> str | None:
    """Return the number of the state's schema, None when it has none yet."""
    with store.reading() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def migrate(store: Store) -> Migrated:
    """Raise the schema to the newest number, in one transaction.

    Harmless when it is the newest already, and when two programs do it at
    once.  Raises SchemaNewerError for a state this product does not know.
    """
    settings = AlembicConfig()
    settings.set_main_option("script_location", str(MIGRATIONS))
    with store.writing() as connection:
        before = MigrationContext.configure(connection).get_current_revision()
        if before is not None and before not in known():
            refuse_unfit(store.where, before, known())
        settings.attributes["connection"] = connection
        command.upgrade(settings, "head")
    return Migrated(before, known()[-1])


def open_store(config: Config) -> Store:
    """Return the state of an installation, ready to be used; a new one is created.

    Raises SchemaOlderError or SchemaNewerError when the schema is not ours.
    """
    store = store_of(config)
    try:
        found = current(store)
        if found is None:
            migrate(store)
        else:
            refuse_unfit(store.where, found, known())
    except BaseException:
        store.close()
        raise
    return store


def store_of(config: Config) -> Store:
    """Return the state of an installation without looking at its schema."""
    password = None
    if config.store.password_secret:
        password = secrets_of(config.state).read(config.store.password_secret).value
    return connect(config.store.url, config.state, password)


def refuse_unfit(where: str, found: str, numbers: Sequence[str]) -> None:
    """Raise SchemaOlderError or SchemaNewerError unless `found` is the last of `numbers`."""
    if found not in numbers:
        raise SchemaNewerError(
            f"{where}: the state has schema {found}, newer than this product's {numbers[-1]}",
            "install the product that wrote it, or restore the backup taken before",
        )
    if found != numbers[-1]:
        raise SchemaOlderError(
            f"{where}: the state has schema {found}, this product needs {numbers[-1]}",
            "take a backup, then run `tinhnet migrate`",
        )


def _scripts() -> ScriptDirectory:
    return ScriptDirectory(str(MIGRATIONS))
