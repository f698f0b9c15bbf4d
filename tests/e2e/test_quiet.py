# SPDX-License-Identifier: MIT
"""Nothing breaks for an hour, and nothing says that anything did.

`TINHNET_SOAK_S=300` makes the hour shorter.
"""

import os
import time
from datetime import UTC, datetime

import pytest

from tests.conftest import ROOT, STORY_S, Province
from tinhnet.demo.box import Box
from tinhnet.demo.watch import Api

QUIET_S = float(os.environ.get("TINHNET_SOAK_S", "3600"))
LOOK_S = 5.0


@pytest.mark.soak
@pytest.mark.lab
@pytest.mark.timeout(2 * STORY_S + 600 + QUIET_S)
def test_an_hour_of_quiet_brings_no_alert(province: Province) -> None:
    """A false alert a night teaches people to sleep through the true one."""
    api = Api(Box(province.prefix, ROOT / "inventory", province.state), province.port)
    assert api.firing() == [], "the province is whole before the quiet begins"
    began, ends = datetime.now(UTC), time.monotonic() + QUIET_S
    seen: dict[str, str] = {}
    while time.monotonic() < ends:
        seen |= {str(one["fingerprint"]): str(one["thing"]) for one in api.firing()}
        time.sleep(LOOK_S)

    fired = {
        str(one["fingerprint"]): str(one["thing"])
        for one in api.rows("alerts", fired_since=began.isoformat())
    }
    assert seen | fired == {}
