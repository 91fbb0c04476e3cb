# SPDX-License-Identifier: Apache-2.0
"""A cv_bridge that does not fit is refused in words before it can end the process."""

from collections.abc import Iterator
from pathlib import Path
import re
import sys

import numpy as np
import pytest
from sensor_msgs.msg import Image

from pose_ros.images.bridge import require_cv_bridge
from pose_ros.images.frame import to_frame


@pytest.fixture
def other_cv_bridge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Yield the folder of an empty package that is found in place of the installed cv_bridge."""
    for name in [name for name in sys.modules if name.split('.')[0] == 'cv_bridge']:
        monkeypatch.delitem(sys.modules, name)
    folder = tmp_path / 'cv_bridge'
    (folder / 'boost').mkdir(parents=True)
    (folder / '__init__.py').touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    require_cv_bridge.cache_clear()
    yield folder
    require_cv_bridge.cache_clear()


def test_the_installed_cv_bridge_works() -> None:
    assert require_cv_bridge() is require_cv_bridge()


@pytest.mark.skipif(np.__version__ < '2', reason='NumPy 1 runs modules built for either')
def test_a_cv_bridge_built_for_numpy_1_is_refused_under_numpy_2(other_cv_bridge: Path) -> None:
    library = other_cv_bridge / 'boost' / 'cv_bridge_boost.so'
    library.write_bytes(b'\x7fELF numpy.core._multiarray_umath')
    with pytest.raises(ImportError, match=r'was built for NumPy 1 .* "Install on ROS 2"'):
        require_cv_bridge()
    assert 'cv_bridge' not in sys.modules
    library.write_bytes(b'\x7fELF numpy._core._multiarray_umath')
    with pytest.raises(ImportError, match='cv_bridge does not work'):
        require_cv_bridge()


def test_a_cv_bridge_that_fails_is_refused_in_one_line(other_cv_bridge: Path) -> None:
    (other_cv_bridge / '__init__.py').write_text('raise AttributeError("first\\nsecond")')
    image = Image(height=4, width=6, encoding='bgr8', step=18, data=bytes(72))
    with pytest.raises(ImportError, match=r'AttributeError.* "Install on ROS 2"') as caught:
        to_frame(image)
    assert '\n' not in str(caught.value)


@pytest.mark.usefixtures('other_cv_bridge')
def test_a_missing_cv_bridge_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, 'path', [])
    with pytest.raises(ImportError, match=re.escape("No module named 'cv_bridge'")):
        require_cv_bridge()
