# SPDX-License-Identifier: MIT
"""Events for people and programs: what the command line prints and what the API answers."""
