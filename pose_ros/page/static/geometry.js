// SPDX-License-Identifier: Apache-2.0
// Places world landmarks in the camera's optical frame, as pose_ros/poses/geometry.py does.

const UNKNOWN_AT = { x: 0, y: 0, z: 2 }; // metres; where the node's markers stand, too

/** Returns 33 [x, y, z] in metres; around 2 m ahead of the camera when the position is unknown. */
export function placedLandmarks(world, position) {
  const at = position ?? UNKNOWN_AT;
  const length = Math.max(Math.hypot(at.x, at.y, at.z), 1e-9);
  const [x, y, z] = [at.x / length, at.y / length, at.z / length];
  const share = 1 / Math.max(1 + z, 1e-9);
  return world.map((p) => [
    (1 - share * x * x) * p.x - share * x * y * p.y + x * p.z + at.x,
    -share * x * y * p.x + (1 - share * y * y) * p.y + y * p.z + at.y,
    -x * p.x - y * p.y + z * p.z + at.z,
  ]);
}

/** Returns the angle at the middle point, in degrees. */
export function angleDeg(a, middle, b) {
  const u = a.map((value, i) => value - middle[i]);
  const v = b.map((value, i) => value - middle[i]);
  const dot = u.reduce((sum, value, i) => sum + value * v[i], 0);
  return (Math.acos(Math.min(1, Math.max(-1, dot / (Math.hypot(...u) * Math.hypot(...v))))) * 180) / Math.PI;
}

export function distance(a, b) {
  return Math.hypot(...a.map((value, i) => value - b[i]));
}
