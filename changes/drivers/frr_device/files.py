# SPDX-License-Identifier: MIT
"""Sections that are one file and the unit that reads it."""

import hashlib
import pwd
import re
from pathlib import Path
from typing import NamedTuple

from .run import STAGE, read_file, run, write_file
from .text import Plan, RefusedError, lines_of, merge_text, text_of

DPKG = Path("/var/lib/dpkg/status")
UCF = Path("/var/lib/ucf/hashfile")
SNMP_USERS = Path("/var/lib/snmp/snmpd.conf")


class FileSection(NamedTuple):
    """A configuration file: where it lies, who may read it, how it is checked and read again.

    `check` is the validator's command line, in which `{}` is the candidate.
    `verb` is what systemd does to `unit` after a change ("restart", "reload").
    `former` is where an earlier version of ours kept it; it goes with the next change.
    """

    name: str
    path: Path
    mode: int
    owner: str
    check: tuple[str, ...]
    unit: str | None
    verb: str
    former: Path | None = None


FILES = (
    FileSection(
        "snmpd_unit",
        Path("/etc/systemd/system/snmpd.service.d/tinhnet.conf"),
        0o644,
        "root",
        (),
        "snmpd",
        "restart",
    ),
    FileSection("snmpd", Path("/etc/snmp/snmpd.conf"), 0o600, "root", (), "snmpd", "restart"),
    FileSection(
        "chrony",
        Path("/etc/chrony/chrony.conf"),
        0o644,
        "root",
        ("chronyd", "-p", "-f", "{}"),
        "chrony",
        "restart",
    ),
    FileSection(
        "rsyslog",
        # Before FRR's own 45-frr.conf, which keeps FRR's lines from whatever follows.
        Path("/etc/rsyslog.d/20-tinhnet.conf"),
        0o644,
        "root",
        ("rsyslogd", "-N1", "-f", "{}"),
        "rsyslog",
        "restart",
        Path("/etc/rsyslog.d/60-tinhnet.conf"),
    ),
    FileSection(
        "sshd",
        Path("/etc/ssh/sshd_config.d/05-tinhnet.conf"),
        0o644,
        "root",
        ("sshd", "-t", "-f", "{}"),
        "ssh",
        "reload",
    ),
    FileSection("banner", Path("/etc/issue.net"), 0o644, "root", (), None, ""),
    FileSection(
        "accounts",
        Path("/home/tinhnet/.ssh/authorized_keys"),
        0o600,
        "tinhnet",
        ("ssh-keygen", "-l", "-f", "{}"),
        None,
        "",
    ),
    FileSection("provisioned", Path("/etc/tinhnet/provisioned"), 0o644, "root", (), None, ""),
)


def read(section: FileSection, intended: str, applied: str) -> str:
    """Return the file's text; a file as its package ships it counts as empty.

    What is ours is not looked up among the packages' files.
    """
    text = read_file(section.path)
    if not text or text in (intended, applied):
        return text
    return "" if _is_stock(section.path, text) else text


def plan(running: str, intended: str, applied: str) -> Plan:
    """Keep foreign lines in their place: order means something in these files."""
    return merge_text(running, intended, applied)


def plan_keys(running: str, intended: str, applied: str) -> Plan:
    """Compare public keys by what they are; whoever wrote one may have commented it."""
    ours = {
        tuple(line.split()[:2]): line for line in (*lines_of(applied), *lines_of(intended)) if line
    }
    same = [ours.get(tuple(line.split()[:2]), line) for line in lines_of(running)]
    return merge_text(text_of(same), intended, applied)


def check(section: FileSection, predicted: str) -> None:
    """Run the validator over the candidate, before anything is changed."""
    if not section.check or not predicted:
        return
    path = STAGE / section.path.name
    write_file(path, predicted, mode=0o600)
    argv = [part.replace("{}", str(path)) for part in section.check]
    done = run(argv, accept=None)
    path.unlink()
    if done.returncode != 0:
        raise RefusedError(section.name, (done.stderr or done.stdout).strip())


def apply(section: FileSection, predicted: str) -> None:
    """Write the file, or remove it when nothing is wanted in it."""
    if section.former is not None:
        section.former.unlink(missing_ok=True)
    if not predicted:
        section.path.unlink(missing_ok=True)
        return
    account = pwd.getpwnam(section.owner)
    write_file(section.path, predicted, mode=section.mode, owner=(account.pw_uid, account.pw_gid))


def forget_snmp_users() -> None:
    """Drop the users snmpd remembers: it would keep a removed or re-keyed one for ever."""
    text = read_file(SNMP_USERS)
    kept = "".join(
        line for line in text.splitlines(keepends=True) if not line.startswith("usmUser ")
    )
    if kept != text:
        write_file(SNMP_USERS, kept, mode=0o600)


def _is_stock(path: Path, text: str) -> bool:
    """Tell whether a file is what its package installed, by dpkg's or ucf's own checksum."""
    digest = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
    return bool(
        re.search(rf"^ {re.escape(str(path))} {digest}", read_file(DPKG), re.MULTILINE)
        or f"{digest}  {path}" in read_file(UCF)
    )
