# SPDX-License-Identifier: MIT
"""Services can be proved and flows say what they mean."""

from collections.abc import Iterator

from tinhnet.errors import Problem
from tinhnet.inventory.draft import Draft

SERVERS = ("server", "external")
NEEDS = {"https": ("path", "expect"), "ocsp": ("path",)}  # what a check cannot do without


def problems(draft: Draft) -> Iterator[Problem]:
    """Yield services on what is no server, checks that prove nothing, flows of any port."""
    roles = {found.value.id: found.value.role for found in draft.devices}
    for service in draft.services:
        server, check = service.value.server, service.value.check
        if roles.get(server, SERVERS[0]) not in SERVERS:
            text = f'server is "{server}", a {roles[server]}'
            yield service.problem("server", text, f"expected a device of role {SERVERS[0]}")
        for key in NEEDS.get(check.kind, ()):
            if getattr(check, key) is None:
                hint = f"add {key} to the check: what must come back when it works"
                yield service.problem("check", f"check {check.kind} without {key}", hint)
    for flow in draft.flows:
        if flow.value.protocol == "icmp" and flow.value.ports:
            yield flow.problem("ports", "icmp has no ports", "remove them")
        if flow.value.protocol != "icmp" and not flow.value.ports:
            hint = "list the ports; a flow of every port is no policy"
            yield flow.problem("protocol", f"{flow.value.protocol} without ports", hint)
