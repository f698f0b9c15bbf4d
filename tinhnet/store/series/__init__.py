# SPDX-License-Identifier: MIT
"""Samples over time: files of our own, or a Prometheus by URL (docs/series.md)."""
