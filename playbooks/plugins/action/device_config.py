# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring a router to its intended configuration in one session; the logic is `changes.push`."""

from ansible.plugins.action import ActionBase

from changes.action import target_of
from changes.push import Order, configure
from changes.render import prepare
from changes.router_action import attempt, pushed

prepare()


class ActionModule(ActionBase):
    """`device_config`: state, without_site; supports check and diff."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp=None, task_vars=None):
        """Render, compare, change, prove."""
        result = super().run(tmp, task_vars)
        _, arguments = self.validate_argument_spec(
            argument_spec={
                "without_site": {"type": "str"},
                "state": {
                    "type": "str",
                    "choices": ["provisioned", "bare"],
                    "default": "provisioned",
                },
            },
        )
        at = target_of(task_vars)
        order = Order(
            check=self._task.check_mode,
            who=at.who,
            bare=arguments["state"] == "bare",
            without=arguments.get("without_site"),
        )

        def push():
            outcome = configure(at.network, at.device, at.state, at.secrets, order)
            return pushed(at.device, outcome, diff=self._task.diff)

        return result | attempt(push)
