# SPDX-License-Identifier: MIT
"""One page family per file, found by its file name."""
