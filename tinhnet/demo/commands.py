# SPDX-License-Identifier: MIT
"""`tinhnet demo`: the province in a box for people, or as an unattended story."""

import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from tinhnet.config import load_config
from tinhnet.demo.box import Box
from tinhnet.demo.product import Product, give_to_product
from tinhnet.demo.steps import StepResult, tell, write_story
from tinhnet.demo.story import Story, serving_steps, story_steps
from tinhnet.errors import TinhnetError
from tinhnet.inventory import load
from tinhnet.secrets import SecretStore, secrets_of
from tinhnet.store.engine import SQLITE_FILE
from tinhnet.store.errors import SchemaOlderError
from tinhnet.store.migrate import current, known, refuse_unfit, store_of

app = typer.Typer()

KEY = "ssh/management"
PASSWORD_BYTES = 9
PEOPLE = ("engineer", "approver")


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asked for."""

    prefix: str
    inventory: Path
    state: Path
    port: int
    keep: bool


@app.command()
def demo(  # noqa: PLR0913 one argument per option of the command line
    prefix: Annotated[str, typer.Option(help="Name of the lab; namespaces start with it.")] = "tn",
    inventory: Annotated[Path, typer.Option(help="Folder of the declared network.")] = Path(
        "inventory"
    ),
    state: Annotated[
        Path, typer.Option(envvar="TINHNET_STATE", help="Where state is kept.")
    ] = Path("var"),
    port: Annotated[int, typer.Option(help="Port of the web page on 127.0.0.1.")] = 8080,
    *,
    story: Annotated[
        bool, typer.Option("--story", help="Tell the whole story unattended.")
    ] = False,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the story there.")] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the box standing.")] = False,
) -> None:
    """Build the province in a box, provision it, prove it and serve it (needs root)."""
    options = Options(prefix, inventory.resolve(), state.resolve(), port, keep)
    with _box(options) as told:
        wanted = story_steps(told) if story else serving_steps(told)
        results = tell(wanted, _say)
        if json_file:
            write_story(json_file, results, len(wanted))
        if len(results) < len(wanted) or any(result.error for result in results):
            raise typer.Exit(1)
        if not story:
            _serve(told, results)


@contextmanager
def _box(options: Options) -> Iterator[Story]:
    """Yield the story's province; whatever happens, take down what was started."""
    if os.geteuid() != 0:
        raise TinhnetError("the province in a box needs root", "run it as root, or with sudo")
    refuse_unfit_state(options.state)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    box = Box(options.prefix, options.inventory, options.state)
    story = _prepare(box, Product(box, ("127.0.0.1", options.port)))
    # What an earlier demo left behind after a kill -9 holds namespaces, and the port.
    box.must(box.lab("down"))
    story.product.listen().close()
    try:
        yield story
    except KeyboardInterrupt:
        _say("\nstopping …")
    finally:
        if not options.keep:
            _take_down(story)


def _prepare(box: Box, product: Product) -> Story:
    """Load the declared network and make the key the bare devices will know."""
    network = load(box.inventory)
    box.state.mkdir(parents=True, exist_ok=True)
    give_to_product(box.state)
    store = secrets_of(box.state)
    store.ensure(KEY, _new_key)
    private = store.path(KEY)
    # Not beside the private key: ssh would go on offering a public key that was rotated away.
    public = box.state / "management.pub"
    made = subprocess.run(
        ["ssh-keygen", "-y", "-f", str(private)], check=True, capture_output=True, text=True
    )
    public.write_text(f"{made.stdout.strip()} tinhnet\n", encoding="utf-8")
    give_to_product(box.state)
    return Story(box, network, public, private, product)


def _new_key() -> str:
    """Return a fresh OpenSSH ed25519 private key."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "key"
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "tinhnet", "-f", str(path)]
        subprocess.run(command, check=True)
        return path.read_text(encoding="utf-8")


def _take_down(story: Story) -> None:
    """Stop the product and the lab, ignoring further Ctrl-C."""
    previous = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        story.product.stop()
        story.box.show(story.box.lab("down"))
    finally:
        signal.signal(signal.SIGINT, previous)


def _serve(story: Story, results: tuple[StepResult, ...]) -> None:
    """Print the door and the keys, then wait for Ctrl-C."""
    passwords = people(story.box, secrets_of(story.box.state))
    host, port = story.product.address
    seconds = sum(result.seconds for result in results)
    circuit = "dien-ban-1"
    _say(f"""
The province stands, proven, after {seconds:.0f} s.

  open      http://{host}:{port}
  engineer  user engineer  password {passwords["engineer"]}
  approver  user approver  password {passwords["approver"]}

Three things to try:
  1. Run "verify" from the page Playbooks and watch it live.
  2. {sys.argv[0]} lab cut {circuit}   (then mend: the district moves and returns)
  3. {sys.argv[0]} lab exec dien-ban-pc -- curl -s {story.url}

Ctrl-C takes everything down again.""")
    story.product.wait()


def refuse_unfit_state(state: Path) -> None:
    """Raise SchemaOlderError or SchemaNewerError before anything is built on such a state.

    A state in PostgreSQL is left to the product: it may answer only where that lives.
    """
    given = {**os.environ, "TINHNET_STATE": str(state)}
    config = load_config(given).config
    if config.store.url or not (state / SQLITE_FILE).exists():
        return
    store = store_of(config)
    try:
        refuse_unfit(store.where, current(store) or known()[-1], known())
    except SchemaOlderError as error:
        migrate = f"TINHNET_STATE={state} {sys.argv[0]} migrate"
        hint = f"take a backup, then run `{migrate}`, or name a new state by --state"
        raise SchemaOlderError(error.message, hint) from error
    finally:
        store.close()


def people(box: Box, store: SecretStore) -> dict[str, str]:
    """Make sure the demo's people exist; return their passwords, generated on this machine.

    The state outlives a run of the demo, so they may be there already.
    """
    listed = json.loads(box.must(box.product("user", "list", "--json")).stdout)
    known = {row["name"] for row in listed}
    passwords = {}
    for name in PEOPLE:
        secret = store.ensure(f"demo/{name}", lambda: secrets.token_urlsafe(PASSWORD_BYTES))
        passwords[name] = secret.value
        if name not in known:
            command = box.product("user", "add", name, "--role", name, "--stdin")
            subprocess.run(
                command,
                env=box.environment,
                input=secret.value,
                text=True,
                check=True,
                capture_output=True,
            )
    return passwords


def _say(text: str) -> None:
    typer.echo(text)
    sys.stdout.flush()
