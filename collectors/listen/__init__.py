# SPDX-License-Identifier: MIT
"""What devices send by themselves: sockets that are listened on, and nothing judged yet."""
