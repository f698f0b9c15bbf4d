# SPDX-License-Identifier: GPL-3.0-or-later
"""Stage or promote secrets on the controller; the logic is `changes.server_rotation`."""

from pathlib import Path

from ansible.plugins.action import ActionBase

from changes.action import failed
from changes.server_rotation import promote, server_secrets, stage
from tinhnet.errors import TinhnetError
from tinhnet.inventory.once import load_once
from tinhnet.secrets import secrets_of


class ActionModule(ActionBase):
    """`server_secrets`: phase (stage, promote); no connection."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _requires_connection = False

    def run(self, tmp=None, task_vars=None):
        """Move the versions in the store."""
        result = super().run(tmp, task_vars)
        _, arguments = self.validate_argument_spec(
            argument_spec={
                "phase": {"choices": ["stage", "promote"], "required": True},
            },
        )
        store = secrets_of(Path(task_vars["tinhnet_state"]))
        network = load_once(Path(task_vars["tinhnet_inventory"]))
        if self._task.check_mode:
            return {**result, "changed": True, "skipped": True}
        try:
            names = server_secrets(network, store)
            staging = arguments["phase"] == "stage"
            moved = stage(store, names) if staging else promote(store, names)
        except TinhnetError as error:
            return result | failed(error)
        result["changed"] = bool(moved)
        result["changes"] = [f"{one.name} v{one.version}" for one in moved]
        return result
