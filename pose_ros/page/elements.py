# SPDX-License-Identifier: Apache-2.0
"""Wraps the JavaScript of static/ as elements of NiceGUI."""

from __future__ import annotations

from pathlib import Path

from nicegui.element import Element

# Imported, they let the modules of static/ import three.js and ECharts by name.
import nicegui.elements.echart
import nicegui.elements.scene  # noqa: F401

__all__ = ['CSS', 'CameraTool', 'JointPlot', 'PictureView', 'SceneView', 'StillsTool']

STATIC = Path(__file__).with_name('static')
CSS = (STATIC / 'page.css').read_text()
MODULES = {'pose-page': 'static'}


class PictureView(Element, component='static/pose_picture.js', esm=MODULES):
    """The live picture with people; children stand where no picture is."""

    def watch(self, name: str) -> None:
        """Show this pose node's camera; empty: none."""
        self.props['source'] = name

    def paint(self, colors: dict[str, str]) -> None:
        """Use these colours, as #rrggbb, of left, right and center."""
        if self.props.get('colors') != colors:
            self.props['colors'] = colors

    def set_option(self, name: str, value: bool) -> None:
        """Switch mirror, masks or labels."""
        self.props[name] = value


class SceneView(Element, component='static/pose_scene.js', esm=MODULES):
    """The people in 3D."""

    def look(self, view: str) -> None:
        """Look from: camera, above, side or free."""
        self.run_method('look', view)


class JointPlot(Element, component='static/pose_joint.js', esm=MODULES):
    """What the chosen joint did in the last seconds."""


class StillsTool(Element, component='static/pose_stills.js', esm=MODULES):
    """Takes pictures that are dropped on the page, and shows the people in them."""

    def use(self, name: str) -> None:
        """Let this pose node find the people."""
        self.props['source'] = name


class CameraTool(Element, component='static/pose_camera.js', esm=MODULES):
    """Makes the browser's camera a ROS camera."""

    def propose(self, topic: str) -> None:
        """Propose a topic, while the visitor has not chosen one."""
        self.props['proposed'] = topic
