# SPDX-License-Identifier: Apache-2.0
"""Pictures become JPEG messages that others read back."""

import cv2
import numpy as np
from numpy.typing import NDArray
import pytest
from std_msgs.msg import Header

from pose_ros.images.jpeg import jpeg_message

HEADER = Header(frame_id='camera_optical_frame')


def test_jpeg_message(astronaut: NDArray[np.uint8]) -> None:
    message = jpeg_message(astronaut, HEADER)
    assert message.header == HEADER
    assert message.format == 'rgb8; jpeg compressed bgr8'
    bgr = cv2.imdecode(np.frombuffer(message.data, np.uint8), cv2.IMREAD_COLOR)
    error = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB).astype(int) - astronaut
    assert np.sqrt((error**2).mean()) < 5


@pytest.mark.parametrize('shape', [(0, 0, 3), (1, 70000, 3)])
def test_jpeg_message_says_what_does_not_fit(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match='1 to 65500 pixels'):
        jpeg_message(np.zeros(shape, np.uint8), HEADER)
