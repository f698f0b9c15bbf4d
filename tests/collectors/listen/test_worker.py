# SPDX-License-Identifier: MIT
"""What devices send by themselves becomes events: real sockets, net-snmp, logger."""

import os
import socket
import ssl
import subprocess
import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.collectors.listen.post import CIRCUIT, LOCAL, Post, line, post_in
from tests.conftest import free_port
from tinhnet.inventory import load
from tinhnet.model.event import Event, Severity, Source
from tinhnet.pki import Distribution, Pki
from tinhnet.snmp_identity import engine_id, known_users
from tinhnet.store.events import append

pytestmark = pytest.mark.patient

LINK_DOWN = "1.3.6.1.6.3.1.1.5.3"
COLD_START = "1.3.6.1.6.3.1.1.5.1"
OSPF = "1.3.6.1.2.1.14.16.2.2"
IF = "1.3.6.1.2.1.2.2.1"
NAME = "snmp/community"
NEIGHBOUR = "1.3.6.1.2.1.14.10.1"


def only(events: list[Event]) -> Event:
    """Return the one event."""
    assert len(events) == 1, events
    return events[0]


def test_a_lost_neighbour_is_an_event_of_its_circuit_and_site(post: Post) -> None:
    """Whoever reads the list wants the circuit's name, not the address of a neighbour."""
    link = post.network.links[CIRCUIT]
    peer = post.network.devices[link.a.device].router_id
    where = f"Nbr {peer}(default) on {link.b.interface}:1.2.3.4"
    message = f"[SN6KD-7ZWKB] AdjChg: {where}: Full -> Deleted (T)"
    post.send(line(link.b.device, "ospfd", message))

    event = only(post.wait(1))

    assert (event.kind, event.severity) == ("ospf_neighbour_down", Severity.HIGH)
    assert event.source is Source.SYSLOG
    assert (event.device, event.interface) == (link.b.device, link.b.interface)
    assert (event.link, event.site) == (CIRCUIT, "dien-ban")
    assert event.fields["reason"] == "T"


def test_a_neighbour_alone_names_the_circuit(post: Post) -> None:
    """BFD says whom it lost and not through which interface."""
    link = post.network.links[CIRCUIT]
    far = post.network.devices[link.a.device].interface(link.a.interface).address4
    assert far is not None
    said = f"state-change: [mhop:no peer:{far.ip} local:1.2.3.4] up -> down reason:expired"
    post.send(line(link.b.device, "bfdd", said))

    event = only(post.wait(1))

    assert (event.kind, event.link, event.site) == ("bfd_down", CIRCUIT, "dien-ban")
    assert event.interface == link.b.interface


def test_lines_without_meaning_are_rows_by_their_severity_alone(post: Post) -> None:
    """A row for every line would bury the few that matter; the rest is counted."""
    post.send(
        line("web1", "app", "hello", priority=14),
        line("web1", "app", "hmm", priority=12),
        line("web1", "sshd", "Accepted publickey for lan from 10.0.0.1 port 22 ssh2", 38),
    )

    events = post.wait(2)
    post.until(lambda: post.counted("unworthy") == 1, "the count of the third")

    assert [(one.kind, one.severity.value) for one in events] == [("log", "low"), ("login", "info")]
    assert events[0].text == "hmm"


def test_a_stranger_is_counted_and_is_no_device(post: Post) -> None:
    """Whoever can reach the port could otherwise fill the list with devices of their own."""
    port = str(post.worker.taken["syslog_tcp_port"])
    command = ["logger", "-n", LOCAL, "-P", port, "-T", "--octet-count", "-p", "user.err", "alas"]
    subprocess.run(command, check=True, timeout=60)

    post.until(lambda: post.counted("stranger") == 1, "the count of the stranger")

    assert post.events() == []


def test_the_same_line_again_and_again_is_one_event_with_a_count(post: Post) -> None:
    """A thousand rows of one fault hide the one row of another."""
    post.send(*[line("web1", "app", "no route to database", priority=11)] * 50)
    for _ in range(150):
        post.send(line("web1", "app", "no route to database", priority=11))

    post.until(
        lambda: [one.fields.get("times") for one in post.events()] == ["200"], "the count of 200"
    )

    assert post.events()[0].fields["last"] > post.events()[0].at.isoformat()


def test_down_and_up_and_down_again_are_three_events(post: Post) -> None:
    """A flapping port must not look like one that went down once."""
    for state in ("Down", "Up", "Down", "Down"):
        post.send(line("core1", "kernel", f"eth0: NIC Link is {state}"))

    events = post.wait(3)
    post.until(lambda: post.events()[-1].fields.get("times") == "2", "the count of the fourth")

    kinds = ["interface_down", "interface_up", "interface_down"]
    assert [one.kind for one in events] == kinds
    assert len(post.events()) == 3


