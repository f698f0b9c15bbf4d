# SPDX-License-Identifier: MIT
"""Whether the services work, as seen from the data centre."""
