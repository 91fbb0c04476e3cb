// SPDX-License-Identifier: Apache-2.0
// From where the people in 3D are seen: what the camera films at their distance fits into the view.

import { THREE } from "nicegui-scene";

const FOV_DEG = 50;
const FILLED = 0.94; // of the view
const NEAREST_M = 1.2;
const FARTHER = 1.25; // than the people's middle somebody may go
const TALL_M = 1.5; // above and below the people's middle there is room, if the camera films it
// From the middle of all towards the eye; x right of the camera, y up, z behind the camera.
const DIRECTIONS = { above: [0, 1, 0.002], side: [1, 0.06, 0], free: [0.72, 0.3, 0.9] };

/** Returns how far the people are who stand at `middle`. */
export function distanceOf(middle) {
  return Math.max(NEAREST_M, -middle.z);
}

/**
 * Returns where the eye is, on what it looks, and its angle from top to bottom in degrees.
 *
 * name: camera, above, side or free. middle: of the people. edges: left, top, right and bottom of the
 * camera's picture at a depth of 1, x right and y down. aspect: width of the view by its height.
 */
export function viewpoint(name, middle, edges, aspect) {
  const depth = distanceOf(middle);
  if (name === "camera") {
    const angle = Math.atan(edges[3]) - Math.atan(edges[1]);
    return {
      eye: new THREE.Vector3(0, 0, 0.001),
      target: new THREE.Vector3(0, 0, -depth),
      fovDeg: THREE.MathUtils.radToDeg(angle),
    };
  }
  const points = filmed(middle, edges, depth * FARTHER);
  const target = new THREE.Box3().setFromPoints(points).getCenter(new THREE.Vector3());
  const back = new THREE.Vector3(...DIRECTIONS[name]).normalize();
  const right = new THREE.Vector3(0, 1, 0).cross(back).normalize();
  const up = back.clone().cross(right);
  const tall = Math.tan(THREE.MathUtils.degToRad(FOV_DEG / 2)) * FILLED;
  const distances = points.map((point) => {
    const from = point.clone().sub(target);
    const across = Math.max(Math.abs(from.dot(right)) / aspect, Math.abs(from.dot(up)));
    return from.dot(back) + across / tall;
  });
  return { eye: target.clone().addScaledVector(back, Math.max(...distances)), target, fovDeg: FOV_DEG };
}

/** Returns the corners of what is to be seen: the camera, and the picture where the people are. */
export function filmed(middle, edges, depth) {
  const [left, top, right, bottom] = edges.map((each) => each * depth);
  const heights = [Math.min(-top, middle.y + TALL_M), Math.max(-bottom, middle.y - TALL_M)];
  const corners = heights.flatMap((y) => [left, right].map((x) => new THREE.Vector3(x, y, -depth)));
  return [new THREE.Vector3(), ...corners];
}
