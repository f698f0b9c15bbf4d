# SPDX-License-Identifier: MIT
"""FRR's configuration: compared by meaning, never by order, and nothing foreign is lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from changes.drivers.frr_device import frr

RUNNING = """\
Building configuration...

Current configuration:
!
frr version 8.4.4
frr defaults traditional
hostname r1
no ipv6 forwarding
service integrated-vtysh-config
!
interface wan1
 ip address 10.80.0.6/30
 ip ospf cost 10
 ip ospf message-digest-key 1 md5 first
exit
!
router ospf
 ospf router-id 10.89.1.1
exit
!
end
"""


def test_a_configuration_in_another_order_is_the_same() -> None:
    """FRR sorts what it shows; order must never look like a change."""
    intended = """\
router ospf
 ospf router-id 10.89.1.1
exit
interface wan1
 ip ospf message-digest-key 1 md5 first
 ip ospf cost 10
 ip address 10.80.0.6/30
exit
hostname r1
"""

    assert not frr.plan(RUNNING, intended, "").changes


def test_lines_nobody_knows_are_kept_and_named() -> None:
    """A route somebody set by hand survives every run and stands in the residue."""
    running = RUNNING.replace("!\nend", "ip route 192.0.2.0/24 10.80.0.5\n!\nend")
    intended = frr.render(frr.parse(RUNNING))

    plan = frr.plan(running, intended, intended)

    assert not plan.changes
    assert plan.residue == ("ip route 192.0.2.0/24 10.80.0.5",)
    assert "192.0.2.0/24" in plan.predicted


def test_adopting_a_router_gives_an_empty_plan() -> None:
    """The first plan of a router that already runs this (and more) changes nothing."""
    running = RUNNING.replace(
        "router ospf\n", "router bgp 65000\n neighbor 10.9.9.9\nexit\nrouter ospf\n"
    )

    assert not frr.plan(running, "hostname r1\n", "").changes


def test_what_we_pushed_and_no_longer_want_is_removed() -> None:
    """A line of our last push that left the template is ours to take away."""
    applied = frr.render(frr.parse(RUNNING))
    intended = applied.replace(" ip ospf cost 10\n", "")

    plan = frr.plan(RUNNING, intended, applied)

    assert frr.delta(plan.before, plan.predicted) == "interface wan1\nno ip ospf cost 10\n"


def test_a_value_changed_by_hand_is_set_back_without_a_no() -> None:
    """Single-valued commands overwrite; a `no` first would drop the value for a moment."""
    intended = frr.render(frr.parse(RUNNING))
    plan = frr.plan(RUNNING.replace("cost 10", "cost 77"), intended, "")

    assert frr.delta(plan.before, plan.predicted) == "interface wan1\nip ospf cost 10\n"
    assert plan.residue == ()


@pytest.mark.parametrize(
    ("have", "want", "commands"),
    [
        (["1"], ["2", "1"], ["+2", "-1", "+1"]),
        (["2", "1"], ["1", "2"], ["-2", "+2"]),
        (["1", "2"], ["2"], ["-1"]),
        (["1"], ["1"], []),
    ],
    ids=["expand: the old key goes on signing", "switch", "contract", "nothing to do"],
)
def test_keys_rotate_while_both_ends_share_one(
    have: list[str], want: list[str], commands: list[str]
) -> None:
    """FRR signs with the key added last: order is what keeps a neighbour through a rotation."""

    def text(keys: list[str]) -> str:
        lines = "".join(f" ip ospf message-digest-key {key} md5 secret{key}\n" for key in keys)
        return f"interface wan1\n{lines}exit\n"

    sent = frr.delta(text(have), text(want)).splitlines()

    short = {f"{sign}{key}" for key in "12" for sign in "+-"}
    written = [
        f"{'-' if line.startswith('no ') else '+'}{line.split('message-digest-key ')[1][0]}"
        for line in sent
        if "message-digest-key" in line
    ]
    assert set(written) <= short
    assert written == commands


def test_what_frr_cannot_take_back_is_left_alone() -> None:
    """`no agentx` is refused by FRR 8.4: a restore that tried it would fail."""
    assert frr.delta("agentx\nhostname r1\n", "hostname r1\n") == ""


LINES = st.lists(
    st.sampled_from(
        [
            "ip ospf cost 5",
            "ip ospf cost 10",
            "ip address 10.0.0.1/30",
            "ip ospf area 0",
            "shutdown",
        ]
    ),
    unique=True,
)


@given(have=LINES, want=LINES, applied=LINES)
def test_a_plan_is_stable(have: list[str], want: list[str], applied: list[str]) -> None:
    """Planning against the predicted configuration changes nothing: the second run is empty."""

    def text(lines: list[str]) -> str:
        return "".join(["interface x\n", *(f" {line}\n" for line in lines), "exit\n"])

    plan = frr.plan(text(have), text(want), text(applied))

    assert not frr.plan(plan.predicted, text(want), text(want)).changes
