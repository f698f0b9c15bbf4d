# SPDX-License-Identifier: MIT
"""Whom the command line asks as: a community, or a user whose passphrases are never arguments.

Arguments stand in the process list for everybody; passphrases come from
files, from variables of the environment, from the product's own secrets or
from a terminal.
"""

import getpass
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from collectors.snmp.errors import CredentialsError
from collectors.snmp.security import Community, Security
from collectors.snmp.usm import User, UserSecurity
from tinhnet.secrets import SecretStore

VARIABLES = {"auth": "TINHNET_SNMP_AUTH", "priv": "TINHNET_SNMP_PRIV"}
WORDS = {"auth": "authentication", "priv": "privacy"}


@dataclass(frozen=True, slots=True)
class Asked:
    """The options of a command that say who asks."""

    community: str | None = None
    user: str | None = None
    authentication: str = "sha256"
    auth_file: Path | None = None
    priv_file: Path | None = None
    secret: str | None = None


@dataclass(frozen=True, slots=True)
class Sources:
    """Where a passphrase may come from beside files; tests pass their own."""

    secrets: Callable[[], SecretStore]
    environment: Mapping[str, str]
    prompt: Callable[[str], str] | None


def sources(secrets: Callable[[], SecretStore]) -> Sources:
    """Return the sources of this process; it asks only where somebody can answer."""
    prompt = getpass.getpass if sys.stdin.isatty() else None
    return Sources(secrets, os.environ, prompt)


def security_of(asked: Asked, found: Sources, salt: int) -> Security:
    """Return how to wrap messages; CredentialsError says which option is missing."""
    if (asked.community is None) == (asked.user is None):
        raise CredentialsError(
            "who asks is not clear",
            "give --v3-user NAME (SNMPv3), or --community WORD (SNMPv2c), and not both",
        )
    if asked.community is not None:
        return Community(asked.community)
    user = User(
        name=asked.user or "",
        authentication=asked.authentication,
        auth=_passphrase("auth", asked.auth_file, asked, found),
        priv=_passphrase("priv", asked.priv_file, asked, found),
    )
    return UserSecurity(user, salt)


def _passphrase(kind: str, file: Path | None, asked: Asked, found: Sources) -> str:
    """Return a passphrase from the first source that has it."""
    if file is not None:
        return _first_line(file)
    if asked.secret is not None:
        return found.secrets().read(f"{asked.secret}/{kind}").value
    held = found.environment.get(VARIABLES[kind])
    if held:
        return held
    if found.prompt is not None:
        return found.prompt(f"{WORDS[kind]} passphrase of {asked.user}: ")
    raise CredentialsError(
        f"the {WORDS[kind]} passphrase of user {asked.user} is not given",
        f"give --v3-{kind}-file FILE, --v3-secret NAME (snmp/core1) or set {VARIABLES[kind]}; "
        "on a terminal it is asked for",
    )


def _first_line(file: Path) -> str:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CredentialsError(
            f"passphrase file {file} cannot be read: {error}",
            "give a text file whose first line is the passphrase",
        ) from error
    return lines[0] if lines else ""
