# SPDX-License-Identifier: MIT
"""The whole province at once: in time, in memory, and gone again."""

import time
from collections import Counter
from collections.abc import Callable

import pytest

from tests.lab.trial import Lab, eventually, traces
from tinhnet.model.declared import DeclaredNetwork

UP_S = 25.0  # the promise of the plan for two cores of their own
SLACK = 3  # tests share those cores
MEMORY_BYTES = 5_000_000_000


@pytest.mark.lab
@pytest.mark.slow
def test_the_whole_province_stands_within_its_budget(
    make_lab: Callable[[str], Lab], declared: DeclaredNetwork
) -> None:
    """Forty sites are the point; a lab nobody waits for is a lab nobody uses."""
    lab = make_lab("lsf")
    began = time.monotonic()
    lab.must("up")
    seconds = time.monotonic() - began
    status = lab.status()

    assert seconds < UP_S * SLACK
    assert Counter(device["state"] for device in status["devices"]) == {
        "running": len(declared.devices)
    }
    assert Counter(link["state"] for link in status["links"]) == {"up": len(declared.links)}
    memory = sum(int(str(device["memory_bytes"])) for device in status["devices"])
    assert memory < MEMORY_BYTES
    lab.must("down")
    assert eventually(lambda: not traces(lab.prefix), 30), traces(lab.prefix)
