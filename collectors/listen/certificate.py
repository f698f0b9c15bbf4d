# SPDX-License-Identifier: MIT
"""The certificate with which log lines are taken over TLS, of the province's own authority."""

import ssl
from ipaddress import IPv4Address, IPv6Address, ip_address

from collectors.agent.proof import Proof
from tinhnet.context import Context
from tinhnet.model.declared import DeclaredNetwork
from tinhnet.model.device import Device
from tinhnet.pki import Distribution, Pki

NAME = "listener"


def certify(
    tls: ssl.SSLContext,
    context: Context,
    network: DeclaredNetwork,
    controller: Device | None,
    host: str,
) -> None:
    """Load the listener's certificate, issued anew when that is due.

    It bears the controller's name and addresses and the address that is
    listened on.
    """
    name = controller.id if controller else NAME
    issued = _pki(context, network).server(
        NAME, [f"{name}.{network.province.domain}", name], _addresses(controller, host)
    )
    Proof(issued.certificate_pem, issued.key.value).load(tls)


def _addresses(controller: Device | None, host: str) -> list[IPv4Address | IPv6Address]:
    both = (controller.management4, controller.management6) if controller else ()
    found = [one for one in both if one is not None]
    try:
        here = ip_address(host)
    except ValueError:
        return found
    return found if here in found or here.is_unspecified else [*found, here]


def _pki(context: Context, network: DeclaredNetwork) -> Pki:
    name = next(
        (one.name for one in network.services.values() if one.check.kind == "ocsp"),
        f"pki.{network.province.domain}",
    )
    where = Distribution(f"http://{name}/ocsp", f"http://{name}/crl.der")
    organisation = network.province.name_vi
    return Pki(context.config.state, context.secrets, where, organisation, context.clock)
