# SPDX-License-Identifier: GPL-3.0-or-later
"""Let a device accept the management keys it should; the logic is in `changes`."""

from pathlib import Path

from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure
from ansible.plugins.action import ActionBase

from changes.server_rotation import COMMAND, keys_changes, keys_request
from changes.servers import unreachable
from tinhnet.errors import TinhnetError
from tinhnet.secrets import secrets_of


class ActionModule(ActionBase):
    """`management_keys`: no arguments; supports check."""

    TRANSFERS_FILES = False
    _supports_check_mode = True

    def run(self, tmp=None, task_vars=None):
        """Add what is accepted, take away what no longer is."""
        result = super().run(tmp, task_vars)
        self.validate_argument_spec(argument_spec={})
        store = secrets_of(Path(task_vars["tinhnet_state"]))
        try:
            answered = self._low_level_execute_command(
                COMMAND,
                sudoable=False,
                in_data=keys_request(store, check=self._task.check_mode).encode(),
            )
            changes = keys_changes(task_vars["tinhnet_device"], answered["stdout"])
        except TinhnetError as error:
            raise AnsibleActionFail(str(error)) from error
        except AnsibleConnectionFailure as error:
            words = unreachable(task_vars["tinhnet_device"], error.message)
            raise AnsibleConnectionFailure(words) from None
        return {**result, "changed": bool(changes), "changes": list(changes)}
