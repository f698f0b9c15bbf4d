# SPDX-License-Identifier: MIT
"""Sessions with servers that go wrong: Ansible's real ssh, and an sshd that misbehaves."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import paramiko
import pytest

from changes.credentials import SSH_KEY, make_ssh_key
from changes.jobs import ChangeWorker
from changes.servers import was_reached
from tests.changes.trial import ENGINEER, results, run, write_servers
from tinhnet import actions
from tinhnet.context import Context
from tinhnet.model.job import DeviceResult, JobRequest

pytestmark = pytest.mark.patient

SLOW_S = 10.0
"""Longer than the connection's own timeout below: a slow server is no dead one."""
PLAYBOOK = """\
---
# tinhnet: {title_vi: Máy chủ, title_en: Servers, risk: change}
- name: Servers
  hosts: web1
  gather_facts: false
  roles:
    - role: server
"""


class Sshd(paramiko.ServerInterface):
    """Lets the management key in, or nobody; a command runs in `work`."""

    def __init__(self, work: Callable[[paramiko.Channel], None], *, is_open: bool) -> None:
        self._work = work
        self._is_open = is_open

    def get_allowed_auths(self, username: str) -> str:
        """Offer keys alone."""
        del username
        return "publickey"

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        """Accept or refuse."""
        del username, key
        return paramiko.AUTH_SUCCESSFUL if self._is_open else paramiko.AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        """Allow a session."""
        del kind, chanid
        return paramiko.OPEN_SUCCEEDED

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
        """Do what the test wants instead of the command."""
        del command
        threading.Thread(target=self._work, args=(channel,), daemon=True).start()
        return True


@dataclass(frozen=True, slots=True)
class Listening:
    """A server that listens, and the key it shows."""

    port: int
    key: paramiko.PKey


Start = Callable[..., Listening]


@pytest.fixture
def sshd() -> Iterator[Start]:
    """Return what starts a server on the loopback; it ends with the test."""
    listeners: list[socket.socket] = []
    transports: list[paramiko.Transport] = []

    def start(
        work: Callable[[paramiko.Channel], None] = lambda channel: channel.close(),
        *,
        is_open: bool = True,
    ) -> Listening:
        key = paramiko.ECDSAKey.generate()
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def accept() -> None:
            while True:
                try:
                    client, _ = listener.accept()
                except OSError:
                    return
                transport = paramiko.Transport(client)
                transport.add_server_key(key)
                transports.append(transport)
                try:
                    transport.start_server(server=Sshd(work, is_open=is_open))
                except (paramiko.SSHException, EOFError, OSError):
                    continue

        threading.Thread(target=accept, daemon=True).start()
        return Listening(listener.getsockname()[1], key)

    yield start
    for listener in listeners:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
    for transport in transports:
        transport.close()


@dataclass(frozen=True, slots=True)
class Trial:
    """Runs a job on a server that misbehaves."""

    root: Path
    context: Context
    worker: ChangeWorker

    def come_of(
        self, listening: Listening, *, check: bool = False, server_patience_s: int = 900
    ) -> tuple[DeviceResult | None, str]:
        """Return the server's result word and detail."""
        known = self.root / "known_hosts"
        key = listening.key
        known.write_text(f"[127.0.0.1]:{listening.port} {key.get_name()} {key.get_base64()}\n")
        host = {
            "ansible_connection": "ssh",
            "ansible_host": "127.0.0.1",
            "ansible_port": listening.port,
            "ansible_user": "tinhnet",
            "ansible_timeout": 5,
            "server_patience_s": server_patience_s,
            "ansible_ssh_private_key_file": str(self.key()),
            "ansible_ssh_args": f"-o UserKnownHostsFile={known} -o ControlMaster=no"
            " -o IdentitiesOnly=yes",
        }
        write_servers(self.root, self.context, {"web1": host})
        (self.root / "playbooks" / "servers.yml").write_text(PLAYBOOK)
        asked = JobRequest("servers", None, check=check, purpose="Thử")
        job = run(self.worker, self.context, actions.launch_job(self.context, ENGINEER, asked))
        found = results(self.context, job)["web1"]
        return found.result, found.detail or ""

    def key(self) -> Path:
        """Return the management key's file."""
        self.context.secrets.ensure(SSH_KEY, make_ssh_key)
        return self.context.secrets.path(SSH_KEY)


