# SPDX-License-Identifier: MIT
"""The packet filter: one table is ours, every other table of the device is left alone."""

import hashlib
import re
from pathlib import Path

from .run import STATE, read_file, run, write_file
from .text import Plan, RefusedError, foreign_lines, insert_foreign, lines_of, text_of

STARTUP = Path("/etc/nftables.conf")
OURS = "table inet tinhnet"
_CANON = STATE / "nftables.canonical"


def read() -> str:
    """Return the ruleset as the kernel holds it, without counters."""
    return run(["nft", "-s", "list", "ruleset"]).stdout


def canonical(text: str) -> str:
    """Return the ruleset as this device's nft would list it, loaded into an empty namespace.

    The kernel sorts set elements and drops defaults; asking it is the only
    exact prediction.  The answer is kept beside the text's hash, so that a run
    that changes nothing asks nothing.  Raises RefusedError.
    """
    digest = hashlib.sha256(text.encode()).hexdigest()
    kept = read_file(_CANON)
    if kept.startswith(digest):
        return kept.removeprefix(digest + "\n")
    done = run(
        ["unshare", "-n", "sh", "-c", "nft -f /dev/stdin && nft -s list ruleset"],
        stdin=text,
        accept=None,
    )
    if done.returncode != 0:
        raise RefusedError("nftables", done.stderr.strip())
    write_file(_CANON, f"{digest}\n{done.stdout}", mode=0o600)
    return done.stdout


def plan(running: str, intended: str, applied: str) -> Plan:
    """Compare with what the intended rules look like once the kernel has them."""
    return compare(running, canonical(intended) if intended else "", applied)


def compare(running: str, intended: str, applied: str) -> Plan:
    """Keep foreign tables, chains and rules in their place; ours keep their order."""
    have, want = blocks(running), blocks(intended)
    pushed = blocks(applied)
    residue: list[str] = []
    predicted = {name: dict(body) for name, body in want.items()}
    for table, body in have.items():
        if table not in want and table not in pushed:
            predicted[table] = body
            residue.append(table)
            continue
        for header, lines in body.items():
            known = want.get(table, {}).get(header)
            before = pushed.get(table, {}).get(header)
            strange = foreign_lines(lines, known or (), before or ())
            strange = tuple(line for line in strange if not _is_single(line, known))
            if known is None and before is not None and not strange:
                continue
            if strange:
                target = predicted.setdefault(table, {})
                target[header] = insert_foreign(known or [], strange, lines)
                residue.extend(f"{table} / {header} / {line}" for line in strange)
    return Plan(_text(_aligned(have, predicted)), _text(predicted), tuple(residue))


def check(predicted: str) -> None:
    """Let nft check the whole predicted ruleset against this kernel."""
    done = run(["nft", "-c", "-f", "-"], stdin="flush ruleset\n" + predicted, accept=None)
    if done.returncode != 0:
        raise RefusedError("nftables", done.stderr.strip())


def apply(running: str, predicted: str) -> None:
    """Replace our table in one transaction; foreign tables are not touched."""
    want = blocks(predicted)
    text = ""
    if OURS in blocks(running):
        text = f"delete {OURS}\n"
    if OURS in want:
        text += _text({OURS: want[OURS]})
    done = run(["nft", "-f", "-"], stdin=text, accept=None)
    if done.returncode != 0:
        raise RefusedError("nftables", done.stderr.strip())


def startup_text(predicted: str) -> str:
    """Return what /etc/nftables.conf must hold."""
    return f"#!/usr/sbin/nft -f\nflush ruleset\n{predicted}"


def blocks(text: str) -> dict[str, dict[str, list[str]]]:
    """Return {table: {chain or set: lines}}; elements of a set on one line, sorted."""
    tables: dict[str, dict[str, list[str]]] = {}
    lines: list[str] = []
    body: dict[str, list[str]] = {}
    for line in lines_of(_joined(text)):
        depth = len(line) - len(line.lstrip("\t"))
        stripped = line.strip()
        if not stripped or stripped == "}":
            continue
        if depth == 0 and stripped.startswith("table "):
            body = tables.setdefault(stripped.removesuffix(" {"), {})
        elif depth == 1 and stripped.endswith("{"):
            lines = body.setdefault(stripped.removesuffix(" {"), [])
        elif depth > 1:
            lines.append(_sorted_elements(stripped))
    return tables


def _joined(text: str) -> str:
    """Return the text with the elements of each set on one line."""
    return re.sub(
        r"elements = \{[^{}]*\}", lambda match: re.sub(r"\s*\n\s*", " ", match.group(0)), text
    )


def _sorted_elements(line: str) -> str:
    if not line.startswith("elements = {"):
        return line
    inside = line.removeprefix("elements = {").removesuffix("}")
    return "elements = { " + ", ".join(sorted(part.strip() for part in inside.split(","))) + " }"


def _is_single(line: str, known: list[str] | None) -> bool:
    """Tell whether a line is a set's or chain's one declaration, which ours replaces."""
    if known is None:
        return False
    first = line.split(" ", 1)[0]
    return first in {"type", "elements", "flags"}


def _aligned(
    have: dict[str, dict[str, list[str]]], predicted: dict[str, dict[str, list[str]]]
) -> dict[str, dict[str, list[str]]]:
    tables = [*(table for table in predicted if table in have)]
    tables += [table for table in have if table not in predicted]
    aligned: dict[str, dict[str, list[str]]] = {}
    for table in tables:
        order = [header for header in predicted.get(table, {}) if header in have[table]]
        order += [header for header in have[table] if header not in order]
        aligned[table] = {header: have[table][header] for header in order}
    return aligned


def _text(tables: dict[str, dict[str, list[str]]]) -> str:
    lines: list[str] = []
    for table, body in tables.items():
        lines.append(f"{table} {{")
        for header, inside in body.items():
            lines.append(f"\t{header} {{")
            lines.extend(f"\t\t{line}" for line in inside)
            lines.append("\t}")
        lines.append("}")
    return text_of(lines)
