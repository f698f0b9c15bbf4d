# SPDX-License-Identifier: MIT
"""Rules, life cycle, root cause, notifiers, SLA ledger."""
