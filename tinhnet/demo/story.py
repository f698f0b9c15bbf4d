# SPDX-License-Identifier: MIT
"""The story: from bare devices to a proven province, through every fault it promises to survive."""

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tinhnet.demo import proof
from tinhnet.demo.box import PLAYBOOK, Box, read_json
from tinhnet.demo.product import Product, give_to_product
from tinhnet.demo.steps import Figures, Step, StepFailedError
from tinhnet.demo.watch import Api, Watch, watch_steps
from tinhnet.model.declared import DeclaredNetwork
from tinhnet.model.device import Device

MEND_S = 30.0
BACK_S = 120.0
"""Seconds for a core to boot and for every site to be back, on a busy machine."""
POLL_S = 0.2
DISTRICT = "dien-ban"


@dataclass(frozen=True, slots=True)
class Story:
    """One province and the box it stands in; each public method is a step."""

    box: Box
    network: DeclaredNetwork
    public_key: Path
    private_key: Path
    product: Product

    @property
    def url(self) -> str:
        """The page that everybody wants: the provincial portal."""
        return self.network.services["portal"].url

    @property
    def client(self) -> str:
        """The PC of the district that the faults are aimed at."""
        return f"{DISTRICT}-pc"

    def bring_up(self) -> Figures:
        """Build the lab from nothing."""
        began = time.monotonic()
        inventory, key = str(self.box.inventory), str(self.public_key)
        self.box.show(self.box.lab("up", "--inventory", inventory, "--key", key))
        return {"lab_up_s": round(time.monotonic() - began, 1)}

    def is_bare(self) -> Figures:
        """Show that nothing works yet: no page anywhere, and no way to a CPE."""
        cpe = self.network.devices[f"{DISTRICT}-cpe1"]
        if proof.fetches(self.box, self.client, self.url):
            raise StepFailedError(f"{self.client} gets {self.url} from a bare province")
        if proof.login(self.box, cpe, self.private_key).status == 0:
            raise StepFailedError(f"{cpe.id} answers although no core is configured")
        firewall = self.network.devices["fw1"]
        if proof.login(self.box, firewall, self.private_key).status != 0:
            raise StepFailedError("the controller does not reach the bare firewall next to it")
        return {"reachable": 1}

    def job(self, playbook: str, purpose: str, *, timeout_s: float = 400) -> dict[str, str]:
        """Run a playbook as a job and return each device's result word."""
        return self._ended(playbook, purpose, timeout_s)[0]

    def _ended(
        self, playbook: str, purpose: str, timeout_s: float = 400
    ) -> tuple[dict[str, str], float]:
        """Run a playbook as a job; each device's result word, and the job's seconds.

        They go from the request to the end, as the job's row has them.
        """
        options = ("--wait", "--json", "--purpose", purpose)
        command = self.box.product("job", "run", playbook, *options)
        done = self.box.run(command, timeout_s=timeout_s, progress=True)
        row = read_json(done.stdout) if done.stdout.strip().startswith("{") else {}
        results = row.get("results")
        if done.status != 0 or not isinstance(results, dict):
            raise StepFailedError(f"{playbook} ended with {done.status}:\n{done.tail}")
        words = {str(device): str(result) for device, result in results.items()}
        asked, ended = (str(row.get(name)) for name in ("requested_at", "ended_at"))
        took = datetime.fromisoformat(ended) - datetime.fromisoformat(asked)
        return words, round(took.total_seconds(), 1)

    def provision(self, playbook: str, purpose: str) -> Callable[[], Figures]:
        """Return a step that runs a playbook; every device must end ok or changed."""

        def step() -> Figures:
            results, took_s = self._ended(playbook, purpose)
            _refuse(results, {"ok", "changed"}, playbook)
            changed = sum(result == "changed" for result in results.values())
            return {"devices": len(results), "changed": changed, "job_s": took_s}

        return step

    def hand_over(self) -> Figures:
        """Give the product the Government Office's authority, as an operator would."""
        outside = self.box.state / "lab" / self.box.prefix / "outside" / "ca.pem"
        partners = self.box.state / "partners"
        partners.mkdir(exist_ok=True)
        devices = [one for one in self.network.devices.values() if one.role == "external"]
        for device in devices:
            shutil.copyfile(outside, partners / f"{device.id}.pem")
        give_to_product(partners)
        return {"partners": len(devices)}

    def trust(self) -> Figures:
        """Let every PC trust the province's authority, as its image would."""
        self.box.must(self.box.lab("trust", str(self.box.state / "pki" / "ca.pem")))
        return {}

    def changes_nothing(self) -> Figures:
        """Run everything again: not one device may change."""
        figures: dict[str, float] = {}
        for playbook in ("wan.yml", "datacentre.yml", "agents.yml"):
            results, took_s = self._ended(playbook, "Show that a second run changes nothing")
            _refuse(results, {"ok"}, f"the second {playbook}")
            figures[f"{playbook.removesuffix('.yml')}_s"] = took_s
        return figures

    def by_hand(self) -> Figures:
        """Run a dry run with plain ansible-playbook, as an engineer would."""
        command = ["ansible-playbook", "playbooks/wan.yml", "--check", "--diff"]
        command[0] = str(PLAYBOOK)
        done = self.box.must(self.box.inside("noc", [*command, "--limit", DISTRICT]))
        if "changed=0" not in done.stdout or "changed=1" in done.stdout:
            raise StepFailedError(f"the dry run by hand sees a difference:\n{done.tail}")
        return {}

    def cut_primary(self) -> Figures:
        """Cut the district's primary circuit silently; the page must stay."""
        return self._fault(self.client, self.box.lab("cut", f"{DISTRICT}-1"))

    def mend_primary(self) -> Figures:
        """Mend it; the traffic must return to the primary circuit."""
        loss = self._fault(self.client, self.box.lab("mend", f"{DISTRICT}-1"))
        primary = self.network.devices[f"{DISTRICT}-cpe1"].interface("wan1")
        began = time.monotonic()
        while f"dev {primary.name}" not in self._route(f"{DISTRICT}-cpe1"):
            if time.monotonic() - began > MEND_S:
                raise StepFailedError(f"{DISTRICT} does not return to its primary circuit")
            time.sleep(POLL_S)
        return loss

    def kill_core(self, core: str) -> Callable[[], Figures]:
        """Return a step that powers a core off: who has a second way must keep everything."""

        def step() -> Figures:
            loss = dict(self._fault(self.client, self.box.lab("kill", core)))
            lost = proof.lost_sites(self.box, self.network, self.url)
            expected = proof.sites_without(self.network, core)
            if sorted(lost) != sorted(expected):
                raise StepFailedError(f"lost {sorted(lost)}, the graph says {sorted(expected)}")
            return loss | {"single_circuit_sites_without_it": len(expected)}

        return step

    def start_core(self, core: str) -> Callable[[], Figures]:
        """Return a step that powers a core on and waits until every site is back."""

        def step() -> Figures:
            self.box.must(self.box.lab("start", core))
            began = time.monotonic()
            lost: list[str] | None = None
            while lost := proof.lost_sites(self.box, self.network, self.url, lost):
                if time.monotonic() - began > BACK_S:
                    raise StepFailedError(f"not back after the start of {core}: {lost}")
            return {"all_back_s": round(time.monotonic() - began, 1)}

        return step

    def rotate(self) -> Figures:
        """Rotate every credential; the old management key must be refused everywhere."""
        old = self.private_key.with_name("story-old-key")
        shutil.copy2(self.private_key, old)
        owner = self.private_key.stat()
        shutil.chown(old, owner.st_uid, owner.st_gid)
        try:
            results = self.job("rotate_credentials.yml", "Renew every credential", timeout_s=600)
            _refuse(results, {"ok", "changed"}, "rotate_credentials.yml")
            reached = self._reached()
            if still := proof.accepting(self.box, reached, old):
                raise StepFailedError(f"the old key still opens {still}")
            if len(proof.accepting(self.box, reached, self.private_key)) != len(reached):
                raise StepFailedError("the new key does not open every device")
        finally:
            old.unlink()
        return {"devices": len(reached), "old_key_accepted": 0}

    def evidence(self) -> Figures:
        """Verify the evidence log that all of this has left."""
        done = self.box.must(self.box.product("evidence", "verify", "--json"))
        entries = read_json(done.stdout).get("entries")
        return {"entries": entries if isinstance(entries, int) else 0}

    def _reached(self) -> list[Device]:
        """Return every device that carries the management key."""
        roles = {"controller", "external"}
        return [device for device in self.network.devices.values() if device.role not in roles]

    def _fault(self, client: str, command: list[str]) -> Figures:
        """Run a lab verb while a PC fetches the portal; the page must come back."""
        return proof.page_loss(self.box, client, self.url, lambda: self.box.must(command))

    def _route(self, device: str) -> str:
        server = self.network.devices[self.network.services["portal"].server]
        command = ["ip", "route", "get", str(server.management4)]
        return self.box.run(self.box.inside(device, command)).stdout


