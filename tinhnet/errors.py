# SPDX-License-Identifier: MIT
"""The one base of every error a person can act on."""

from dataclasses import dataclass


class TinhnetError(Exception):
    """An error with what went wrong and what to do about it.

    `message` says where, what value and what was expected; `hint` says what
    to do and may be empty.  With `fields` both are templates of the form
    `%(name)s`: a page then says the same in its reader's language, by looking
    up `message_id` and `hint_id` in its catalogue.
    """

    def __init__(self, message: str, hint: str = "", **fields: object) -> None:
        self.message_id = message
        self.hint_id = hint
        self.fields = {name: str(value) for name, value in fields.items()}
        self.message = message % self.fields if fields else message
        self.hint = hint % self.fields if fields else hint
        super().__init__(self.message)

    def __str__(self) -> str:
        """Return message and hint as one line."""
        return f"{self.message}; {self.hint}" if self.hint else self.message


def message_id(text: str) -> str:
    """Return a text as it is, and mark it as one that catalogues translate."""
    return text


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault found in a file; faults are gathered and shown together."""

    file: str
    line: int | None
    message: str
    hint: str = ""

    def __str__(self) -> str:
        """Return `file:line: message; hint`, the form editors can jump to."""
        where = f"{self.file}:{self.line}" if self.line is not None else self.file
        return f"{where}: {self.message}" + (f"; {self.hint}" if self.hint else "")


class ProblemsError(TinhnetError):
    """All faults of a set of files at once."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems
