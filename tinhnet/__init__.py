# SPDX-License-Identifier: MIT
"""The floor that every room imports: model, store, inventory, actions, workers, CLI."""
