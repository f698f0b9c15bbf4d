# SPDX-License-Identifier: MIT
"""A receiver made ready: its notifier, and its settings with secrets filled in."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from alerts.message import Notifier, settings_of
from tinhnet.model.place import Person
from tinhnet.plugins import load_all
from tinhnet.receivers import Receiver
from tinhnet.secrets import SecretError, SecretStore

PACKAGE = "alerts.notifiers"
ADDRESS = "to"
"""The setting that a person's own address fills when the file leaves it out."""


@dataclass(frozen=True, slots=True)
class Ready:
    """How a receiver is reached; `faults` is why it cannot be, sentences for people."""

    notifier: Notifier | None
    settings: Mapping[str, str]
    faults: tuple[str, ...] = ()


def notifiers() -> dict[str, Notifier]:
    """Return the ways to tell people, by name."""
    return load_all(PACKAGE, "NOTIFIER", Notifier)


def ready(
    receiver: Receiver,
    known: Mapping[str, Notifier],
    secrets: SecretStore,
    people: Mapping[str, Person],
) -> Ready:
    """Return a receiver made ready; every fault at once, no value of a secret in any."""
    notifier = known.get(receiver.notifier)
    if notifier is None:
        fault = f"there is no notifier {receiver.notifier}; these exist: {', '.join(sorted(known))}"
        return Ready(None, {}, (fault,))
    given, faults = dict(receiver.settings), []
    person = people.get(receiver.person or "")
    if ADDRESS in notifier.settings and ADDRESS not in given and person and person.email:
        given[ADDRESS] = person.email
    for setting, reference in receiver.secrets.items():
        try:
            given[setting] = secrets.read(reference).value
        except SecretError as error:
            faults.append(f"{setting}: {error.message}")
            given[setting] = ""
    whole, wrong = settings_of(notifier, given)
    found = (*faults, *wrong, *_numbers(whole))
    return Ready(None if found else notifier, whole, found)


def _numbers(settings: Mapping[str, str]) -> Iterable[str]:
    port = settings.get("port")
    if port is not None and not (port.isascii() and port.isdecimal() and 0 < int(port) < 65536):  # noqa: PLR2004 ports of TCP
        yield f"port = {port!r} is no port, expected 1 to 65535"
