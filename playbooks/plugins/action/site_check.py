# SPDX-License-Identifier: GPL-3.0-or-later
"""Prove from a client what it may and may not reach; the logic is `changes.site_check`."""

from dataclasses import asdict

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.action import ActionBase

from changes.action import done, failed, no_session, target_of
from changes.intent import province, trust
from changes.site_check import COMMAND, is_here, request, verdicts
from changes.site_trials import trials
from tinhnet.errors import TinhnetError


class ActionModule(ActionBase):
    """`site_check`: no arguments; never changes anything."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp=None, task_vars=None):
        """Send the trials, judge the answers, fail with one line for each that is wrong."""
        result = super().run(tmp, task_vars)
        self.validate_argument_spec(argument_spec={})
        at = target_of(task_vars)
        if at.device.role == "controller" and not is_here(at.device):
            return result | {"skipped": True, "msg": f"this is not {at.device.id}: nothing tried"}
        try:
            opened = province(at.network, at.state)
            wanted = trials(at.network, at.device, trust(opened))
            answered = self._low_level_execute_command(
                COMMAND, sudoable=False, in_data=request(wanted).encode()
            )
            found = verdicts(at.device.id, wanted, answered["stdout"])
        except TinhnetError as error:
            return result | failed(error)
        except AnsibleConnectionFailure as error:
            return result | no_session(at.device.id, error.message)
        wrong = [verdict for verdict in found if not verdict.is_ok]
        result |= failed("\n".join(map(str, wrong))) if wrong else done(changed=False)
        result["tried"] = len(found)
        # A failure is shown whole: only what is wrong then, all that was tried otherwise.
        result["checks"] = [asdict(verdict) for verdict in wrong or found]
        return result
