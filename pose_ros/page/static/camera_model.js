// SPDX-License-Identifier: Apache-2.0
// The camera in the 3D view: its frustum, and the live picture in it.

import { THREE } from "nicegui-scene";

const NEAR_M = 0.35; // of the picture in front of the camera
const ASSUMED_FOV_DEG = 60; // across, while no camera_info is known
const TEXTURE_PERIOD_MS = 100;

export class CameraModel {
  constructor(parent) {
    this.canvas = document.createElement("canvas");
    this.texture = new THREE.CanvasTexture(this.canvas);
    this.texture.colorSpace = THREE.SRGBColorSpace;
    const material = new THREE.MeshBasicMaterial({
      map: this.texture, side: THREE.DoubleSide, transparent: true, opacity: 0.8,
    });
    this.picture = new THREE.Mesh(new THREE.BufferGeometry(), material);
    this.lines = new THREE.LineSegments(new THREE.BufferGeometry(), new THREE.LineBasicMaterial());
    this.picture.visible = false;
    this.size = [640, 480];
    this.camera = null;
    this.depth = NEAR_M;
    this.shownMs = 0;
    parent.add(this.picture, this.lines);
    this.#build();
  }

  paint({ frustum }) {
    this.lines.material.color.set(frustum);
  }

  setCamera(camera) {
    this.camera = camera;
    this.#build();
  }

  /** Puts the picture behind the people, as a backdrop, or right in front of the camera. */
  putBehind(metres) {
    this.depth = metres || NEAR_M;
    this.#build();
  }

  show(bitmap, size) {
    this.picture.visible = Boolean(bitmap);
    if (size && String(size) !== String(this.size)) {
      this.size = size;
      this.#build();
    }
    const now = performance.now();
    if (!bitmap || now - this.shownMs < TEXTURE_PERIOD_MS) return;
    this.shownMs = now;
    const [width, height] = [320, Math.round((320 * this.size[1]) / this.size[0])];
    if (this.canvas.width !== width || this.canvas.height !== height) {
      [this.canvas.width, this.canvas.height] = [width, height];
      this.texture.dispose();
    }
    this.canvas.getContext("2d").drawImage(bitmap, 0, 0, width, height);
    this.texture.needsUpdate = true;
  }

  /** Returns left, top, right and bottom of the picture at a depth of 1. */
  edges() {
    const { camera } = this;
    if (camera)
      return [
        -(camera.cx + 0.5) / camera.fx, -(camera.cy + 0.5) / camera.fy,
        (camera.width - camera.cx - 0.5) / camera.fx, (camera.height - camera.cy - 0.5) / camera.fy,
      ];
    const half = Math.tan((ASSUMED_FOV_DEG * Math.PI) / 360);
    const tall = (half * this.size[1]) / this.size[0];
    return [-half, -tall, half, tall];
  }

  #build() {
    const [left, top, right, bottom] = this.edges().map((each) => each * this.depth);
    const corners = [[left, top], [right, top], [right, bottom], [left, bottom]].map(([x, y]) => [x, y, this.depth]);
    const lines = corners.flatMap((corner, i) => [[0, 0, 0], corner, corner, corners[(i + 1) % 4]]);
    this.lines.geometry.dispose();
    this.lines.geometry = new THREE.BufferGeometry().setFromPoints(lines.map((each) => new THREE.Vector3(...each)));
    const geometry = new THREE.BufferGeometry();
    geometry.setAttribute("position", new THREE.Float32BufferAttribute(corners.flat(), 3));
    geometry.setAttribute("uv", new THREE.Float32BufferAttribute([0, 1, 1, 1, 1, 0, 0, 0], 2));
    geometry.setIndex([0, 1, 2, 0, 2, 3]);
    this.picture.geometry.dispose();
    this.picture.geometry = geometry;
  }
}
