# SPDX-License-Identifier: Apache-2.0
"""Shows all parameters of a node in groups, and hands them out as YAML and launch line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from nicegui import ui

from pose_ros.page.desk import Desk
from pose_ros.page.export import as_launch_line, as_yaml, defaults
from pose_ros.page.graph import Inputs
from pose_ros.page.node_client import NodeClient
from pose_ros.page.parameter_control import ParameterControl
from pose_ros.stream.parameters import GROUPS

__all__ = ['ParameterPanel']

REST = 'Other'
EMPTY = "The node's parameters appear here as soon as a running node answers."
HIDDEN = ('qos_overrides.', 'start_type_description_service')  # of every node, set at the start


class ParameterPanel:
    """The parameters of the chosen node."""

    def __init__(self, desk: Desk) -> None:
        """Build it, empty, where NiceGUI builds now."""
        self._desk = desk
        self._client: NodeClient | None = None
        self._version = -1
        self._names: set[str] = set()
        self._controls: dict[str, ParameterControl] = {}
        self._build_actions()
        self._empty = ui.label(EMPTY).classes('pose-muted')
        self._box = ui.element('div').classes('pose-parameters')

    def show(self, client: NodeClient | None) -> None:
        """Show a node's parameters as they are now; to be called repeatedly."""
        parameters = client.parameters if client else {}
        if client is not self._client or parameters.keys() != self._names:
            self._client = client
            self._build(parameters)
        elif client and client.version != self._version:
            for name, control in self._controls.items():
                control.show(parameters[name])
        self._version = client.version if client else -1

    def _build_actions(self) -> None:
        with ui.element('div').classes('pose-actions'):
            for text, icon, made in (
                ('Copy as YAML', 'content_copy', self._yaml),
                ('Copy as launch line', 'terminal', self._launch_line),
            ):
                ui.button(text, icon=icon, on_click=lambda made=made: _offer(made())).props(
                    'flat dense no-caps size=sm'
                )

    def _build(self, parameters: dict[str, Any]) -> None:
        self._box.clear()
        self._controls.clear()
        self._empty.set_visibility(not parameters)
        known = defaults()
        for title, names in _grouped(parameters):
            if not names:
                continue
            with self._box, ui.expansion(title, value=not self._controls).classes('pose-group'):
                for name in names:
                    self._controls[name] = ParameterControl(
                        parameters[name],
                        known.get(name),
                        self._desk.options.may_control,
                        self._set,
                    )
        self._names = set(parameters)

    async def _set(self, name: str, value: Any) -> str:
        if not self._desk.options.may_control:
            return 'this page is read-only'
        return await self._client.set(name, value) if self._client else 'the node is gone'

    def _values(self) -> dict[str, Any]:
        parameters = self._client.parameters if self._client else {}
        return {name: each.value for name, each in parameters.items()}

    def _yaml(self) -> str:
        return as_yaml(self._client.name if self._client else '/**', self._values())

    def _launch_line(self) -> str:
        name = self._client.name if self._client else '/pose'
        source = self._desk.sources.by_name.get(name)
        return as_launch_line(name, source.inputs if source else Inputs(), self._values())


def _grouped(parameters: dict[str, Any]) -> Iterator[tuple[str, list[str]]]:
    grouped: set[str] = set()
    for heading, names in GROUPS.items():
        known = [name for name in names if name in parameters]
        grouped.update(known)
        yield heading, known
    yield REST, sorted(name for name in parameters.keys() - grouped if not name.startswith(HIDDEN))


def _offer(text: str) -> None:
    """Show a text, to be copied."""
    with ui.dialog(value=True) as dialog, ui.card().classes('pose-offer'):
        ui.code(text.rstrip(), language=None)
        ui.button('Close', on_click=dialog.close).props('flat no-caps')
    ui.clipboard.write(text)
    ui.notify('Copied')
