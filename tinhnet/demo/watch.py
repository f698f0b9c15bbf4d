# SPDX-License-Identifier: MIT
"""The watch's part of the story: a fault is one alert that names its cause, and nothing else."""

import http.client
import json
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlencode

from tinhnet.demo.box import Box, read_json
from tinhnet.demo.faults import faults_of
from tinhnet.demo.steps import Figures, Step, StepFailedError
from tinhnet.model.declared import DeclaredNetwork

CALM_S = 180.0
"""Seconds until everything was seen and nothing alerts, after the province was proven."""
TOLD_S = 20.0
BACK_S = 90.0
FAULTS_S = 300.0
"""Seconds until four slow rules have fired: a clock must be wrong for two minutes."""
POLL_S = 0.1
QUIET_S = 5.0
"""Seconds in which no second alert may come."""
ANSWER_S = 10.0

Row = Mapping[str, object]


@dataclass(slots=True)
class Api:
    """The product's API as the story asks it; its token is made when it is first needed."""

    box: Box
    port: int
    _token: str = field(default="", repr=False)

    def get(self, path: str, **query: str) -> dict[str, object]:
        """Return an answer; StepFailedError when there is none."""
        if not self._token:
            command = self.box.product("token", "create", "--role", "viewer", "--name", "story")
            self._token = self.box.must(command).stdout.strip()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=ANSWER_S)
        headers = {"Authorization": f"Bearer {self._token}"}
        target = f"/api/v1/{path}?{urlencode(query)}"
        try:
            connection.request("GET", target, headers=headers)
            response = connection.getresponse()
            text = response.read().decode()
        except (OSError, http.client.HTTPException) as error:
            raise StepFailedError(f"the product does not answer {target}: {error}") from error
        finally:
            connection.close()
        if response.status != http.client.OK:
            raise StepFailedError(f"{target} answered {response.status}: {text[:300]}")
        answer: dict[str, object] = json.loads(text)
        return answer

    def rows(self, path: str, **query: str) -> list[Row]:
        """Return the items of a list."""
        items = self.get(path, **query)["items"]
        if not isinstance(items, list):
            raise StepFailedError(f"{path} has no list of items")
        return items

    def firing(self) -> list[Row]:
        """Return the alerts that somebody should look at now."""
        return self.rows("alerts", state="firing")


