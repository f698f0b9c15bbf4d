# SPDX-License-Identifier: MIT
"""site.yml, the one playbook from bare metal to proof, on a part of the standing province."""

import json
import re

import pytest

from tests.conftest import COMMAND, Province

pytestmark = [pytest.mark.lab, pytest.mark.slow]

PLAYBOOK = COMMAND.with_name("ansible-playbook")
ROUTER, SERVER, CLIENT = "dien-ban-cpe1", "web1", "dien-ban-pc"
LIMIT = "dien-ban:web1"


def play(province: Province, *options: str) -> str:
    """Run site.yml by hand where the product lives; return what it printed."""
    command = [str(PLAYBOOK), "playbooks/site.yml", "--limit", LIMIT, *options]
    done = province.on("noc", "env", "ANSIBLE_NOCOLOR=1", *command)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def changed(printed: str) -> dict[str, int]:
    """Return how many tasks changed something on each device."""
    return {
        name: int(count)
        for name, count in re.findall(r"^(\S+)\s+: ok=\d+\s+changed=(\d+)", printed, re.MULTILINE)
    }


def job(province: Province) -> dict[str, str]:
    """Run site.yml as a job; return each device's result word."""
    asked = ("--wait", "--json", "--purpose", "Thử", "--limit", LIMIT)
    done = province.product("job", "run", "site.yml", *asked)
    assert done.returncode == 0, done.stdout + done.stderr
    return {str(device): str(word) for device, word in json.loads(done.stdout)["results"].items()}


def test_a_dry_run_goes_through_routers_servers_and_proof(province: Province) -> None:
    """What was reached stays reached, and the order is the one in which devices can be reached."""
    printed = play(province, "--check", "--diff")

    plays = re.findall(r"^PLAY \[(.*?)\]", printed, re.MULTILINE)
    assert plays == [
        "Firewall",
        "Cores",
        "Edge and sites",
        "Data-centre servers",
        "Probe agents of sites",
        "Routing, and what every client may and may not reach",
    ]
    assert changed(printed) == {ROUTER: 0, SERVER: 0, CLIENT: 0}


def test_drift_is_foretold_set_right_and_proven(province: Province) -> None:
    """A dry run tells the truth, the run does what it told, the next one has nothing to do."""
    for device in (ROUTER, SERVER):
        assert province.on(device, "sh", "-c", "echo drift > /etc/issue.net").returncode == 0

    foretold = changed(play(province, "--check"))
    done = job(province)
    again = job(province)

    assert foretold == {ROUTER: 1, SERVER: 1, CLIENT: 0}
    assert done == {ROUTER: "changed", SERVER: "changed", CLIENT: "ok"}
    assert again == {ROUTER: "ok", SERVER: "ok", CLIENT: "ok"}
