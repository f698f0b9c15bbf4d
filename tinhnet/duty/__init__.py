# SPDX-License-Identifier: MIT
"""Who is on call: the duty calendar and what people do to it."""
