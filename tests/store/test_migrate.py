# SPDX-License-Identifier: MIT
"""A state that an older release wrote: told, left alone, and whole after the migration."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.store.past import NOW, write_first_release
from tinhnet.settings import Config, StoreConfig
from tinhnet.store import jobs
from tinhnet.store.engine import Store, connect
from tinhnet.store.errors import SchemaOlderError
from tinhnet.store.migrate import current, known, migrate, open_store

pytestmark = pytest.mark.patient

TINHNET = Path(sys.executable).with_name("tinhnet")


def test_an_old_state_is_refused_until_it_is_migrated_and_loses_nothing(
    make_store: Callable[[], Store],
) -> None:
    """An upgrade that forgets the migration must not write into tables it does not know."""
    old = make_store()
    write_first_release(old)
    url = old.engine.url.render_as_string(hide_password=False)
    with pytest.raises(SchemaOlderError, match=r"take a backup, then run `tinhnet migrate`"):
        open_store(Config(store=StoreConfig(url=url)))
    untouched = current(old)
    done = migrate(old)
    with old.reading() as connection:
        (job,) = jobs.list_jobs(connection)

    assert untouched == done.before == known()[0]
    assert done.after == current(old) == known()[-1]
    assert (job.limit, job.actor, job.requested_at) == ("dien-ban", "lan", NOW)
    assert (job.purpose, job.dry_run) == (None, None)


def test_a_command_on_an_old_state_says_what_to_do(tmp_path: Path) -> None:
    """What the operator sees after the upgrade, and that the named command is the way out."""
    store = connect("", tmp_path)
    write_first_release(store)
    store.close()

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {"TINHNET_STATE": str(tmp_path)}
        return subprocess.run(
            [TINHNET, *arguments], env=environment, capture_output=True, text=True, check=False
        )

    refused = run("jobs")
    migrated = run("migrate")
    after = run("jobs", "--json")

    assert refused.returncode == 1
    assert f"the state has schema {known()[0]}, this product needs {known()[-1]}" in refused.stderr
    assert "run `tinhnet migrate`" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert migrated.returncode == 0, migrated.stderr
    assert '"J1"' in after.stdout
