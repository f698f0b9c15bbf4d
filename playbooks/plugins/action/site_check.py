# SPDX-License-Identifier: GPL-3.0-or-later
"""Prove from a client what it may and may not reach; the logic is `changes.site_check`."""

from dataclasses import asdict
from pathlib import Path

from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure
from ansible.plugins.action import ActionBase

from changes.intent import province, trust
from changes.servers import unreachable
from changes.site_check import COMMAND, request, trials, verdicts
from tinhnet.errors import TinhnetError
from tinhnet.inventory.once import load_once


class ActionModule(ActionBase):
    """`site_check`: no arguments; never changes anything."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp=None, task_vars=None):
        """Send the trials, judge the answers, fail with one line for each that is wrong."""
        result = super().run(tmp, task_vars)
        self.validate_argument_spec(argument_spec={})
        network = load_once(Path(task_vars["tinhnet_inventory"]))
        client = network.devices[task_vars["tinhnet_device"]]
        try:
            opened = province(network, Path(task_vars["tinhnet_state"]))
            wanted = trials(network, client, trust(opened))
            answered = self._low_level_execute_command(
                COMMAND, sudoable=False, in_data=request(wanted).encode()
            )
            found = verdicts(client.id, wanted, answered["stdout"])
        except TinhnetError as error:
            raise AnsibleActionFail(str(error)) from error
        except AnsibleConnectionFailure as error:
            words = unreachable(client.id, error.message)
            raise AnsibleConnectionFailure(words) from None
        wrong = [verdict for verdict in found if not verdict.is_ok]
        result["changed"] = False
        result["tried"] = len(found)
        # A failure is shown whole: only what is wrong then, all that was tried otherwise.
        result["checks"] = [asdict(verdict) for verdict in wrong or found]
        if wrong:
            result["failed"] = True
            result["msg"] = "\n".join(str(verdict) for verdict in wrong)
        return result
