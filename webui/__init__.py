# SPDX-License-Identifier: MIT
"""The web pages and the JSON API."""
