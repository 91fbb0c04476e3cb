# SPDX-License-Identifier: Apache-2.0
"""Data: the people found in one frame, and the skeleton of the landmarks. NumPy only."""
