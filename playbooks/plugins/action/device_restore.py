# SPDX-License-Identifier: GPL-3.0-or-later
"""Put a router's backup back in place; the logic is `changes.backup` and `changes.push`."""

from pathlib import Path

from ansible.plugins.action import ActionBase

from changes.action import target_of
from changes.backup import restore
from changes.push import Order
from changes.router_action import attempt, pushed


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
        at = target_of(task_vars)
        order = Order(check=self._task.check_mode, who=at.who)
        chosen = Path(arguments["from"]) if arguments.get("from") else None

        def push():
            outcome = restore(at.network, at.device, at.state, at.secrets, order, chosen)
            return pushed(at.device, outcome, diff=self._task.diff)

        return result | attempt(push)
