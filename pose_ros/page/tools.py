# SPDX-License-Identifier: Apache-2.0
"""Lays out what a visitor can do beside looking: stills, a camera, a recording."""

from __future__ import annotations

from collections.abc import Callable

from nicegui import ui

from pose_ros.page.desk import Desk
from pose_ros.page.elements import CameraTool, StillsTool
from pose_ros.page.recordings import SECONDS, Recording
from pose_ros.page.source import Source

__all__ = ['Tools']

CAMERA_TOPIC = '/image_raw'
READ_ONLY = 'This page is read-only. pose_page has a parameter, control, that changes it.'
RECORD_TEXT = (
    f'{SECONDS:g} seconds of the pictures that the node worked on, its landmarks, camera_info and '
    'diagnostics, as a bag (MCAP) that ros2 bag plays, and as an animated picture: for a report '
    'of what went wrong.'
)


class Tools:
    """Three panels."""

    def __init__(
        self, desk: Desk, stills: ui.element, camera: ui.element, record: ui.element
    ) -> None:
        """Build them in these elements."""
        self._desk, self._name = desk, ''
        self._stills: StillsTool | None = None
        self._camera: CameraTool | None = None
        with stills:
            if desk.options.may_control:
                self._stills = StillsTool()
            else:
                ui.label(READ_ONLY).classes('pose-muted')
        with camera:
            if desk.options.may_control:
                self._camera = CameraTool()
            else:
                ui.label(READ_ONLY).classes('pose-muted')
        with record:
            ui.label(RECORD_TEXT).classes('pose-muted')
            self._button = ui.button(
                f'Record {SECONDS:g} s', icon='fiber_manual_record', on_click=self._record
            ).props('unelevated no-caps')
            self._progress = ui.linear_progress(0, show_value=False).props('instant-feedback')
            self._progress.set_visibility(False)
            self._results = ui.element('div').classes('pose-results')

    def when_dropped(self, does: Callable[[], object]) -> None:
        """Have something done when pictures are dropped on the page."""
        if self._stills:
            self._stills.on('dropped', does)

    def choose(self, name: str) -> None:
        """Work with this pose node from now on."""
        self._name = name
        if self._stills:
            self._stills.use(name)

    def show(self, source: Source | None) -> None:
        """Follow the graph; to be called repeatedly."""
        if self._camera:
            topic = source.inputs.image if source else ''
            self._camera.propose(topic or CAMERA_TOPIC)

    async def _record(self) -> None:
        source = self._desk.sources.by_name.get(self._name)
        if source is None:
            ui.notify('no pose node to record', type='negative')
            return
        self._button.disable()
        self._progress.set_visibility(True)
        self._progress.set_value(0)
        timer = ui.timer(SECONDS / 20, self._advance)
        try:
            self._offer(await self._desk.recordings.record(source))
        except ValueError as error:
            ui.notify(str(error), type='negative')
        finally:
            timer.cancel()
            self._progress.set_visibility(False)
            self._button.enable()

    def _advance(self) -> None:
        self._progress.set_value(min(1.0, self._progress.value + 0.05))

    def _offer(self, recording: Recording) -> None:
        address = f'/recordings/{recording.bag.parent.name}'
        with self._results:
            words = f'{recording.frames} frames'
            if recording.dropped:
                words += f'; {recording.dropped} are missing: this machine is too slow'
            ui.label(words).classes('pose-muted')
            for file in filter(None, (recording.bag, recording.animation)):
                size_mb = file.stat().st_size / 1e6
                ui.link(f'{file.name} ({size_mb:.1f} MB)', f'{address}/{file.name}').props(
                    f'download={file.name}'
                )
            if recording.animation:
                ui.html(
                    f'<img class="pose-animation" alt="The recording" '
                    f'src="{address}/{recording.animation.name}">',
                    sanitize=False,
                )
