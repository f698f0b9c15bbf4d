# SPDX-License-Identifier: MIT
"""Rules are data: each file is checked as a whole, and the table of metrics is true."""

import re
from pathlib import Path

import pytest

from tinhnet.alerting.rules import METRICS, load_rules, told
from tinhnet.errors import ProblemsError

ROOT = Path(__file__).parents[3]
PLACES = "known: {thing}, {value}, {limit}"
GOOD = """format: 1
rule:
  metric: circuit_loss_ratio
  kind: threshold
  above: 0.05
  clear: 0.02
  severity: high
  title_vi: Mất gói
  title_en: Loss
  sentence_vi: "{thing} mất {value}"
  sentence_en: "{thing} loses {value}, limit {limit}"
"""


def problems(directory: Path, text: str) -> list[str]:
    """Return the problems of a folder with this rule, without the folder's name."""
    (directory / "loss.yml").write_text(text, encoding="utf-8")
    try:
        load_rules(directory)
    except ProblemsError as error:
        return [str(one).removeprefix(f"{directory}/") for one in error.problems]
    return []


def test_the_rules_that_ship_load_and_cover_every_metric() -> None:
    """A metric that nobody watches is collected for nothing."""
    rules = load_rules()

    assert {rule.metric for rule in rules.values()} == set(METRICS)
    assert rules["circuit-loss"].clear == 0.02


def test_a_rule_speaks_both_languages() -> None:
    """Values stand in the unit and with the comma that people read."""
    rule = load_rules()["circuit-loss"]

    assert rule.sentence("en", "link:x", 0.125) == "link:x loses 12.5 % of its packets (limit 5 %)"
    assert rule.sentence("vi", "link:x", 0.125) == "link:x mất 12,5 % số gói (ngưỡng 5 %)"
    below = load_rules()["certificate-expiring"]
    assert below.sentence("vi", "service:x", 864_000) == "service:x còn hạn 10 ngày"


@pytest.mark.parametrize(
    ("value", "unit", "wanted"),
    [
        (0.25, "s", "250 ms"),
        (1, "s", "1 s"),
        (180, "s", "3 minutes"),
        (7200, "s", "2 hours"),
        (-172_800, "s", "-2 days"),
        (20e6, "bps", "20 Mbit/s"),
        (2e9, "bps", "2 Gbit/s"),
        (1500, "bps", "1.5 kbit/s"),
        (12, "bps", "12 bit/s"),
        (3, "per_s", "3/s"),
        (100_000, "count", "100000"),
        (1234.5, "per_s", "1234/s"),
        (3650 * 86_400, "s", "3650 days"),
        (0, "bool", "0"),
        (None, "s", "unknown"),
    ],
)
def test_a_value_is_told_in_its_unit(value: float | None, unit: str, wanted: str) -> None:
    """Nobody counts zeros at night, and unknown is no number."""
    assert told(value, unit, "en") == wanted


def test_an_unknown_value_is_told_in_vietnamese() -> None:
    """Unknown is a word in both languages."""
    assert told(None, "s", "vi") == "không rõ"


def test_a_good_rule_has_no_problem(tmp_path: Path) -> None:
    """The text that the others break."""
    assert problems(tmp_path, GOOD) == []


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        (
            "circuit_loss_ratio",
            "circuit_los_ratio",
            'loss.yml:3: rule: metric: "circuit_los_ratio", expected a known metric; did you mean',
        ),
        (
            "  above: 0.05\n",
            "  above: 0.05\n  below: 1.0\n",
            "loss.yml:4: rule: kind: expected exactly one of above and below; keep one of them",
        ),
        (
            "  above: 0.05\n",
            "",
            "loss.yml:4: rule: kind: expected exactly one of above and below; keep one of them",
        ),
        (
            "clear: 0.02",
            "clear: 0.06",
            "loss.yml:6: rule: clear: 0.06 is beyond the limit; set it on the calm side",
        ),
        (
            "above: 0.05",
            "below: 0.05",
            "loss.yml:6: rule: clear: 0.02 is beyond the limit; set it on the calm side",
        ),
        (
            "threshold",
            "absence",
            "loss.yml:5: rule: above: is set, expected none for an absence; remove it",
        ),
        (
            "threshold",
            "absence",
            'loss.yml:2: rule: for_s: expected a time for an absence; add "for_s: 60"',
        ),
        (
            "threshold",
            "rate",
            "loss.yml:2: rule: over_s: expected for a rate, and only there; add or remove it",
        ),
        (
            "  severity",
            "  over_s: 5\n  severity",
            "loss.yml:7: rule: over_s: expected for a rate, and only there; add or remove it",
        ),
        (
            "severity: high",
            "severity: loud",
            'loss.yml:7: rule: severity: "loud", expected critical, high, medium, low or info',
        ),
        (
            '{value}"\n  sentence_en',
            '{speed}"\n  sentence_en',
            f'loss.yml:10: rule: sentence_vi: place "{{speed}}" is not known; {PLACES}',
        ),
        (
            "mất {value}",
            "mất {value:>9}",
            f'loss.yml:10: rule: sentence_vi: place "{{value}}" is not known; {PLACES}',
        ),
        (
            "mất {value}",
            "mất {value",
            'loss.yml:10: rule: sentence_vi: "{thing} mất {value": expected',
        ),
        ("  title_vi: Mất gói\n", "", "loss.yml:2: rule: title_vi is missing; add it"),
        (
            "above: 0.05",
            "abov: 0.05",
            'loss.yml:5: rule: unknown key "abov"; did you mean "above"?',
        ),
        ("above: 0.05", "above: true", "loss.yml:5: rule: above: true, expected"),
        ("format: 1", "format: 2", 'loss.yml:1: format: 2, expected 1; write "format: 1"'),
        ("rule:", "rules:", 'loss.yml:2: unknown section "rules"; did you mean "rule"?'),
        ("rule:", "rules:", 'loss.yml:1: section "rule" is missing; docs/alerts.md shows one'),
        ("  kind", "kind", "loss.yml:5: is no YAML"),
    ],
)
def test_every_fault_is_told_with_line_and_remedy(
    tmp_path: Path, old: str, new: str, wanted: str
) -> None:
    """Whoever edits a rule finds the line, what was expected and what to do."""
    found = problems(tmp_path, GOOD.replace(old, new, 1))

    assert any(one.startswith(wanted) for one in found), found


def test_all_faults_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    """Nobody runs a loader ten times to find ten faults."""
    (tmp_path / "other.yml").write_text("- nothing", encoding="utf-8")

    found = problems(tmp_path, GOOD.replace("clear: 0.02", "clear: 1.0").replace("{limit}", "{x}"))

    assert len(found) == 3


def test_the_table_of_metrics_and_the_list_of_rules_are_true() -> None:
    """docs/alerts.md names every metric with its unit, and every rule that ships."""
    text = (ROOT / "docs/alerts.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `([a-z_]+)` \| ([a-z_]+) \|", text, re.MULTILINE))

    assert rows == METRICS
    assert [id_ for id_ in load_rules() if f"`{id_}`" not in text] == []


def test_the_rule_in_the_document_loads(tmp_path: Path) -> None:
    """An example that does not run teaches a fault."""
    text = (ROOT / "docs/alerts.md").read_text(encoding="utf-8")
    example = text.split("```yaml\n")[1].split("```")[0]

    assert problems(tmp_path, example) == []