def test_a_device_that_says_ever_new_things_is_cut_short_and_told(post: Post) -> None:
    """One broken device must neither fill the disk nor do so in silence."""
    for number in range(1000):
        post.send(line("web1", "app", f"fault {number}", priority=11))
        if number % 100 == 0:
            post.worker.step(post.context)
    post.send(line("core1", "app", "the one that matters", priority=11))

    post.until(
        lambda: any(one.text == "the one that matters" for one in post.events()), "the other's line"
    )
    flood = next(one for one in post.events() if one.kind == "flood")

    assert 200 <= sum(one.text.startswith("fault") for one in post.events()) < 400
    assert (flood.device, flood.site, flood.source) == ("web1", "dc", Source.PRODUCT)
    assert int(flood.fields["left_out"]) > 0


def test_tls_of_our_own_authority_is_taken(post: Post) -> None:
    """Lines that cross a carrier's network must be readable by nobody on the way."""
    state = post.context.config.state
    where = Distribution("http://pki.test/ocsp", "http://pki.test/crl.der")
    authority = Pki(state, post.context.secrets, where, "Tỉnh").held_authority()
    tls = ssl.create_default_context(cadata=authority)
    port = post.worker.taken["syslog_tls_port"]
    said = line("db1", "postgres", "could not write: No space left on device", 27).encode()
    with (
        socket.create_connection((LOCAL, port)) as plain,
        tls.wrap_socket(plain, server_hostname=LOCAL) as talk,
    ):
        talk.sendall(b"%d %s" % (len(said), said))

    event = only(post.wait(1))

    assert (event.kind, event.device) == ("disk_full", "db1")


def test_a_trap_of_a_port_names_device_interface_and_circuit(post: Post) -> None:
    """A port that goes dark must be known before the next poll; SNMPv3, as devices send it."""
    link = post.network.links[CIRCUIT]
    user = [*post.user_of("core1"), *post.engine("core1")]
    bindings = (f"{IF}.1.7", "i", "7", f"{IF}.7.7", "i", "1", f"{IF}.8.7", "i", "2")
    name = (f"{IF}.2.7", "s", link.b.interface)
    post.tell("snmptrap", "", LINK_DOWN, *bindings, *name, user=user).wait(60)

    event = only(post.wait(1))

    assert link.b.device == "core1"
    assert (event.kind, event.source) == ("interface_down", Source.TRAP)
    assert (event.device, event.interface) == ("core1", link.b.interface)
    assert (event.link, event.site) == (CIRCUIT, "dien-ban")
    assert event.fields["admin_state"] == "up"


def test_a_trap_of_a_neighbour_names_the_circuit(post: Post) -> None:
    """The trap comes 0.9 s after a cut, long before any poll."""
    link = post.network.links[CIRCUIT]
    far = post.network.devices[link.a.device]
    address = far.interface(link.a.interface).address4
    assert address is not None
    index = f"{address.ip}.0"
    bindings = (
        *("1.3.6.1.2.1.14.1.1.0", "a", "10.255.0.1", f"{NEIGHBOUR}.1.{index}", "a"),
        *(str(address.ip), f"{NEIGHBOUR}.2.{index}", "i", "0", f"{NEIGHBOUR}.3.{index}", "a"),
        *(str(far.router_id), f"{NEIGHBOUR}.6.{index}", "i"),
    )
    user = [*post.user_of("core1"), *post.engine("core1")]
    for state in ("1", "4", "8"):
        post.tell("snmptrap", "", OSPF, *bindings, state, user=user).wait(60)

    events = post.wait(2)

    assert [one.kind for one in events] == ["ospf_neighbour_down", "ospf_neighbour_up"]
    assert {(one.link, one.site) for one in events} == {(CIRCUIT, "dien-ban")}


def test_a_neighbour_by_ipv6_stands_in_the_index_alone(post: Post) -> None:
    """OSPFv3 tells of a neighbour without naming it anywhere else (RFC 5643)."""
    link = post.network.links[CIRCUIT]
    peer = post.network.devices[link.a.device].router_id
    assert peer is not None
    user = [*post.user_of("core1"), *post.engine("core1")]
    state = f"1.3.6.1.2.1.191.1.9.1.8.7.0.{int(peer)}"
    post.tell("snmptrap", "", "1.3.6.1.2.1.191.0.2", state, "i", "1", user=user).wait(60)

    event = only(post.wait(1))

    assert event.kind == "ospf_neighbour_down"
    assert (event.device, event.link, event.site) == ("core1", CIRCUIT, "dien-ban")
    assert str(peer) in event.text


def test_an_agent_set_up_like_our_devices_is_believed(post: Post) -> None:
    """What playbooks write into snmpd.conf and what we listen for must be one thing."""
    user = known_users(post.context.secrets, "core1")[0]
    words = f'{user.name} SHA-256 "{user.auth}" AES "{user.priv}"'
    where = f"udp:{LOCAL}:{post.worker.taken['trap_port']}"
    keys = f'-a SHA-256 -A "{user.auth}" -x AES -X "{user.priv}"'
    (post.folder / "snmpd.conf").write_text(
        f"agentaddress udp:{LOCAL}:{free_port()}\n"
        f"exactEngineID 0x{engine_id('core1').hex()}\n"
        f"createUser {words}\n"
        f"trapsess -v 3 -u {user.name} -l authPriv {keys} {where}\n"
    )
    agent = subprocess.Popen(
        ["snmpd", "-f", "-C", "-c", "snmpd.conf", "-Lf", "log", "-I", "-smux"],
        cwd=post.folder,
        env=os.environ | {"SNMP_PERSISTENT_DIR": str(post.folder), "MIBS": ""},
    )
    try:
        event = post.wait(1)[0]
    finally:
        agent.terminate()
        agent.wait(60)

    assert (event.kind, event.device, event.source) == ("restart", "core1", Source.TRAP)


