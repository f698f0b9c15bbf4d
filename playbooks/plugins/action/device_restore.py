# SPDX-License-Identifier: GPL-3.0-or-later
"""Put a router's backup back in place; the logic is `changes.backup` and `changes.push`."""

import getpass
from pathlib import Path

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.action import ActionBase

from changes.backup import restore
from changes.device import UnreachableError
from changes.push import Order
from tinhnet.errors import TinhnetError
from tinhnet.inventory.once import load_once
from tinhnet.secrets import secrets_of


class ActionModule(ActionBase):
    """`device_restore`: from, the backup file (default: the last one)."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp=None, task_vars=None):
        """Push the backup as one change."""
        result = super().run(tmp, task_vars)
        _, arguments = self.validate_argument_spec(argument_spec={"from": {"type": "path"}})
        network = load_once(Path(task_vars["tinhnet_inventory"]))
        device = network.devices[task_vars["tinhnet_device"]]
        state = Path(task_vars["tinhnet_state"])
        order = Order(
            check=self._task.check_mode,
            who=task_vars.get("tinhnet_actor") or getpass.getuser(),
        )
        chosen = Path(arguments["from"]) if arguments.get("from") else None
        try:
            outcome = restore(network, device, state, secrets_of(state), order, chosen)
        except UnreachableError as error:
            raise AnsibleConnectionFailure(str(error)) from error
        except TinhnetError as error:
            return {**result, "failed": True, "tinhnet_result": "failed", "msg": str(error)}
        result["changed"] = outcome.result == "changed"
        result["tinhnet_result"] = outcome.result
        if outcome.result == "rolled_back":
            result["failed"] = True
            result["msg"] = f"{device.id}: rolled back: {'; '.join(outcome.notes)}"
        if self._task.diff:
            result["diff"] = [
                {
                    "before_header": f"{device.id} {diff.section}",
                    "after_header": f"{device.id} {diff.section}",
                    "before": diff.before,
                    "after": diff.after,
                }
                for diff in outcome.diffs
            ]
        return result
