# SPDX-License-Identifier: GPL-3.0-or-later
"""Keep a router's running configuration, masked; the logic is `changes.backup`."""

from ansible.plugins.action import ActionBase

from changes.action import done, target_of
from changes.backup import read_running, save
from changes.device import access_of
from changes.router_action import attempt


class ActionModule(ActionBase):
    """`device_backup`: no options; changed means that the device differs from the last backup."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp=None, task_vars=None):
        """Read, mask, write if different."""
        result = super().run(tmp, task_vars)
        at = target_of(task_vars)

        def back_up():
            running = read_running(at.device, access_of(at.state, at.secrets))
            check = self._task.check_mode
            saved = save(at.device.id, running, at.state, at.secrets, check=check)
            told = done(changed=saved.changed) | {"backup": str(saved.path)}
            if self._task.diff:
                told["diff"] = [{"before": saved.before, "after": saved.after}]
            return told

        return result | attempt(back_up)
