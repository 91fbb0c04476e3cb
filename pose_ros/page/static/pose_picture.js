// SPDX-License-Identifier: Apache-2.0
// The live picture with the people on it; joints can be pointed at, clicked, and chosen by keys.

import { drawPeople, drawPicture, fitted, MIN_VISIBILITY, pointIn, Tint } from "pose-page/figure.js";
import { distance } from "pose-page/geometry.js";
import { live } from "pose-page/stream.js";

const REACH_PX = 16;
const [NARROWEST, WIDEST] = [0.9, 16 / 9]; // width to height, as the page has room for
const STEPS = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 1, ArrowUp: -1 };

export default {
  template: `
    <div class="pose-picture" ref="box">
      <canvas ref="canvas" tabindex="0" role="img" :aria-label="spoken"
        @pointermove="point" @pointerleave="leave" @click="click" @keydown="key"></canvas>
      <div v-if="tip" class="pose-tip" :style="{ left: tip.x + 'px', top: tip.y + 'px' }">
        <b>{{ tip.name }}</b> {{ tip.who }}<br>{{ tip.metres }}<br>{{ tip.visibility }}
      </div>
      <div v-show="!shown" class="pose-words"><slot></slot></div>
    </div>`,
  props: { source: String, mirror: Boolean, masks: Boolean, labels: Boolean, colors: Object },
  data: () => ({ tip: null, shown: false, spoken: "No picture yet" }),
  watch: {
    source: "connect",
    colors(value) { live.setColors(value); },
    mirror(value) { live.setOption("mirror", value); },
    masks(value) { live.setOption("masks", value); },
    labels(value) { live.setOption("labels", value); },
  },
  mounted() {
    this.context = this.$refs.canvas.getContext("2d");
    this.tint = new Tint();
    this.redraw = () => this.draw();
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(this.$refs.box);
    for (const name of ["frame", "selected", "options", "ended"]) live.addEventListener(name, this.redraw);
    for (const name of ["mirror", "masks", "labels"]) live.setOption(name, this[name]);
    this.connect();
  },
  unmounted() {
    this.observer.disconnect();
    for (const name of ["frame", "selected", "options", "ended"]) live.removeEventListener(name, this.redraw);
  },
  methods: {
    connect() {
      live.watch(this.source, `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/stream`);
    },
    resize() {
      const { canvas, box } = this.$refs;
      const ratio = Math.min(devicePixelRatio, 2);
      [canvas.width, canvas.height] = [box.clientWidth * ratio, box.clientHeight * ratio];
      this.draw();
    },
    draw() {
      const { canvas } = this.$refs;
      const frame = live.frame;
      this.shown = Boolean(frame?.bitmap);
      this.context.clearRect(0, 0, canvas.width, canvas.height);
      if (!frame?.size[0]) return this.leave();
      this.shape(frame.size);
      this.area = fitted(frame.size, [canvas.width, canvas.height]);
      const { mirror, masks } = live.options;
      if (frame.bitmap) drawPicture(this.context, frame.bitmap, this.area, mirror);
      if (masks && frame.mask) this.tint.draw(this.context, frame.mask, this.area, mirror);
      if (live.skeleton)
        drawPeople(this.context, frame.people, this.area, live.skeleton, live.options, live.selected);
      this.spoken = `Camera picture with ${frame.people.length} people`;
      if (this.pointer) this.showTip();
    },
    /** Gives the box the picture's proportions. */
    shape([width, height]) {
      const ratio = String(Math.min(WIDEST, Math.max(NARROWEST, width / height)).toFixed(3));
      if (ratio === this.ratio) return;
      this.ratio = ratio;
      this.$refs.box.style.aspectRatio = ratio;
    },
    nearest([x, y]) {
      const ratio = this.$refs.canvas.width / this.$refs.box.clientWidth;
      let best = null;
      for (const person of live.frame?.people ?? [])
        person.landmarks.forEach((landmark, joint) => {
          if (landmark.visibility < MIN_VISIBILITY) return;
          const off = distance(pointIn(this.area, landmark, live.options.mirror), [x * ratio, y * ratio]) / ratio;
          if (off < (best?.off ?? REACH_PX)) best = { person, joint, off };
        });
      return best;
    },
    point(event) {
      this.pointer = [event.offsetX, event.offsetY];
      this.showTip();
    },
    leave() {
      this.pointer = this.tip = null;
    },
    showTip() {
      const found = this.nearest(this.pointer);
      this.$refs.canvas.style.cursor = found ? "pointer" : "";
      this.tip = found && described(found, this.pointer);
    },
    click(event) {
      const found = this.nearest([event.offsetX, event.offsetY]);
      live.select(found?.person.id ?? null, found?.joint);
    },
    key(event) {
      const people = live.frame?.people ?? [];
      if (event.key === "Escape") live.select(null);
      if (!(event.key in STEPS) || !people.length) return;
      event.preventDefault();
      const step = STEPS[event.key];
      const index = people.findIndex((each) => each.id === live.selected?.id);
      if (index < 0) live.select(people[0].id, 0);
      else if (event.key === "ArrowUp" || event.key === "ArrowDown")
        live.select(people[(index + step + people.length) % people.length].id, live.selected.joint);
      else live.select(live.selected.id, (live.selected.joint + step + 33) % 33);
    },
  },
};

function described({ person, joint }, [x, y]) {
  const point = person.placed[joint];
  const metres = point.map((value) => value.toFixed(2)).join(", ");
  return {
    x: x + 14,
    y: y + 14,
    name: live.skeleton.names[joint],
    who: typeof person.id === "number" ? `#${person.id}` : "",
    metres: person.position ? `${metres} m` : "position unknown",
    visibility: `visibility ${person.landmarks[joint].visibility.toFixed(2)}`,
  };
}
