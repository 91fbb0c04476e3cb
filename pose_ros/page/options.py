# SPDX-License-Identifier: Apache-2.0
"""Declares the parameters of the page: where it listens, and what visitors may do."""

from __future__ import annotations

from dataclasses import dataclass, replace
from ipaddress import ip_address
import secrets

from pose_ros.rclpy_tools.parameter_declaration import check, parameter

__all__ = ['PageOptions', 'is_loopback']

TOKEN_BYTES = 16


@dataclass(frozen=True)
class PageOptions:
    """
    The parameters of the page, with their texts and ranges.

    :raises ValueError: when a value has the wrong type or is out of range, or only one of
        certificate and key is given
    """

    host: str = parameter(
        '127.0.0.1',
        'Address to listen on. With another than that of this machine alone (0.0.0.0: all), the '
        'page asks for a token and is read-only; see token and control.',
        read_only=True,
    )
    port: int = parameter(
        8080,
        'Port to listen on. When it is taken, the next free one of the 20 above.',
        within=(1, 65515),
        read_only=True,
    )
    token: str = parameter(
        '',
        'What the address of the page must end with, as in ?token=abc. Empty: made at the start '
        'when host is not of this machine alone.',
        pattern='[A-Za-z0-9_-]*',
        read_only=True,
    )
    control: bool = parameter(
        False,
        'Let visitors from other machines change parameters and states, send pictures and '
        'cameras. On 127.0.0.1 they always may.',
        read_only=True,
    )
    certificate: str = parameter(
        '',
        'PEM file with a certificate for https, which browsers of other machines want before '
        'they give a page their camera; with key.',
        read_only=True,
    )
    key: str = parameter('', 'PEM file with the key of the certificate.', read_only=True)
    jpeg_quality: int = parameter(
        80,
        'Quality of the pictures for the browser, when the camera offers none as JPEG itself.',
        within=(10, 100),
        read_only=True,
    )

    def __post_init__(self) -> None:
        """Check every value."""
        check(self)
        if bool(self.certificate) != bool(self.key):
            raise ValueError(
                'certificate and key: wanted both or none, got '
                f'certificate {self.certificate!r} and key {self.key!r}'
            )

    @property
    def may_control(self) -> bool:
        """Whether visitors may change anything."""
        return self.control or is_loopback(self.host)

    @property
    def scheme(self) -> str:
        """The first part of the page's address."""
        return 'https' if self.certificate else 'http'

    def with_token(self) -> PageOptions:
        """Return the same, with a token of its own where one is needed and none was given."""
        if self.token or is_loopback(self.host):
            return self
        return replace(self, token=secrets.token_urlsafe(TOKEN_BYTES))


def is_loopback(host: str) -> bool:
    """Say whether an address can be reached from this machine alone."""
    try:
        return ip_address(host.strip('[]')).is_loopback
    except ValueError:
        return host == 'localhost'
