# SPDX-License-Identifier: MIT
"""What an action or a worker's step needs: configuration, state, secrets, evidence, the time."""

import getpass
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tinhnet.audit import EvidenceLog, evidence_log
from tinhnet.clock import Clock, utc_now
from tinhnet.config import Loaded, load_config
from tinhnet.model.actor import Actor, Role
from tinhnet.secrets import SecretStore, secrets_of
from tinhnet.settings import Config
from tinhnet.store.engine import Store
from tinhnet.store.migrate import open_store
from tinhnet.store.people import find_user

USER_VARIABLE = "TINHNET_USER"


@dataclass(frozen=True, slots=True)
class Context:
    """Everything the floor offers to a room; `root` is what relative paths hang off."""

    config: Config
    root: Path
    store: Store
    secrets: SecretStore
    evidence: EvidenceLog
    clock: Clock

    @property
    def now(self) -> datetime:
        """The time, aware and UTC."""
        return self.clock()


def open_context(loaded: Loaded | None = None, clock: Clock = utc_now) -> Context:
    """Return the context of this installation; StoreError when the state is not fit."""
    settings = loaded or load_config()
    secrets = secrets_of(settings.config.state)
    store = open_store(settings.config)
    return Context(
        config=settings.config,
        root=settings.root,
        store=store,
        secrets=secrets,
        evidence=evidence_log(secrets),
        clock=clock,
    )


@contextmanager
def context_of_command() -> Iterator[Context]:
    """Open the context for one command of the CLI and let go of it afterwards."""
    context = open_context()
    try:
        yield context
    finally:
        context.store.close()


def local_actor(context: Context, environ: Mapping[str, str] = os.environ) -> Actor:
    """Return who runs a command on this machine.

    Whoever can write the state's files can do anything to it anyway, so a
    command has every role, and the evidence log has the login's name.  With
    TINHNET_USER a person acts under their own name and roles.
    """
    named = environ.get(USER_VARIABLE)
    if named:
        with context.store.reading() as connection:
            user = find_user(connection, named)
        roles = user.roles if user and user.is_enabled else frozenset[Role]()
        return Actor(named, roles, "cli")
    login = environ.get("SUDO_USER") or getpass.getuser()
    return Actor(f"local:{login}", frozenset(Role), "cli")
