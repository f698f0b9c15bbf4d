# SPDX-License-Identifier: MIT
"""Receivers are files; a faulty one is named with its line and keeps no other from telling."""

from pathlib import Path

from tinhnet.receivers import Receiver, load_receivers, stamp

WHOLE = """\
format = 1
notifier = "email"
level = 2
person = "lan"
language = "en"
least = "high"

[settings]
host = "mail.small.test"
port = 587

[secrets]
password = "notify/mail"
"""


def test_a_whole_file_is_a_receiver(tmp_path: Path) -> None:
    """Everything that may stand in one; numbers become text, as notifiers take it."""
    (tmp_path / "lan-mail.toml").write_text(WHOLE)

    found, problems = load_receivers(tmp_path)

    assert problems == ()
    assert found == (
        Receiver(
            name="lan-mail",
            notifier="email",
            level=2,
            person="lan",
            language="en",
            least="high",
            settings={"host": "mail.small.test", "port": "587"},
            secrets={"password": "notify/mail"},
        ),
    )
    assert found[0].wants("critical")
    assert not found[0].wants("medium")


def test_without_a_directory_there_is_nobody(tmp_path: Path) -> None:
    """A new installation."""
    assert load_receivers(tmp_path / "none") == ((), ())


def test_every_fault_of_every_file_is_named_at_once(tmp_path: Path) -> None:
    """One look shows all mistakes, and the file without any still counts."""
    (tmp_path / "good.toml").write_text('format = 1\nnotifier = "webhook"\n')
    (tmp_path / "broken.toml").write_text("format = \n")
    (tmp_path / "wrong.toml").write_text(
        'format = 1\nnotifier = "email"\nlevel = 12\ncolour = "red"\n[secrets]\npassword = "A B"\n'
    )
    (tmp_path / "Bad_Name.toml").write_text("format = 1\n")
    (tmp_path / "twice.toml").write_text(
        'format = 1\nnotifier = "email"\n[settings]\npassword = "x"\n[secrets]\npassword = "a/b"\n'
    )

    found, problems = load_receivers(tmp_path)

    assert [one.name for one in found] == ["good"]
    places = {(Path(one.file).name, one.line) for one in problems}
    assert places == {
        ("broken.toml", 1),
        ("wrong.toml", 3),
        ("wrong.toml", 4),
        ("wrong.toml", 6),
        ("Bad_Name.toml", None),
        ("twice.toml", 6),
    }


def test_a_change_of_any_file_is_seen(tmp_path: Path) -> None:
    """The worker reads again without a restart."""
    before = stamp(tmp_path)
    (tmp_path / "a.toml").write_text("format = 1\n")

    assert stamp(tmp_path) != before
