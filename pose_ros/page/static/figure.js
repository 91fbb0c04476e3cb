// SPDX-License-Identifier: Apache-2.0
// Draws people over a picture: for the live picture and for stills.

export const MIN_VISIBILITY = 0.5;
const EDGE = "rgba(20, 20, 20, 0.75)";
const TINTS = ["#00c878", "#cc79a7", "#f0e442", "#0072b2", "#d55e00", "#a064ff"];
const TINT_OPACITY = 0.4;
// As pose_ros/outputs/overlay.py has it: sizes at scale 1, which a person has who is so large in a
// picture with such a diagonal; a dot's radius by its depth in parts of the person's extent.
const [PERSON_PX, DIAGONAL_PX] = [320, 800];
const [NEAR, FAR, NEAR_RADIUS, FAR_RADIUS] = [-0.3, 0.2, 5, 1.5];
const LEAST_LABEL = 0.6;

/** Returns where a picture lies in a canvas of this size: {x, y, width, height}. */
export function fitted([width, height], [canvasWidth, canvasHeight]) {
  const scale = Math.min(canvasWidth / width, canvasHeight / height);
  const [w, h] = [width * scale, height * scale];
  return { x: (canvasWidth - w) / 2, y: (canvasHeight - h) / 2, width: w, height: h };
}

/** Returns where a landmark is in the canvas. */
export function pointIn(area, landmark, mirror) {
  const x = mirror ? 1 - landmark.x : landmark.x;
  return [area.x + x * area.width, area.y + landmark.y * area.height];
}

export function drawPicture(context, bitmap, area, mirror) {
  context.save();
  if (mirror) {
    context.translate(2 * area.x + area.width, 0);
    context.scale(-1, 1);
  }
  context.drawImage(bitmap, area.x, area.y, area.width, area.height);
  context.restore();
}

/** Draws bones, dots and ids. `selected` is {id, joint} or null. */
export function drawPeople(context, people, area, skeleton, { mirror, labels }, selected) {
  const whole = Math.hypot(area.width, area.height) / DIAGONAL_PX;
  context.save();
  context.beginPath();
  context.rect(area.x, area.y, area.width, area.height);
  context.clip();
  context.lineCap = "round";
  for (const person of people) {
    const points = person.landmarks.map((each) => pointIn(area, each, mirror));
    const extent = extentOf(points, area);
    const unit = Math.max(0.4, Math.min(whole, (extent / PERSON_PX) * Math.max(1, whole)));
    const depthOf = (landmark) => (landmark.z * area.width) / extent;
    drawBones(context, person, points, skeleton, unit);
    drawDots(context, person, points, skeleton, unit, depthOf, selected?.id === person.id && selected.joint);
    if (labels) drawLabel(context, person, points, Math.max(unit, LEAST_LABEL * whole, 0.75));
  }
  context.restore();
}

/** Returns the diagonal of the box around a person; what is a picture's size outside is not believed. */
function extentOf(points, { x, y, width, height }) {
  const near = points.filter(
    ([px, py]) => px > x - width && px < x + 2 * width && py > y - height && py < y + 2 * height,
  );
  const span = (axis) => Math.max(...near.map((each) => each[axis])) - Math.min(...near.map((each) => each[axis]));
  return near.length ? Math.max(1, Math.hypot(span(0), span(1))) : 1;
}

function visible(landmark) {
  return landmark.visibility >= MIN_VISIBILITY;
}

function drawBones(context, { landmarks }, points, skeleton, unit) {
  const shown = skeleton.connections.filter(([a, b]) => visible(landmarks[a]) && visible(landmarks[b]));
  const stroke = (color, width, bones) => {
    context.beginPath();
    for (const [a, b] of bones) {
      context.moveTo(...points[a]);
      context.lineTo(...points[b]);
    }
    context.strokeStyle = color;
    context.lineWidth = width * unit;
    context.stroke();
  };
  stroke(EDGE, 5, shown);
  for (const [side, color] of Object.entries(skeleton.colors))
    stroke(color, 2.5, shown.filter(([, , its]) => its === side));
}

function drawDots(context, { landmarks }, points, skeleton, unit, depthOf, selected) {
  landmarks.forEach((landmark, joint) => {
    if (!visible(landmark) && joint !== selected) return;
    const near = Math.min(1, Math.max(0, (FAR - depthOf(landmark)) / (FAR - NEAR)));
    const radius = (FAR_RADIUS + near * (NEAR_RADIUS - FAR_RADIUS)) * unit;
    const [x, y] = points[joint];
    context.beginPath();
    context.arc(x, y, radius + 0.5, 0, 2 * Math.PI);
    context.fillStyle = skeleton.colors[skeleton.sides[joint]];
    context.strokeStyle = EDGE;
    context.lineWidth = unit;
    context.fill();
    context.stroke();
    if (joint === selected) {
      context.beginPath();
      context.arc(x, y, radius + 5 * unit, 0, 2 * Math.PI);
      context.strokeStyle = "#fff";
      context.lineWidth = 2 * unit;
      context.stroke();
    }
  });
}

function drawLabel(context, { id, landmarks }, points, unit) {
  const shown = points.filter((_, joint) => visible(landmarks[joint]));
  if (!shown.length) return;
  const top = Math.min(...shown.map(([, y]) => y)) - 22 * unit;
  const x = points[0][0];
  context.font = `600 ${Math.round(14 * unit)}px Roboto, sans-serif`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.lineWidth = 4 * unit;
  context.strokeStyle = EDGE;
  context.fillStyle = "#fff";
  const text = typeof id === "number" ? `#${id}` : id;
  context.strokeText(text, x, Math.max(top, 12 * unit));
  context.fillText(text, x, Math.max(top, 12 * unit));
}

/** Turns a mask (grey: 0, or 1 + index of the person) into colours, on a canvas of its own. */
export class Tint {
  #canvas = document.createElement("canvas");

  draw(context, mask, area, mirror) {
    const canvas = this.#canvas;
    [canvas.width, canvas.height] = [mask.width, mask.height];
    const inner = canvas.getContext("2d", { willReadFrequently: true });
    inner.drawImage(mask, 0, 0);
    const image = inner.getImageData(0, 0, canvas.width, canvas.height);
    const pixels = new Uint32Array(image.data.buffer);
    const palette = TINTS.map((hex) => {
      const [r, g, b] = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
      return ((Math.round(TINT_OPACITY * 255) << 24) | (b << 16) | (g << 8) | r) >>> 0;
    });
    for (let i = 0; i < pixels.length; i++) {
      const person = pixels[i] & 0xff;
      pixels[i] = person ? palette[(person - 1) % palette.length] : 0;
    }
    inner.putImageData(image, 0, 0);
    context.imageSmoothingEnabled = true;
    drawPicture(context, canvas, area, mirror);
  }
}
