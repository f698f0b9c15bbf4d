# SPDX-License-Identifier: MIT
"""The probe agent: standard library only, because it is shipped to devices as it stands."""
