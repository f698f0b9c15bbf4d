# SPDX-License-Identifier: MIT
"""Sessions with devices: where a device is reached, with which key, and what can go wrong."""

import contextlib
import os
import select
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import netmiko
import paramiko
from netmiko.linux.linux_ssh import LinuxSSH

from changes.credentials import SSH_KEY
from changes.hostkeys import HostKeyChangedError, KnownHosts, RecordedPolicy
from changes.render import ACCOUNT
from tinhnet.errors import TinhnetError
from tinhnet.model.device import Device
from tinhnet.secrets import SecretStore

CONNECT_S = 4.0
"""Seconds for the TCP connection; an address that nobody has is refused at once by a core."""
PATIENCE_S = 12.0
"""Seconds in which a device is tried again: routes settle after a core's change."""
RETRY_S = 0.3
STAGGER_S = 0.3
"""Seconds that an address gets before the next one is tried beside it (RFC 8305, section 5)."""
HANDSHAKE_S = 20.0
"""Seconds for banner and login: forty handshakes share two cores."""
ANSWER_S = 90.0
"""Seconds without a byte before a session counts as dead: forty devices share two cores."""


class UnreachableError(TinhnetError):
    """No session can be opened to a device."""


class KeyRefusedError(UnreachableError):
    """The device is there and refuses our key."""


class SessionLostError(TinhnetError):
    """The session ended before the answer came."""


@dataclass(frozen=True, slots=True)
class Access:
    """How devices are reached: account, private keys in the order of trial, known hosts."""

    account: str
    keys: tuple[Path, ...]
    known_hosts: KnownHosts
    port: int = 22
    connect_s: float = CONNECT_S
    patience_s: float = PATIENCE_S
    answer_s: float = ANSWER_S


@dataclass(frozen=True, slots=True)
class Said:
    """What a command printed, and its exit code."""

    stdout: str
    stderr: str
    code: int


class Session(LinuxSSH):
    """A netmiko session without the terminal: one command, its input, its output.

    netmiko would open a shell and look for its prompt, which costs a login
    shell on the device and 0.2 s of waiting; commands run on channels of
    their own here.
    """

    def __init__(
        self,
        policy: paramiko.MissingHostKeyPolicy,
        access: Access,
        host: str,
        key: Path,
        channel: socket.socket | None = None,
    ) -> None:
        self._policy = policy
        self._answer_s = access.answer_s
        super().__init__(
            device_type="linux",
            host=host,
            port=access.port,
            username=access.account,
            key_file=str(key),
            conn_timeout=access.connect_s,
            auth_timeout=HANDSHAKE_S,
            banner_timeout=HANDSHAKE_S,
            sock=channel,
        )

    def _build_ssh_client(self) -> paramiko.SSHClient:
        client = paramiko.SSHClient()
        client.set_missing_host_key_policy(self._policy)
        return client

    def establish_connection(self, width: int = 511, height: int = 1000) -> None:
        """Log in; no shell is opened."""
        del width, height
        self.remote_conn_pre = self._build_ssh_client()
        self.remote_conn_pre.connect(**self._connect_params_dict())

    def _try_session_preparation(
        self,
        force_data: bool = True,  # noqa: FBT001, FBT002 netmiko's signature
    ) -> None:
        """Prepare nothing: there is no terminal."""

    def run(self, command: str, given: str) -> Said:
        """Run a command with `given` on its standard input.

        Raises SessionLostError when the session ends or stays silent first.
        """
        if self.remote_conn_pre is None:
            raise SessionLostError(f"{self.host}: the session is closed")
        try:
            streams = self.remote_conn_pre.exec_command(command, timeout=self._answer_s)
            stdin, stdout, stderr = streams
            stdin.write(given)
            stdin.channel.shutdown_write()
            out, err = stdout.read(), stderr.read()
            code = stdout.channel.recv_exit_status()
        except TimeoutError as error:
            raise SessionLostError(
                f"no answer for {self._answer_s:.0f} s",
                "the device is slow or cut off; it ends a change it began by itself, and the"
                " next run reports how",
            ) from error
        except (OSError, EOFError, paramiko.SSHException) as error:
            raise SessionLostError(f"the session dropped: {error}") from error
        if code == -1:
            raise SessionLostError("the session dropped before the answer")
        return Said(out.decode(errors="replace"), err.decode(errors="replace"), code)


