# SPDX-License-Identifier: MIT
"""The types that cross a room's border; standard library only."""
