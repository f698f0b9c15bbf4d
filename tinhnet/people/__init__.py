# SPDX-License-Identifier: MIT
"""Commands about people: users, tokens, and the evidence of what they did."""
