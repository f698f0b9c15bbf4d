# SPDX-License-Identifier: MIT
"""What collectors and messengers say of things: our own sentences, as templates.

Rows keep the English sentence, for commands and the API; a page looks it up
again by its template (`tinhnet.reasons.taken_apart`).  Probe agents, which
know nothing of this package, tell a name of `FOUND` and its values.
"""

from collections.abc import Mapping, Sequence

from tinhnet.errors import message_id
from tinhnet.reasons import fields_of

NOT_ASKED = message_id("not asked for %(seconds)s s")
NO_ANSWER_YET = message_id("no answer yet")
NOBODY_ASKS = message_id("nobody asks")
LOST = message_id("no answer to %(count)s requests in %(seconds)s s")
LOST_SAYING = message_id("no answer to %(count)s requests in %(seconds)s s: %(why)s")
LOSSY = message_id("%(share)s of %(count)s requests lost")
ANSWERS_IN = message_id("answers in %(milliseconds)s ms")
BY_FAMILY = message_id("%(device)s by IPv%(version)s")
AGENT_OF = message_id("agent of %(device)s")
FAILS_FOR = message_id("fails for %(askers)s: %(why)s")
VERDICTS = (
    NOT_ASKED,
    NO_ANSWER_YET,
    NOBODY_ASKS,
    LOST_SAYING,
    LOST,
    LOSSY,
    ANSWERS_IN,
    FAILS_FOR,
    BY_FAMILY,
    AGENT_OF,
)
"""How requests to a thing are judged, and who asked."""

FOUND: Mapping[str, str] = {
    "no_answer": message_id("no answer within %(seconds)s s"),
    "bad_certificate": message_id("bad certificate: %(why)s"),
    "no_tls": message_id("no TLS: %(error)s"),
    "no_http": message_id("no HTTP: %(error)s"),
    "nonsense": message_id("an answer that makes no sense"),
    "other_question": message_id("an answer to another question"),
    "lacks": message_id("the page lacks %(text)s"),
    "name_code": message_id("answers with code %(code)s to %(name)s"),
    "other_address": message_id("knows another address of %(name)s than %(address)s"),
    "not_synchronised": message_id("is not synchronised, stratum %(stratum)s"),
    "status": message_id("answers %(status)s"),
    "no_interface": message_id("no interface %(interface)s"),
    "interface_down": message_id("interface %(interface)s is down"),
}
"""What agents and checks find wrong, by the name under which they tell it."""

TURNED: Mapping[tuple[str, bool], str] = {
    ("link", True): message_id("link %(name)s is down: %(why)s"),
    ("link", False): message_id("link %(name)s is up again: %(why)s"),
    ("device", True): message_id("device %(name)s is down: %(why)s"),
    ("device", False): message_id("device %(name)s is up again: %(why)s"),
}
"""What probes tell of a thing, by its kind and whether it is down."""

COLD_START = message_id("coldStart: the device or its agent began anew")
WARM_START = message_id("warmStart: the agent began anew, its settings unchanged")
SNMP_REFUSED = message_id("authenticationFailure: somebody asked by SNMP without the right")
SWITCHED_OFF = message_id("linkDown: interface %(interface)s, switched off by its administrator")
LINK_DOWN = message_id("linkDown: interface %(interface)s")
LINK_UP = message_id("linkUp: interface %(interface)s")
OSPF_STATE = message_id("ospfNbrStateChange: neighbour %(router)s (%(address)s) is %(state)s")
OSPF6_STATE = message_id("ospfv3NbrStateChange: neighbour %(router)s is %(state)s")
FLOOD = message_id("%(device)s says more than is written down: %(count)s messages were left out")
HEARD = (
    COLD_START,
    WARM_START,
    SNMP_REFUSED,
    SWITCHED_OFF,
    LINK_DOWN,
    LINK_UP,
    OSPF_STATE,
    OSPF6_STATE,
    FLOOD,
)
"""What listeners say of what devices told."""

