"""Human pose for ROS 2, around MediaPipe's Pose Landmarker."""
