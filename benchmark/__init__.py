# SPDX-License-Identifier: Apache-2.0
"""Measures what the node costs, how accurate it is, and whether it stays as it is for hours."""
