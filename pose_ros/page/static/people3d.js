// SPDX-License-Identifier: Apache-2.0
// People as balls and sticks in the optical frame, with trails and error, and the floor they stand on.

import { CSS2DObject, THREE } from "nicegui-scene";
import { MIN_VISIBILITY } from "./figure.js";

const MOST_PEOPLE = 32; // the node finds no more
const JOINT_M = 0.028;
const FACE_M = 0.014;
const BONE_M = 0.016;
const [THICKER_BEYOND_M, THICKEST] = [4, 3]; // who is far away is to be seen, too
const TRAIL_S = 6;
const SIGHT_TO_WIDTH = 3; // position_error is mostly along the line of sight
const CORNERS = [0, 23, 24]; // nose and hips: between them is the middle of a person
const FEET = [27, 28, 29, 30, 31, 32];
const HIP_HEIGHT_M = 0.92; // of an average adult, where no foot is seen
const UP = new THREE.Vector3(0, 1, 0);
const AHEAD = new THREE.Vector3(0, 0, 1);

function instances(parent, geometry, count) {
  const mesh = new THREE.InstancedMesh(geometry, new THREE.MeshLambertMaterial(), count);
  mesh.count = 0;
  mesh.frustumCulled = false;
  parent.add(mesh);
  return mesh;
}

export class People {
  constructor(parent) {
    this.balls = instances(parent, new THREE.SphereGeometry(1, 14, 10), MOST_PEOPLE * 33);
    this.sticks = instances(parent, new THREE.CylinderGeometry(1, 1, 1, 10), MOST_PEOPLE * 35);
    this.parent = parent;
    this.extras = new Map(); // by id: label, error, trail
    this.center = new THREE.Vector3(0, 0, 2);
  }

  /** Returns the middle of the people, in three.js's axes. */
  middle() {
    return new THREE.Vector3(this.center.x, -this.center.y, -this.center.z);
  }

  show(people, skeleton, seconds) {
    const shown = people.slice(0, MOST_PEOPLE);
    this.balls.count = this.sticks.count = 0;
    for (const person of shown) this.#body(person, skeleton);
    for (const mesh of [this.balls, this.sticks]) {
      mesh.instanceMatrix.needsUpdate = true;
      if (mesh.instanceColor) mesh.instanceColor.needsUpdate = true;
    }
    for (const person of shown) this.#extra(person).show(person, seconds);
    const ids = new Set(shown.map((each) => each.id));
    for (const [id, extra] of this.extras) {
      if (!ids.has(id) && extra.isOver(seconds)) {
        extra.remove();
        this.extras.delete(id);
      }
    }
    if (shown.length) {
      const middles = shown.map(({ placed }) => CORNERS.map((joint) => placed[joint])).flat();
      const mean = (axis) => middles.reduce((sum, each) => sum + each[axis], 0) / middles.length;
      this.center.set(mean(0), mean(1), mean(2));
    }
  }

  #extra(person) {
    if (!this.extras.has(person.id)) this.extras.set(person.id, new Extra(this.parent));
    return this.extras.get(person.id);
  }

  #body({ landmarks, placed, position }, skeleton) {
    const thick = Math.min(THICKEST, Math.max(1, (position?.z ?? 0) / THICKER_BEYOND_M));
    const points = placed.map((each) => new THREE.Vector3(...each));
    const isShown = (joint) => landmarks[joint].visibility >= MIN_VISIBILITY;
    const matrix = new THREE.Matrix4();
    const color = new THREE.Color();
    points.forEach((point, joint) => {
      if (!isShown(joint)) return;
      const radius = joint <= 10 ? FACE_M : JOINT_M * thick;
      matrix.makeScale(radius, radius, radius).setPosition(point);
      add(this.balls, matrix, color.set(skeleton.colors[skeleton.sides[joint]]));
    });
    for (const [a, b, side] of skeleton.connections) {
      if (!isShown(a) || !isShown(b)) continue;
      const along = points[b].clone().sub(points[a]);
      const length = along.length();
      const turn = new THREE.Quaternion().setFromUnitVectors(UP, along.normalize());
      const radius = b <= 10 ? FACE_M / 2 : BONE_M * thick;
      const middle = points[a].clone().add(points[b]).multiplyScalar(0.5);
      matrix.compose(middle, turn, new THREE.Vector3(radius, length, radius));
      add(this.sticks, matrix, color.set(skeleton.colors[side]));
    }
  }
}

