# SPDX-License-Identifier: Apache-2.0
"""
The pip door: runs the package's CMake build and packs what it installs.

Name, version and dependencies are package.xml's.
"""

import os
from pathlib import Path
import shutil
import subprocess
import sys
import sysconfig
from xml.etree import ElementTree

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

PACKAGE = ElementTree.parse(Path(__file__).with_name('package.xml')).getroot()
NAME = PACKAGE.findtext('name')

# rosdep keys that PyPI serves. Everything else in package.xml is a ROS 2 package of the
# environment. `cv2` comes from opencv-contrib-python, which MediaPipe asks for; opencv-python
# beside it would overwrite the same files. Not version 5: PyPI's cv_bridge computes wrong types
# with it.
PYPI = {
    'cv_bridge': 'cv-bridge',
    'python3-numpy': 'numpy',
    'python3-opencv': 'opencv-contrib-python>=4.8,<5',
    'python3-yaml': 'pyyaml',
}

# What the node does not need. rosbags changes between its minor versions.
EXTRAS = {
    'bags': ['mcap>=1.2', 'rosbags>=0.11.9,<0.12', 'tqdm'],
    'notebooks': ['matplotlib', 'pandas'],
    'page': ['nicegui>=3.18,<4', 'pillow', 'rosbags>=0.11'],
    'parquet': ['pyarrow>=14'],
}


# MediaPipe's wheels fit not every machine and Python: package.xml says why these.
MEDIAPIPE = (
    'mediapipe>=0.10.33,<0.10.35; platform_machine != "aarch64"',
    'mediapipe==0.10.18; platform_machine == "aarch64" and python_version < "3.13"',
    'mediapipe>=1,<2; platform_machine == "aarch64" and python_version >= "3.13"',
)


def requirements():
    """Yield package.xml's run dependencies that PyPI serves."""
    for tag in PACKAGE.iter('exec_depend'):
        if tag.text == 'python3-mediapipe-pip':
            yield from MEDIAPIPE
        elif tag.text in PYPI:
            yield PYPI[tag.text]


class CMakeBuild(build_ext):
    """Build and install with CMake into a staging folder, and hand its files to the wheel."""

    def run(self):
        build = Path('build', f'cmake-{Path(sys.prefix).name.lstrip(".")}')
        stage = (build / 'stage').resolve()
        shutil.rmtree(stage, ignore_errors=True)
        environment = {
            **os.environ,
            'AMENT_PREFIX_PATH': sys.prefix,
            'CMAKE_PREFIX_PATH': sys.prefix,
            'DESTDIR': str(stage),
        }
        for command in (
            [
                'cmake',
                '-S',
                '.',
                '-B',
                build,
                f'-DCMAKE_INSTALL_PREFIX={sys.prefix}',
                '-DBUILD_TESTING=OFF',
                '-DCMAKE_BUILD_TYPE=Release',
                f'-DPython3_EXECUTABLE={sys.executable}',
            ],
            ['cmake', '--build', build, '--parallel', str(os.cpu_count())],
            ['cmake', '--install', build],
        ):
            subprocess.run(list(map(str, command)), check=True, env=environment)

        installed = stage / Path(sys.prefix).relative_to('/')
        python = installed / Path(sysconfig.get_path('purelib')).relative_to(sys.prefix)
        packed = Path(self.build_lib, NAME)
        shutil.rmtree(packed, ignore_errors=True)  # what an earlier build left
        shutil.copytree(python / NAME, packed)
        shutil.rmtree(python)
        self.distribution.data_files = [
            (
                str(folder.relative_to(installed)),
                [str(file) for file in folder.iterdir() if file.is_file()],
            )
            for folder in installed.rglob('*')
            if folder.is_dir()
        ]


setup(
    name=NAME,
    version=PACKAGE.findtext('version'),
    description=' '.join(PACKAGE.findtext('description').split()),
    license=PACKAGE.findtext('license'),
    python_requires='>=3.10',
    install_requires=list(requirements()),
    extras_require=EXTRAS,
    packages=[],
    ext_modules=[Extension(NAME, sources=[])],
    cmdclass={'build_ext': CMakeBuild},
    entry_points={
        'console_scripts': [
            f'{module} = pose_ros.{module}:main'
            for module in (
                'annotate_bag',
                'demo_camera',
                'fetch_models',
                'pose_node',
                'pose_page',
            )
        ]
    },
)
