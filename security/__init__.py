# SPDX-License-Identifier: MIT
"""What is looked for: packets, logs, exposure, configuration checks."""
