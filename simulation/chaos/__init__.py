# SPDX-License-Identifier: Apache-2.0
"""Treats a running pose_node as badly as three careless clients can, at random but repeatable."""
