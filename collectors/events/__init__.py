# SPDX-License-Identifier: MIT
"""What log lines and traps mean on the declared network: from what was said to events."""
