# SPDX-License-Identifier: MIT
"""Servers of the province in a box: services, faults and rotations on real systemd."""

import json
import shutil
import subprocess
import time
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import Province

ROOT = Path(__file__).parents[2]
PLAYBOOK = ROOT / ".venv/bin/ansible-playbook"
DOCS = "https://vanban.quangnam.test"
DVC = "https://dichvucong.quangnam.test"
ONESTOP = "https://motcua.quangnam.test"
WEB1 = "web1"
PATIENCE_S = 90.0

pytestmark = [pytest.mark.lab, pytest.mark.slow]


def play(
    province: Province, *arguments: str, folder: Path = ROOT
) -> subprocess.CompletedProcess[str]:
    """Run a playbook where the product lives."""
    script = f'cd {folder} && exec "$@"'
    return province.on(
        "noc", "env", "ANSIBLE_NOCOLOR=1", f"TINHNET_STATE={province.state}",
        "sh", "-c", script, "sh", str(PLAYBOOK), *arguments,
    )  # fmt: skip


def fetch(
    province: Province, client: str, url: str, *options: str
) -> subprocess.CompletedProcess[str]:
    """Fetch a page on a device, by name and with the authority the lab's PCs trust."""
    return province.on(
        client, "curl", "-sS", "-m", "10", "-H", "Accept: application/json", *options, url
    )


def becomes(condition: Callable[[], bool]) -> bool:
    """Wait until a condition holds, for a bounded time."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.5)  # between two looks at the same condition
    return True


@pytest.fixture(autouse=True, scope="module")
def trusting_pcs(province: Province) -> None:
    """Let every PC trust the province's authority, as a browser there would."""
    province.lab("trust", str(province.state / "pki" / "ca.pem"))


@pytest.fixture
def trial(province: Province) -> Iterator[Path]:
    """Copy the playbooks so that a test may break them."""
    folder = province.state / "trial"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name in ("playbooks", "inventory"):
        shutil.copytree(ROOT / name, folder / name)
    shutil.copy2(ROOT / "ansible.cfg", folder)
    subprocess.run(["chmod", "-R", "a+rX", str(folder)], check=True)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def test_a_second_run_changes_no_server(province: Province) -> None:
    """What was reached stays reached: the second run has nothing to do."""
    done = play(province, "playbooks/datacentre.yml")

    assert done.returncode == 0, done.stdout
    assert "changed=1" not in done.stdout


def test_an_application_comes_back_with_its_name_composed(province: Province) -> None:
    """A citizen's name survives form, database and page, in whatever form it was typed."""
    name = "Trần Thị Mỹ Lệ"
    fields = {"applicant": unicodedata.normalize("NFD", name), "identity": "012345678"}
    fields["subject"] = unicodedata.normalize("NFD", "Đăng ký kết hôn ở Điện Bàn")
    options = [part for key, one in fields.items() for part in ("--data-urlencode", f"{key}={one}")]

    sent = fetch(province, "dien-ban-pc", f"{DVC}/thu-tuc/ket-hon", *options)
    path = json.loads(sent.stdout)["path"]
    held = json.loads(fetch(province, "hoi-an-pc", DVC + path).stdout)

    assert held["applicant"] == name
    assert held["subject"] == "Đăng ký kết hôn ở Điện Bàn"
    assert held["status"] == "Đã tiếp nhận"


def test_tickets_are_numbered_and_called_in_order(province: Province) -> None:
    """Two people who press at once get two numbers, and the first is called first."""
    url = f"{ONESTOP}/quay/dat-dai"
    numbers = [
        json.loads(fetch(province, "dien-ban-pc", f"{url}/lay-so", "-d", f"citizen=A{one}").stdout)
        for one in range(3)
    ]
    called = json.loads(fetch(province, "dien-ban-pc", f"{url}/goi-so", "-X", "POST").stdout)

    first = numbers[0]["number"]
    assert [one["number"] for one in numbers] == [first, first + 1, first + 2]
    assert called["number"] <= first


def test_a_document_waits_while_the_government_office_is_away(province: Province) -> None:
    """No document is lost: it stays in the queue and goes out when the link is back."""
    number = f"{int(time.time())}/BC-UBND"
    fields = {"number": number, "title": "Báo cáo quý", "sender": "so-tttt", "body": "Nội dung"}
    fields["recipient"] = "vpcp"
    options = [part for key, one in fields.items() for part in ("--data-urlencode", f"{key}={one}")]

    def document() -> dict[str, object]:
        held = json.loads(fetch(province, "so-tttt-pc", f"{DOCS}/van-ban").stdout)
        return next(one for one in held["documents"] if one["number"] == number)

    province.lab("cut", "gov-1")
    try:
        fetch(province, "so-tttt-pc", f"{DOCS}/van-ban", *options)
        assert becomes(lambda: int(str(document()["attempts"])) > 0)
        waiting = document()
    finally:
        province.lab("mend", "gov-1")

    assert waiting["forwarded"] is False
    assert waiting["error"]
    assert becomes(lambda: document()["forwarded"] is True)


def test_the_same_document_is_taken_once(province: Province) -> None:
    """A clerk who presses twice sends one document."""
    options = [
        part
        for key in ("number", "title", "sender", "recipient", "body")
        for part in ("-d", f"{key}=once-{key}")
    ]
    fetch(province, "so-tttt-pc", f"{DOCS}/van-ban", *options)

    again = fetch(province, "so-tttt-pc", f"{DOCS}/van-ban", "-w", "%{http_code}", *options)

    assert again.stdout.endswith("409")


