# SPDX-License-Identifier: Apache-2.0
"""The package as others meet it: its metadata, what is installed, and a colcon workspace."""

import ast
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.metadata import PathDistribution, distributions, requires, version
import os
from pathlib import Path
import re
import shutil
import signal
import subprocess
import sys

from ament_index_python import get_package_prefix
from catkin_pkg.changelog import get_changelog_from_path
from catkin_pkg.package import Package, parse_package
import cv2
from lifecycle_msgs.msg import State
from lifecycle_msgs.srv import GetState
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
import pytest

import pose_ros
from simulation.ros_world import World

ROOT = Path(__file__).parent.parent
PAGE = ROOT / 'pose_ros/page'
RECORDINGS = [
    *ROOT.glob('pose_ros/bags/*.py'),
    *ROOT.glob('pose_ros/exports/*.py'),
    *ROOT.glob('pose_ros/read*/*.py'),
]
ENVIRONMENT = Path(sys.prefix)
EXECUTABLES = ['annotate_bag', 'demo_camera', 'fetch_models', 'pose_node', 'pose_page']
ROSDEP_KEYS = {  # of modules that ROS 2 packages do not bring
    'cv2': 'python3-opencv',
    'flatbuffers': 'python3-mediapipe-pip',
    'mediapipe': 'python3-mediapipe-pip',
    'numpy': 'python3-numpy',
    'skimage': 'python3-skimage',
    'yaml': 'python3-yaml',
}
NOT_SOURCES = shutil.ignore_patterns(
    '.*', '*.egg-info', '__pycache__', 'build', 'demo_output', 'install', 'log'
)


@pytest.fixture(scope='module')
def package() -> Package:
    """Parsed and checked package.xml."""
    return parse_package(str(ROOT / 'package.xml'))