function add(mesh, matrix, color) {
  mesh.setMatrixAt(mesh.count, matrix);
  mesh.setColorAt(mesh.count, color);
  mesh.count++;
}

/** What a person has beside the body: a label, the error of the position, a trail. */
class Extra {
  constructor(parent) {
    this.element = document.createElement("div");
    this.element.className = "pose-scene-label";
    this.label = new CSS2DObject(this.element);
    this.label.center.set(0.5, 1); // above the head, however far away the person is
    const faint = { color: 0x56b4e9, transparent: true, opacity: 0.16, depthWrite: false };
    this.error = new THREE.Mesh(new THREE.SphereGeometry(1, 24, 16), new THREE.MeshBasicMaterial(faint));
    this.trail = new THREE.Line(
      new THREE.BufferGeometry(),
      new THREE.LineBasicMaterial({ color: 0x56b4e9, transparent: true, opacity: 0.7 }),
    );
    this.trail.frustumCulled = false;
    this.past = [];
    parent.add(this.label, this.error, this.trail);
  }

  show({ id, placed, position, error }, seconds) {
    this.label.position.set(placed[0][0], placed[0][1] - 0.22, placed[0][2]);
    const name = typeof id === "number" ? `#${id}` : id;
    const text = position ? `${name}  ${Math.hypot(position.x, position.y, position.z).toFixed(2)} m` : name;
    if (this.element.textContent !== text) this.element.textContent = text;
    this.error.visible = Boolean(position) && error > 0;
    if (!position) return;
    const at = new THREE.Vector3(position.x, position.y, position.z);
    this.error.position.copy(at);
    this.error.quaternion.setFromUnitVectors(AHEAD, at.clone().normalize());
    this.error.scale.set(error / SIGHT_TO_WIDTH, error / SIGHT_TO_WIDTH, error);
    if (this.past.length && seconds < this.past.at(-1).seconds) this.past = [];
    this.past.push({ seconds, at });
    this.past = this.past.filter((each) => each.seconds > seconds - TRAIL_S);
    this.trail.geometry.dispose();
    this.trail.geometry = new THREE.BufferGeometry().setFromPoints(this.past.map((each) => each.at));
  }

  isOver(seconds) {
    const last = this.past.at(-1)?.seconds ?? 0;
    this.label.visible = this.error.visible = false;
    return Math.abs(seconds - last) > 1;
  }

  remove() {
    for (const each of [this.label, this.error, this.trail]) each.removeFromParent();
    this.trail.geometry.dispose();
  }
}

/** A grid at the feet, as far as they were seen, with the axes of the optical frame. */
export class Floor {
  constructor(parent) {
    this.parent = parent;
    this.y = 1.2;
    parent.add(new THREE.AxesHelper(0.3));
  }

  paint({ grid, axis }) {
    this.grid?.removeFromParent();
    this.grid = new THREE.GridHelper(12, 24, axis, grid);
    this.grid.position.set(0, this.y, 3);
    this.parent.add(this.grid);
  }

  follow(people) {
    const heights = people.filter((each) => each.position).map(lowest);
    if (!heights.length) return;
    this.y += 0.05 * (Math.max(...heights) - this.y); // y points down
    this.grid.position.y = this.y;
  }
}

function lowest({ landmarks, placed, position }) {
  const feet = FEET.filter((joint) => landmarks[joint].visibility >= MIN_VISIBILITY);
  if (!feet.length) return position.y + HIP_HEIGHT_M;
  return Math.max(...feet.map((joint) => placed[joint][1]));
}
