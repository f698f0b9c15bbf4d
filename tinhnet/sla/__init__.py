# SPDX-License-Identifier: MIT
"""The SLA of a month: what the ledger says of claims and planned work, for people and programs."""
