# SPDX-License-Identifier: MIT
"""What runs on a Linux router itself: read, compare, validate, apply, prove, restore.

Standard library only, for the device's own /usr/bin/python3.  The controller
ships these files once (named by their hash) and runs them in every session.
"""