def _run(story: Story, name: str, title: str, playbook: str) -> Step:
    """Return a step that runs a playbook; its title is what the job is for."""
    return Step(name, title, story.provision(playbook, title))


def serving_steps(story: Story) -> tuple[Step, ...]:
    """Return the way from nothing to a proven province, as `make run` goes it."""
    return (
        Step("lab-up", "Build the province in a box, every device bare", story.bring_up),
        Step("product-up", "Start the product on the management zone", story.product.start),
        _run(story, "routers", "Provision the routers, cores first", "wan.yml"),
        Step("partners", "Receive the authority of the Government Office", story.hand_over),
        _run(story, "servers", "Provision the data centre", "datacentre.yml"),
        Step("trust", "Let the PCs trust the province's authority", story.trust),
        _run(story, "agents", "Give every site its probe agent", "agents.yml"),
        _run(story, "proved", "Every PC reaches what it may, nothing else", "verify.yml"),
    )


def story_steps(story: Story) -> tuple[Step, ...]:
    """Return the whole story in order; later rooms add their own steps here."""
    lab_up, *provisioned = serving_steps(story)
    told = (
        lab_up,
        Step("bare", "Bare means bare: no page anywhere, no way to a CPE", story.is_bare),
        *provisioned,
        Step("second-run", "A second run changes nothing", story.changes_nothing),
        Step("by-hand", "A dry run by hand agrees", story.by_hand),
        Step("cut", "Cut a district's primary circuit: the page stays", story.cut_primary),
        Step("mend", "Mend it: the district returns", story.mend_primary),
        Step("kill-core1", "Power core1 off: who has two circuits stays", story.kill_core("core1")),
        Step("start-core1", "Power core1 on: everybody is back", story.start_core("core1")),
        Step("kill-core2", "Power core2 off: nothing is lost", story.kill_core("core2")),
        Step("start-core2", "Power core2 on again", story.start_core("core2")),
        Step("rotate", "Rotate all credentials: the old key is refused", story.rotate),
        _run(story, "still-proved", "Everything is still proven", "verify.yml"),
        Step("evidence", "The evidence log is whole", story.evidence),
    )
    api = Api(story.box, story.product.address[1])
    watched = watch_steps(Watch(story.box, story.network, api, DISTRICT))
    return tuple(step for one in told for step in (one, *watched.get(one.id, ())))


def _refuse(results: dict[str, str], wanted: set[str], what: str) -> None:
    """Raise StepFailedError when a device ended in a result that is not wanted."""
    wrong = {device: result for device, result in results.items() if result not in wanted}
    if wrong or not results:
        raise StepFailedError(f"{what}: {wrong or 'no device took part'}")
