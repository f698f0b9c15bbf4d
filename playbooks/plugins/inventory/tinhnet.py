# SPDX-License-Identifier: GPL-3.0-or-later
# ruff: noqa: INP001 Ansible loads plug-ins by path, this folder is no package
"""Hand the declared network over to Ansible."""

from pathlib import Path

from ansible.errors import AnsibleError, AnsibleParserError
from ansible.inventory.data import InventoryData
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.inventory import BaseInventoryPlugin

try:
    from tinhnet.errors import ProblemsError
    from tinhnet.inventory.ansible import hosts, shared_variables
    from tinhnet.inventory.once import load_once
except ImportError as error:
    raise AnsibleError(
        "this Ansible cannot import tinhnet; run the one in .venv/bin, "
        "or install tinhnet beside this one"
    ) from error

DOCUMENTATION = r"""
name: tinhnet
short_description: The declared network of a province
description:
  - Reads the folder in which its source C(tinhnet.yml) stands, checks all of it and derives hosts,
    groups and addresses.
  - Groups are the roles of devices (C(core), C(firewall), C(edge), C(cpe), C(servers), C(pcs)),
    C(routers), the kinds of sites and every site's id.
author: tinhnet
options:
  plugin:
    description: Says that this file is for this plugin.
    required: true
    choices: [tinhnet]
  format:
    description: Version of the file's format.
    required: true
    choices: [1]
    type: int
"""


class InventoryModule(BaseInventoryPlugin):  # type: ignore[misc] # Ansible ships no types
    """The plugin `tinhnet`; everything it knows comes from the package."""

    NAME = "tinhnet"

    def verify_file(self, path: str) -> bool:
        """Accept a file called tinhnet.yml."""
        return bool(super().verify_file(path)) and Path(path).name == "tinhnet.yml"

    def parse(
        self,
        inventory: InventoryData,
        loader: DataLoader,
        path: str,
        cache: bool = True,  # noqa: FBT001, FBT002 Ansible's signature
    ) -> None:
        """Fill Ansible's inventory from the folder of `path`."""
        super().parse(inventory, loader, path, cache)
        self._read_config_data(path)
        directory = Path(path).parent
        try:
            network = load_once(directory.absolute())
        except ProblemsError as error:
            raise AnsibleParserError(f"the inventory has faults:\n{error}") from error
        for name, value in shared_variables(directory).items():
            inventory.set_variable("all", name, value)
        for host in hosts(network):
            inventory.add_host(host.name)
            for group in host.groups:
                inventory.add_group(group)
                inventory.add_child(group, host.name)
            for name, value in host.variables.items():
                inventory.set_variable(host.name, name, value)
