# SPDX-License-Identifier: MIT
"""SNMP: codec, security, session, walks and what is polled."""
