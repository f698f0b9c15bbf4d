# SPDX-License-Identifier: MIT
"""The province in a box: the declared network built out of real parts."""
