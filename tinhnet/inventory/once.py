# SPDX-License-Identifier: MIT
"""The declared network, read once per process."""

from functools import cache
from pathlib import Path

from tinhnet.inventory.loader import load
from tinhnet.model.declared import DeclaredNetwork


@cache
def load_once(directory: Path) -> DeclaredNetwork:
    """Return the declared network of a folder; a change on disk is not seen afterwards.

    For short processes that ask often: an Ansible run reads it in the
    inventory plugin, and every worker it forks for a device has it already.
    """
    return load(directory)
