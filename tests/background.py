# SPDX-License-Identifier: MIT
"""Programs as a script starts them in the background."""

IN_BACKGROUND = ("sh", "-c", "trap '' INT; exec \"$@\"", "sh")
"""Goes before a command line: it inherits SIGINT ignored, as after `&` in a script.

The whole suite may run that way, too; a test of Ctrl-C then means the same.
"""
