# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring a router to its intended configuration in one session; the logic is `changes.push`."""

import getpass
from pathlib import Path

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.action import ActionBase

from changes.device import UnreachableError
from changes.push import Order, configure
from tinhnet.errors import TinhnetError
from tinhnet.inventory.once import load_once
from tinhnet.secrets import secrets_of


class ActionModule(ActionBase):
    """`device_config`: rotation, state, without_site; supports check and diff."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp=None, task_vars=None):
        """Render, compare, change, prove."""
        result = super().run(tmp, task_vars)
        _, arguments = self.validate_argument_spec(
            argument_spec={
                "without_site": {"type": "str"},
                "rotation": {"type": "str", "choices": ["none", "switch"], "default": "none"},
                "state": {
                    "type": "str",
                    "choices": ["provisioned", "bare"],
                    "default": "provisioned",
                },
            },
        )
        network = load_once(Path(task_vars["tinhnet_inventory"]))
        device = network.devices[task_vars["tinhnet_device"]]
        state = Path(task_vars["tinhnet_state"])
        order = Order(
            check=self._task.check_mode,
            who=task_vars.get("tinhnet_actor") or getpass.getuser(),
            switched=arguments["rotation"] == "switch",
            bare=arguments["state"] == "bare",
            without=arguments.get("without_site"),
        )
        try:
            outcome = configure(network, device, state, secrets_of(state), order)
        except UnreachableError as error:
            raise AnsibleConnectionFailure(str(error)) from error
        except TinhnetError as error:
            return {**result, "failed": True, "tinhnet_result": "failed", "msg": str(error)}
        result["tinhnet_result"] = outcome.result
        result["changed"] = outcome.result == "changed"
        result["seconds"] = outcome.seconds
        if outcome.residue:
            result["residue"] = list(outcome.residue)
        if outcome.notes:
            result["notes"] = list(outcome.notes)
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
