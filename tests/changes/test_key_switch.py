# SPDX-License-Identifier: MIT
"""New OSPF keys begin to sign on both ends of a link at once, or on neither."""

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from changes.credentials import credentials_for
from changes.drivers.ospf_keys import keys_of, with_last
from changes.key_switch import Answer, Change, changes_of, switch_link
from changes.rotation import stage
from tests.changes.box import CPE, PREFIX, PYTHON, ROOT, Box, until

CHANGE = Change("dien-ban-1", (("core1", "c107"), (CPE, "wan1")), old="1", new="2")
CONFIG = """\
frr defaults traditional
interface c106
 ip ospf message-digest-key 2 md5 other
exit
interface c107
 ip ospf cost 10
 ip ospf message-digest-key 2 md5 new
 ip ospf message-digest-key 1 md5 old
 ip ospf network point-to-point
exit
"""

SWITCH = """
import json, sys
from pathlib import Path
from changes.device import access_of
from changes.key_switch import switch
from tinhnet.inventory import load
from tinhnet.secrets import secrets_of
inventory, state, *chosen = sys.argv[1:]
store = secrets_of(Path(state))
found = switch(load(Path(inventory)), chosen, access_of(Path(state), store), store)
print(json.dumps(found))
"""


@dataclass(slots=True)
class Router:
    """A router as FRR is: it signs with the last of its keys; `breaks` at these acts."""

    keys: list[str]
    breaks: tuple[str, ...] = ()
    answers: list[Answer] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)

    def send(self, request: Mapping[str, str]) -> None:
        """Do what is asked."""
        act, key = request["act"], request["key"]
        self.heard.append(f"{act} {key}")
        if f"{act} {key}" in self.breaks:
            self.answers.append({"error": "the session ended"})
        elif key not in self.keys:
            self.answers.append({"error": f"key {key} is not known on {request['interface']}"})
        else:
            if act == "sign":
                self.keys.remove(key)
                self.keys.append(key)
            self.answers.append({"signs": self.keys[-1]})

    def receive(self) -> Answer:
        """Give the oldest answer."""
        return self.answers.pop(0)


def test_both_ends_sign_with_the_new_key() -> None:
    """What is accepted is what signs: the ends must agree."""
    core, cpe = Router(["2", "1"]), Router(["2", "1"])

    assert switch_link(CHANGE, (core, cpe)) == ""
    assert (core.keys[-1], cpe.keys[-1]) == ("2", "2")


def test_a_second_run_goes_on_where_the_first_was_killed() -> None:
    """One end had the word and the other not: the next run brings them together."""
    core, cpe = Router(["1", "2"]), Router(["2", "1"])

    assert switch_link(CHANGE, (core, cpe)) == ""
    assert (core.keys[-1], cpe.keys[-1]) == ("2", "2")


def test_an_end_that_does_not_know_the_key_leaves_both_as_they_are() -> None:
    """The expansion was not finished there: switching would cut the site off."""
    core, cpe = Router(["2", "1"]), Router(["1"])

    told = switch_link(CHANGE, (core, cpe))

    assert told == (
        "dien-ban-1: dien-ban-cpe1: key 2 is not known on wan1; nothing was changed on this link"
    )
    assert (core.keys[-1], cpe.keys[-1]) == ("1", "1")
    assert core.heard == ["look 2"]


def test_an_end_that_fails_takes_the_other_back() -> None:
    """Half a switch would be a dead link after four seconds."""
    core, cpe = Router(["2", "1"]), Router(["2", "1"], breaks=("sign 2",))

    told = switch_link(CHANGE, (core, cpe))

    assert told == "dien-ban-1: dien-ban-cpe1: the session ended; the old key signs again"
    assert (core.keys[-1], cpe.keys[-1]) == ("1", "1")


def test_an_end_that_is_gone_is_named() -> None:
    """Nobody can put back what does not answer: the operator must know where to look."""
    core, cpe = Router(["2", "1"]), Router(["2", "1"], breaks=("sign 2", "sign 1"))

    told = switch_link(CHANGE, (core, cpe))

    assert told.endswith("and not put back: dien-ban-cpe1: the session ended")


def test_the_boot_file_says_what_runs() -> None:
    """A router that restarts before it forgets the old key must sign as its neighbour does."""
    assert list(keys_of(CONFIG, "c107")) == ["2", "1"]

    after = with_last(CONFIG, "c107", "2")

    assert list(keys_of(after, "c107")) == ["1", "2"]
    assert sorted(after.splitlines()) == sorted(CONFIG.splitlines())
    assert with_last(after, "c107", "2") == after
    assert keys_of(after, "c106") == keys_of(CONFIG, "c106")


@pytest.mark.lab
@pytest.mark.slow
def test_a_link_keeps_its_neighbour_through_the_switch(box: Box) -> None:
    """FRR accepts only what it signs with: one end after the other would cost the neighbour."""
    routers = ("fw1", "core1", CPE)
    stage(box.network, box.store)
    try:
        for name in routers:
            assert box.push(name, sections=box.sections(name))["result"] == "changed"
        staged = {one.link for one in changes_of(box.network, box.store)}
        for name in routers:
            box.on(name, "journalctl --rotate; journalctl --vacuum-time=1s")
        done = subprocess.run(
            ["ip", "netns", "exec", f"{PREFIX}-noc", str(PYTHON), "-c", SWITCH,
             str(box.inventory), str(box.state), *routers],
            cwd=ROOT, env=box.environment, capture_output=True, text=True, check=True, timeout=120,
        )  # fmt: skip
        links, faults = json.loads(done.stdout.splitlines()[-1])
        until(lambda: "Full" in box.on(CPE, "vtysh -c 'show ip ospf neighbor'"), "Full")
        lost = {name: box.on(name, "journalctl -u frr | grep 'Full ->'") for name in routers}
        order = list(keys_of(box.on(CPE, "cat /etc/frr/frr.conf"), "wan1"))
        held = credentials_for(box.network, CPE, box.store, create=False)
    finally:
        for change in changes_of(box.network, box.store):
            box.store.discard(f"ospf/{change.link}")
        for name in [one for one in box.store.names() if one.startswith(("snmp/", "ssh/"))]:
            box.store.discard(name)
        for name in routers:
            box.push(name, sections=box.sections(name))

    assert {"dien-ban-1", "fw1-core1"} <= set(links) < staged
    assert "dien-ban-2: core2 is not part of this run" in faults
    assert lost == dict.fromkeys(routers, "")
    assert order == ["1", "2"]
    assert len(held.ospf["dien-ban-1"]) == 1, "a link that has switched is promoted at once"
    assert len(held.ospf["dien-ban-2"]) == 2
    for name in routers:
        assert box.push(name, sections=box.sections(name), check=True)["diffs"] == []
