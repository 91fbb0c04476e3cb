# SPDX-License-Identifier: Apache-2.0
"""Adds what rclpy lacks. Knows nothing of poses."""
