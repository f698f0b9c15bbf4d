# SPDX-License-Identifier: MIT
"""Tables of the state, as of the newest migration; a test holds both to each other."""
