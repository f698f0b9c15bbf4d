# SPDX-License-Identifier: MIT
"""The web as a worker of the supervisor."""
