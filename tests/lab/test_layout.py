# SPDX-License-Identifier: MIT
"""Names of a lab."""

from pathlib import Path

import pytest

from lab.layout import layout_of
from tinhnet.errors import TinhnetError


@pytest.mark.parametrize("prefix", ["", "sevenxx", "Tn", "t1", "t-n", "../x", "tn\n"])
def test_a_prefix_that_would_break_names_is_refused(prefix: str) -> None:
    """Prefixes become names of namespaces and paths that root removes."""
    with pytest.raises(TinhnetError, match="one to six letters"):
        layout_of(prefix, Path("/tmp/state"))  # noqa: S108 never touched


def test_two_labs_share_no_name() -> None:
    """Labs stand side by side."""
    one, two = (layout_of(prefix, Path("var")) for prefix in ("ta", "tb"))

    assert one.namespace("core1") == "ta-core1"
    assert {one.run, one.state, one.lock}.isdisjoint({two.run, two.state, two.lock})
