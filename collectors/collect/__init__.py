# SPDX-License-Identifier: MIT
"""The collect worker: who is asked, what is seen, where it is written."""
