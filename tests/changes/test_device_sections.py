# SPDX-License-Identifier: MIT
"""The other sections of a Linux router: packet filter, shaping, files, units, kernel."""

import os
import pwd
from pathlib import Path

import pytest

from changes.drivers.frr_device import files, kernel, nft, shape, units
from changes.drivers.frr_device.text import RefusedError, merge_text

RULES = """\
table inet tinhnet {
\tset sites4 {
\t\ttype ipv4_addr
\t\tflags interval
\t\telements = { 10.64.2.0/24, 10.64.1.0/24,
\t\t\t     10.64.3.0/24 }
\t}

\tchain input {
\t\ttype filter hook input priority filter; policy drop;
\t\tct state established,related accept
\t\ttcp dport 22 accept
\t}
}
"""


def test_elements_of_a_set_have_no_order() -> None:
    """The kernel lists a set as it likes; that is no change."""
    other = RULES.replace("10.64.2.0/24, 10.64.1.0/24", "10.64.1.0/24, 10.64.2.0/24")

    assert not nft.compare(RULES, other, "").changes


def test_rules_have_an_order() -> None:
    """Two rules in another order are another firewall."""
    accept, ssh = "\t\tct state established,related accept\n", "\t\ttcp dport 22 accept\n"
    other = RULES.replace(accept + ssh, ssh + accept)

    assert nft.compare(RULES, other, RULES).changes


def test_a_foreign_rule_keeps_its_place_and_is_named() -> None:
    """A rule somebody added by hand stays where it stands and is shown as residue."""
    running = RULES.replace("\t\ttcp dport 22", "\t\ttcp dport 9999 accept\n\t\ttcp dport 22")

    plan = nft.compare(running, RULES, RULES)

    assert not plan.changes
    assert plan.residue == ("table inet tinhnet / chain input / tcp dport 9999 accept",)


def test_a_foreign_table_is_left_alone() -> None:
    """Another program's table is none of ours."""
    running = RULES + "table ip other {\n\tchain c {\n\t\tcounter\n\t}\n}\n"

    plan = nft.compare(running, RULES, "")

    assert not plan.changes
    assert plan.residue == ("table ip other",)


def test_keys_of_other_people_stay_and_ours_are_known_by_their_body() -> None:
    """The comment behind a key is decoration; an unknown key is somebody's."""
    running = "ssh-ed25519 AAAA tinhnet\nssh-ed25519 BBBB alice\n"

    plan = files.plan_keys(running, "ssh-ed25519 AAAA tinhnet-v1\n", "")

    assert not plan.changes
    assert plan.residue == ("ssh-ed25519 BBBB alice",)


def test_a_replaced_key_goes() -> None:
    """After a rotation the old key is gone from the file."""
    plan = files.plan_keys("ssh-ed25519 AAAA x\n", "ssh-ed25519 BBBB v2\n", "ssh-ed25519 AAAA v1\n")

    assert plan.predicted == "ssh-ed25519 BBBB v2\n"


def test_foreign_lines_of_a_file_keep_their_place() -> None:
    """Order means something in these files."""
    plan = merge_text("a\nours\nb\n", "ours\nnew\n", "ours\n")

    assert plan.predicted == "a\nours\nb\nnew\n"
    assert plan.residue == ("a", "b")


@pytest.mark.parametrize(("bits", "control"), [(10_000_000, 500_000), (1_000_000, 64_000)])
def test_control_traffic_is_promised_its_share(bits: int, control: int) -> None:
    """A full circuit must never look like a dead one."""
    assert shape.rates(bits) == (control, bits - control)


def test_shaping_refuses_what_it_does_not_understand() -> None:
    """Tc has no dry run, so a bad line is refused before anything is touched."""
    with pytest.raises(RefusedError, match="expected `interface bits-per-second`"):
        shape.check("wan1 ten megabit\n")


def test_a_boot_route_to_the_controller_goes_and_others_stay() -> None:
    """The bootstrap route would hide OSPF's for ever; somebody's static route is residue."""
    running = "10.90.99.0/24 via 10.80.0.5 dev wan1\n192.0.2.0/24 via 10.80.0.5 dev wan1\n"

    plan = kernel.plan_bootstrap(running, "absent 10.90.99.0/24\n", "")

    assert plan.predicted == "192.0.2.0/24 via 10.80.0.5 dev wan1\n"
    assert len(plan.residue) == 1


def test_a_setting_this_kernel_lacks_is_refused() -> None:
    """A typing error in a template must not end as a half-applied device."""
    with pytest.raises(RefusedError, match="this kernel has no net/ipv4/nonsense"):
        kernel.check_sysctl("net/ipv4/nonsense = 1\n")


def test_a_unit_we_drop_is_switched_off() -> None:
    """What we once enabled and no longer want is disabled; nothing else is looked at."""
    plan = units.plan_units("snmpd enabled active\n", "", "snmpd enabled active\n")

    assert plan.changes
    assert plan.predicted == "snmpd\n"


def test_daemon_switches_keep_the_rest_of_the_file() -> None:
    """Only the declared switches of /etc/frr/daemons are ours."""
    text = units.with_switches("bgpd=no\nospfd=no\n# end\n", "ospfd=yes\n")

    assert text == "bgpd=no\nospfd=yes\n# end\n"


def test_lines_of_frr_are_sent_before_its_package_drops_them() -> None:
    """FRR's own 45-frr.conf ends the way of every line of its daemons: ours must stand before."""
    ours = next(one for one in files.FILES if one.name == "rsyslog")

    assert ours.path.parent == Path("/etc/rsyslog.d")
    assert ours.path.name < "45-frr.conf"


def test_a_file_that_moved_is_not_read_twice(tmp_path: Path) -> None:
    """Two files with the same lines would send everything twice."""
    old, new = tmp_path / "60.conf", tmp_path / "20.conf"
    old.write_text("line\n", encoding="utf-8")
    owner = pwd.getpwuid(os.getuid()).pw_name
    moved = files.FileSection("x", new, 0o644, owner, (), None, "", old)

    files.apply(moved, "line\n")

    assert new.read_text(encoding="utf-8") == "line\n"
    assert not old.exists()
