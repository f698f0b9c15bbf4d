# SPDX-License-Identifier: MIT
"""The calls of the JSON API, a file per noun."""
