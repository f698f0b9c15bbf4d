# SPDX-License-Identifier: GPL-3.0-or-later
"""Let a device accept the management keys it should; the logic is in `changes`."""

from pathlib import Path

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from changes.key_proof import wrong_logins
from changes.server_rotation import COMMAND, keys_changes, keys_request
from tinhnet.errors import TinhnetError
from tinhnet.secrets import secrets_of


class ActionModule(ActionBase):
    """`management_keys`: state present writes the account's keys, proved logs in with each."""

    TRANSFERS_FILES = False
    _supports_check_mode = True

    def run(self, tmp=None, task_vars=None):
        """Write or prove."""
        result = super().run(tmp, task_vars)
        _, arguments = self.validate_argument_spec(
            argument_spec={"state": {"choices": ["present", "proved"], "default": "present"}},
        )
        state = Path(task_vars["tinhnet_state"])
        store = secrets_of(state)
        try:
            if arguments["state"] == "proved":
                wrong = wrong_logins(
                    store, task_vars["ansible_host"], state / "known_hosts", "tinhnet"
                )
                if wrong:
                    raise AnsibleActionFail("; ".join(wrong))
                return {**result, "changed": False}
            answered = self._low_level_execute_command(
                COMMAND,
                sudoable=False,
                in_data=keys_request(store, check=self._task.check_mode).encode(),
            )
            changes = keys_changes(task_vars["tinhnet_device"], answered["stdout"])
        except TinhnetError as error:
            raise AnsibleActionFail(str(error)) from error
        return {**result, "changed": bool(changes), "changes": list(changes)}
