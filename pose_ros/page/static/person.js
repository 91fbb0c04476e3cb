// SPDX-License-Identifier: Apache-2.0
// A person of a PoseLandmarks message, as the views of the page take it.

import { placedLandmarks } from "./geometry.js";

export function person(pose, index) {
  const known = Number.isFinite(pose.position.z);
  return {
    id: pose.track_id >= 0 ? pose.track_id : `p${index}`,
    landmarks: pose.landmarks,
    world: pose.world_landmarks,
    confidence: pose.confidence,
    position: known ? pose.position : null,
    error: pose.position_error,
    placed: placedLandmarks(pose.world_landmarks, known ? pose.position : null),
  };
}
