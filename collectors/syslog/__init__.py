# SPDX-License-Identifier: MIT
"""Log lines: framing, headers of all dialects, and what the lines mean."""