def test_a_bad_template_is_refused_and_the_old_page_keeps_serving(
    province: Province, trial: Path
) -> None:
    """Nginx judges the whole future configuration before a byte of it is in place."""
    template = trial / "playbooks/roles/web/templates/site.conf.j2"
    template.write_text(template.read_text() + "server { bogus_directive on; }\n")

    done = play(province, "playbooks/datacentre.yml", "--limit", WEB1, folder=trial)

    assert done.returncode != 0
    assert "nginx refuses the new files" in done.stdout
    assert 'unknown directive "bogus_directive"' in done.stdout
    page = fetch(province, "dien-ban-pc", "https://portal.quangnam.test/")
    assert "Quảng Nam" in page.stdout


def test_a_service_that_does_not_start_is_put_back(province: Province, trial: Path) -> None:
    """A new version that crashes costs seconds, not the service."""
    script = trial / "playbooks/roles/portal/files/portal.py"
    script.write_text('raise SystemExit("broken on purpose")\n')

    done = play(province, "playbooks/datacentre.yml", "--limit", WEB1, folder=trial)

    assert "portal.service does not start" in done.stdout
    assert "broken on purpose" in done.stdout
    page = fetch(province, "dien-ban-pc", "https://portal.quangnam.test/")
    assert "Quảng Nam" in page.stdout


def test_a_full_disk_is_refused_and_nothing_is_half_written(
    province: Province, trial: Path
) -> None:
    """A server without room keeps its old files, all of them."""
    template = trial / "playbooks/roles/web/templates/nginx.conf.j2"
    template.write_text("# one more line\n" + template.read_text())
    province.on(WEB1, "dd", "if=/dev/zero", "of=/var/fill", "bs=1M")
    try:
        done = play(province, "playbooks/datacentre.yml", "--limit", WEB1, folder=trial)
        drafts = province.on(WEB1, "find", "/etc", "/usr/local", "-name", "*.tinhnet-new")
        first = province.on(WEB1, "head", "-1", "/etc/nginx/nginx.conf")
    finally:
        province.on(WEB1, "rm", "-f", "/var/fill")

    assert "No space left on device; nothing was changed" in done.stdout
    assert drafts.stdout == ""
    assert "one more line" not in first.stdout


def test_a_wrong_key_is_told_with_advice(province: Province) -> None:
    """The engineer learns that the key is refused, and what to do on the console."""
    key = province.state / "wrong-key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    shutil.chown(key, "tinhnet")
    override = json.dumps(
        {"ansible_ssh_private_key_file": str(key), "ansible_control_path": "none"}
    )

    done = play(province, "playbooks/datacentre.yml", "--limit", WEB1, "-e", override)

    assert "web1 is unreachable" in done.stdout
    assert "refuses the management key" in done.stdout
    assert "unreachable=1" in done.stdout


def test_a_server_that_is_off_is_unreachable_and_comes_back_whole(province: Province) -> None:
    """The others are done all the same, and every unit starts by itself with the power."""
    province.lab("kill", "ns2")
    try:
        done = play(province, "playbooks/datacentre.yml", "--limit", "ns1,ns2", "-T", "6")
    finally:
        province.lab("start", "ns2")

    assert "ns2 is unreachable" in done.stdout
    assert "unreachable=1" in done.stdout
    units = ["chrony", "nsd", "rsyslog", "nftables", "snmpd", "prometheus-node-exporter", "ssh"]
    assert becomes(
        lambda: (
            province.on("ns2", "systemctl", "is-active", *units).stdout.split()
            == ["active"] * len(units)
        )
    )


def test_a_line_logged_on_a_server_stands_on_the_log_server(province: Province) -> None:
    """Central syslog over TLS, end to end, in the file of the device that spoke."""
    line = f"proof-{time.time_ns()}"
    province.on("web2", "logger", line)

    assert becomes(
        lambda: line in province.on("log1", "tail", "-n", "200", "/var/log/devices/web2.log").stdout
    )


def test_lines_wait_while_the_log_server_is_away(province: Province) -> None:
    """The log of an outage is the log one needs most."""
    line = f"spooled-{time.time_ns()}"
    province.on("log1", "systemctl", "stop", "rsyslog.service", "syslog.socket")
    province.on("web2", "logger", line)
    province.on("log1", "systemctl", "start", "rsyslog.service")

    assert becomes(
        lambda: line in province.on("log1", "tail", "-n", "500", "/var/log/devices/web2.log").stdout
    )


def test_everything_is_proven_from_every_site(province: Province) -> None:
    """After all the faults above the province is what it should be."""
    done = play(province, "playbooks/verify.yml", "--limit", "pcs:servers")

    assert done.returncode == 0, done.stdout[-3000:]


def test_new_credentials_of_servers_leave_everything_proven(province: Province) -> None:
    """After a rotation old logins are gone, services work and nothing else changed."""
    done = play(province, "playbooks/rotate_server_credentials.yml")
    logins = province.on(
        "db1", "runuser", "-u", "postgres", "--", "psql", "-Atc",
        "select rolname from pg_roles where rolname like 'dvc\\_v%'",
    )  # fmt: skip
    page = fetch(province, "dien-ban-pc", f"{DVC}/")
    again = play(province, "playbooks/datacentre.yml")

    assert done.returncode == 0, done.stdout[-3000:]
    assert len(logins.stdout.split()) == 1
    assert "procedures" in page.stdout
    assert "changed=1" not in again.stdout
