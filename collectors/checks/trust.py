# SPDX-License-Identifier: MIT
"""Which authority a service is checked against, and how we prove ourselves to it."""

from pathlib import Path

from collectors.agent.proof import Proof
from tinhnet.agents import COLLECTOR
from tinhnet.secrets import SecretMissingError, SecretStore

AUTHORITY = Path("pki/ca.pem")
PARTNERS = Path("partners")


def authority_of(state: Path, server: str) -> str:
    """Return, as PEM, the authority of whoever runs a server; empty before there is one.

    A partner's stands in `partners/<server>.pem`, where the operator put it;
    everything else is the province's.
    """
    for path in (state / PARTNERS / f"{server}.pem", state / AUTHORITY):
        try:
            return path.read_text(encoding="ascii")
        except OSError:
            continue
    return ""


def proof_of(state: Path, secrets: SecretStore) -> Proof | None:
    """Return the collector's certificate with its key, None before it was issued."""
    try:
        held = (state / "pki" / f"{COLLECTOR}.pem").read_text(encoding="ascii")
        return Proof(held, secrets.read(f"pki/{COLLECTOR}").value)
    except (OSError, SecretMissingError):
        return None
