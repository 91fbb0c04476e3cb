// SPDX-License-Identifier: Apache-2.0
// The people where they stand, seen from anywhere: drawn only when something changed.

import { CSS2DRenderer, OrbitControls, THREE } from "nicegui-scene";
import { CameraModel } from "pose-page/camera_model.js";
import { Floor, People } from "pose-page/people3d.js";
import { live } from "pose-page/stream.js";
import { distanceOf, viewpoint } from "pose-page/viewpoints.js";

const THEMES = {
  light: { background: 0xf3f5f7, grid: 0xc4cad1, axis: 0x8a929c, frustum: 0x66707c },
  dark: { background: 0x16191d, grid: 0x343b44, axis: 0x6b7480, frustum: 0x8d97a5 },
};
const NOBODY = "Nobody to be seen.";
const UNKNOWN = "Distances are unknown (no camera_info): people are shown at 2 m.";
const VIEWS = { camera: "1", above: "2", side: "3", free: "4" };

export default {
  template: `
    <div class="pose-scene" ref="box">
      <canvas ref="canvas" role="img" aria-label="People in three dimensions"></canvas>
      <div ref="labels" class="pose-scene-labels"></div>
      <p v-if="failure" class="pose-words">{{ failure }}</p>
      <p v-else-if="note" class="pose-scene-note" :class="{ 'is-warning': note !== nobody }">{{ note }}</p>
    </div>`,
  data: () => ({ failure: "", note: NOBODY, nobody: NOBODY }),
  mounted() {
    try {
      this.renderer = new THREE.WebGLRenderer({ canvas: this.$refs.canvas, antialias: true });
    } catch {
      this.failure = "This browser has no WebGL, which the 3D view needs.";
      return;
    }
    this.build();
    this.listen = (name, does) => live.addEventListener(name, (this.does[name] = does.bind(this)));
    this.does = {};
    this.listen("frame", this.onFrame);
    this.listen("status", this.onStatus);
    this.listen("ended", this.onFrame);
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(this.$refs.box);
    this.themes = new MutationObserver(() => this.paint());
    this.themes.observe(document.body, { attributeFilter: ["class"] });
    this.paint();
    this.look("free");
  },
  unmounted() {
    for (const [name, does] of Object.entries(this.does ?? {})) live.removeEventListener(name, does);
    this.observer?.disconnect();
    this.themes?.disconnect();
    this.renderer?.dispose();
  },
  methods: {
    build() {
      this.scene = new THREE.Scene();
      this.eye = new THREE.PerspectiveCamera(50, 1, 0.05, 200);
      this.text = new CSS2DRenderer({ element: this.$refs.labels });
      this.controls = new OrbitControls(this.eye, this.$refs.canvas);
      this.controls.addEventListener("change", () => this.render());
      this.scene.add(new THREE.HemisphereLight(0xffffff, 0x8890a0, 2.2));
      const sun = new THREE.DirectionalLight(0xffffff, 1.6);
      sun.position.set(2, 4, 3);
      this.scene.add(sun);
      // The optical frame (x right, y down, z ahead) in three.js's (y up, z towards the viewer).
      this.optical = new THREE.Group();
      this.optical.rotation.x = Math.PI;
      this.scene.add(this.optical);
      this.floor = new Floor(this.optical);
      this.model = new CameraModel(this.optical);
      this.people = new People(this.optical);
    },
    paint() {
      if (!this.renderer) return;
      const theme = THEMES[document.body.classList.contains("body--dark") ? "dark" : "light"];
      this.scene.background = new THREE.Color(theme.background);
      this.floor.paint(theme);
      this.model.paint(theme);
      this.render();
    },
    onFrame() {
      const { frame, skeleton } = live;
      const isFirst = !this.hasSeen && frame?.people.length;
      this.model.show(frame?.bitmap, frame?.size);
      if (skeleton) this.people.show(frame?.people ?? [], skeleton, frame?.seconds ?? 0);
      this.floor.follow(frame?.people ?? []);
      const lost = frame?.people.some((each) => !each.position);
      if (isFirst) this.look("free");
      this.hasSeen ||= isFirst;
      this.note = !frame?.people.length ? NOBODY : lost ? UNKNOWN : "";
      this.render();
    },
    onStatus() {
      this.model.setCamera(live.camera);
      this.render();
    },
    look(name) {
      if (!(name in VIEWS)) return;
      const middle = this.people.middle();
      const { eye, target, fovDeg } = viewpoint(name, middle, this.model.edges(), this.eye.aspect);
      this.model.putBehind(name === "camera" ? distanceOf(middle) + 2 : 0);
      this.eye.fov = fovDeg;
      this.eye.updateProjectionMatrix();
      this.eye.position.copy(eye);
      this.controls.target.copy(target);
      this.controls.update();
      this.render();
    },
    resize() {
      const { box } = this.$refs;
      if (!box.clientWidth || !box.clientHeight) return;
      this.renderer.setPixelRatio(Math.min(devicePixelRatio, 2));
      this.renderer.setSize(box.clientWidth, box.clientHeight, false);
      this.text.setSize(box.clientWidth, box.clientHeight);
      this.eye.aspect = box.clientWidth / box.clientHeight;
      this.eye.updateProjectionMatrix();
      this.render();
    },
    render() {
      if (this.asked || !this.renderer) return;
      this.asked = requestAnimationFrame(() => {
        this.asked = null;
        this.renderer.render(this.scene, this.eye);
        this.text.render(this.scene, this.eye);
      });
    },
  },
};
