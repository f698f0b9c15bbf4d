# SPDX-License-Identifier: MIT
"""Secrets by reference: a directory of small files that only the product's user reads.

Everything else in the product holds a secret's name.  The value is read at
the moment of use and never travels in process arguments, the environment,
logs, job output, diffs, backups or Ansible variables.  `mask` is the last
line of defence: whatever is written down goes through it first.
"""

import base64
import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fcntl import LOCK_EX, flock
from pathlib import Path
from urllib.parse import quote, unquote

from tinhnet.errors import TinhnetError

FORMAT = 1
SHORTEST = 8
"""Characters; masking a shorter value would blank innocent words."""
SHORTEST_LINE = 16
"""Characters of one line of a many-line secret that is masked by itself."""

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*(/[a-z0-9][a-z0-9._-]*)*")


class SecretError(TinhnetError):
    """A secret cannot be stored, or its file cannot be read."""


class SecretMissingError(SecretError):
    """No secret of that name or version exists."""


@dataclass(frozen=True, slots=True)
class Secret:
    """One version of a secret; `repr` hides the value."""

    name: str
    version: int
    value: str = field(repr=False)

    @property
    def reference(self) -> str:
        """What stands for the value in diffs, backups and output."""
        return f"<secret {self.name} v{self.version}>"


_Stamp = tuple[int, int]
"""Inode and time of a file."""
_Stamps = dict[str, _Stamp | None]


@dataclass(frozen=True, slots=True)
class _Entry:
    """What one file holds; the oldest version comes first."""

    name: str
    current: int
    versions: tuple[Secret, ...]

    def version(self, number: int) -> Secret | None:
        return next((one for one in self.versions if one.version == number), None)

    @property
    def staged(self) -> Secret | None:
        return next((one for one in self.versions if one.version > self.current), None)


