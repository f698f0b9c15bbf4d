# SPDX-License-Identifier: MIT
"""What every page needs: the state, the declared network, the settings, the clock."""

from dataclasses import dataclass
from datetime import datetime
from typing import cast

from flask import current_app, g

from tinhnet.config import Loaded as LoadedConfig
from tinhnet.context import Context
from tinhnet.errors import ProblemsError
from tinhnet.model.declared import DeclaredNetwork
from tinhnet.store.engine import Store
from tinhnet.store.series.contract import SeriesStore
from webui.declared import Inventory, Loaded
from webui.index import Index
from webui.live import Pulse
from webui.loads import Loads
from webui.sights import Sights

EXTENSION = "tinhnet"


@dataclass(frozen=True, slots=True)
class Web:
    """The parts that one web process is made of."""

    context: Context
    loaded: LoadedConfig
    inventory: Inventory
    pulse: Pulse
    series: SeriesStore
    sights: Sights
    loads: Loads

    @property
    def store(self) -> Store:
        """The state."""
        return self.context.store

    def now(self) -> datetime:
        """Return the time, aware and UTC."""
        return self.context.now


def web() -> Web:
    """Return the parts of the running application."""
    return cast("Web", current_app.extensions[EXTENSION])  # untyped dict of Flask


def declared() -> Loaded:
    """Return the inventory as this request sees it, the same from start to end."""
    if "declared" not in g:
        g.declared = web().inventory.current()
    return cast("Loaded", g.declared)  # untyped namespace of Flask


def index() -> Index:
    """Return the declared network with its index."""
    return declared().index


def network() -> DeclaredNetwork:
    """Return the declared network."""
    return index().network


def surroundings() -> dict[str, object]:
    """Return what frames every page: the province, and what keeps newer files from loading.

    An inventory that never loaded leaves both unknown: the error page that
    says why must not fail on it.
    """
    try:
        found = declared()
    except ProblemsError:
        return {"province": None, "problems": (), "demo": False}
    carriers = found.index.network.carriers.values()
    return {
        "province": found.index.network.province,
        "problems": found.problems,
        "loaded_at": found.loaded_at,
        "demo": any(carrier.invented for carrier in carriers),
    }
