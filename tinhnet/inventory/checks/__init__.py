# SPDX-License-Identifier: MIT
"""What no single entry can tell: a file per family of rules, each `problems(draft)`."""
