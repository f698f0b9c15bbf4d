# SPDX-License-Identifier: MIT
"""Loads and the weathermap: each direction on its own half, unknown never zero."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.webui import watching
from tests.webui.conftest import Site, post
from tinhnet.inventory import load
from tinhnet.model.declared import DeclaredNetwork
from tinhnet.store.series.sample import Sample, series_of
from webui.loads import load_class, loads_of, total_of
from webui.mapdrawing import HEIGHT, WIDTH, laid_out, wires_of

pytestmark = pytest.mark.patient

NOW = datetime(2016, 5, 4, 3, 2, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def network() -> DeclaredNetwork:
    """Return the declared province."""
    return load(Path(__file__).parents[2] / "inventory")


def sample(network: DeclaredNetwork, link: str, end: str, value: float) -> Sample:
    """Return a sample of one end of a link."""
    point = getattr(network.links[link], end)
    labels = {"device": point.device, "interface": point.interface, "link": link}
    return Sample(series_of("interface_in_bps", **labels), NOW, value)


def test_the_data_centres_end_speaks_and_the_sites_end_where_it_is_silent(
    network: DeclaredNetwork,
) -> None:
    """What the core receives flows up, what the router of the site receives flows down."""
    core = sample(network, "dien-ban-1", "b", 30e6)
    cpe = sample(network, "dien-ban-1", "a", 10e6)
    found = loads_of(network.links.values(), [core, cpe], [])["dien-ban-1"]

    assert (found.up_bps, found.down_bps) == (30e6, 10e6)
    assert (found.up_share, found.down_share) == (0.6, 0.2)


def test_what_nobody_measured_is_unknown_and_no_part_of_the_sum(network: DeclaredNetwork) -> None:
    """A sum of what is known says of how many circuits it is."""
    found = loads_of(network.links.values(), [sample(network, "dien-ban-1", "b", 5e6)], [])
    total = total_of(network.links.values(), found)

    assert (found["dien-ban-2"].up_bps, found["dien-ban-2"].fullest) == (None, -1.0)
    assert (total.up_bps, total.down_bps, total.known, total.of) == (5e6, None, 1, 67)


@pytest.mark.parametrize(
    ("share", "name"),
    [(None, "none"), (0.0, "idle"), (0.2, "low"), (0.5, "busy"), (1.0, "full"), (1.01, "over")],
)
def test_loads_have_classes(share: float | None, name: str) -> None:
    """Over 100 % is not full: the contract is wrong or the counter is."""
    assert load_class(share) == name


def test_everything_stands_inside_the_map_and_apart(network: DeclaredNetwork) -> None:
    """Two sites on one spot are one site to whoever looks."""
    nodes = laid_out(network, {})
    places = {(one.x, one.y) for one in nodes.values()}

    assert len(places) == len(nodes) == 45
    assert all(0 < x < WIDTH and 0 < y < HEIGHT for x, y in places)


def test_halves_meet_in_the_middle_and_tell_their_own_direction(network: DeclaredNetwork) -> None:
    """The half at the site is what the site sends."""
    loads = loads_of(network.links.values(), [sample(network, "dien-ban-1", "b", 45e6)], [])
    nodes = laid_out(network, {"site:dien-ban": (100.0, 200.0)})
    wire = next(one for one in wires_of(network, nodes, loads) if one.link.id == "dien-ban-1")
    site, core = wire.halves

    assert (site.x1, site.y1) == (100.0, 200.0)
    assert (site.x2, site.y2) == (core.x2, core.y2) == (wire.x, wire.y)
    assert (site.tone, core.tone) == ("full", "none")


def test_the_map_and_its_list_say_the_same(site: Site) -> None:
    """A screen reader gets every link with both directions."""
    watching.look(site.context, site.context.now)
    watching.measure(site.context, 0.1)
    page = site.visit("minh").get("/weathermap").get_data(as_text=True)

    assert page.count('class="half l-') == 72 * 2 + 7
    assert page.count('<th scope="row"><a href="/links/') == 72
    assert 'id="place-form"' not in page


def test_a_place_is_kept_by_typing_and_by_dragging_and_let_go(site: Site) -> None:
    """The keyboard does what the mouse does."""
    client, where = site.visit("tuan"), "/weathermap"
    fields: dict[str, str | list[str]] = {"thing": "site:dien-ban", "x": "123", "y": "45.5"}
    assert post(client, f"{where}/places", fields, page=where).status_code == 303
    typed = client.get(where).get_data(as_text=True)
    wrong = post(client, f"{where}/places", fields | {"thing": "site:x"}, page=where)
    told = client.get(wrong.location).get_data(as_text=True)
    post(client, f"{where}/reset", {}, page=where)
    after = client.get(where).get_data(as_text=True)

    assert 'transform="translate(123.0 45.5)"' in typed
    assert "There is no such thing on the map." in told
    assert 'transform="translate(123.0 45.5)"' not in after


def test_who_only_looks_moves_nothing(site: Site) -> None:
    """A map that anybody moves is nobody's."""
    assert post(site.visit("minh"), "/weathermap/places", {"thing": "x"}).status_code == 403
