# SPDX-License-Identifier: Apache-2.0
"""
Builds a ROS package of messages that PyPI lacks, with rosidl's own generators, and keeps it.

It lies in a prefix of its own beside the environment's packages, so that only processes that ask
for it see it. What is built is kept until definitions, generators or Python change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import fcntl
import hashlib
import os
from pathlib import Path
import shutil
import subprocess
import sys
from tempfile import TemporaryDirectory

__all__ = ['can_build', 'message_package', 'run_with']

ROOT = Path(__file__).parents[1]
KEPT = Path(sys.prefix, '.message_packages')
TIMEOUT_S = 600

# Of the generators, those that rclpy with Fast DDS uses: those for C++ take most of the time.
CMAKE = """cmake_minimum_required(VERSION 3.16)
project(@NAME@ LANGUAGES C CXX)
find_package(ament_cmake REQUIRED)
find_package(rosidl_cmake REQUIRED)
find_package(rosidl_generator_type_description REQUIRED)
find_package(rosidl_generator_c REQUIRED)
find_package(rosidl_generator_cpp REQUIRED)
find_package(rosidl_typesupport_fastrtps_cpp REQUIRED)
find_package(rosidl_typesupport_fastrtps_c REQUIRED)
find_package(rosidl_typesupport_introspection_c REQUIRED)
find_package(rosidl_typesupport_c REQUIRED)
find_package(rosidl_generator_py REQUIRED)
foreach(package IN ITEMS @PACKAGES@)
  find_package(${package} REQUIRED)
endforeach()
rosidl_generate_interfaces(${PROJECT_NAME}
  @MESSAGES@ DEPENDENCIES @PACKAGES@)
include("@ROOT@/cmake/drop_missing_include_directories.cmake")
ament_package()
"""
PACKAGE = """<package format="3">
  <name>@NAME@</name><version>0.0.1</version><description>Made for tests</description>
  <maintainer email="a@example.org">a</maintainer><license>Apache-2.0</license>
  <buildtool_depend>ament_cmake</buildtool_depend>
  <buildtool_depend>rosidl_default_generators</buildtool_depend>
  @DEPENDS@
  <member_of_group>rosidl_interface_packages</member_of_group>
  <export><build_type>ament_cmake</build_type></export>
</package>
"""


def can_build() -> bool:
    """Whether the ROS packages of this environment are those of PyPI, with the generators."""
    return Path(sys.prefix, 'share/rosidl_generator_py').is_dir()


def message_package(definitions: Mapping[str, str], depends: Sequence[str]) -> Path:
    """
    Return the prefix of a package of messages, built when it is not there yet.

    :param definitions: texts by name, as `foxglove_msgs/msg/Color`; all of one package
    :param depends: packages whose messages they use
    :raises RuntimeError: when it cannot be built, with the end of what CMake said
    """
    [name] = {each.split('/')[0] for each in definitions}
    sources = {f'msg/{each.split("/")[-1]}.msg': text for each, text in definitions.items()}
    values = {
        'NAME': name,
        'MESSAGES': '\n  '.join(sources),
        'PACKAGES': ' '.join(depends),
        'DEPENDS': ''.join(f'<depend>{each}</depend>' for each in depends),
        'ROOT': str(ROOT),
    }
    sources['CMakeLists.txt'], sources['package.xml'] = CMAKE, PACKAGE
    for key, value in values.items():
        for path in ('CMakeLists.txt', 'package.xml'):
            sources[path] = sources[path].replace(f'@{key}@', value)
    prefix = KEPT / f'{name}-{_digest(sources)}'
    KEPT.mkdir(exist_ok=True)
    with (KEPT / f'{name}.lock').open('w') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # processes that want it at the same time build it once
        if not prefix.is_dir():
            for other in KEPT.glob(f'{name}-*'):
                shutil.rmtree(other)
            _build(sources, prefix)
    return prefix


def run_with(prefix: Path, script: str, folder: Path, timeout_s: float) -> str:
    """
    Run a Python script that sees a package of messages, and return what it printed.

    :param prefix: of the package
    :param folder: where it runs
    :raises AssertionError: when it fails, with all that it said
    """
    done = subprocess.run(
        [sys.executable, '-c', script],
        cwd=folder,
        env=_environment_with(prefix),
        text=True,
        capture_output=True,
        timeout=timeout_s,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _environment_with(*prefixes: Path) -> dict[str, str]:
    """Return the environment of a process that sees these packages beside the others."""
    [python] = {
        Path(path)
        for path in sys.path
        if path.startswith(sys.prefix) and path.endswith('site-packages')
    }
    inside = python.relative_to(sys.prefix)
    kept = ('HOME', 'LANG', 'TMPDIR', 'XDG_CACHE_HOME')
    return {
        **{name: os.environ[name] for name in os.environ if name in kept or name[:4] == 'ROS_'},
        'PATH': f'{sys.prefix}/bin:/usr/bin:/bin',
        'AMENT_PREFIX_PATH': os.pathsep.join(map(str, (*prefixes, sys.prefix))),
        'CMAKE_PREFIX_PATH': sys.prefix,
        'LD_LIBRARY_PATH': os.pathsep.join(str(prefix / 'lib') for prefix in prefixes),
        'PYTHONPATH': os.pathsep.join(str(prefix / inside) for prefix in prefixes),
    }


def _digest(sources: Mapping[str, str]) -> str:
    generators = sorted(
        each.name
        for each in Path(sys.prefix).glob('lib/python3*/site-packages/*rosidl*.dist-info')
    )
    told = repr((sorted(sources.items()), generators, sys.version))
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def _build(sources: Mapping[str, str], prefix: Path) -> None:
    with TemporaryDirectory(prefix='.building-', dir=KEPT) as folder:
        source, build, made = (Path(folder, each) for each in ('source', 'build', 'made'))
        for path, text in sources.items():
            (source / path).parent.mkdir(parents=True, exist_ok=True)
            (source / path).write_text(text)
        for command in (
            [
                'cmake',
                *('-S', source, '-B', build),
                f'-DCMAKE_INSTALL_PREFIX={made}',
                '-DBUILD_TESTING=OFF',
                '-DCMAKE_C_FLAGS=-O0',
                '-DCMAKE_CXX_FLAGS=-O0',
                f'-DPython3_EXECUTABLE={sys.executable}',
            ],
            ['cmake', '--build', build, '--parallel', str(os.cpu_count()), '--target', 'install'],
        ):
            done = subprocess.run(
                list(map(str, command)),
                env=_environment_with(),
                text=True,
                capture_output=True,
                timeout=TIMEOUT_S,
                check=False,
            )
            if done.returncode:
                said = (done.stdout + done.stderr)[-3000:]
                raise RuntimeError(f'wanted the package {prefix.name}, but CMake said: {said}')
        made.rename(prefix)
