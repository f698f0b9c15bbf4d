# SPDX-License-Identifier: GPL-3.0-or-later
"""Prove a router's neighbours, BFD sessions and routes; the logic is `changes.adjacency`."""

from ansible.plugins.action import ActionBase

from changes.action import done, failed, target_of
from changes.adjacency import verify
from changes.device import access_of
from changes.router_action import attempt


class ActionModule(ActionBase):
    """`device_verify`: wait, the seconds that routing gets to settle."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp=None, task_vars=None):
        """Look until all is as declared, or the time is over."""
        result = super().run(tmp, task_vars)
        _, arguments = self.validate_argument_spec(
            argument_spec={"wait": {"type": "int", "default": 20}},
        )
        at = target_of(task_vars)

        def prove():
            access = access_of(at.state, at.secrets)
            missing = verify(at.network, at.device, access, wait_s=float(arguments["wait"]))
            if missing:
                return failed(f"{at.device.id}: {'; '.join(missing)}")
            return done(changed=False)

        return result | attempt(prove)
