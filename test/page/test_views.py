# SPDX-License-Identifier: Apache-2.0
"""A browser shows the picture, and on it and in 3D the people who were found in this picture."""

from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image
import pytest
from rcl_interfaces.srv import SetParameters

from pose_ros.outputs.looks import Looks
from pose_ros.poses.skeleton import Landmark, Side
from simulation.ros_world import World, parameters

TINT = np.array((0, 0xC8, 0x78))  # of the first person, as static/figure.js has it
pytestmark = pytest.mark.timeout(300)


def pixels_of(visit: Any, selector: str) -> NDArray[np.uint8]:
    """Return what is seen of an element, rgb."""
    picture = Image.open(BytesIO(visit.locator(selector).screenshot()))
    return np.asarray(picture.convert('RGB'))


def in_color(rgb: NDArray[np.uint8], side: Side, within: int = 40) -> NDArray[np.intp]:
    """Return where the colour of a side of the body is: (N, 2), y and x."""
    return np.argwhere(np.abs(rgb.astype(int) - Looks().rgb(side)).max(axis=2) < within)


def test_the_picture_is_the_cameras(visit: Any, astronaut: NDArray[np.uint8]) -> None:
    seen = pixels_of(visit, '.pose-picture canvas')
    height, width, _ = seen.shape
    square = seen[:, (width - height) // 2 :][:, :height]
    small = cv2.resize(square, (64, 64), interpolation=cv2.INTER_AREA)
    inner = astronaut[100:400, 100:400]  # the camera moves before the photograph
    likeness = []
    for side in range(38, 48):  # of 64
        sought = cv2.resize(inner, (side, side), interpolation=cv2.INTER_AREA)
        likeness.append(cv2.matchTemplate(small, sought, cv2.TM_CCOEFF_NORMED).max())
    assert max(likeness) > 0.85


def test_the_skeleton_is_where_the_landmarks_are(visit: Any) -> None:
    shoulders = {
        Side.LEFT: Landmark.LEFT_SHOULDER,
        Side.RIGHT: Landmark.RIGHT_SHOULDER,
    }
    seen = pixels_of(visit, '.pose-picture canvas')
    height, width, _ = seen.shape
    for side, joint in shoulders.items():
        x, y = visit.evaluate(
            f'(({{x, y}}) => [x, y])(posePage.frame.people[0].landmarks[{int(joint)}])'
        )
        at = np.array((y * height, (width - height) / 2 + x * height))
        assert np.linalg.norm(in_color(seen, side) - at, axis=1).min() < height / 20


def test_every_skeleton_is_on_the_picture_it_belongs_to(visit: Any) -> None:
    visit.wait_for_function('posePage.counts.pairs >= 30', timeout=60_000)
    counts = visit.evaluate('posePage.counts')
    assert counts['mismatches'] == 0
    assert counts['pairs'] > counts['frames'] / 2
    stamps = visit.evaluate('[posePage.frame.stamp, posePage.frame.landmarksStamp]')
    assert stamps[0] == stamps[1]


def test_the_people_are_there_in_3d(visit: Any) -> None:
    for key in '4321':
        visit.keyboard.press(key)
        visit.wait_for_timeout(1000)
        seen = pixels_of(visit, '.pose-scene canvas')
        assert len(in_color(seen, Side.RIGHT, 60)) > 50, key
        assert len(in_color(seen, Side.LEFT, 60)) > 50, key


# Where the camera itself and the corners of its picture are seen, from -1 to 1.
SEEN_AT = """async ([name, middle, edges, aspect]) => {
    const { THREE } = await import('nicegui-scene');
    const { filmed, viewpoint } = await import('pose-page/viewpoints.js');
    const at = new THREE.Vector3(...middle);
    const { eye, target, fovDeg } = viewpoint(name, at, edges, aspect);
    const camera = new THREE.PerspectiveCamera(fovDeg, aspect, 0.05, 200);
    camera.position.copy(eye);
    camera.lookAt(target);
    camera.updateMatrixWorld();
    return filmed(at, edges, -1.2 * at.z).map((point) => point.project(camera).toArray());
}"""


@pytest.mark.parametrize('name', ['above', 'side', 'free'])
@pytest.mark.parametrize('edges', [[-0.3, -0.2, 0.3, 0.2], [-0.5, -0.9, 0.7, 0.9]])
@pytest.mark.parametrize('aspect', [0.8, 1.6])
def test_all_that_the_camera_films_is_seen_in_3d(
    visit: Any, name: str, edges: list[float], aspect: float
) -> None:
    for middle in ([0, 0, -2], [-3, 1, -7]):
        seen = np.array(visit.evaluate(SEEN_AT, [name, middle, edges, aspect]))
        assert seen.shape == (5, 3)
        assert np.abs(seen[:, :2]).max() <= 1, middle
        assert np.ptp(seen[:, :2], axis=0).max() > 1, middle


def left_shoulder(visit: Any) -> tuple[float, float]:
    """Return where it is on the page now: the camera moves."""
    box = visit.locator('.pose-picture canvas').bounding_box()
    x, y = visit.evaluate('(({x, y}) => [x, y])(posePage.frame.people[0].landmarks[11])')
    side = box['height']
    return box['x'] + (box['width'] - side) / 2 + x * side, box['y'] + y * side


def test_a_joint_can_be_pointed_at_and_chosen(visit: Any) -> None:
    visit.mouse.move(*left_shoulder(visit))
    visit.wait_for_selector('.pose-tip')
    assert 'left shoulder' in visit.inner_text('.pose-tip')
    assert 'visibility' in visit.inner_text('.pose-tip')
    tries = 20
    while not visit.locator('.pose-joint-name').is_visible() and (tries := tries - 1):
        visit.mouse.click(*left_shoulder(visit))
        visit.wait_for_timeout(1000)
    assert 'left shoulder' in visit.inner_text('.pose-joint-name')


def test_keys_choose_joints(visit: Any) -> None:
    visit.evaluate('posePage.select(posePage.frame.people[0].id, 11)')
    visit.focus('.pose-picture canvas')
    visit.keyboard.press('ArrowRight')
    assert visit.evaluate('posePage.selected.joint') == Landmark.RIGHT_SHOULDER
    visit.keyboard.press('Escape')
    assert visit.evaluate('posePage.selected') is None


def test_mirrored_the_left_is_left(visit: Any) -> None:
    visit.click('[aria-label^="Mirror"]')
    visit.wait_for_function('posePage.options.mirror')
    visit.wait_for_timeout(300)
    seen = pixels_of(visit, '.pose-picture canvas')
    left, right = (in_color(seen, side)[:, 1].mean() for side in (Side.LEFT, Side.RIGHT))
    visit.click('[aria-label^="Mirror"]')
    assert left < right


# The colours of a pixel with and without tint, and whether the mask has a person there.
TINTED = """(at_chest) => {
    const [left, right] = [11, 12].map((joint) => posePage.frame.people[0].landmarks[joint]);
    const below = [(left.x + right.x) / 2, (left.y + right.y) / 2 + 0.1];
    const [x, y] = at_chest ? below : [0.03, 0.03];
    const frame = posePage.frame, canvas = document.querySelector('.pose-picture canvas');
    const scale = Math.min(canvas.width / frame.size[0], canvas.height / frame.size[1]);
    const [width, height] = frame.size.map((each) => each * scale);
    const at = [(canvas.width - width) / 2 + x * width, (canvas.height - height) / 2 + y * height];
    const seen = () => [...canvas.getContext('2d').getImageData(...at, 1, 1).data].slice(0, 3);
    const mask = new OffscreenCanvas(frame.mask.width, frame.mask.height).getContext('2d');
    mask.drawImage(frame.mask, 0, 0);
    const person = mask.getImageData(x * frame.mask.width, y * frame.mask.height, 1, 1).data[0];
    const tinted = seen();
    posePage.setOption('masks', false);
    const plain = seen();
    posePage.setOption('masks', true);
    return [person, tinted, plain];
}"""


def test_people_are_tinted_and_what_is_around_them_is_not(visit: Any, ros: World) -> None:
    def compute(masks: bool) -> None:
        request = SetParameters.Request(
            parameters=[
                each.to_parameter_msg() for each in parameters(output_segmentation_masks=masks)
            ]
        )
        assert ros.call(SetParameters, 'pose/set_parameters', request).results[0].successful

    visit.keyboard.press('t')
    visit.wait_for_selector('.q-notification >> text=No tint yet', timeout=30_000)
    compute(True)
    person, tries = 0, 100
    while not person and (tries := tries - 1):  # masks are empty until the node computes them
        visit.wait_for_function('posePage.frame?.mask', timeout=60_000)
        person, tinted, plain = visit.evaluate(TINTED, True)
        visit.wait_for_timeout(200)
    assert person == 1
    assert tinted == pytest.approx(0.6 * np.array(plain) + 0.4 * TINT, abs=12)
    person, tinted, plain = visit.evaluate(TINTED, False)
    assert person == 0
    assert tinted == plain
    compute(False)
    visit.keyboard.press('t')
    visit.wait_for_function('!posePage.options.masks')


def test_a_hidden_page_asks_for_nothing(visit: Any) -> None:
    hide = "Object.defineProperty(document, 'hidden', {value: %s, configurable: true});"
    tell = "document.dispatchEvent(new Event('visibilitychange'))"
    visit.evaluate(hide % 'true' + tell)
    visit.wait_for_timeout(500)
    before = visit.evaluate('posePage.counts.frames')
    visit.wait_for_timeout(1000)
    assert visit.evaluate('posePage.counts.frames') == before
    visit.evaluate(hide % 'false' + tell)
    visit.wait_for_function(f'posePage.counts.frames > {before}', timeout=30_000)


def test_nothing_is_fetched_from_elsewhere(visit: Any, address: str) -> None:
    assert visit.hosts == {urlsplit(address).netloc}


def test_no_script_failed(visit: Any) -> None:
    assert visit.problems == []
