# SPDX-License-Identifier: Apache-2.0
"""Holds docker/, .devcontainer/ and pixi.toml to README.md and to the files that they name."""

import json
from pathlib import Path
import re
import shlex
import sys
from typing import Any

from catkin_pkg.package import parse_package
from packaging.requirements import Requirement
import pytest
import yaml

if sys.version_info >= (3, 11):
    import tomllib
else:  # Humble
    tomllib = pytest.importorskip('tomli')

ROOT = Path(__file__).parent.parent
README = (ROOT / 'README.md').read_text()
DOCKERFILE = (ROOT / 'docker/Dockerfile').read_text()
WORKFLOW = (ROOT / '.github/workflows/ci.yml').read_text()
WORKSPACE = '/opt/pose_ws/'
SOURCE = WORKSPACE + 'src/pose_ros'
DISTROS = ['humble', 'jazzy', 'kilted', 'lyrical']
# rosdep keys whose packages have other names in conda.
CONDA = {
    'python3-hypothesis': 'hypothesis',
    'python3-matplotlib': 'matplotlib-base',
    'python3-mediapipe-pip': 'mediapipe',
    'python3-numpy': 'numpy',
    'python3-opencv': 'py-opencv',
    'python3-pytest': 'pytest',
    'python3-skimage': 'scikit-image',
    'python3-yaml': 'pyyaml',
}


def commands(text: str) -> list[list[str]]:
    """Return the words of each command, where lines are joined by backslashes and && ends one."""
    text = re.sub(r'^ *#.*\n', '', text, flags=re.MULTILINE)
    lines = text.replace('\\\n', ' ').replace('&&', '\n').splitlines()
    return [words for line in lines if (words := re.sub(r'^RUN( --mount=\S+)*', '', line).split())]


def after(words: list[str], *begin: str) -> list[str] | None:
    """Return what follows these words in a command; options between them count as following."""
    rest = [each for each in words if each != 'sudo']
    for each in begin:
        if each not in rest:
            return None
        rest.remove(each)
    return rest


def found(text: str, *begin: str) -> list[list[str]]:
    return [rest for words in commands(text) if (rest := after(words, *begin)) is not None]


@pytest.fixture(scope='module')
def steps() -> str:
    """The commands of README.md's section on the installation."""
    section = README.split('\n## Install on ROS 2\n')[1].split('\n## ')[0]
    return '\n'.join(line[4:] for line in section.splitlines() if line.startswith('    '))


@pytest.fixture(scope='module')
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / 'docker/compose.yaml').read_text())
    return loaded


@pytest.fixture(scope='module')
def devcontainer() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((ROOT / '.devcontainer/devcontainer.json').read_text())
    return loaded


@pytest.fixture(scope='module')
def pixi() -> dict[str, Any]:
    return tomllib.loads((ROOT / 'pixi.toml').read_text())


def stages() -> dict[str, str]:
    """Return the Dockerfile's stages by name."""
    return dict(
        re.findall(r'^FROM \S+ AS (\w+)\n(.*?)(?=^FROM |\Z)', DOCKERFILE, re.MULTILINE | re.DOTALL)
    )


def in_source(path: str) -> Path:
    """Return the file of this repository that a container has at a path of the workspace."""
    for begin in (SOURCE, WORKSPACE + 'install/pose_ros/share/pose_ros'):
        if path.startswith(begin):
            return ROOT / path[len(begin) :].lstrip('/')
    raise AssertionError(f'{path} is neither in the source nor installed from it')


def test_the_packages_of_the_readme_are_installed(steps: str) -> None:
    [packages] = found(steps, 'apt', 'install')
    assert 'python3-venv' in packages
    for text in (WORKFLOW, stages()['tools'], stages()['node']):
        assert any(set(packages) <= set(each) for each in found(text, 'apt-get', 'install'))


