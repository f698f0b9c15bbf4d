# SPDX-License-Identifier: MIT
"""Plans, jobs, drivers, config backup; the only importer of ansible_runner and netmiko."""
