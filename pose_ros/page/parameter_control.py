# SPDX-License-Identifier: Apache-2.0
"""Makes the control that a parameter's descriptor calls for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from enum import Enum
import re
from typing import Any

from nicegui import ui
from rcl_interfaces.msg import ParameterDescriptor

from pose_ros.page.node_client import ParameterState

__all__ = ['ControlKind', 'ParameterControl', 'choices_of', 'kind_of', 'range_of']

WIDEST_SLIDER = 200.0  # what is wider is typed
STEPS = 100
COLOR = re.compile('#[0-9a-fA-F]{6}')
CHOICES = re.compile(r'One of (.+)\.')
Set = Callable[[str, Any], Awaitable[str]]


class ControlKind(Enum):
    """How a parameter is set."""

    TEXT_ONLY = 'text only'
    SWITCH = 'switch'
    CHOICE = 'choice'
    COLOR = 'colour'
    SLIDER = 'slider'
    NUMBER = 'number'
    TEXT = 'text'


def choices_of(descriptor: ParameterDescriptor) -> list[str]:
    """Return the strings that a parameter may have; empty: any."""
    found = CHOICES.fullmatch(descriptor.additional_constraints)
    return found[1].split(', ') if found else []


def range_of(descriptor: ParameterDescriptor) -> tuple[float, float] | None:
    """Return the least and the greatest number; None: any."""
    for each in (*descriptor.integer_range, *descriptor.floating_point_range):
        return each.from_value, each.to_value
    return None


def kind_of(state: ParameterState, may_set: bool) -> ControlKind:
    """Return the kind of control for a parameter."""
    value, limits = state.value, range_of(state.descriptor)
    if (
        state.descriptor.read_only
        or not may_set
        or not isinstance(value, bool | int | float | str)
    ):
        return ControlKind.TEXT_ONLY
    if isinstance(value, bool):
        return ControlKind.SWITCH
    if isinstance(value, str):
        if choices_of(state.descriptor):
            return ControlKind.CHOICE
        return ControlKind.COLOR if COLOR.fullmatch(value) else ControlKind.TEXT
    if limits and limits[1] - limits[0] <= WIDEST_SLIDER:
        return ControlKind.SLIDER
    return ControlKind.NUMBER


class ParameterControl:
    """One parameter: name, control, description, and why a value was refused."""

    def __init__(self, state: ParameterState, default: Any, may_set: bool, set_value: Set) -> None:
        """
        Build it where NiceGUI builds now.

        :param default: of the parameter; None: unknown
        :param set_value: sets a parameter by name; returns why it was refused, or an empty text
        """
        self._state, self._default, self._set_value = state, default, set_value
        self._is_setting, self._wanted = False, None
        self.name = state.descriptor.name
        self._kind = kind_of(state, may_set)
        with ui.element('div').classes('pose-parameter').props(f'data-name={self.name}') as row:
            self._row = row
            with ui.element('div').classes('pose-parameter-head'):
                ui.label(self.name).classes('pose-parameter-name')
                self._reset = (
                    ui.button(icon='undo', on_click=lambda: self._set(default))
                    .props(f'flat dense round size=xs aria-label="Reset {self.name}"')
                    .tooltip(f'Back to the default, {default}')
                )
                self._build()
            ui.label(state.descriptor.description).classes('pose-parameter-text')
            self._refusal = ui.label().classes('pose-refusal').props('role=alert')
        self.show(state)

    def show(self, state: ParameterState) -> None:
        """Show another value; one that is being set has the right of way."""
        if self._is_setting:
            return
        self._state = state
        for element in self._elements:
            element.set_value(state.value) if hasattr(element, 'set_value') else element.set_text(
                str(state.value)
            )
        differs = self._default is not None and state.value != self._default
        self._row.classes(
            add='is-changed' if differs else '', remove='' if differs else 'is-changed'
        )
        self._reset.set_visibility(differs and self._kind is not ControlKind.TEXT_ONLY)
        self._refusal.set_visibility(bool(self._refusal.text))

    def _build(self) -> None:
        label = f'aria-label={self.name}'
        descriptor, kind = self._state.descriptor, self._kind
        if kind is ControlKind.SWITCH:
            element: Any = ui.switch(on_change=self._on_change).props(f'dense {label}')
        elif kind is ControlKind.CHOICE:
            element = ui.select(
                choices_of(descriptor), value=self._state.value, on_change=self._on_change
            ).props(f'dense outlined options-dense {label}')
        elif kind is ControlKind.COLOR:
            element = ui.color_input(on_change=self._on_change).props(f'dense outlined {label}')
        elif kind is ControlKind.TEXT:
            element = self._typed(ui.input().props(f'dense outlined {label}'))
        elif kind is ControlKind.TEXT_ONLY:
            element = ui.label().classes('pose-value')
        else:
            self._elements = self._numbers()
            return
        self._elements = [element]

    def _numbers(self) -> list[Any]:
        limits = range_of(self._state.descriptor)
        least, greatest = limits or (None, None)
        whole = isinstance(self._state.value, int)
        number = ui.number(min=least, max=greatest, step=1 if whole else None)
        elements: list[Any] = [
            self._typed(
                number.props(f'dense outlined aria-label={self.name}').classes('is-number')
            )
        ]
        if self._kind is ControlKind.SLIDER and limits:
            step = 1 if whole else (limits[1] - limits[0]) / STEPS
            slider = ui.slider(min=limits[0], max=limits[1], step=step)
            slider.props(f'dense aria-label="{self.name} slider"').classes('pose-slider')
            slider.on('change', lambda event: self._set(event.args))  # when it is let go
            elements.append(slider)
        return elements

    def _typed(self, element: Any) -> Any:
        """Have a value set when it was typed: at Enter, or when the focus leaves."""
        for event in ('blur', 'keydown.enter'):
            element.on(event, lambda: self._set(element.value))
        return element

    async def _on_change(self, event: Any) -> None:
        await self._set(event.value)

    async def _set(self, value: Any) -> None:
        """Set the newest of the values that come while one is being set."""
        self._wanted = value
        if self._is_setting:
            return
        self._is_setting = True
        try:
            while (value := self._wanted) is not None:
                self._wanted = None
                await self._set_one(value)
        finally:
            self._is_setting = False
        self.show(self._state)

    async def _set_one(self, value: Any) -> None:
        if value == self._state.value:
            return
        wanted = type(self._state.value)
        try:
            value = wanted(value)
        except (TypeError, ValueError):
            self._refusal.set_text(f'wanted {wanted.__name__}, got {value}')
            return
        reason = await self._set_value(self.name, value)
        self._refusal.set_text(reason)
        if not reason:
            self._state = ParameterState(self._state.descriptor, value)
