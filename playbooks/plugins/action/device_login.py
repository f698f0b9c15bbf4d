# SPDX-License-Identifier: GPL-3.0-or-later
"""Prove that a version of the management key opens a device or not; logic in `changes.login`."""

from ansible.plugins.action import ActionBase

from changes.action import done, target_of
from changes.device import access_of
from changes.login import WHICH, prove_login
from changes.router_action import attempt


class ActionModule(ActionBase):
    """`device_login`: key (previous, current, staged) and accepted (true, false)."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp=None, task_vars=None):
        """Log in with that key alone."""
        result = super().run(tmp, task_vars)
        _, arguments = self.validate_argument_spec(
            argument_spec={
                "key": {"type": "str", "choices": list(WHICH), "required": True},
                "accepted": {"type": "bool", "required": True},
            },
        )
        if self._task.check_mode:
            return {**result, "skipped": True, "msg": "a dry run changes no key"}
        at = target_of(task_vars)

        def prove():
            access = access_of(at.state, at.secrets)
            key, accepted = arguments["key"], arguments["accepted"]
            proved = prove_login(at.device, access, at.secrets, key, accepted=accepted)
            return done(changed=False) | {"proved": proved}

        return result | attempt(prove)
