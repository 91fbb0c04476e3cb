# SPDX-License-Identifier: Apache-2.0
"""
Lets a pose node that is active start no thread any more, and uses it: `limiting_client.py PID`.

To be run by the node's own user, who is not root. Ends with 0 when the node finds people,
publishes overlays and takes a parameter.
"""

from __future__ import annotations

import subprocess
import sys
import time

import numpy as np
from rcl_interfaces.srv import SetParameters
from sensor_msgs.msg import Image
import skimage.data

from pose_ros.msg import PoseLandmarksArray
from simulation.ros_world import World, image_message, parameters, world

WANTED = 5


def _use(ros: World, pid: int) -> None:
    rgb = np.ascontiguousarray(skimage.data.astronaut(), np.uint8)
    poses = ros.collect(PoseLandmarksArray, 'pose/landmarks')
    camera = ros.node.create_publisher(Image, 'image', 1)
    ros.until(camera.get_subscription_count)
    subprocess.run(['prlimit', '--nproc=1:1', '--pid', str(pid)], check=True)
    overlays = ros.collect(Image, 'pose/overlay')

    def shoot() -> bool:
        camera.publish(image_message(rgb, time.time_ns()))
        ros.spin(0.2)
        return len(poses) >= WANTED and len(overlays) >= WANTED

    ros.until(shoot)
    changes = [each.to_parameter_msg() for each in parameters(marker_lifetime=1.0)]
    request = SetParameters.Request(parameters=changes)
    assert ros.call(SetParameters, 'pose/set_parameters', request).results[0].successful


if __name__ == '__main__':
    with world() as this:
        _use(this, int(sys.argv[1]))
