# SPDX-License-Identifier: MIT
"""Polling in rounds: when each device is asked, and what its answer means as samples."""
