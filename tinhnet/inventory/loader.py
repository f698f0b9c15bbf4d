# SPDX-License-Identifier: MIT
"""Load an inventory directory: read, check everything, derive."""

from pathlib import Path

from tinhnet.errors import Problem, ProblemsError
from tinhnet.inventory.checks import dates, names, pools, references, services, wiring
from tinhnet.inventory.derive import derive
from tinhnet.inventory.draft import read_draft
from tinhnet.model.declared import DeclaredNetwork

CHECKS = (names, references, dates, pools, wiring, services)


def load(directory: Path) -> DeclaredNetwork:
    """Return the declared network of `directory`, fully derived.

    Raises ProblemsError with every problem of every file at once.
    """
    if not directory.is_dir():
        hint = "name the folder that holds province.yml, or run from the checkout"
        raise ProblemsError((Problem(str(directory), None, "no such directory", hint),))
    draft, found = read_draft(directory)
    for check in CHECKS:
        found += check.problems(draft)
    if found or draft.basics is None:
        raise ProblemsError(tuple(sorted(set(found), key=_order)))
    return derive(draft, draft.basics)


def _order(problem: Problem) -> tuple[str, int, str]:
    return problem.file, problem.line or 0, problem.message
