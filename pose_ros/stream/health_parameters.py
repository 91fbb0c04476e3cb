# SPDX-License-Identifier: Apache-2.0
"""Declares parameters: when the diagnostics warn, and how the node starts."""

from __future__ import annotations

from dataclasses import dataclass

from pose_ros.outputs.health import DiagnosticLimits
from pose_ros.rclpy_tools.parameter_declaration import parameter

__all__ = ['HealthParameters']


@dataclass(frozen=True)
class HealthParameters:
    """When the diagnostics warn, and how the node starts."""

    latency_warn: float = parameter(
        0.2,
        'Seconds. From this median age of published poses on, the diagnostics say WARN.',
        within=(0.0, 3600.0),
    )
    latency_error: float = parameter(
        1.0,
        'Seconds. From this median age of published poses on, the diagnostics say ERROR.',
        within=(0.0, 3600.0),
    )
    silence_warn: float = parameter(
        2.0,
        'Seconds. Without an image for this long the diagnostics say WARN, and the log why.',
        within=(0.1, 3600.0),
    )
    silence_error: float = parameter(
        10.0,
        'Seconds. Without an image for this long the diagnostics say ERROR.',
        within=(0.1, 3600.0),
    )
    autostart: bool = parameter(
        False,
        'Configure and activate by itself at start, without a lifecycle manager.',
        read_only=True,
    )

    def limits(self) -> DiagnosticLimits:
        """Return the limits of the diagnostics."""
        return DiagnosticLimits(
            latency_warn_s=self.latency_warn,
            latency_error_s=self.latency_error,
            silence_warn_s=self.silence_warn,
            silence_error_s=self.silence_error,
        )
