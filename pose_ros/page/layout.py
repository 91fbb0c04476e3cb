# SPDX-License-Identifier: Apache-2.0
"""Lays the page out for one visitor, and keeps it up to date."""

from __future__ import annotations

from typing import Any

from nicegui import ui

from pose_ros.page.desk import Desk
from pose_ros.page.elements import CSS, JointPlot, PictureView, SceneView
from pose_ros.page.node_client import ParameterState
from pose_ros.page.parameter_panel import ParameterPanel
from pose_ros.page.plots import Plots
from pose_ros.page.tools import Tools
from pose_ros.page.wording import NOBODY, explanation, figures
from pose_ros.poses.skeleton import Side

__all__ = ['build_page']

PERIOD_S = 0.5
VIEWS = (
    ('camera', 'videocam', 'From the camera (1)'),
    ('above', 'vertical_align_bottom', 'From above (2)'),
    ('side', 'keyboard_tab', 'From the side (3)'),
    ('free', '3d_rotation', 'At an angle (4)'),
)
SWITCHES = (
    ('mirror', 'flip', 'Mirror (m)'),
    ('labels', 'tag', 'Ids (i)'),
    ('masks', 'gradient', 'Tint people (t): needs output_segmentation_masks'),
)
KEYS = (
    '1 2 3 4: look from the camera, above, the side, at an angle',
    'm: mirror, i: ids, t: tint people, d: dark or light',
    'In the picture: left and right choose a joint, up and down a person, Esc nothing',
)
LEND = "Use this device's camera"
NO_MASKS = 'No tint yet: the node computes no masks. Switch on output_segmentation_masks.'
TABS = ('Parameters', 'Stills', 'Camera', 'Record')
LEVELS = ('ok', 'warn', 'error', 'error')


def build_page(desk: Desk) -> None:
    """Build the page for a visitor who has just come."""
    ui.add_css(CSS)
    ui.colors(primary='#1f6feb', accent='#d98200')
    Visit(desk)


