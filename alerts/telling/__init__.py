# SPDX-License-Identifier: MIT
"""Telling people: what is one message, whom it goes to, when it is tried and repeated."""