class SecretStore:
    """All secrets of an installation.

    A secret has a current version, and at times a previous one (until the
    next rotation) and a staged one (while a rotation runs).  Writes are
    atomic and locked against other processes; files are 0600, the directory
    0700, and both belong to the owner of the directory above, so that a
    command run by root leaves nothing that the product cannot read.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._masks: tuple[_Stamps, tuple[tuple[str, str], ...]] = ({}, ())
        self._forms_of: dict[str, tuple[_Stamp | None, dict[str, str]]] = {}

    def read(self, name: str, version: int | None = None) -> Secret:
        """Return the current version, or the one asked for."""
        entry = self._load(name)
        if entry is None:
            raise SecretMissingError(
                f"secret {name} does not exist in {self._directory}",
                "`tinhnet secret list` shows what exists; `tinhnet setup` creates what is missing",
            )
        found = entry.version(entry.current if version is None else version)
        if found is None:
            kept = ", ".join(f"v{one.version}" for one in entry.versions)
            raise SecretMissingError(
                f"secret {name} has no version {version}", f"versions kept: {kept}"
            )
        return found

    def ensure(self, name: str, make: Callable[[], str]) -> Secret:
        """Return the current version, creating version 1 when there is none."""
        with self._locked():
            if self._load(name) is None:
                self._save(_Entry(name, 1, (_checked(name, 1, make()),)))
            return self.read(name)

    def stage(self, name: str, make: Callable[[], str]) -> Secret:
        """Return the next version, kept beside the current one.

        A version already staged is returned as it is: a rotation that broke
        off goes on with the value that some devices may already hold.
        """
        with self._locked():
            current = self.read(name)
            entry = self._entry(name)
            if entry.staged is not None:
                return entry.staged
            staged = _checked(name, current.version + 1, make())
            self._save(_Entry(name, current.version, (*entry.versions, staged)))
            return staged

    def promote(self, name: str) -> Secret:
        """Make the staged version current and keep the old one as previous."""
        with self._locked():
            entry = self._entry(name)
            staged = entry.staged
            if staged is None:
                raise SecretMissingError(
                    f"secret {name} has no staged version", "stage a new value first"
                )
            kept = (self.read(name), staged)
            self._save(_Entry(name, staged.version, kept))
            self._tidy_raw(name, kept)
            return staged

    def discard(self, name: str) -> None:
        """Forget the staged version, if there is one."""
        with self._locked():
            entry = self._entry(name)
            kept = tuple(one for one in entry.versions if one.version <= entry.current)
            self._save(_Entry(name, entry.current, kept))
            self._tidy_raw(name, kept)

    def versions(self, name: str) -> tuple[Secret, ...]:
        """Return previous, current and staged, as far as they exist."""
        entry = self._load(name)
        return () if entry is None else entry.versions

    def names(self) -> tuple[str, ...]:
        """Return the names of all secrets, sorted."""
        if not self._directory.is_dir():
            return ()
        return tuple(sorted(unquote(path.stem) for path in self._directory.glob("*.json")))

    def path(self, name: str, version: int | None = None) -> Path:
        """Return a raw file with the value of an `ssh/` secret, for programs that want a path.

        The current version stands in `ssh-<rest>`, any other in
        `ssh-<rest>.v<version>`.  The file ends with a newline, as OpenSSH
        demands of private keys.
        """
        if not name.startswith("ssh/"):
            raise SecretError(f"secret {name} is not kept as a file", "only ssh/ names are")
        secret = self.read(name, version)
        path = self._raw(name, None if version is None or self._is_current(secret) else version)
        text = secret.value if secret.value.endswith("\n") else secret.value + "\n"
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            with self._locked():
                self._write(path, text)
        return path

    def mask(self, text: str) -> str:
        """Return the text with every known value replaced by its reference.

        Base64, percent-encoded and JSON-escaped forms are found too, and the
        single lines of a private key.
        """
        for value, reference in self._known():
            if value in text:
                text = text.replace(value, reference)
        return text

    def _known(self) -> tuple[tuple[str, str], ...]:
        """Return (form, reference) pairs, longest first; only files that changed are read.

        A file is replaced, never written into: its inode tells.  Other threads
        see the pairs together with the files that they come from.
        """
        stamps = {path.name: _stamp(path) for path in self._directory.glob("*.json")}
        masks_of, masks = self._masks
        if stamps != masks_of:
            pairs: dict[str, str] = {}
            for name in sorted(stamps):
                held = self._forms_of.get(name)
                if held is None or held[0] != stamps[name]:
                    held = (stamps[name], self._masked(unquote(name.removesuffix(".json"))))
                    self._forms_of[name] = held
                pairs |= held[1]
            masks = tuple(sorted(pairs.items(), key=lambda pair: -len(pair[0])))
            self._masks = (stamps, masks)
        return masks

    def _masked(self, name: str) -> dict[str, str]:
        """Return what stands for each form of each version of a secret."""
        return {
            form: secret.reference
            for secret in self.versions(name)
            for form in _forms(secret.value)
        }

    def _entry(self, name: str) -> _Entry:
        self.read(name)
        entry = self._load(name)
        if entry is None:
            raise SecretMissingError(f"secret {name} was removed while it was read")
        return entry

    def _is_current(self, secret: Secret) -> bool:
        return self._entry(secret.name).current == secret.version

    def _raw(self, name: str, version: int | None) -> Path:
        stem = name.replace("/", "-")
        return self._directory / (stem if version is None else f"{stem}.v{version}")

    def _tidy_raw(self, name: str, kept: tuple[Secret, ...]) -> None:
        """Keep the raw files in step: a rotated key must not stay under the current name."""
        if not name.startswith("ssh/"):
            return
        current = self._raw(name, None)
        if current.exists():
            value = self.read(name).value
            self._write(current, value if value.endswith("\n") else value + "\n")
        wanted = {self._raw(name, one.version) for one in kept}
        for path in self._directory.glob(f"{current.name}.v*"):
            if path not in wanted:
                path.unlink()

    def _file(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise SecretError(
                f"{name!r} is no name for a secret",
                "expected lower-case words joined by /, like snmp/core1/auth",
            )
        return self._directory / f"{quote(name, safe='')}.json"

    def _load(self, name: str) -> _Entry | None:
        path = self._file(name)
        try:
            held = json.loads(path.read_text(encoding="utf-8"))
            versions = tuple(
                Secret(name, int(one["version"]), str(one["value"])) for one in held["versions"]
            )
            return _Entry(name, int(held["current"]), versions)
        except FileNotFoundError:
            return None
        except PermissionError as error:
            raise SecretError(
                f"{path} cannot be read by this user", "run as the product's user or as root"
            ) from error
        except (ValueError, KeyError, TypeError) as error:
            raise SecretError(f"{path} is damaged", "restore it from a backup") from error

    def _save(self, entry: _Entry) -> None:
        held = {
            "format": FORMAT,
            "name": entry.name,
            "current": entry.current,
            "versions": [{"version": one.version, "value": one.value} for one in entry.versions],
        }
        self._write(self._file(entry.name), json.dumps(held, ensure_ascii=False) + "\n")

    def _write(self, path: Path, text: str) -> None:
        """Replace a file in one step, readable by its owner only."""
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                _give_to_owner(descriptor, self._directory)
                file.write(text)
                file.flush()
                os.fsync(descriptor)
            draft.replace(path)
        except OSError as error:
            draft.unlink(missing_ok=True)
            raise SecretError(
                f"{path} cannot be written: {error.strerror}",
                "the directory must be writable for the product and the disk must have room",
            ) from error

    @contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            if not self._directory.is_dir():
                self._directory.mkdir(parents=True, mode=0o700, exist_ok=True)
                _give_to_owner(self._directory, self._directory.parent)
            descriptor = os.open(self._directory / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise SecretError(
                f"{self._directory} cannot be written: {error.strerror}",
                "the directory must be writable for the product's user",
            ) from error
        try:
            _give_to_owner(descriptor, self._directory)
            flock(descriptor, LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def secrets_of(state: Path) -> SecretStore:
    """Return the store of a state directory."""
    return SecretStore(state / "secrets")


def _stamp(path: Path) -> _Stamp | None:
    try:
        held = path.stat()
    except FileNotFoundError:  # removed since it was listed
        return None
    return (held.st_ino, held.st_mtime_ns)


def _give_to_owner(target: int | Path, directory: Path) -> None:
    if os.geteuid() == 0:
        owner = directory.stat()
        os.chown(target, owner.st_uid, owner.st_gid)


def _checked(name: str, version: int, value: str) -> Secret:
    if len(value) < SHORTEST:
        raise SecretError(
            f"the value made for secret {name} has {len(value)} characters",
            f"at least {SHORTEST} are needed: a shorter one cannot be masked in output",
        )
    return Secret(name, version, value)


def _forms(value: str) -> Iterator[str]:
    """Yield the ways in which a value appears in output.

    JSON is escaped up to twice: a JSON text inside Ansible's own JSON.
    """
    stripped = value.strip()
    for escape_all in (True, False):
        once = json.dumps(stripped, ensure_ascii=escape_all)[1:-1]
        yield from (stripped, once, json.dumps(once, ensure_ascii=escape_all)[1:-1])
    yield quote(stripped, safe="")
    yield quote(stripped)
    for text in (value, stripped, stripped + "\n"):
        encoded = base64.b64encode(text.encode()).decode()
        yield from (encoded, encoded.rstrip("="))
    lines = stripped.splitlines()
    if len(lines) > 1:
        yield from (
            line for line in lines if len(line) >= SHORTEST_LINE and not line.startswith("-----")
        )
