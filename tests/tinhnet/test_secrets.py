# SPDX-License-Identifier: MIT
"""Secrets: versions, files, masking."""

import base64
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tinhnet.secrets import Secret, SecretError, SecretMissingError, SecretStore, secrets_of

KEY = (
    "-----BEGIN OPENSSH PRIVATE KEY-----\n"
    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQ\n"
    "QyNTUxOQAAACBcanaryCanaryCanaryCanary000001\n"
    "-----END OPENSSH PRIVATE KEY-----\n"
)


@pytest.fixture
def store(tmp_path: Path) -> SecretStore:
    """Return an empty store."""
    return secrets_of(tmp_path)


def test_a_secret_is_made_once_and_read_again(store: SecretStore, tmp_path: Path) -> None:
    """Two commands that need the same key must end with one key."""
    made = store.ensure("ospf/dien-ban-1", lambda: "first-value")
    again = SecretStore(tmp_path / "secrets").ensure("ospf/dien-ban-1", lambda: "second-value")

    assert (made.version, made.value) == (1, "first-value")
    assert again == made
    assert store.names() == ("ospf/dien-ban-1",)


def test_a_missing_secret_names_itself_and_what_to_do(store: SecretStore) -> None:
    """An engineer must see which secret is missing, not a KeyError."""
    with pytest.raises(SecretMissingError, match=r"db/portal.*tinhnet setup"):
        store.read("db/portal")


def test_rotation_keeps_the_old_version_until_the_next_one(store: SecretStore) -> None:
    """Devices change one after the other: both values must be readable meanwhile."""
    store.ensure("snmp/core1/auth", lambda: "value-one")
    staged = store.stage("snmp/core1/auth", lambda: "value-two")
    before = store.read("snmp/core1/auth")
    promoted = store.promote("snmp/core1/auth")

    assert (before.value, staged.version, promoted.value) == ("value-one", 2, "value-two")
    assert store.read("snmp/core1/auth").value == "value-two"
    assert store.read("snmp/core1/auth", 1).value == "value-one"
    store.stage("snmp/core1/auth", lambda: "value-three")
    store.promote("snmp/core1/auth")
    assert [one.version for one in store.versions("snmp/core1/auth")] == [2, 3]


def test_a_broken_off_rotation_goes_on_with_the_same_value(store: SecretStore) -> None:
    """Half of the devices may already hold the staged key: a new one would lock us out."""
    store.ensure("ospf/dc", lambda: "value-one")
    first = store.stage("ospf/dc", lambda: "value-two")

    assert store.stage("ospf/dc", lambda: "value-three") == first
    store.discard("ospf/dc")
    assert store.stage("ospf/dc", lambda: "value-four").value == "value-four"


def test_promote_without_a_staged_version_is_refused(store: SecretStore) -> None:
    """Promoting nothing must not silently drop the previous version."""
    store.ensure("ospf/dc", lambda: "value-one")

    with pytest.raises(SecretMissingError, match="no staged version"):
        store.promote("ospf/dc")


def test_files_are_readable_by_the_owner_only(store: SecretStore, tmp_path: Path) -> None:
    """Anybody else on the machine must not read a key."""
    store.ensure("ssh/management", lambda: KEY)
    raw = store.path("ssh/management")

    assert raw == tmp_path / "secrets" / "ssh-management"
    assert raw.read_text() == KEY
    assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o700
    assert all(path.stat().st_mode & 0o077 == 0 for path in (tmp_path / "secrets").iterdir())


def test_the_raw_key_follows_a_rotation(store: SecretStore) -> None:
    """`ssh -i` by path must use the new key after the promotion, not the refused one."""
    store.ensure("ssh/management", lambda: KEY)
    store.path("ssh/management")
    staged = store.stage("ssh/management", lambda: KEY.replace("000001", "000002"))
    beside = store.path("ssh/management", staged.version)
    store.promote("ssh/management")

    assert beside.name == "ssh-management.v2"
    assert store.path("ssh/management").read_text() == staged.value


def test_only_ssh_names_become_raw_files(store: SecretStore) -> None:
    """A password has no business in a file of its own."""
    store.ensure("db/portal", lambda: "value-one")

    with pytest.raises(SecretError, match="only ssh/ names"):
        store.path("db/portal")


