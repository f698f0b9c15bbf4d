# SPDX-License-Identifier: MIT
"""Ways to tell people, a file each; the file holds one `NOTIFIER`."""
