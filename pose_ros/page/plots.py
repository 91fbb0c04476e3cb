# SPDX-License-Identifier: Apache-2.0
"""Plots what a node says about itself over the last minutes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from nicegui import ui

from pose_ros.page.source import Source, Words

__all__ = ['Plots']

EMPTY = 'Rate, latency, people and drops appear here while a node publishes its diagnostics.'
SPAN_S = 120.0
MOST_NAMED = 2  # lines in a legend; that is how much room there is
DROPPED = 'frames dropped: '
GREY, FAINT = '#8a929c', 'rgba(138, 146, 156, 0.25)'
# Okabe and Ito's.
COLORS = ('#0072b2', '#e69f00', '#009e73', '#cc79a7', '#d55e00')


@dataclass(frozen=True)
class _Plot:
    """
    One plot.

    :param keys: of the values in the diagnostics, by the name of the line
    """

    title: str
    keys: dict[str, str]


PLOTS = (
    _Plot('Rate (Hz)', {'in': 'rate in (Hz)', 'out': 'rate out (Hz)'}),
    _Plot('Latency (ms)', {'median': 'latency median (ms)', 'p99': 'latency p99 (ms)'}),
    _Plot('People', {'people': 'people'}),
)
DROPS = _Plot(
    'Dropped (a second)',
    {reason: DROPPED + reason for reason in ('invalid', 'repeated', 'late', 'busy', 'failed')},
)


class Plots:
    """Rate, latency, people and drops of one node."""

    def __init__(self) -> None:
        """Build them, empty, where NiceGUI builds now."""
        self._shown: tuple[Source | None, int] = (None, 0)
        self._empty = ui.label(EMPTY).classes('pose-card pose-muted pose-empty')
        with ui.element('div').classes('pose-plots') as self._box:
            self._charts = [(plot, _chart(plot)) for plot in (*PLOTS, DROPS)]

    def show(self, source: Source | None) -> None:
        """Show a node's figures; to be called repeatedly."""
        is_empty = not (source and source.words)
        self._empty.set_visibility(is_empty)
        self._box.set_visibility(not is_empty)
        newest = source.words[-1].stamp_ns if source and source.words else 0
        if (source, newest) == self._shown:
            return
        self._shown = (source, newest)
        words = [
            each
            for each in (list(source.words) if source else ())
            if newest - each.stamp_ns < SPAN_S * 1e9
        ]
        for plot, chart in self._charts:
            points = {name: _points(words, key, plot is DROPS) for name, key in plot.keys.items()}
            named = [name for name, line in points.items() if any(value for _, value in line)]
            series = [{'data': line} for line in points.values()]
            chart.run_chart_method(
                'setOption', {'series': series, 'legend': {'data': named[:MOST_NAMED]}}
            )


def _chart(plot: _Plot) -> ui.echart:
    """Return a chart whose texts the style sheet colours: SVG."""
    return ui.echart(_options(plot), renderer='svg').classes('pose-plot')


def _points(words: Sequence[Words], key: str, increments: bool) -> list[list[float]]:
    points = [
        [each.stamp_ns / 1e6, float(each.values[key])]
        for each in words
        if each.values.get(key, 'unknown').replace('.', '', 1).isdigit()
    ]
    if not increments:
        return points
    return [[time, max(0.0, value - before)] for (_, before), (time, value) in pairwise(points)]


def _options(plot: _Plot) -> dict[str, Any]:
    time_label = {'color': GREY, 'fontSize': 10, 'hideOverlap': True}
    axis = {'axisLabel': {'color': GREY, 'fontSize': 10}, 'splitLine': {'show': False}}
    return {
        'title': {'text': plot.title, 'left': 0, 'textStyle': {'fontSize': 12, 'color': GREY}},
        'textStyle': {'fontFamily': 'Roboto, sans-serif'},
        'color': list(COLORS),
        'animation': False,
        'grid': {'left': 34, 'right': 8, 'top': 36, 'bottom': 20},
        'legend': {
            'right': 0,
            'top': 0,
            'itemWidth': 10,
            'itemHeight': 6,
            'textStyle': {'fontSize': 10, 'color': GREY},
            'show': len(plot.keys) > 1,
        },
        'tooltip': {'trigger': 'axis', 'confine': True},
        'xAxis': {'type': 'time', **axis, 'minInterval': 30_000, 'axisLabel': time_label},
        'yAxis': {
            'type': 'value',
            **axis,
            'splitNumber': 3,
            'splitLine': {'lineStyle': {'color': FAINT}},
        },
        'series': [
            {'name': name, 'type': 'line', 'showSymbol': False, 'data': []} for name in plot.keys
        ],
    }