def test_an_inform_is_answered_once_it_is_stored(post: Post) -> None:
    """An answer before the row is written would lose what the sender then forgets."""
    waiting = post.tell("snmpinform", "", COLD_START, user=post.user_of("edge1"), wait_s=50)
    time.sleep(1)
    assert waiting.poll() is None, "nobody has stored it yet"

    event = only(post.wait(1))

    assert waiting.wait(60) == 0
    assert (event.kind, event.device, event.site) == ("restart", "edge1", "dc")


def test_who_does_not_prove_to_be_a_device_is_refused(post: Post) -> None:
    """A forged trap could send the whole team to the wrong cabinet."""
    user, engine = post.user_of("core1"), post.engine("core1")
    wrong = [*user, *engine]
    wrong[wrong.index("-A") + 1] = "another passphrase"
    for options in (
        [*user, *post.engine("edge1")],
        [*post.user_of("core1", name="nobody"), *engine],
        wrong,
        ["-v", "2c", "-c", "public"],
    ):
        post.tell("snmptrap", "", COLD_START, user=options).wait(60)

    post.until(lambda: post.counted("trap_community") == 1, "the last count")

    assert post.events() == []
    assert post.counted("trap_digest") == 2
    assert post.counted("trap_user") == 1


def test_an_empty_packet_is_no_trap(post: Post) -> None:
    """The proof of every server's way here sends two: no trap came, and none was damaged."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for octets in (b"", b"", b"0"):
            sender.sendto(octets, (LOCAL, post.worker.taken["trap_port"]))

    post.until(lambda: post.counted("trap_malformed") > 0, "the damaged one")

    assert post.counted("trap_malformed") == 1


def test_a_refusal_is_told_once(post: Post, capsys: pytest.CaptureFixture[str]) -> None:
    """The same count told every minute reads like so many refusals every minute."""
    post.tell("snmptrap", "", COLD_START, user=["-v", "2c", "-c", "public"]).wait(60)
    post.until(lambda: post.counted("trap_community") == 1, "the count")
    for _ in range(3):
        post.worker.tell()

    said = capsys.readouterr()
    assert (said.out + said.err).count("traps_refused") == 1


def test_a_community_is_taken_where_it_is_set(tmp_path: Path) -> None:
    """Some devices know no better; then the address says who they are, here nobody."""
    with post_in(tmp_path, community_secret=NAME) as post:
        word = post.context.secrets.read("snmp/community").value
        done = post.tell("snmpinform", "", COLD_START, user=["-v", "2c", "-c", word], wait_s=50)
        post.until(lambda: post.counted("stranger") == 1, "the count")

        assert done.wait(60) == 0


def test_a_port_that_is_taken_keeps_no_other_from_listening(tmp_path: Path) -> None:
    """A second program on the trap port must not cost the log lines too."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind((LOCAL, 0))
        with post_in(tmp_path, trap_port=str(other.getsockname()[1])) as post:
            post.send(line("web1", "app", "alas", priority=11))

            assert only(post.wait(1)).device == "web1"
            assert "trap_port" not in post.worker.taken


def test_old_events_are_let_go(tmp_path: Path) -> None:
    """A table that only grows stops the product one day."""
    with post_in(tmp_path, keep_days="1") as post:
        ages = (0.5, 1.5)
        with post.context.store.writing() as connection:
            append(connection, [_aged(post.context.now - timedelta(days=one)) for one in ages])

        post.worker.step(post.context)

        assert only(post.events()).at > post.context.now - timedelta(days=1)


def test_a_clock_that_is_years_off_is_not_believed(post: Post) -> None:
    """An event of 2020 would stand below everything that matters tonight."""
    post.send("<11>1 2020-01-01T00:00:00Z web1 app 1 - - from the past")

    event = only(post.wait(1))

    assert event.at == event.seen_at
    assert event.fields["device_time"].startswith("2020-01-01")


def _aged(at: datetime) -> Event:
    return Event(f"{at}", at, at, Source.SYSLOG, "log", Severity.LOW, "một dòng")


def test_the_province_declares_what_the_tests_say() -> None:
    """The circuit of these tests ends on core1, with Điện Bàn at the other end."""
    network = load(Path(__file__).parents[3] / "inventory")

    assert network.links[CIRCUIT].b.device == "core1"
    assert network.devices[network.links[CIRCUIT].a.device].site == "dien-ban"
