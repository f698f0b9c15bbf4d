# SPDX-License-Identifier: MIT
"""The worker is killed at any moment: nothing is lost, and a repeat is known as one."""

import json
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.alerts.telling.place import (
    ROOT,
    START,
    Hook,
    happen,
    listening,
    opened,
    put,
    record,
    settings,
    webhook,
)
from tests.clock import Clock
from tinhnet.alerting.life import Raised
from tinhnet.context import Context
from tinhnet.store.deliveries import list_deliveries

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
KILLS = 8
EACH = 4
ALERTS = KILLS * EACH
PATIENCE_S = 60.0


@contextmanager
def started(environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """Start the worker; in the end it is killed, wherever it is."""
    command = [sys.executable, "-m", "tinhnet", "worker", "notify"]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def told(hook: Hook) -> set[str]:
    """Return the things that any message was about."""
    bodies = [json.loads(body) for body in hook.bodies]
    return {alert["thing"] for body in bodies for alert in body["facts"]["alerts"]}


def is_settled(context: Context) -> bool:
    """Tell whether every delivery is over."""
    with context.store.reading() as connection:
        return all(one.due_at is None for one in list_deliveries(connection, limit=1000))


def test_a_kill_loses_nothing_and_repeats_only_what_was_under_way(tmp_path: Path) -> None:
    """Every alert is told; no more messages are repeated than there were kills."""
    clock, chance = Clock(START), random.Random(7)  # noqa: S311 a test's dice
    environment = os.environ | settings(tmp_path, TINHNET__NOTIFY__GROUP_WAIT_S="0.1")
    wanted = {f"link:l{number}" for number in range(ALERTS)}
    left = sorted(wanted)
    with listening(Hook(delay_s=0.05)) as hook, opened(tmp_path, clock) as context:
        webhook(tmp_path, "room", hook.url)
        for _ in range(KILLS):
            with started(environment):
                known = len(hook.taken)
                for thing in left[:EACH]:
                    clock.now = datetime.now(UTC)
                    found = record(thing, site=thing)
                    put(context, happen(found, Raised(clock.now)))
                left = left[EACH:]
                wait_until(lambda known=known: len(hook.taken) > known)
                threading.Event().wait(chance.uniform(0, 0.1))
        with started(environment):
            wait_until(lambda: told(hook) == wanted and is_settled(context))

    keys = [key for _, key in hook.taken]
    assert len(keys) - len(set(keys)) <= KILLS


def wait_until(is_true: Callable[[], bool]) -> None:
    """Wait for something that must come true."""
    ends = time.monotonic() + PATIENCE_S
    while not is_true():
        assert time.monotonic() < ends, "it never came true"
        threading.Event().wait(0.02)
