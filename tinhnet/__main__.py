# SPDX-License-Identifier: MIT
"""`python -m tinhnet` is the command `tinhnet`."""

from tinhnet.cli import main

main()
