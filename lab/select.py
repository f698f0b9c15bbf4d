# SPDX-License-Identifier: MIT
"""A part of a province: the data centre and some of its sites."""

import difflib
from dataclasses import replace

from tinhnet.errors import TinhnetError
from tinhnet.model.declared import DeclaredNetwork

_ALWAYS = ("data-centre", "external")


def only_sites(network: DeclaredNetwork, sites: tuple[str, ...]) -> DeclaredNetwork:
    """Return the network with the named sites, the data centre and its neighbours alone.

    The data centre keeps its ports towards the sites left out, dark.
    TinhnetError when a site does not exist.
    """
    for site in sites:
        if site not in network.sites:
            near = difflib.get_close_matches(site, list(network.sites), n=1)
            hint = f'did you mean "{near[0]}"?' if near else "see `tinhnet sites`"
            raise TinhnetError(f'the inventory has no site "{site}"', hint)
    kept = {
        site.id: site for site in network.sites.values() if site.id in sites or site.kind in _ALWAYS
    }
    devices = {key: device for key, device in network.devices.items() if device.site in kept}
    links = {
        key: link
        for key, link in network.links.items()
        if link.a.device in devices and link.b.device in devices
    }
    networks = {key: shared for key, shared in network.networks.items() if shared.site in kept}
    return replace(network, sites=kept, devices=devices, links=links, networks=networks)
