# SPDX-License-Identifier: MIT
"""Whatever is typed into a file, the answer is a network or a list of problems."""

import shutil
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tinhnet.errors import ProblemsError
from tinhnet.inventory import load

SMALL = Path(__file__).parents[1] / "cases" / "inventory-small"
FILES = sorted(path.name for path in SMALL.iterdir())
LINES = sorted(
    {line for path in SMALL.iterdir() for line in path.read_text(encoding="utf-8").splitlines()}
)
WORDS = ["null", "-1", "0", "[]", "{}", "core1", "dien-ban", "2016-01-01", "10.0.0.0/8", "ệ", '"']


def loaded_or_problems(directory: Path) -> tuple[str, ...]:
    """Return the ids of devices, or the problems; any other exception rises."""
    try:
        return tuple(load(directory).devices)
    except ProblemsError as error:
        return tuple(str(problem) for problem in error.problems)


@given(
    file=st.sampled_from(FILES),
    at=st.integers(min_value=0, max_value=60),
    how=st.sampled_from(["drop", "double", "value", "insert", "cut"]),
    word=st.sampled_from(WORDS) | st.text(max_size=8),
    line=st.sampled_from(LINES),
)
@settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_no_edit_makes_loading_fail_in_another_way(
    tmp_path: Path, file: str, at: int, how: str, word: str, line: str
) -> None:
    """A traceback from a typing error would say nothing to an operator."""
    directory = tmp_path / "inventory"
    shutil.copytree(SMALL, directory, dirs_exist_ok=True)
    path = directory / file
    lines = path.read_text(encoding="utf-8").splitlines()
    at %= len(lines)
    edits = {
        "drop": lines[:at] + lines[at + 1 :],
        "double": [*lines[: at + 1], *lines[at:]],
        "value": [*lines[:at], f"{lines[at].split(':')[0]}: {word}", *lines[at + 1 :]],
        "insert": [*lines[:at], line, *lines[at:]],
        "cut": [*lines[:at], lines[at][: len(word)]],
    }
    path.write_text("\n".join(edits[how]), encoding="utf-8", errors="surrogatepass")

    outcome = loaded_or_problems(directory)

    assert outcome
