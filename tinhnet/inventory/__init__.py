# SPDX-License-Identifier: MIT
"""The declared network: read from YAML, checked as a whole, derived; `load` does it all."""

from tinhnet.inventory.loader import load

__all__ = ["load"]
