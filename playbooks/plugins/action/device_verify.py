# SPDX-License-Identifier: GPL-3.0-or-later
"""Prove a router's neighbours, BFD sessions and routes; the logic is `changes.adjacency`."""

from pathlib import Path

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.action import ActionBase

from changes.adjacency import verify
from changes.device import UnreachableError, access_of
from tinhnet.errors import TinhnetError
from tinhnet.inventory.once import load_once
from tinhnet.secrets import secrets_of


class ActionModule(ActionBase):
    """`device_verify`: wait, the seconds that routing gets to settle."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp=None, task_vars=None):
        """Look until all is as declared, or the time is over."""
        result = super().run(tmp, task_vars)
        _, arguments = self.validate_argument_spec(
            argument_spec={"wait": {"type": "int", "default": 20}},
        )
        network = load_once(Path(task_vars["tinhnet_inventory"]))
        device = network.devices[task_vars["tinhnet_device"]]
        state = Path(task_vars["tinhnet_state"])
        access = access_of(state, secrets_of(state))
        try:
            missing = verify(network, device, access, wait_s=float(arguments["wait"]))
        except UnreachableError as error:
            raise AnsibleConnectionFailure(str(error)) from error
        except TinhnetError as error:
            return {**result, "failed": True, "tinhnet_result": "failed", "msg": str(error)}
        if missing:
            msg = f"{device.id}: {'; '.join(missing)}"
            return {**result, "failed": True, "tinhnet_result": "failed", "msg": msg}
        return {**result, "changed": False, "tinhnet_result": "ok"}
