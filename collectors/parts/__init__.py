# SPDX-License-Identifier: MIT
"""Parts of the collect worker; each file holds `PART`, what makes one."""
