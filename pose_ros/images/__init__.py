# SPDX-License-Identifier: Apache-2.0
"""Converts ROS images, depth images and calibrations to arrays, and pixels to messages."""
