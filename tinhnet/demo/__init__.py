# SPDX-License-Identifier: MIT
"""The demo: the province in a box, served for people or told as an unattended story."""
