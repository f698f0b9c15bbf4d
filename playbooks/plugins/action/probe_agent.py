# SPDX-License-Identifier: GPL-3.0-or-later
"""Let a site's PC run the probe agent; the logic is in `changes.agent`."""

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.action import ActionBase

from changes.action import done, failed, no_session, target_of
from changes.agent import bundle_for, readable
from changes.intent import province
from changes.servers import COMMAND, outcome, request
from tinhnet.agents import runs_agent
from tinhnet.errors import TinhnetError


class ActionModule(ActionBase):
    """`probe_agent`: no arguments; supports check and diff."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp=None, task_vars=None):
        """Send program and orders, start what is new, read the answer."""
        result = super().run(tmp, task_vars)
        self.validate_argument_spec(argument_spec={})
        at = target_of(task_vars)
        check = self._task.check_mode
        if not runs_agent(at.network, at.device.id):
            return result | {"skipped": True, "msg": f"no probe agent runs on {at.device.id}"}
        try:
            opened = province(at.network, at.state)
            bundle = bundle_for(at.network, at.device, opened.secrets, opened.pki, create=not check)
            answered = self._low_level_execute_command(
                COMMAND, sudoable=False, in_data=request(bundle, check=check).encode()
            )
            found = outcome(bundle, answered["stdout"], opened.secrets.mask)
        except TinhnetError as error:
            return result | failed(error)
        except AnsibleConnectionFailure as error:
            return result | no_session(at.device.id, error.message, changing=not check)
        result |= done(changed=bool(found.changes))
        result["changes"] = list(found.changes)
        if self._task.diff:
            result["diff"] = [
                {
                    "before_header": diff.path,
                    "after_header": diff.path,
                    "before": readable(diff.path, diff.before),
                    "after": readable(diff.path, diff.after),
                }
                for diff in found.diffs
            ]
        return result
