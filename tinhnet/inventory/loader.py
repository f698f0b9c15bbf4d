# SPDX-License-Identifier: MIT
"""Load an inventory directory: read, check everything, derive."""

from pathlib import Path

from tinhnet.errors import Problem, ProblemsError
from tinhnet.inventory.checks import problems_of
from tinhnet.inventory.derive import derive
from tinhnet.inventory.draft import read_draft
from tinhnet.model.declared import DeclaredNetwork


def load(directory: Path) -> DeclaredNetwork:
    """Return the declared network of `directory`, fully derived.

    Raises ProblemsError with every problem of every file at once.
    """
    draft, problems = read_draft(directory)
    problems += problems_of(draft)
    if problems or draft.basics is None:
        raise ProblemsError(tuple(sorted(set(problems), key=_order)))
    return derive(draft, draft.basics)


def _order(problem: Problem) -> tuple[str, int, str]:
    return problem.file, problem.line or 0, problem.message
