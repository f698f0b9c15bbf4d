# SPDX-License-Identifier: MIT
"""The shift on the command line, and as rows that leave the product."""
