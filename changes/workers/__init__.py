# SPDX-License-Identifier: MIT
"""Workers of this room, each found by its file name."""