TOLD = message_id("%(receiver)s: told: %(why)s")
REFUSED = message_id("%(receiver)s: refused: %(why)s")
GIVEN_UP = message_id("%(receiver)s: given up: %(why)s")
NOT_TOLD = message_id("%(receiver)s: not told: %(why)s")
WAS_NOT_TOLD = message_id("%(receiver)s was not told “%(subject)s”: %(why)s")
TAKEN_BY_SOME = message_id("taken by %(host)s, but not for %(names)s")
TAKEN = message_id("taken by %(host)s")
NO_MAIL = message_id("no mail can be made of it: %(error)s")
NO_TLS_WITH = message_id("no TLS with %(where)s: %(error)s")
SILENT_AT = message_id("%(where)s does not answer: %(why)s")
ANSWERS_AT = message_id("%(where)s answers %(status)s")
NO_WEB_ADDRESS = message_id("%(address)s is no http or https URL")
NOTIFIER_FAILED = message_id("the notifier failed: %(error)s")
NO_RECEIVER = message_id("there is no receiver %(receiver)s")
NEVER_TOLD = message_id("its alert was never told here")
OUTSIDE_HEARS = message_id("the outside URL hears from us again")
OUTSIDE_WITHHELD = message_id("heartbeat to the outside withheld: no sign of life of %(workers)s")
OUTSIDE_FAILED = message_id("heartbeat to the outside failed: %(why)s")
DELIVERIES = (
    WAS_NOT_TOLD,
    TOLD,
    REFUSED,
    GIVEN_UP,
    NOT_TOLD,
    TAKEN_BY_SOME,
    TAKEN,
    NO_MAIL,
    NO_TLS_WITH,
    NOTIFIER_FAILED,
    NO_RECEIVER,
    NEVER_TOLD,
    OUTSIDE_HEARS,
    OUTSIDE_WITHHELD,
    OUTSIDE_FAILED,
    NO_WEB_ADDRESS,
    SILENT_AT,
    ANSWERS_AT,
)
"""What became of telling people, and of telling the outside that we live."""

OTHERS = (
    message_id("Connection refused"),
    message_id("Connection reset by peer"),
    message_id("Connection timed out"),
    message_id("Network is unreachable"),
    message_id("Network is down"),
    message_id("No route to host"),
    message_id("No such device"),
    message_id("Cannot assign requested address"),
    message_id("Operation not permitted"),
    message_id("No buffer space available"),
    message_id("Name or service not known"),
    message_id("Temporary failure in name resolution"),
    message_id("timed out"),
    message_id("certificate has expired"),
    message_id("certificate is not yet valid"),
    message_id("certificate revoked"),
    message_id("self-signed certificate"),
    message_id("self-signed certificate in certificate chain"),
    message_id("unable to get local issuer certificate"),
    message_id("Hostname mismatch, certificate is not valid for %(name)s."),
    message_id("IP address mismatch, certificate is not valid for %(name)s."),
    message_id("[Errno %(number)s] %(why)s"),
)
"""What Linux and OpenSSL say every day; nobody else translates it for our pages."""

TEMPLATES = (
    *VERDICTS,
    *TURNED.values(),
    *HEARD,
    *FOUND.values(),
    *OTHERS,
    *DELIVERIES,
)
"""Every sentence; where two fit a text, the narrower one comes first."""


def worded(found: Sequence[str]) -> str:
    """Return what an agent or a check found as a sentence, "" where nothing is wrong.

    What is no name of ours is the sentence of somebody else: of the system,
    or of an agent that is older or newer than we are.
    """
    template = FOUND.get(found[0]) if found else None
    if template is None:
        return " ".join(found)
    fields, values = fields_of(template), found[1:]
    if len(values) != len(fields):
        return " ".join(found)
    return template % dict(zip(fields, values, strict=True))
