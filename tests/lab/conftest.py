# SPDX-License-Identifier: MIT
"""A small lab of its own: the data centre, one district and one agency, bare."""

import os
from collections.abc import Callable, Iterator

import pytest

from tests.lab.trial import ROOT, Lab, prefix_of
from tinhnet.inventory import load
from tinhnet.model.declared import DeclaredNetwork


@pytest.fixture(scope="session")
def declared() -> DeclaredNetwork:
    """Load the province as declared."""
    return load(ROOT / "inventory")


@pytest.fixture(scope="session")
def make_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Lab]]:
    """Make labs by a letter that are taken down at the end, whatever happens."""
    if os.geteuid() != 0:
        pytest.skip("the lab needs root")
    made: list[Lab] = []

    def make(letter: str) -> Lab:
        prefix = prefix_of(letter)
        lab = Lab(prefix, tmp_path_factory.mktemp(f"state-{prefix}"))
        lab.state.chmod(0o755)  # as the product's state is; pytest's directories above are closed
        made.append(lab)
        return lab

    yield make
    for lab in made:
        lab.run("down")


@pytest.fixture(scope="session")
def small(make_lab: Callable[[str], Lab]) -> Lab:
    """Bring up one lab for all tests; whoever changes it puts it back."""
    lab = make_lab("a")
    lab.up()
    return lab
