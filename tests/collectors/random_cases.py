# SPDX-License-Identifier: MIT
"""How this room draws cases: the same ones every time, and never against the clock."""

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

RANDOM = settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
ARC = st.integers(0, 2**32 - 1)
NAMES = st.tuples(
    st.integers(0, 1), st.integers(0, 39), st.lists(ARC, min_size=1, max_size=20)
).map(lambda parts: (parts[0], parts[1], *parts[2]))
