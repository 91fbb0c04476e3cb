import pytest
from rclpy.qos import ReliabilityPolicy

from pose_ros.image_input import Wish, choose

R, B = ReliabilityPolicy.RELIABLE, ReliabilityPolicy.BEST_EFFORT


@pytest.mark.parametrize(('transport', 'qos', 'raw', 'compressed', 'wish'), [
    ('raw', 'auto', [], [], Wish(False, R)),
    ('raw', 'auto', [R], [B], Wish(False, R)),
    ('raw', 'auto', [B], [R], Wish(False, B)),
    ('raw', 'auto', [R, B], [], Wish(False, B)),
    ('raw', 'sensor_data', [R], [], Wish(False, B)),
    ('raw', 'reliable', [B], [], Wish(False, R)),
    ('compressed', 'auto', [R], [B], Wish(True, B)),
    ('compressed', 'auto', [R], [], Wish(True, R)),
    ('auto', 'auto', [], [], Wish(False, R)),
    ('auto', 'auto', [R], [R], Wish(False, R)),
    ('auto', 'auto', [], [B], Wish(True, B)),
])
def test_choose(transport: str, qos: str, raw: list[ReliabilityPolicy],
                compressed: list[ReliabilityPolicy], wish: Wish) -> None:
    assert choose(transport, qos, raw, compressed) == wish
