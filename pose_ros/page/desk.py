# SPDX-License-Identifier: Apache-2.0
"""Holds what all visitors of the page share: pose nodes, their clients, recordings, cameras."""

from __future__ import annotations

import asyncio

from pose_ros.page.browser_camera import BrowserCameras
from pose_ros.page.node_client import NodeClient
from pose_ros.page.options import PageOptions
from pose_ros.page.recordings import Recordings
from pose_ros.page.ros_thread import RosThread, ServiceError
from pose_ros.page.sources import Sources
from pose_ros.page.stills import Stills

__all__ = ['Desk']

PERIOD_S = 1.0


class Desk:
    """
    Pose nodes and their clients. All methods run in the event loop.

    :ivar options: the page's
    :ivar sources: the pose nodes
    :ivar recordings: what visitors recorded
    :ivar stills: works on visitors' pictures
    :ivar cameras: of visitors
    """

    def __init__(self, ros: RosThread, sources: Sources, options: PageOptions) -> None:
        """Know no node yet."""
        self.ros, self.sources, self.options = ros, sources, options
        self.recordings = Recordings(ros)
        self.stills = Stills()
        self.cameras = BrowserCameras(ros)
        self._clients: dict[str, NodeClient] = {}
        self._strangers: set[str] = set()  # lifecycle nodes that are no pose nodes

    def client(self, name: str) -> NodeClient | None:
        """Return the client of a pose node; None for what a bag replays, or nobody."""
        return self._clients.get(name)

    async def look(self) -> None:
        """Keep the clients up to date until cancelled."""
        while True:
            await self._recognize()
            await asyncio.gather(*(self._refresh(each) for each in self._clients.values()))
            await asyncio.sleep(PERIOD_S)

    async def _recognize(self) -> None:
        lifecycle = self.sources.lifecycle
        self._strangers &= lifecycle
        for name in self._clients.keys() - lifecycle:
            await self.ros.on_thread(self._clients.pop(name).close)
        for name in lifecycle - self._clients.keys() - self._strangers:
            client = NodeClient(self.ros, name)
            if name in self.sources.by_name or await client.is_pose_node():
                self._clients[name] = client
                self.sources.also.add(name)
            else:
                self._strangers.add(name)
                await self.ros.on_thread(client.close)

    async def _refresh(self, client: NodeClient) -> None:
        await client.read_state()
        if not client.parameters:
            try:
                await client.load()
            except ServiceError:
                return  # asked again in a second
