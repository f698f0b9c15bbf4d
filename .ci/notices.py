# SPDX-License-Identifier: MIT
"""Write THIRD_PARTY_NOTICES.md from what is installed and what the browser files' manifest says."""

import json
import tomllib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
HEAD = """# Third-party notices

tinhnet is MIT; `playbooks/plugins/` is GPL-3.0-or-later because it runs inside Ansible.
It imports, runs or ships what stands below; each keeps its own licence.

## Python libraries it asks for

| Library | Licence | Use |
| --- | --- | --- |
"""
DATA = """
## Data

Positions of district seats: [GeoNames](https://www.geonames.org), CC BY 4.0.
Names and codes of administrative units are facts; the inventory files name what they
were compared with.

## Programs it runs

FRRouting, OpenSSH, net-snmp, nginx, chrony, rsyslog, dnsmasq, PostgreSQL, systemd, nftables and
iproute2 are installed from Debian and run as processes of their own.
"""


def licence(name: str) -> str:
    """Return what an installed library says of its licence, in one line."""
    metadata = distribution(name).metadata
    classifiers = [
        line.split(" :: ")[-1]
        for line in metadata.get_all("Classifier") or []
        if line.startswith("License ::") and not line.endswith("OSI Approved")
    ]
    text = metadata.get("License-Expression") or ", ".join(classifiers) or metadata.get("License")
    return (text or "see its files").splitlines()[0]


def main() -> None:
    """Write the file."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = [HEAD]
    for text in sorted(project["dependencies"], key=str.lower):
        name = Requirement(text).name
        use = (
            "run as a process, and from `playbooks/plugins/`"
            if name == "ansible-core"
            else "imported"
        )
        try:
            lines.append(f"| {name} | {licence(name)} | {use} |\n")
        except PackageNotFoundError:
            raise SystemExit(f"{name} is not installed; run make setup first") from None
    lines.append("\n## Browser files in `webui/static/vendor`\n\n| Package | Version | Licence |\n")
    lines.append("| --- | --- | --- |\n")
    manifest = ROOT / "webui/static/vendor/manifest.json"
    lines += [
        f"| {package['package']} | {package['version']} | {package['licence']} |\n"
        for package in json.loads(manifest.read_text(encoding="utf-8"))["packages"]
    ]
    lines.append(DATA)
    (ROOT / "THIRD_PARTY_NOTICES.md").write_text("".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
