# SPDX-License-Identifier: GPL-3.0-or-later
"""Stage or promote the secrets of all routers, once per play; the logic is `changes.rotation`."""

from pathlib import Path

from ansible.plugins.action import ActionBase

from changes.action import failed
from changes.rotation import promote, stage
from tinhnet.errors import TinhnetError
from tinhnet.inventory.once import load_once
from tinhnet.secrets import secrets_of

PHASES = {"stage": stage, "promote": promote}


class ActionModule(ActionBase):
    """`router_secrets`: phase (stage, promote)."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp=None, task_vars=None):
        """Do one phase; in check mode nothing."""
        result = super().run(tmp, task_vars)
        _, arguments = self.validate_argument_spec(
            argument_spec={"phase": {"type": "str", "choices": list(PHASES), "required": True}},
        )
        if self._task.check_mode:
            return {**result, "skipped": True, "msg": "a dry run makes no secret"}
        network = load_once(Path(task_vars["tinhnet_inventory"]))
        try:
            names = PHASES[arguments["phase"]](
                network, secrets_of(Path(task_vars["tinhnet_state"]))
            )
        except TinhnetError as error:
            return result | failed(error)
        return {**result, "changed": bool(names), "secrets": list(names)}
