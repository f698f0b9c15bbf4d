# SPDX-License-Identifier: GPL-3.0-or-later
"""Let a device accept the management keys it should; the logic is in `changes`."""

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.action import ActionBase

from changes.action import done, failed, no_session, target_of
from changes.server_rotation import COMMAND, keys_changes, keys_request
from tinhnet.errors import TinhnetError


class ActionModule(ActionBase):
    """`management_keys`: no arguments; supports check."""

    TRANSFERS_FILES = False
    _supports_check_mode = True

    def run(self, tmp=None, task_vars=None):
        """Add what is accepted, take away what no longer is."""
        result = super().run(tmp, task_vars)
        self.validate_argument_spec(argument_spec={})
        at = target_of(task_vars)
        try:
            answered = self._low_level_execute_command(
                COMMAND,
                sudoable=False,
                in_data=keys_request(at.secrets, check=self._task.check_mode).encode(),
            )
            changes = keys_changes(at.device.id, answered["stdout"])
        except TinhnetError as error:
            return result | failed(error)
        except AnsibleConnectionFailure as error:
            changing = not self._task.check_mode
            return result | no_session(at.device.id, error.message, changing=changing)
        return result | done(changed=bool(changes)) | {"changes": list(changes)}
