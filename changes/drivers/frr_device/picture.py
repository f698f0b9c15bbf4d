# SPDX-License-Identifier: MIT
"""What every section of the device is, and what it will be."""

from typing import NamedTuple

from .run import read_file
from .sections import SECTIONS, Section
from .text import Plan


class Picture(NamedTuple):
    """The plans of all sections, and the boot files that do not say what runs."""

    plans: dict[str, Plan]
    startup: list[str]

    @property
    def changes(self) -> bool:
        """Tell whether anything differs."""
        return bool(self.startup) or any(plan.changes for plan in self.plans.values())


def read_all(intended: dict[str, str], applied: dict[str, str]) -> dict[str, str]:
    """Return every section as it really runs."""
    return {
        section.name: section.read(intended.get(section.name, ""), applied.get(section.name, ""))
        for section in SECTIONS
    }


def picture(intended: dict[str, str], applied: dict[str, str]) -> Picture:
    """Return what every section is and will be."""
    running = read_all(intended, applied)
    plans = {
        section.name: section.plan(
            running[section.name],
            intended.get(section.name, ""),
            applied.get(section.name, ""),
        )
        for section in SECTIONS
    }
    return Picture(plans, [s.name for s in SECTIONS if _startup_differs(s, plans[s.name])])


def _startup_differs(section: Section, plan: Plan) -> bool:
    if section.startup is None:
        return False
    path, text = section.startup
    return read_file(path) != text(plan.predicted)
