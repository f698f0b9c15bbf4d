# SPDX-License-Identifier: MIT
"""Rules on pages: what they say, and how often they would have fired."""

import re
from datetime import timedelta

import pytest

from tests.webui.afternoon import seed
from tests.webui.conftest import Site
from tinhnet.alerting.rules import load_rules
from tinhnet.store.series.open import open_series
from tinhnet.store.series.sample import Sample, series_of
from webui import trial

TEN = timedelta(seconds=10)


@pytest.fixture(scope="module")
def noc(site: Site) -> Site:
    """Return an application with twenty minutes of samples: one circuit lost packets twice."""
    context = site.context
    seed(context.store, context.now)
    store = open_series(context.config, context.clock)
    start = context.now - timedelta(minutes=20)
    samples = []
    for number in range(120):
        is_bad = 20 <= number < 30 or 60 <= number < 70
        at = start + number * TEN
        samples.append(
            Sample(series_of("circuit_loss_ratio", link="dien-ban-1"), at, 0.4 if is_bad else 0.0)
        )
        samples.append(Sample(series_of("circuit_loss_ratio", link="hoi-an-1"), at, 0.01))
    store.append(samples)
    store.close()
    return site


def page_of(noc: Site, path: str, language: str = "en") -> str:
    """Return a page as text."""
    return str(noc.visit("minh", language).get(path).get_data(as_text=True))


def test_every_rule_is_read_in_the_readers_language(noc: Site) -> None:
    """Who wonders why something is an alert finds the sentence and the limit."""
    english, vietnamese = page_of(noc, "/rules"), page_of(noc, "/rules", "vi")

    for rule in load_rules().values():
        assert rule.title_en in english
        assert rule.title_vi in vietnamese
    assert "above 5 %" in english
    assert "lets go at 2 %" in english
    assert "is not measured for" in english
    assert re.search(r'href="/alerts\?rule=circuit-down">1<', english)


@pytest.mark.parametrize(
    "path", ["/rules/circuit-loss?span=1h", "/rules/circuit-loss/trial?span=1h"]
)
def test_a_dry_run_says_how_often_it_would_have_fired_and_when(noc: Site, path: str) -> None:
    """Before a limit is changed everybody sees what it means; with scripts or without."""
    page = page_of(noc, path)

    assert "It would have fired 2 times in the last hour." in page
    assert "Looked at 2 of 2 series." in page
    assert len(re.findall(r'class="mono">dien-ban-1</span>', page)) == 2
    assert ">hoi-an-1<" not in page


def test_nothing_measured_is_not_zero_alerts(noc: Site) -> None:
    """That nothing fired and that nobody measured are different answers."""
    assert "nothing can be said" in page_of(noc, "/rules/memory-full?span=24h")


def test_a_long_run_says_how_far_it_came_and_goes_on(
    noc: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request is bounded; the count goes on with the next series."""
    monkeypatch.setattr(trial, "SLICE_S", 0.0)
    first = page_of(noc, "/rules/circuit-loss/trial?span=1h")
    following = re.search(r'hx-get="([^"]+)"', first)
    assert following is not None
    client = noc.visit("minh", "en")
    address = following[1].replace("&amp;", "&")
    second = client.get(address, headers={"HX-Request": "true"}).get_data(as_text=True)

    assert "Looked at 1 of 2 series. It goes on" in first
    assert "fired=2" in address
    assert "It would have fired 2 times" in second
    assert "Looked at 2 of 2 series." in second
    assert "hx-trigger" not in second


def test_an_unknown_rule_is_not_found(noc: Site) -> None:
    """Neither its page nor its dry run."""
    client = noc.visit("minh")

    assert [client.get(f"/rules/{one}").status_code for one in ("nope", "nope/trial")] == [404, 404]
