# SPDX-License-Identifier: GPL-3.0-or-later
"""Let staged OSPF keys sign, both ends of a link at once; the logic is `changes.key_switch`."""

from ansible.plugins.action import ActionBase

from changes.action import done, failed, target_of
from changes.device import access_of
from changes.key_switch import switch
from tinhnet.errors import TinhnetError


class ActionModule(ActionBase):
    """`ospf_switch`: no arguments; once per play, for all of its routers."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp=None, task_vars=None):
        """Switch link after link; fail with a line for each that did not."""
        result = super().run(tmp, task_vars)
        self.validate_argument_spec(argument_spec={})
        if self._task.check_mode:
            return {**result, "skipped": True, "msg": "a dry run changes no key"}
        at = target_of(task_vars)
        chosen = frozenset(task_vars["ansible_play_hosts_all"])
        try:
            links, faults = switch(at.network, chosen, access_of(at.state, at.secrets), at.secrets)
        except TinhnetError as error:
            return result | failed(error)
        result |= failed("\n".join(faults)) if faults else done(changed=bool(links))
        return result | {"links": list(links)}
