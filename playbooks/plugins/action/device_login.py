# SPDX-License-Identifier: GPL-3.0-or-later
"""Prove that a version of the management key opens a device or not; logic in `changes.login`."""

from pathlib import Path

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.action import ActionBase

from changes.device import UnreachableError, access_of
from changes.login import WHICH, prove_login
from tinhnet.errors import TinhnetError
from tinhnet.inventory.once import load_once
from tinhnet.secrets import secrets_of


class ActionModule(ActionBase):
    """`device_login`: key (previous, current, staged) and accepted (true, false)."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp=None, task_vars=None):
        """Log in with that key alone."""
        result = super().run(tmp, task_vars)
        _, arguments = self.validate_argument_spec(
            argument_spec={
                "key": {"type": "str", "choices": list(WHICH), "required": True},
                "accepted": {"type": "bool", "required": True},
            },
        )
        network = load_once(Path(task_vars["tinhnet_inventory"]))
        device = network.devices[task_vars["tinhnet_device"]]
        state = Path(task_vars["tinhnet_state"])
        store = secrets_of(state)
        if self._task.check_mode:
            return {**result, "skipped": True, "msg": "a dry run changes no key"}
        try:
            proved = prove_login(
                device,
                access_of(state, store),
                store,
                arguments["key"],
                accepted=arguments["accepted"],
            )
        except UnreachableError as error:
            raise AnsibleConnectionFailure(str(error)) from error
        except TinhnetError as error:
            return {**result, "failed": True, "tinhnet_result": "failed", "msg": str(error)}
        return {**result, "changed": False, "tinhnet_result": "ok", "proved": proved}
