"""What every test shares: an isolated ROS 2 domain on this machine only, real model bundles, real photographs."""

import os

# Before rclpy is imported. Domain ids up to 101 keep Fast DDS's ports clear of Linux's ephemeral ones.
os.environ['ROS_DOMAIN_ID'] = str(1 + os.getpid() % 100)
os.environ['ROS_AUTOMATIC_DISCOVERY_RANGE'] = 'LOCALHOST'
os.environ['ROS_LOCALHOST_ONLY'] = '1'

import numpy as np
from numpy.typing import NDArray
import pytest
import skimage.data


@pytest.fixture(scope='session')
def astronaut() -> NDArray[np.uint8]:
    """A woman's head and torso, rgb uint8 (512, 512, 3)."""
    return skimage.data.astronaut()


@pytest.fixture(scope='session')
def cameraman() -> NDArray[np.uint8]:
    """A whole standing man beside a tripod, grey as rgb uint8 (512, 512, 3)."""
    return np.dstack([skimage.data.camera()] * 3)