@pytest.fixture
def trial(root: Path, context: Context, worker: ChangeWorker) -> Trial:
    """Return a worker that waits for a server."""
    return Trial(root, context, worker)


def test_a_server_that_refuses_the_key_is_unreachable_with_advice(
    trial: Trial, sshd: Start
) -> None:
    """The engineer learns what to type on the console."""
    result, detail = trial.come_of(sshd(is_open=False))

    assert result is DeviceResult.UNREACHABLE
    assert "it refuses the management key" in detail


def test_a_server_with_another_host_key_is_refused(trial: Trial, sshd: Start) -> None:
    """Whoever shows another key gets nothing, and the operator sees both."""
    recorded = paramiko.ECDSAKey.generate()

    result, detail = trial.come_of(replace(sshd(), key=recorded))

    assert result is DeviceResult.FAILED
    assert detail.startswith("web1: the host key changed: recorded SHA256:")


def drop(channel: paramiko.Channel) -> None:
    """Take a part of the request and hang up."""
    channel.recv(1000)
    channel.get_transport().sock.close()


def end_without_a_word(channel: paramiko.Channel) -> None:
    """Take the request and end the command as if all were well."""
    while channel.recv(1 << 16):
        continue
    channel.send_exit_status(0)
    channel.close()


def fall_silent(channel: paramiko.Channel) -> None:
    """Take the request and never answer; the session stands."""
    while channel.recv(1 << 16):
        continue
    threading.Event().wait(60)


@pytest.mark.parametrize(
    ("work", "patience_s", "why"),
    [
        (drop, 900, "Data could not be sent"),
        (end_without_a_word, 900, "the session ended without an answer"),
        (fall_silent, 5, "the server did not answer within 5 s"),
    ],
    ids=["dropped", "ended", "silent"],
)
def test_a_server_that_took_a_change_and_never_answered_is_failed(
    trial: Trial,
    sshd: Start,
    work: Callable[[paramiko.Channel], None],
    patience_s: int,
    why: str,
) -> None:
    """It may have changed: `unreachable` would say that it did not."""
    result, detail = trial.come_of(sshd(work), server_patience_s=patience_s)

    assert result is DeviceResult.FAILED
    assert detail.startswith("web1: state not known: ")
    assert why in detail
    assert "run again" in detail


def test_a_dry_run_that_loses_its_session_knows_the_state(trial: Trial, sshd: Start) -> None:
    """Nothing was to be changed, so nothing was."""
    result, detail = trial.come_of(sshd(drop), check=True)

    assert result is DeviceResult.UNREACHABLE
    assert detail.endswith("; the session was lost; run again")


@pytest.mark.parametrize(
    ("words", "is_reached"),
    [
        ("ssh: connect to host 10.90.10.11 port 22: Connection timed out", False),
        ("kex_exchange_identification: read: Connection reset by peer", False),
        ("Connection timed out during banner exchange", False),
        ("tinhnet@10.90.10.11: Permission denied (publickey).", False),
        ("Shared connection to 10.90.10.11 closed.", True),
        ("Timeout, server 10.90.10.11 not responding.", True),
        ("client_loop: send disconnect: Broken pipe", True),
        ("Read from remote host 10.90.10.11: Connection timed out", True),
        ("something ssh never said before", True),
    ],
)
def test_a_session_that_never_began_is_told_from_one_that_ended(
    words: str, *, is_reached: bool
) -> None:
    """In doubt the device was reached: a state not known is looked at, an unreached one not."""
    assert was_reached(words) is is_reached


@pytest.mark.slow
def test_a_slow_server_is_told_from_a_dead_one(trial: Trial, sshd: Start) -> None:
    """It gets the time it needs once the session stands."""

    def think(channel: paramiko.Channel) -> None:
        while channel.recv(1 << 16):
            continue
        threading.Event().wait(SLOW_S)
        channel.sendall(json.dumps({"format": 1, "changes": [], "seconds": SLOW_S}).encode())
        channel.send_exit_status(0)
        channel.close()

    assert trial.come_of(sshd(think)) == (DeviceResult.OK, "")