@contextlib.contextmanager
def session(device: Device, access: Access) -> Iterator[Session]:
    """Open a session: the management address first, then the one a bare device knows.

    Raises UnreachableError, KeyRefusedError or HostKeyChangedError.
    """
    opened = _open_any(device, access)
    try:
        yield opened
    finally:
        opened.paramiko_cleanup()


def access_of(state: Path, store: SecretStore) -> Access:
    """Return how this installation reaches its devices.

    A staged management key follows the current one: in the last phase of a
    rotation some devices know only the new one.
    """
    keys = [store.path(SSH_KEY)]
    current = store.read(SSH_KEY).version
    keys += [
        store.path(SSH_KEY, one.version) for one in store.versions(SSH_KEY) if one.version > current
    ]
    return Access(ACCOUNT, tuple(keys), KnownHosts(state / "known_hosts"))


def _open_any(device: Device, access: Access) -> Session:
    addresses = tuple(dict.fromkeys((str(device.management4), str(device.bootstrap4))))
    deadline = time.monotonic() + access.patience_s
    while True:
        try:
            address, channel = connect(addresses, access.port, access.connect_s)
            return _open(device.id, address, addresses, access, channel)
        except KeyRefusedError:
            raise
        except UnreachableError as error:
            tried = error.message
        if time.monotonic() > deadline:
            raise UnreachableError(
                f"{device.id} is unreachable ({tried})",
                "look at its circuits and at the routers before it;"
                " bare devices need the cores first",
            )
        time.sleep(RETRY_S)


def connect(addresses: Sequence[str], port: int, patience_s: float) -> tuple[str, socket.socket]:
    """Return a connection to the first address that answers, the earlier ones preferred.

    A bare device knows one address and a provisioned one another; a wrong one
    may stay silent for seconds, because routers limit how often they say that
    they know no way (RFC 1812, 4.3.2.8).  So each next address is tried beside
    those before it.  Raises UnreachableError naming each address.
    """
    waiting = list(addresses)
    opened: dict[socket.socket, str] = {}
    tried: dict[str, str] = {}
    deadline = time.monotonic() + patience_s
    try:
        while waiting or opened:
            if waiting:
                _begin(waiting.pop(0), port, opened, tried)
            left = deadline - time.monotonic()
            pause = min(STAGGER_S, left) if waiting and opened else left if opened else 0.0
            for channel in select.select([], opened, [], max(0.0, pause))[1]:
                address = opened.pop(channel)
                fault = channel.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                if not fault:
                    channel.setblocking(True)  # noqa: FBT003 the signature of socket
                    return address, channel
                tried[address] = os.strerror(fault)
                channel.close()
            if left <= 0:
                break
    finally:
        for channel in opened:
            channel.close()
    silent = f"no answer within {patience_s:.0f} s"
    raise UnreachableError("; ".join(f"{one}: {tried.get(one, silent)}" for one in addresses))


def _begin(
    address: str, port: int, opened: dict[socket.socket, str], tried: dict[str, str]
) -> None:
    """Begin to connect to an address."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    channel = socket.socket(family, socket.SOCK_STREAM)
    channel.setblocking(False)  # noqa: FBT003 the signature of socket
    try:
        channel.connect((address, port))
    except BlockingIOError:
        opened[channel] = address
    except OSError as error:
        tried[address] = error.strerror or str(error)
        channel.close()
    else:
        opened[channel] = address


def _open(
    device: str,
    address: str,
    addresses: Sequence[str],
    access: Access,
    channel: socket.socket,
) -> Session:
    policy = RecordedPolicy(access.known_hosts, device, tuple(addresses))
    refused: paramiko.AuthenticationException | None = None
    opened: socket.socket | None = channel
    for key in access.keys:
        try:
            return Session(policy, access, address, key, opened)
        except paramiko.AuthenticationException as error:
            refused, opened = error, None
            channel.close()
        except HostKeyChangedError:
            raise
        except (netmiko.NetmikoTimeoutException, TimeoutError) as error:
            raise UnreachableError(f"no answer within {access.connect_s:.0f} s") from error
        except (OSError, EOFError, paramiko.SSHException) as error:
            raise UnreachableError(str(error) or type(error).__name__) from error
    raise KeyRefusedError(
        f"{device} at {address} refuses the management key for account {access.account}",
        "the key on the device is another one: put ours in place from its console"
        " (`tinhnet secret show-public ssh/management`), or restore the secret from a backup",
    ) from refused
