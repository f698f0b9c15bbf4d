# SPDX-License-Identifier: MIT
"""Workers of alerts."""
