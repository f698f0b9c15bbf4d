# SPDX-License-Identifier: MIT
"""What is decided about alerts, as pure functions that several rooms use (docs/alerts.md)."""
