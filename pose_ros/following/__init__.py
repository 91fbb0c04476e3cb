# SPDX-License-Identifier: Apache-2.0
"""Turns what was found frame by frame into the same people, smooth and placed."""
