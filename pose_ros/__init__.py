# SPDX-License-Identifier: Apache-2.0
"""Human pose for ROS 2, around MediaPipe's Pose Landmarker."""
