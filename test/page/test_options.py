# SPDX-License-Identifier: Apache-2.0
"""The page is for this machine, unless somebody says otherwise."""

import pytest

from pose_ros.page.options import PageOptions, is_loopback


@pytest.mark.parametrize('host', ['127.0.0.1', '127.0.0.2', '::1', '[::1]', 'localhost'])
def test_this_machine_alone(host: str) -> None:
    assert is_loopback(host)
    options = PageOptions(host=host).with_token()
    assert options.token == ''
    assert options.may_control


@pytest.mark.parametrize('host', ['0.0.0.0', '::', '192.168.0.7', 'robot.local'])
def test_others_need_a_token_and_may_only_look(host: str) -> None:
    assert not is_loopback(host)
    options = PageOptions(host=host).with_token()
    assert len(options.token) > 20
    assert options.token != PageOptions(host=host).with_token().token
    assert not options.may_control
    assert PageOptions(host=host, control=True).may_control
    assert PageOptions(host=host, token='mine').with_token().token == 'mine'


def test_a_certificate_needs_its_key() -> None:
    with pytest.raises(ValueError, match='certificate and key'):
        PageOptions(certificate='page.pem')
    assert PageOptions(certificate='page.pem', key='key.pem').scheme == 'https'
    assert PageOptions().scheme == 'http'
