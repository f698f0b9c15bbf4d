# SPDX-License-Identifier: MIT
"""The weathermap: every link as two halves coloured by load, and the same as a list."""

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response as AnyResponse

from tinhnet.actions import RequestError
from tinhnet.alerting import display_actions
from tinhnet.store.positions import places
from webui.context import index, web
from webui.failure import in_words
from webui.figures import name_of
from webui.loads import load_class, total_of
from webui.mapdrawing import HEIGHT, WIDTH, laid_out, lowest_of, wires_of
from webui.page import Entry, Page
from webui.person import actor, needs
from webui.watch import watched

_pages = Blueprint("weathermap", __name__, url_prefix="/weathermap")
PAGE = Page(_pages, Entry("weathermap.show", lazy_gettext("Weathermap"), "map", "watch", order=15))


@_pages.get("")
@needs("network.view")
def show() -> str:
    """Show the weathermap, and the same as a list."""
    declared, watch = index(), watched()
    network = declared.network
    loads = web().loads.read(network)
    with web().store.reading() as connection:
        kept = places(connection, display_actions.VIEW)
    nodes = laid_out(network, kept)
    wires = wires_of(network, nodes, loads)
    listed = sorted(wires, key=lambda one: (-(one.load.fullest if one.load else -1), one.link.id))
    return render_template(
        "weathermap.html",
        nodes=nodes.values(),
        names={thing: _name(thing) for thing in nodes},
        wires=wires,
        listed=listed,
        far={one.link.id: declared.far_site(one.link) for one in wires},
        total=total_of(network.links.values(), loads),
        watch=watch,
        load_class=load_class,
        width=WIDTH,
        height=HEIGHT,
        moved=len(kept),
    )


@_pages.post("/places")
@needs("map.arrange")
def place() -> AnyResponse:
    """Keep where somebody put a thing, by dragging it or by typing."""
    thing = request.form.get("thing", "")
    is_drag = "X-Requested-By" in request.headers
    wrong = ""
    try:
        x, y = (float(request.form.get(key, "")) for key in ("x", "y"))
        if thing not in laid_out(index().network, {}):
            wrong = gettext("There is no such thing on the map.")
        else:
            display_actions.arrange(web().context, actor(), {thing: (x, y)})
    except ValueError:
        wrong = gettext("Type a place as two numbers.")
    except RequestError as error:
        wrong = in_words(error)
    if is_drag:
        return Response(wrong, status=422 if wrong else 204, mimetype="text/plain")
    flash(
        wrong or gettext("%(thing)s stands there now.", thing=_name(thing)),
        "error" if wrong else "success",
    )
    return redirect(url_for("weathermap.show"), code=303)


@_pages.post("/reset")
@needs("map.arrange")
def reset() -> AnyResponse:
    """Lay the map out as it came."""
    display_actions.rearrange(web().context, actor())
    flash(gettext("The map is laid out as it came."), "success")
    return redirect(url_for("weathermap.show"), code=303)


def _name(thing: str) -> str:
    """Return what a thing of the map is called, shortly."""
    kind, _, id_ = thing.partition(":")
    found = index().network
    site = found.sites.get(id_) if kind == "site" else None
    if site is None or site.kind != lowest_of(found):
        return id_
    unit = found.units.get(site.unit_at(found.province.as_of) or "")
    return id_ if unit is None else name_of(unit)
