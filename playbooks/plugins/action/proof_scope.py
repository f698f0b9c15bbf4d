# SPDX-License-Identifier: GPL-3.0-or-later
"""Say what a limited proof leaves out; the logic is `changes.scope`."""

from ansible.plugins.action import ActionBase

from changes.action import done, target_of
from changes.scope import left_out
from changes.site_check import is_here


class ActionModule(ActionBase):
    """`proof_scope`: no arguments; says what is not proven, fails never, changes nothing."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp=None, task_vars=None):
        """Compare the devices of this run with those that are declared."""
        result = super().run(tmp, task_vars)
        self.validate_argument_spec(argument_spec={})
        network = target_of(task_vars).network
        devices = [network.devices[one] for one in task_vars["ansible_play_hosts_all"]]
        chosen = [one.id for one in devices if one.role != "controller" or is_here(one)]
        missing = left_out(network, chosen)
        result |= done(changed=False)
        if missing:
            result["msg"] = ["This proof is limited. It does not prove:", *missing]
            result["_ansible_verbose_always"] = True
        return result
