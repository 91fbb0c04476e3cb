# SPDX-License-Identifier: Apache-2.0
"""Converts poses and a header to messages or pixels. Never sees a node, a logger or a clock."""
