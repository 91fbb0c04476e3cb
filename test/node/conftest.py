# SPDX-License-Identifier: Apache-2.0
"""What several tests of the node's topics share."""

from pathlib import Path

import pytest

from pose_ros.node.node import PoseNode
from simulation.ros_world import World, parameters


@pytest.fixture
def pose_node(ros: World, models: dict[str, Path]) -> PoseNode:
    """An active node that computes masks for whoever subscribes to them."""
    node = ros.add(
        PoseNode(
            parameter_overrides=parameters(
                model=str(models['lite']), output_segmentation_masks=True
            )
        )
    )
    node.trigger_configure()
    node.trigger_activate()
    return node