@pytest.fixture(scope='module')
def distribution(tmp_path_factory: pytest.TempPathFactory) -> PathDistribution:
    """What pip learns from setup.py."""
    folder = tmp_path_factory.mktemp('metadata')
    subprocess.run(
        [sys.executable, 'setup.py', '--quiet', 'egg_info', '--egg-base', folder],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    return PathDistribution(folder / 'pose_ros.egg-info')


@pytest.fixture
def prefix() -> Path:
    """Where the package under test is installed."""
    return Path(get_package_prefix('pose_ros'))


def test_package_xml_is_valid(package: Package) -> None:
    warnings: list[str] = []
    package.validate(warnings=warnings)
    assert not warnings


def test_package_xml_names_a_licence_that_is_here(package: Package) -> None:
    assert package.licenses == ['Apache-2.0']
    assert 'Apache License' in (ROOT / package.licenses[0].file).read_text()


def test_package_xml_is_the_one_source_of_metadata(
    package: Package, distribution: PathDistribution
) -> None:
    assert distribution.metadata['Name'].replace('-', '_') == package.name
    assert distribution.version == package.version
    assert distribution.metadata['Summary'] == ' '.join(package.description.split())


UBUNTU = {'22.04': '3.10', '24.04': '3.12', '26.04': '3.14'}


def mediapipe_for(lines: list[str], machine: str, python: str) -> list[SpecifierSet]:
    """Return the versions of MediaPipe that requirements name for a machine and Python."""
    place = {'platform_machine': machine, 'python_version': python}
    return [
        each.specifier
        for each in map(Requirement, lines)
        if each.name == 'mediapipe' and (each.marker is None or each.marker.evaluate(place))
    ]


@pytest.mark.parametrize(
    ('machine', 'python', 'newest'),
    [('x86_64', python, '0.10.33') for python in UBUNTU.values()]
    + [
        ('aarch64', '3.10', '0.10.18'),
        ('aarch64', '3.12', '0.10.18'),
        ('aarch64', '3.14', '1.2.3'),
    ],
)
def test_each_machine_gets_a_mediapipe_that_it_can_run(
    machine: str, python: str, newest: str, package: Package, distribution: PathDistribution
) -> None:
    text = (ROOT / 'constraints-ros.txt').read_text()
    constraints = [line for line in text.splitlines() if line and not line.startswith('#')]
    [wanted] = mediapipe_for(constraints, machine, python)
    assert mediapipe_for(distribution.requires or [], machine, python) == [wanted]
    published = ['0.10.18', '0.10.31', '0.10.32', '0.10.33', '0.10.35', '1.0.0', '1.2.3', '2.0.0']
    assert list(wanted.filter(published))[-1] == newest
    dependency = next(each for each in package.exec_depends if 'mediapipe' in each.name)
    assert f'{dependency.version_gte},{dependency.version_lt}' == '0.10.18,2'


def test_package_xml_names_all_that_is_imported(package: Package) -> None:
    trees = [
        ast.parse(path.read_text())
        for folder in ('pose_ros', 'launch')
        for path in (ROOT / folder).rglob('*.py')
        if PAGE not in path.parents and path not in RECORDINGS
    ]
    missing = _not_of_rosdep(trees) - {
        each.name for each in package.exec_depends + package.test_depends
    }
    if list((ROOT / 'launch').glob('*.xml')):
        assert 'launch_xml' in {each.name for each in package.exec_depends}
    assert not missing


def test_the_extra_names_what_only_the_page_imports(
    package: Package, distribution: PathDistribution
) -> None:
    trees = [ast.parse(path.read_text()) for path in PAGE.rglob('*.py')]
    only_there = _not_of_rosdep(trees) - {each.name for each in package.exec_depends}
    extra = {
        each.name: each
        for each in map(Requirement, distribution.requires or [])
        if 'extra' in str(each.marker) and each.marker.evaluate({'extra': 'page'})
    }
    brought = {Requirement(each).name for each in requires('nicegui') or []}
    names = {'PIL': 'pillow'}
    assert {names.get(each, each) for each in only_there} <= extra.keys() | brought
    wanted = (ROOT / 'requirements/page.txt').read_text().splitlines()
    lines = [Requirement(line) for line in wanted if not line.startswith('#')]
    assert {each.name: each.specifier for each in lines} == {
        name: each.specifier for name, each in extra.items()
    }


def test_the_extras_name_what_only_recordings_import(
    package: Package, distribution: PathDistribution
) -> None:
    trees = [ast.parse(path.read_text()) for path in RECORDINGS]
    only_there = _not_of_rosdep(trees) - {each.name for each in package.exec_depends}
    assert 'rosbags' in only_there
    extras = {
        each.name
        for each in map(Requirement, distribution.requires or [])
        for extra in ('bags', 'parquet', 'notebooks')
        if 'extra' in str(each.marker) and each.marker.evaluate({'extra': extra})
    }
    assert only_there <= extras


def _not_of_rosdep(trees: list[ast.Module]) -> set[str]:
    """Return what modules import, by the name of its package."""
    nodes = [node for tree in trees for node in ast.walk(tree)]
    imported = {
        alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names
    }
    imported |= {
        str(node.module) for node in nodes if isinstance(node, ast.ImportFrom) and not node.level
    }
    tops = {name.split('.')[0] for name in imported} - sys.stdlib_module_names - {'pose_ros'}
    return {ROSDEP_KEYS.get(name, name) for name in tops}


def test_the_changelog_is_one_that_ament_reads(package: Package) -> None:
    path = ROOT / 'CHANGELOG.rst'
    read = [each for each, _, _ in get_changelog_from_path(str(path)).foreach_version(True)]
    headings = re.findall(r'^(\S+).*\n-+$', path.read_text(), re.MULTILINE)
    assert headings[0] in ('Forthcoming', package.version)
    assert read == [each for each in headings if each != 'Forthcoming']


def test_what_is_installed_here_is_what_the_package_asks_for(
    distribution: PathDistribution,
) -> None:
    asked = [
        each
        for each in map(Requirement, distribution.requires or [])
        if each.marker is None or each.marker.evaluate({'extra': ''})
    ]
    assert {'mediapipe', 'numpy', 'opencv-contrib-python'} <= {each.name for each in asked}
    assert not [
        (str(each), version(each.name))
        for each in asked
        if each.name != 'cv-bridge' and not each.specifier.contains(version(each.name))
    ]


def test_there_is_one_cv2_and_its_version_is_4() -> None:
    """Two distributions that both bring cv2 overwrite one another's files."""
    owners = {
        each.metadata['Name']
        for each in distributions()
        for file in each.files or []
        if Path(str(each.locate_file(file))) == Path(cv2.__file__)
    }
    assert len(owners) <= 1
    assert cv2.__version__.split('.')[0] == '4'


@pytest.mark.parametrize('name', EXECUTABLES)
def test_executables_are_installed_and_carry_an_interpreter(prefix: Path, name: str) -> None:
    executable = prefix / 'lib/pose_ros' / name
    assert os.access(executable, os.X_OK)
    [interpreter] = re.findall(r'^\'\'\'exec\' "(.+?)"', executable.read_text(), re.MULTILINE)
    assert os.access(interpreter, os.X_OK)


def test_type_checkers_are_told_that_the_package_is_typed() -> None:
    assert Path(pose_ros.__file__).with_name('py.typed').exists()


@pytest.mark.parametrize('folder', ['a folder with spaces', 'x' * 250], ids=['spaces', 'long'])
def test_an_executable_runs_with_any_path_of_its_interpreter(folder: str, tmp_path: Path) -> None:
    """The kernel cuts a #! line after 255 characters, and at a space."""
    interpreter = tmp_path / folder / 'python'
    interpreter.parent.mkdir()
    interpreter.symlink_to(sys.executable)
    executable = tmp_path / 'fetch_models'
    executable.write_text(
        (ROOT / 'cmake/executable.py.in')
        .read_text()
        .replace('@Python3_EXECUTABLE@', str(interpreter))
        .replace('@executable@', 'fetch_models')
    )
    executable.chmod(0o755)
    run = subprocess.run(
        [executable, '--help'],
        env={**os.environ, 'PYTHONPATH': os.pathsep.join(sys.path)},
        text=True,
        capture_output=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert 'heavy' in run.stdout


@pytest.mark.parametrize('folder', ['config', 'launch', 'models', 'msg', 'srv'])
def test_every_file_is_installed(prefix: Path, folder: str) -> None:
    ours = {path.name for path in (ROOT / folder).iterdir() if path.is_file()}
    assert ours
    assert ours <= {path.name for path in (prefix / 'share/pose_ros' / folder).iterdir()}


@pytest.mark.parametrize(
    'interface',
    [path for folder in ('msg', 'srv') for path in (ROOT / folder).iterdir()],
    ids=lambda p: p.stem,
)
def test_every_interface_has_its_class(interface: Path) -> None:
    assert hasattr(import_module(f'pose_ros.{interface.suffix[1:]}'), interface.stem)


@contextmanager
def started(
    script: str, folder: Path, environment: dict[str, str]
) -> Iterator[subprocess.Popen[str]]:
    """Run a bash script; what is left of it in the end is killed."""
    process = subprocess.Popen(
        ['bash', '-c', script],
        cwd=folder,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.skipif(
    not (ENVIRONMENT / 'share/ament_index').is_dir(),
    reason='with ROS 2 from apt, colcon has built what is tested here',
)
@pytest.mark.timeout(300)
@pytest.mark.parametrize('options', [[], ['--symlink-install']], ids=['plain', 'symlink'])
def test_colcon_builds_a_workspace_whose_node_runs(
    options: list[str], tmp_path: Path, ros: World
) -> None:
    shutil.copytree(ROOT, tmp_path / 'src/pose_ros', ignore=NOT_SOURCES)
    environment = {
        'AMENT_PREFIX_PATH': sys.prefix,
        'CMAKE_PREFIX_PATH': sys.prefix,
        'VIRTUAL_ENV': sys.prefix,
        'PATH': f'{sys.prefix}/bin:/usr/bin:/bin',
        'HOME': str(tmp_path),
        **{key: os.environ[key] for key in os.environ if key.startswith('ROS_')},
    }
    build = subprocess.run(
        [
            'colcon',
            'build',
            *options,
            '--event-handlers',
            'console_direct+',
            '--cmake-args',
            '-DBUILD_TESTING=OFF',
        ],
        cwd=tmp_path,
        env=environment,
        text=True,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert build.returncode == 0, build.stdout

    script = (
        'source install/setup.bash; '
        'python -c "import pose_ros; print(pose_ros.__file__)"; '
        'exec install/pose_ros/lib/pose_ros/pose_node --ros-args -r __node:=built'
    )
    with started(script, tmp_path, environment) as process:
        state = ros.call(GetState, 'built/get_state', GetState.Request()).current_state
        assert state.id == State.PRIMARY_STATE_UNCONFIGURED
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=10)
    assert process.returncode == 0, output
    imported = Path(output.splitlines()[0])
    assert tmp_path / 'install' in imported.parents
    assert imported.is_symlink() == bool(options)
