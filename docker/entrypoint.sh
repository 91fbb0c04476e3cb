#!/usr/bin/env bash
# Runs a command with ROS 2, the virtual environment and, once it is built, the workspace. Sourced, it only sets them up.
source "/opt/ros/$ROS_DISTRO/setup.bash" --
source /opt/pose_ws/venv/bin/activate
if [ -f /opt/pose_ws/install/setup.bash ]; then
  source /opt/pose_ws/install/setup.bash --
fi
exec "$@"