def test_the_environment_is_made_as_in_the_readme(steps: str) -> None:
    for begin in (('python3', '-m', 'venv'), ('pip', 'install', '-c', 'mediapipe')):
        [[*options, last]] = found(steps, *begin)
        for text in (WORKFLOW, stages()['tools'], stages()['node']):
            assert [Path(each).name for each in [*options, last]] in [
                [Path(word).name for word in each] for each in found(text, *begin)
            ]
    assert found(steps, 'touch') == found(stages()['tools'], 'touch') == found(WORKFLOW, 'touch')


def test_rosdep_is_asked_as_in_the_readme(steps: str) -> None:
    [wanted] = found(steps, 'rosdep', 'install')
    assert wanted in found(WORKFLOW, 'rosdep', 'install')
    [whole, simulated] = found(DOCKERFILE, 'rosdep', 'install')
    assert whole == wanted
    assert simulated[: len(wanted)] == wanted


def test_colcon_builds_and_the_model_is_fetched_as_in_the_readme(steps: str) -> None:
    for begin in (('colcon', 'build'), ('ros2', 'run', 'pose_ros', 'fetch_models')):
        assert found(steps, *begin)
        assert found(DOCKERFILE, *begin)


def test_the_node_does_not_run_as_root() -> None:
    for name in ('dev', 'node', 'demo'):
        assert re.findall(r'^USER (.*)$', stages()[name], re.MULTILINE)[-1] == '$UID'


def test_what_the_dockerfile_copies_is_there() -> None:
    sources = re.findall(r'^COPY (?!--from)(.*) \S+$', DOCKERFILE, re.MULTILINE)
    mounted = re.findall(r'type=bind,source=([^,]+)', DOCKERFILE)
    assert 'package.xml' in sources
    assert not [each for each in sources + mounted if not (ROOT / each).exists()]


def test_the_compose_file_builds_stages_that_exist(compose: dict[str, Any]) -> None:
    for service in compose['services'].values():
        build = service['build']
        assert (ROOT / 'docker' / build['context']).resolve() == ROOT
        assert (ROOT / build['dockerfile']).is_file()
        assert build['target'] in stages()
        arguments = set(re.findall(r'^ARG (\w+)', DOCKERFILE, re.MULTILINE))
        assert set(build['args']) <= arguments


def test_the_compose_file_s_two_services_share_memory_and_network(compose: dict[str, Any]) -> None:
    camera, pose = compose['services']['camera'], compose['services']['pose']
    assert camera['ipc'] == 'shareable'
    assert camera['shm_size']
    assert pose['ipc'] == pose['network_mode'] == 'service:camera'
    for service in (camera, pose):
        environment = service['environment']
        for name in ('FASTRTPS', 'FASTDDS'):
            profile = in_source(environment[f'{name}_DEFAULT_PROFILES_FILE'])
            assert profile.is_file()


def test_the_compose_file_starts_what_is_installed(compose: dict[str, Any]) -> None:
    camera, pose = (compose['services'][name]['command'] for name in ('camera', 'pose'))
    assert camera[:3] == ['ros2', 'run', 'pose_ros']
    [executables] = re.findall(
        r'executable IN ITEMS (.*)\)', (ROOT / 'CMakeLists.txt').read_text()
    )
    assert camera[3] in executables.split()
    assert pose[:3] == ['ros2', 'launch', 'pose_ros']
    launch = (ROOT / 'launch' / pose[3]).read_text()
    for argument in pose[4:]:
        assert f'<arg name="{argument.split(":=")[0]}"' in launch


def test_the_webcam_s_file_adds_to_a_service(compose: dict[str, Any]) -> None:
    webcam = yaml.safe_load((ROOT / 'docker/compose.webcam.yaml').read_text())
    assert set(webcam['services']) <= set(compose['services'])


def test_the_smoke_test_asks_a_service_that_exists(compose: dict[str, Any]) -> None:
    script = (ROOT / 'docker/smoke_test.sh').read_text()
    assert set(re.findall(r'compose exec -T (\w+)', script)) <= set(compose['services'])