@pytest.mark.parametrize("name", ["../etc/passwd", "", "/ssh", "Ssh/key", "a b"])
def test_a_name_cannot_leave_the_directory(store: SecretStore, name: str) -> None:
    """Names come from inventories: a crafted one must not write elsewhere."""
    with pytest.raises(SecretError, match="no name for a secret"):
        store.ensure(name, lambda: "value-one")


def test_a_short_value_is_refused(store: SecretStore) -> None:
    """Masking "abc" everywhere would blank ordinary words."""
    with pytest.raises(SecretError, match="at least 8"):
        store.ensure("db/portal", lambda: "abc")
    assert store.names() == ()


def test_repr_hides_the_value(store: SecretStore) -> None:
    """A secret that lands in a log line by accident must not show itself."""
    assert "value-one" not in repr(store.ensure("db/portal", lambda: "value-one"))


def test_mask_replaces_every_version_and_form(store: SecretStore) -> None:
    """Output shows a value plainly, in JSON, in base64, in a URL or line by line."""
    store.ensure("db/portal", lambda: 'pass/"word one')
    store.stage("db/portal", lambda: "password-two")
    store.ensure("ssh/management", lambda: KEY)
    base64_form = base64.b64encode(b"password-two").decode()

    masked = store.mask(
        'a pass/"word one b pass/\\"word one c pass%2F%22word%20one d password-two '
        f"e {base64_form} f QyNTUxOQAAACBcanaryCanaryCanaryCanary000001"
    )

    assert masked == (
        "a <secret db/portal v1> b <secret db/portal v1> c <secret db/portal v1> "
        "d <secret db/portal v2> e <secret db/portal v2> f <secret ssh/management v1>"
    )


def test_mask_sees_a_secret_written_by_another_process(store: SecretStore, tmp_path: Path) -> None:
    """The worker masks what a rotation, run elsewhere, has just created."""
    store.ensure("db/portal", lambda: "value-one")
    store.mask("warm")
    SecretStore(tmp_path / "secrets").ensure("db/docs", lambda: "value-two")

    assert store.mask("value-two") == "<secret db/docs v1>"


def test_a_damaged_file_is_named(store: SecretStore, tmp_path: Path) -> None:
    """A torn file is an operator's problem with a name, not a traceback."""
    store.ensure("db/portal", lambda: "value-one")
    (tmp_path / "secrets" / "db%2Fportal.json").write_text("{")

    with pytest.raises(SecretError, match=r"db%2Fportal\.json is damaged"):
        store.read("db/portal")


ENSURE = """
import sys
from pathlib import Path
from tinhnet.secrets import SecretStore
print(SecretStore(Path(sys.argv[1])).ensure("audit/key", lambda: sys.argv[2]).value)
"""


def test_many_processes_agree_on_one_value(tmp_path: Path) -> None:
    """Workers start together: the first run must not leave two of them with different keys."""
    running = [
        subprocess.Popen(
            [sys.executable, "-c", ENSURE, str(tmp_path / "secrets"), f"value-{n:04}"],
            stdout=subprocess.PIPE,
            text=True,
        )
        for n in range(4)
    ]
    made = [process.communicate(timeout=30)[0] for process in running]

    assert len(set(made)) == 1
    assert made[0].startswith("value-")


def test_a_value_is_masked_while_another_thread_reads_the_secrets(
    store: SecretStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pages are made by many threads; the first mask of all takes a while."""
    store.ensure("snmp/r1/auth", lambda: "value-one")
    reads, go_on = threading.Event(), threading.Event()
    versions = store.versions

    def slow(name: str) -> tuple[Secret, ...]:
        reads.set()
        go_on.wait(5)
        return versions(name)

    monkeypatch.setattr(store, "versions", slow)
    first = threading.Thread(target=store.mask, args=("warm",))
    first.start()
    assert reads.wait(5)
    monkeypatch.setattr(store, "versions", versions)
    masked = store.mask("value-one")
    go_on.set()
    first.join()

    assert masked == "<secret snmp/r1/auth v1>"


def test_nothing_is_masked_by_halves_after_a_failure(store: SecretStore, tmp_path: Path) -> None:
    """Where a file is damaged, no text goes out: neither the first nor the second."""
    store.ensure("snmp/r1/auth", lambda: "value-one")
    (tmp_path / "secrets" / "damaged.json").write_text("{", encoding="utf-8")

    for _ in range(2):
        with pytest.raises(SecretError, match="damaged"):
            store.mask("value-one")
