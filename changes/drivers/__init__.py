# SPDX-License-Identifier: MIT
"""How a platform is read, compared, changed and confirmed."""
