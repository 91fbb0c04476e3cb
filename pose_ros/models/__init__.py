# SPDX-License-Identifier: Apache-2.0
"""Keeps checked model bundles on disk. Knows nothing of ROS."""
