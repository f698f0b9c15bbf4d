# SPDX-License-Identifier: MIT
"""What a story consists of: named steps with seconds, figures and a verdict."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from tinhnet.errors import TinhnetError

Figures = Mapping[str, float | int | str | list[str]]


class StepFailedError(TinhnetError):
    """A step of the story did not show what it promised."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step: an id, a sentence for people, and what it does.

    `run` returns figures and raises TinhnetError when what the sentence says
    turns out not to be true.
    """

    id: str
    sentence: str
    run: Callable[[], Figures]


@dataclass(frozen=True, slots=True)
class StepResult:
    """What came of a step; `error` is None when its sentence is true."""

    id: str
    sentence: str
    seconds: float
    figures: Figures
    error: str | None


def tell(steps: tuple[Step, ...], say: Callable[[str], None]) -> tuple[StepResult, ...]:
    """Run the steps in order and stop after the first that fails."""
    results: list[StepResult] = []
    for number, step in enumerate(steps, 1):
        say(f"[{number}/{len(steps)}] {step.sentence} …")
        began = time.monotonic()
        figures: Figures = {}
        error = None
        try:
            figures = step.run()
        except TinhnetError as failure:
            error = str(failure)
        seconds = round(time.monotonic() - began, 1)
        results.append(StepResult(step.id, step.sentence, seconds, figures, error))
        shown = ", ".join(f"{key} {value}" for key, value in figures.items())
        say(f"      {'FAILED: ' + error if error else 'true'} after {seconds} s  {shown}".rstrip())
        if error:
            break
    return tuple(results)


def write_story(path: Path, results: tuple[StepResult, ...], wanted: int) -> None:
    """Write the story as JSON (docs/contracts/story.schema.json)."""
    told = [asdict(result) for result in results]
    true = sum(result.error is None for result in results)
    story = {"format": 1, "true": true, "steps": wanted, "ok": true == wanted, "results": told}
    path.write_text(json.dumps(story, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
