# SPDX-License-Identifier: Apache-2.0
"""The DDS profile for images, as Fast DDS itself takes it."""

import os
from pathlib import Path
import shutil
import subprocess
import sys
from xml.etree import ElementTree

import pytest
from rclpy.utilities import get_rmw_implementation_identifier

PROFILE = Path(__file__).parent.parent / 'config/fastdds_images.xml'
LARGEST_SEGMENT = r"""
import re
import rclpy
rclpy.init()
node = rclpy.create_node('participant')
segments = re.findall(r'(\w+)-(\w+) .*/dev/shm/fast(?:rtps|dds)_', open('/proc/self/maps').read())
print(max(int(end, 16) - int(start, 16) for start, end in segments))
node.destroy_node()
rclpy.shutdown()
"""


@pytest.mark.skipif(
    'fastrtps' not in get_rmw_implementation_identifier(), reason='the profile is for Fast DDS'
)
@pytest.mark.skipif(
    shutil.disk_usage('/dev/shm').free < 128 * 1024 * 1024,
    reason='/dev/shm has no room for the segment',
)
def test_fast_dds_takes_the_profile() -> None:
    segment_size = ElementTree.parse(PROFILE).getroot().findtext('.//{*}segment_size')
    assert segment_size
    largest = subprocess.run(
        [sys.executable, '-c', LARGEST_SEGMENT],
        check=True,
        capture_output=True,
        text=True,
        timeout=30,
        env={
            **os.environ,
            'FASTRTPS_DEFAULT_PROFILES_FILE': str(PROFILE),
            'FASTDDS_DEFAULT_PROFILES_FILE': str(PROFILE),
        },
    ).stdout
    assert int(largest) > int(segment_size) == 32 * 1024 * 1024
