# SPDX-License-Identifier: GPL-3.0-or-later
"""Keep a router's running configuration, masked; the logic is `changes.backup`."""

from pathlib import Path

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.action import ActionBase

from changes.backup import read_running, save
from changes.device import UnreachableError, access_of
from tinhnet.errors import TinhnetError
from tinhnet.inventory.once import load_once
from tinhnet.secrets import secrets_of


class ActionModule(ActionBase):
    """`device_backup`: no options; changed means that the device differs from the last backup."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp=None, task_vars=None):
        """Read, mask, write if different."""
        result = super().run(tmp, task_vars)
        network = load_once(Path(task_vars["tinhnet_inventory"]))
        device = network.devices[task_vars["tinhnet_device"]]
        state = Path(task_vars["tinhnet_state"])
        store = secrets_of(state)
        try:
            running = read_running(device, access_of(state, store))
            saved = save(device.id, running, state, store, check=self._task.check_mode)
        except UnreachableError as error:
            raise AnsibleConnectionFailure(str(error)) from error
        except TinhnetError as error:
            return {**result, "failed": True, "tinhnet_result": "failed", "msg": str(error)}
        result["changed"] = saved.changed
        result["tinhnet_result"] = "changed" if saved.changed else "ok"
        result["backup"] = str(saved.path)
        if self._task.diff:
            result["diff"] = [{"before": saved.before, "after": saved.after}]
        return result
