# SPDX-License-Identifier: MIT
"""What is watched: SNMP, probes, services, traps, syslog."""
