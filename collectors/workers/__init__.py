# SPDX-License-Identifier: MIT
"""The workers of this room, one file each."""
