# SPDX-License-Identifier: Apache-2.0
import os

import pytest

from pose_ros.detection.stderr_filter import quiet_stderr

KNOWN_NOISE = b'INFO: Created TensorFlow Lite XNNPACK delegate for CPU.\n'


def test_only_habitual_lines_are_held_back(capfd: pytest.CaptureFixture[str]) -> None:
    with quiet_stderr():
        os.write(2, b'E0000 graph.cc:1] a real error\n' + KNOWN_NOISE + b'and its second line\n')
    assert capfd.readouterr().err == 'E0000 graph.cc:1] a real error\nand its second line\n'


def test_an_exception_leaves_standard_error_as_it_was(capfd: pytest.CaptureFixture[str]) -> None:
    def fails() -> None:
        with quiet_stderr():
            os.write(2, b'before\n')
            raise KeyError

    with pytest.raises(KeyError):
        fails()
    os.write(2, b'after\n' + KNOWN_NOISE)
    assert capfd.readouterr().err == 'before\nafter\n' + KNOWN_NOISE.decode()