class Visit:
    """One visitor's page."""

    def __init__(self, desk: Desk) -> None:
        """Build it."""
        self._desk, self._name, self._busy = desk, '', False
        self._dark = ui.dark_mode(None)
        with ui.element('div').classes('pose-page'):
            self._build_header()
            with ui.element('main').classes('pose-main'):
                with ui.element('div').classes('pose-left'):
                    with ui.element('div').classes('pose-views'):
                        self._build_picture()
                        self._build_scene()
                    self._plots = Plots()
                    with ui.element('section').classes('pose-card pose-joint-card'):
                        JointPlot()
                with ui.element('aside').classes('pose-card pose-side'):
                    self._build_side()
        ui.keyboard(self._on_key, ignore=['input', 'select', 'textarea'])
        ui.timer(PERIOD_S, self._refresh)

    def _build_header(self) -> None:
        with ui.element('header').classes('pose-header'):
            ui.label('pose_ros').classes('pose-brand')
            self._nodes = ui.select([], on_change=lambda event: self._choose(event.value)).props(
                'dense outlined options-dense aria-label="Pose node"'
            )
            self._state = ui.label().classes('pose-state')
            self._running = ui.switch(on_change=self._on_running).props(
                'dense aria-label="Node active"'
            )
            self._running.tooltip('Activate or deactivate the node')
            ui.space()
            if not self._desk.options.may_control:
                ui.label('read-only').classes('pose-state')
            with (
                _round('keyboard', 'Keys', None).classes('pose-keys-button'),
                ui.menu(),
                ui.element('div').classes('pose-keys'),
            ):
                for line in KEYS:
                    ui.label(line)
            _round('contrast', 'Dark or light (d)', self._toggle_dark)

    def _build_picture(self) -> None:
        with ui.element('section').classes('pose-card pose-view'):
            with PictureView() as self._picture:
                self._words = ui.label(NOBODY)
                self._lend = ui.button(LEND, on_click=self._turn_to_camera)
                self._lend.props('unelevated no-caps')
                self._lend.set_visibility(False)  # a click before the page is connected is lost
            self._picture.set_option('labels', True)
            with ui.element('div').classes('pose-bar'):
                self._figures = ui.label().classes('pose-figures')
                ui.space()
                self._switches = {
                    name: _round(icon, text, lambda name=name: self._switch(name))
                    for name, icon, text in SWITCHES
                }
        self._options = {'mirror': False, 'labels': True, 'masks': False}
        self._paint_switches()

    def _build_scene(self) -> None:
        with ui.element('section').classes('pose-card pose-view'):
            self._scene = SceneView()
            with ui.element('div').classes('pose-bar'):
                ui.label('Drag to turn, scroll to zoom').classes('pose-muted')
                ui.space()
                for name, icon, text in VIEWS:
                    _round(icon, text, lambda name=name: self._scene.look(name))

    def _build_side(self) -> None:
        self._tabs = ui.tabs(on_change=lambda event: self._turn_to(event.value)).props(
            'dense no-caps align=justify'
        )
        with self._tabs:
            for title in TABS:
                ui.tab(title)
        # All are there from the beginning: a picture may be dropped on the page at any time.
        self._panels = {title: ui.element('div').classes('pose-panel') for title in TABS}
        with self._panels['Parameters']:
            self._parameters = ParameterPanel(self._desk)
        self._tools = Tools(self._desk, *(self._panels[title] for title in TABS[1:]))
        self._tools.when_dropped(lambda: self._tabs.set_value('Stills'))
        self._tabs.set_value('Parameters')

    def _turn_to(self, title: str) -> None:
        for each, panel in self._panels.items():
            panel.set_visibility(each == title)

    def _turn_to_camera(self) -> None:
        self._tabs.set_value('Camera')
        ui.run_javascript("document.querySelector('.pose-side').scrollIntoView()")

    def _refresh(self) -> None:
        # The chosen one stays when it is gone: it may be back soon.
        names = sorted({*self._desk.sources.by_name, *filter(None, [self._name])})
        if names != self._nodes.options:
            self._nodes.set_options(names)
        if not self._name and names:
            self._nodes.set_value(names[0])
        source = self._desk.sources.by_name.get(self._name)
        words = source.words[-1] if source and source.words else None
        self._words.set_text(explanation(self._name, source, words))
        self._lend.set_visibility(
            self._desk.options.may_control and source is not None and not source.has_camera
        )
        self._figures.set_text(figures(words))
        self._figures.classes(replace=f'pose-figures is-{LEVELS[words.level] if words else "ok"}')
        client = self._desk.client(self._name)
        self._parameters.show(client)
        if client and (colors := _colors(client.parameters)):
            self._picture.paint(colors)
        self._plots.show(source)
        self._tools.show(source)
        self._show_state(client.state if client else '')

    def _show_state(self, state: str) -> None:
        self._state.set_text(state)
        self._state.set_visibility(bool(state))
        self._running.set_visibility(bool(state) and self._desk.options.may_control)
        if not self._busy:
            self._running.set_value(state == 'active')

    def _choose(self, name: str) -> None:
        self._name = name or ''
        self._picture.watch(self._name)
        self._tools.choose(self._name)

    async def _on_running(self, event: Any) -> None:
        client = self._desk.client(self._name)
        if client is None or not self._desk.options.may_control:
            return
        if self._busy or event.value == (client.state == 'active'):
            return
        self._busy = True
        try:
            if failed := await client.switch(event.value):
                ui.notify(failed, type='negative')
        finally:
            self._busy = False

    def _switch(self, name: str) -> None:
        self._options[name] = not self._options[name]
        self._picture.set_option(name, self._options[name])
        self._paint_switches()
        client = self._desk.client(self._name)
        computed = client.parameters.get('output_segmentation_masks') if client else None
        if name == 'masks' and self._options[name] and computed and not computed.value:
            ui.notify(NO_MASKS)

    def _paint_switches(self) -> None:
        for name, button in self._switches.items():
            on = self._options[name]
            button.props(f'color={"primary" if on else "grey"} aria-pressed={str(on).lower()}')

    async def _toggle_dark(self) -> None:
        if self._dark.value is None:
            is_dark = await ui.run_javascript("matchMedia('(prefers-color-scheme: dark)').matches")
            self._dark.set_value(not is_dark)
        else:
            self._dark.set_value(not self._dark.value)

    async def _on_key(self, event: Any) -> None:
        if not event.action.keydown or event.modifiers.ctrl or event.modifiers.alt:
            return
        key = str(event.key)
        if key in '1234':
            self._scene.look(VIEWS[int(key) - 1][0])
        elif key == 'd':
            await self._toggle_dark()
        for name, _, text in SWITCHES:
            if f'({key})' in text:
                self._switch(name)


def _colors(parameters: dict[str, ParameterState]) -> dict[str, str]:
    """Return the node's colours of the sides of the body; empty when it has none."""
    names = {side.value: f'color_{side.value}' for side in Side}
    if not parameters.keys() >= set(names.values()):
        return {}
    return {side: parameters[name].value for side, name in names.items()}


def _round(icon: str, text: str, on_click: Any) -> ui.button:
    button = ui.button(icon=icon, on_click=on_click)
    button.props(f'flat round dense size=sm aria-label="{text}"').tooltip(text)
    return button
