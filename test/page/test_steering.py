# SPDX-License-Identifier: Apache-2.0
"""What a visitor sets reaches the node, what the node refuses is said, what others set is seen."""

from functools import partial
from typing import Any

from lifecycle_msgs.srv import GetState
import pytest
from rcl_interfaces.srv import GetParameters, SetParameters

from simulation.ros_world import World, parameters

pytestmark = pytest.mark.timeout(300)


def value_of(ros: World, name: str) -> Any:
    return ros.call(
        GetParameters, 'pose/get_parameters', GetParameters.Request(names=[name])
    ).values[0]


def tracks_with(ros: World, confidence: float) -> bool:
    value = value_of(ros, 'min_tracking_confidence').double_value
    return bool(value == pytest.approx(confidence))


def row(visit: Any, name: str) -> Any:
    visit.wait_for_selector(f'[data-name={name}]', state='attached', timeout=30_000)
    return visit.locator(f'[data-name={name}]')


def test_a_slider_changes_the_node(visit: Any, ros: World) -> None:
    thumb = row(visit, 'min_tracking_confidence').locator('.q-slider [tabindex="0"]')
    for value in (0.51, 0.52, 0.53):
        thumb.focus()
        visit.keyboard.press('ArrowRight')
        ros.until(partial(tracks_with, ros, value))
        visit.wait_for_timeout(600)
    assert 'is-changed' in row(visit, 'min_tracking_confidence').get_attribute('class')


def test_a_refused_value_shows_the_reason_and_the_old_value(visit: Any, ros: World) -> None:
    model = row(visit, 'model')
    field = model.locator('input')
    before = field.input_value()
    field.fill('/no/such.task')
    field.press('Enter')
    refusal = model.locator('.pose-refusal')
    refusal.wait_for(state='visible', timeout=30_000)
    assert '/no/such.task' in refusal.inner_text()
    visit.wait_for_timeout(500)
    assert field.input_value() == before
    assert value_of(ros, 'model').string_value == before


def test_a_number_out_of_range_is_not_taken(visit: Any, ros: World) -> None:
    field = row(visit, 'num_poses').locator('input[type=number]')
    field.fill('2')
    field.press('Enter')
    ros.until(lambda: value_of(ros, 'num_poses').integer_value == 2)


def test_a_change_made_elsewhere_appears(visit: Any, ros: World) -> None:
    request = SetParameters.Request(
        parameters=[each.to_parameter_msg() for each in parameters(running_mode='image')]
    )
    assert ros.call(SetParameters, 'pose/set_parameters', request).results[0].successful
    field = row(visit, 'running_mode').locator('.q-field__native')
    visit.wait_for_function(
        "document.querySelector('[data-name=running_mode] .q-field__native').innerText"
        ".includes('image')",
        timeout=30_000,
    )
    assert 'image' in field.inner_text()


def test_only_what_differs_is_copied(visit: Any) -> None:
    visit.click('text=Copy as YAML')
    text = visit.wait_for_selector('.pose-offer').inner_text()
    assert 'running_mode: image' in text
    assert 'min_pose_presence_confidence' not in text
    visit.click('.pose-offer >> text=Close')
    visit.click('text=Copy as launch line')
    line = visit.locator('.pose-offer').last.inner_text()
    assert 'ros2 launch pose_ros pose.launch.xml image:=/image_raw' in line
    visit.locator('.pose-offer >> text=Close').last.click()


def test_the_lifecycle_is_a_switch(visit: Any, ros: World) -> None:
    def state() -> str:
        return ros.call(GetState, 'pose/get_state', GetState.Request()).current_state.label

    visit.click('[aria-label="Node active"]')
    ros.until(lambda: state() == 'inactive')
    visit.wait_for_selector('.pose-words >> text=inactive', timeout=30_000)
    visit.click('[aria-label="Node active"]')
    ros.until(lambda: state() == 'active')
    visit.wait_for_function('posePage.frame?.people.length > 0', timeout=30_000)
