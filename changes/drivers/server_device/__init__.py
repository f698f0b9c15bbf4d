# SPDX-License-Identifier: MIT
"""What runs on a server while it is brought to its intended state; standard library only.

`changes.servers` sends this package as a zip over the SSH session; nothing of
it stays on the server.
"""