@dataclass(frozen=True, slots=True)
class Watch:
    """One province under watch; each public method is a step or returns one."""

    box: Box
    network: DeclaredNetwork
    api: Api
    district: str

    def is_calm(self) -> Figures:
        """Wait until every circuit was seen working and nothing alerts, for a while."""
        asked = {
            link.id
            for link in self.network.links.values()
            if self.network.devices[link.b.device].role == "core"
        }
        began = time.monotonic()
        calm_since = None
        while True:
            links = self.api.rows("links", size="1000")
            unseen = [one["id"] for one in links if one["id"] in asked and not _works(one)]
            firing = self.api.firing()
            now = time.monotonic()
            calm_since = None if unseen or firing else calm_since or now
            if calm_since is not None and now - calm_since >= QUIET_S:
                return {"seconds_to_calm": round(calm_since - began, 1)}
            if now - began > CALM_S:
                raise StepFailedError(f"not calm: unseen {unseen[:5]}, firing {_told(firing)}")
            time.sleep(POLL_S * 5)

    def told(self, rule: str, thing: str, **wanted: str) -> Callable[[], Figures]:
        """Return a step that demands exactly one alert of this rule about this thing.

        `wanted` names an id that a list of the alert must hold, such as
        `sites_degraded="dien-ban"`.
        """

        def step() -> Figures:
            (alert,) = self._until(lambda rows: [one for one in rows if one["thing"] == thing])
            if alert["rule"] != rule:
                raise StepFailedError(f"{thing} alerts by {alert['rule']}, not by {rule}")
            time.sleep(QUIET_S)
            firing = self.api.firing()
            if [one["thing"] for one in firing] != [thing]:
                raise StepFailedError(f"expected one alert of {thing}, firing {_told(firing)}")
            (alert,) = firing
            for name, id_ in wanted.items():
                held = alert[name]
                if not isinstance(held, list) or id_ not in held:
                    raise StepFailedError(f"{name} of {thing} is {held}, expected {id_} in it")
            explains = alert["explains"]
            return {
                "fired_after_s": _between(alert["since"], alert["fired_at"]),
                "explains": len(explains) if isinstance(explains, list) else 0,
            }

        return step

    def over(self, thing: str) -> Callable[[], Figures]:
        """Return a step that demands that the alert of a thing resolved and nothing fires."""

        def step() -> Figures:
            began = time.monotonic()
            while firing := self.api.firing():
                if time.monotonic() - began > BACK_S:
                    raise StepFailedError(f"still firing: {_told(firing)}")
                time.sleep(POLL_S)
            resolved = [
                one for one in self.api.rows("alerts", state="resolved") if one["thing"] == thing
            ]
            if not resolved:
                raise StepFailedError(f"the alert of {thing} is gone, but it did not resolve")
            took_s = round(time.monotonic() - began, 1)
            return {"resolved_after_s": took_s, "lasted_s": self._lasted_s(resolved[0])}

        return step

    def cut_both(self) -> Figures:
        """Cut both circuits of the district at once.

        Two seconds apart the router is seen working in between: two faults, not one.
        """
        with ThreadPoolExecutor(2) as pool:
            cuts = [self.box.lab("cut", f"{self.district}-{number}") for number in (1, 2)]
            list(pool.map(self.box.must, cuts))
        return self.told("site-down", f"site:{self.district}", sites_down=self.district)()

    def mend_both(self) -> Figures:
        """Mend them; what was explained comes back with the cause."""
        for number in (1, 2):
            self.box.must(self.box.lab("mend", f"{self.district}-{number}"))
        return self.over(f"site:{self.district}")()

    def maintenance(self) -> Figures:
        """Cut a circuit under announced work: silent, recorded; the work ends early."""
        link = f"{self.district}-1"
        thing = f"link:{link}"
        work = ("--maintenance", "--for", "10m", "--reason", "Thay cáp quang", "--json")
        done = self.box.must(self.box.product("alert", "silence", "--thing", thing, *work))
        window = str(read_json(done.stdout)["id"])
        self.box.must(self.box.lab("cut", link))
        began = time.monotonic()
        self._recorded(thing, is_there=True)
        recorded_s = time.monotonic() - began
        time.sleep(QUIET_S)
        if firing := self.api.firing():
            raise StepFailedError(f"work was announced, yet {_told(firing)} fires")
        self.box.must(self.box.lab("mend", link))
        self._recorded(thing, is_there=False)
        self.box.must(self.box.product("alert", "lift", window))
        return {"recorded_after_s": round(recorded_s, 1)}

    def _recorded(self, thing: str, *, is_there: bool) -> None:
        """Wait until a thing has a silenced alert, or has none any more."""
        began = time.monotonic()
        while is_there != (thing in {one["thing"] for one in self._silenced()}):
            if time.monotonic() - began > TOLD_S:
                raise StepFailedError(f"{thing} under maintenance: recorded is not {is_there}")
            time.sleep(POLL_S)

    def _silenced(self) -> list[Row]:
        return self.api.rows("alerts", state="silenced")

    def break_servers(self) -> Figures:
        """Break four servers in four ways; each tells once, by its own rule."""
        faults = faults_of(self.box, self.network)
        began = time.monotonic()
        for fault in faults:
            fault.make()
        wanted = sorted((fault.rule, fault.thing) for fault in faults)
        try:
            while (firing := _pairs(self.api.firing())) != wanted:
                if time.monotonic() - began > FAULTS_S:
                    raise StepFailedError(f"expected {wanted}, firing {firing}")
                time.sleep(POLL_S * 5)
            took_s = time.monotonic() - began
            time.sleep(QUIET_S)
            if (firing := _pairs(self.api.firing())) != wanted:
                raise StepFailedError(f"expected {wanted} and no more, firing {firing}")
        finally:
            for fault in faults:
                fault.mend()
        return {"faults": len(faults), "all_told_after_s": round(took_s, 1)}

    def _lasted_s(self, alert: Row) -> float:
        """Return how long the last episode of an alert was, as its timeline says."""
        timeline = self.api.get(f"alerts/{alert['fingerprint']}")["timeline"]
        lines = timeline if isinstance(timeline, list) else []
        lasted = [one["details"].get("duration_s") for one in lines if one["kind"] == "resolved"]
        if not lasted or lasted[0] is None:
            raise StepFailedError(f"the timeline of {alert['thing']} does not say how long it was")
        return float(lasted[0])

    def _until(self, wanted: Callable[[list[Row]], list[Row]]) -> list[Row]:
        began = time.monotonic()
        while not (found := wanted(self.api.firing())):
            if time.monotonic() - began > TOLD_S:
                firing = _told(self.api.firing())
                raise StepFailedError(f"not told within {TOLD_S:.0f} s, firing: {firing}")
            time.sleep(POLL_S)
        return found


def watch_steps(watch: Watch) -> dict[str, tuple[Step, ...]]:
    """Return the steps of the watch by the step of the story that they follow."""
    cut = f"link:{watch.district}-1"
    return {
        "by-hand": (Step("calm", "Everything is watched and nothing alerts", watch.is_calm),),
        "cut": (
            Step(
                "cut-told",
                "One alert names the circuit, its site is degraded",
                watch.told("circuit-down", cut, sites_degraded=watch.district),
            ),
        ),
        "mend": (Step("mend-told", "It resolves, with its duration", watch.over(cut)),),
        "kill-core1": (
            Step(
                "core-told",
                "One root cause: core1, with everything below it",
                watch.told("device-down", "device:core1"),
            ),
        ),
        "start-core1": (
            Step("core-back-told", "It resolves with all it explained", watch.over("device:core1")),
        ),
        "start-core2": (
            Step("calm-again", "Nothing alerts any more", watch.is_calm),
            Step("site-dark", "Both circuits cut: power or building?", watch.cut_both),
            Step("site-back", "Mend both: the site is back, told once", watch.mend_both),
            Step("maintenance", "A cut under maintenance is silent", watch.maintenance),
            Step("server-faults", "Four servers break: each tells once", watch.break_servers),
            Step("calm-servers", "Mended: nothing alerts any more", watch.is_calm),
        ),
        "rotate": (Step("calm-rotated", "New keys: still watched", watch.is_calm),),
    }


def _pairs(alerts: list[Row]) -> list[tuple[str, str]]:
    return sorted((str(one["rule"]), str(one["thing"])) for one in alerts)


def _works(link: Row) -> bool:
    return link.get("state") in {"up", "degraded"}


def _told(alerts: list[Row]) -> str:
    return ", ".join(f"{one['rule']} {one['thing']}" for one in alerts) or "nothing"


def _between(start: object, end: object) -> float:
    took = datetime.fromisoformat(str(end)) - datetime.fromisoformat(str(start))
    return round(took.total_seconds(), 1)
