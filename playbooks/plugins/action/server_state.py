# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring a server to its whole intended state in one session; the logic is `changes.servers`."""

from pathlib import Path

from ansible._internal._errors._task_timeout import TaskTimeoutError  # it has no other name
from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.action import ActionBase

from changes.action import done, failed, no_session, target_of
from changes.bundle import Roles
from changes.intent import province, roles_of, server_bundle
from changes.servers import COMMAND, outcome, request, state_unknown
from tinhnet.errors import TinhnetError


class ActionModule(ActionBase):
    """`server_state`: roles, roles_of_service, settings; supports check and diff."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp=None, task_vars=None):
        """Render, send, read the answer."""
        result = super().run(tmp, task_vars)
        _, arguments = self.validate_argument_spec(
            argument_spec={
                "roles": {"type": "list", "elements": "str", "required": True},
                "roles_of_service": {"type": "dict", "required": True},
                "settings": {"type": "dict", "default": {}},
            },
        )
        at = target_of(task_vars)
        folder = Path(__file__).resolve().parents[2] / "roles"
        try:
            opened = province(at.network, at.state)
            chosen = roles_of(at.device, arguments["roles"], arguments["roles_of_service"])
            settings = {**self._overrides(folder, chosen, task_vars), **arguments["settings"]}
            bundle = server_bundle(opened, at.device, Roles(folder), chosen, settings)
            program = request(bundle, check=self._task.check_mode)
            answered = self._low_level_execute_command(
                COMMAND, sudoable=False, in_data=program.encode()
            )
            found = outcome(bundle, answered["stdout"], opened.secrets.mask)
        except TinhnetError as error:
            return result | failed(error)
        except AnsibleConnectionFailure as error:
            changing = not self._task.check_mode
            return result | no_session(at.device.id, error.message, changing=changing)
        except TaskTimeoutError:
            why = f"the server did not answer within {self._task.timeout} s"
            return result | failed(state_unknown(at.device.id, why))
        result |= done(changed=bool(found.changes))
        result["changes"] = list(found.changes)
        result["seconds"] = found.seconds
        if self._task.diff:
            result["diff"] = [
                {
                    "before_header": diff.path,
                    "after_header": diff.path,
                    "before": diff.before or "",
                    "after": diff.after or "",
                }
                for diff in found.diffs
            ]
        return result

    def _overrides(self, folder, chosen, task_vars):
        """Return the variables of the play that beat a default of the chosen roles."""
        roles = Roles(folder)
        names = {name for role in chosen for name in roles.defaults(role)}
        return {
            name: self._templar.template(task_vars[name]) for name in names if name in task_vars
        }