def test_the_devcontainer_mounts_the_source_where_the_dockerfile_has_it(
    devcontainer: dict[str, Any],
) -> None:
    folder = ROOT / '.devcontainer'
    build = devcontainer['build']
    assert (folder / build['context']).resolve() == ROOT
    assert (folder / build['dockerfile']).is_file()
    assert build['target'] in stages()
    assert build['args']['ROS_DISTRO'] in DISTROS
    assert devcontainer['workspaceFolder'] == SOURCE
    mount = dict(each.split('=', 1) for each in devcontainer['workspaceMount'].split(','))
    assert mount['target'] == SOURCE
    assert f'--uid "$UID" {devcontainer["remoteUser"]} ' in stages()['dev']


def test_the_documentation_and_the_workflow_name_files_that_exist() -> None:
    text = (ROOT / 'docs/containers.md').read_text() + WORKFLOW
    named = set(re.findall(r'(?<![\w/.])(?:docker|scripts)/[\w./]+\w', text))
    assert {'docker/Dockerfile', 'docker/compose.yaml', 'docker/smoke_test.sh'} <= named
    assert not [each for each in named if not (ROOT / each).exists()]


def test_pixi_has_what_package_xml_asks_for(pixi: dict[str, Any]) -> None:
    package = parse_package(str(ROOT / 'package.xml'))
    asked = {
        each.name
        for each in [
            *package.buildtool_depends,
            *package.build_depends,
            *package.exec_depends,
            *package.test_depends,
        ]
    }
    names = {CONDA.get(each, f'ros-jazzy-{each.replace("_", "-")}') for each in asked}
    for platform in pixi['workspace']['platforms']:
        target = pixi['target'][platform]
        given = {
            *pixi['dependencies'],
            *target.get('dependencies', {}),
            *target['pypi-dependencies'],
        }
        assert names <= given, sorted(names - given)


@pytest.mark.parametrize(
    ('platform', 'machine'), [('linux-64', 'x86_64'), ('linux-aarch64', 'aarch64')]
)
def test_pixi_has_the_mediapipe_that_the_constraints_allow(
    pixi: dict[str, Any], platform: str, machine: str
) -> None:
    text = (ROOT / 'constraints-ros.txt').read_text()
    if machine != 'x86_64' and 'platform_machine' not in text:
        pytest.skip('constraints-ros.txt does not tell machines apart')
    version = pixi['target'][platform]['pypi-dependencies']['mediapipe'].removeprefix('==')
    python = pixi['dependencies']['python'].removesuffix('.*')
    environment = {'platform_machine': machine, 'python_version': python}
    lines = [line.split('#')[0].strip() for line in text.splitlines()]
    constraints = [
        each
        for each in map(Requirement, filter(None, lines))
        if each.name == 'mediapipe' and (not each.marker or each.marker.evaluate(environment))
    ]
    assert constraints
    assert all(each.specifier.contains(version) for each in constraints)


def test_pixi_s_version_is_the_package_s(pixi: dict[str, Any]) -> None:
    assert pixi['workspace']['version'] == parse_package(str(ROOT / 'package.xml')).version
    citation = yaml.safe_load((ROOT / 'CITATION.cff').read_text())
    assert str(citation['version']) == pixi['workspace']['version']


def test_pixi_s_tasks_name_files_and_tasks_that_exist(pixi: dict[str, Any]) -> None:
    tasks = pixi['tasks']
    assert {'demo', 'test'} <= set(tasks)
    for task in tasks.values():
        assert set(task.get('depends-on', [])) <= set(tasks)
        for script in re.findall(r'[\w/]+\.py', task['cmd']):
            assert (ROOT / script).is_file(), script
        for pattern in task.get('inputs', []):
            assert list(ROOT.glob(pattern)), pattern
        for value in task.get('env', {}).values():
            assert (ROOT / value.removeprefix('$PIXI_PROJECT_ROOT/')).is_file()


def test_pixi_s_tasks_pass_arguments_on(pixi: dict[str, Any]) -> None:
    """What stands behind the task's name is appended to the command."""
    for name in ('demo', 'test'):
        words = shlex.split(pixi['tasks'][name]['cmd'])
        assert words[:2] == ['bash', '-c']
        assert words[2].endswith('"$@"')
        assert words[3:] == [name]
