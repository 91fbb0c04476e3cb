// SPDX-License-Identifier: Apache-2.0
// What the chosen joint did in the last seconds: height, speed, angle, visibility.

import { echarts } from "nicegui-echart";
import { angleDeg, distance } from "pose-page/geometry.js";
import { live } from "pose-page/stream.js";

const SPAN_S = 15;
const PERIOD_MS = 200;
const SPEED_OVER_S = 0.15; // shorter, and the landmarks' jitter is all that is seen
const GREY = "#8a929c";
// The neighbours between which a joint bends.
const BENDS = {
  11: [23, 13], 12: [24, 14], 13: [11, 15], 14: [12, 16], 15: [13, 19], 16: [14, 20],
  23: [11, 25], 24: [12, 26], 25: [23, 27], 26: [24, 28], 27: [25, 31], 28: [26, 32],
};
const PLOTS = [
  ["height", "Height over the hips (m)", "#009e73"],
  ["speed", "Speed (m/s)", "#e69f00"],
  ["angle", "Angle (°)", "#0072b2"],
  ["visibility", "Visibility", "#cc79a7"],
];

export default {
  template: `
    <div class="pose-joint">
      <p v-if="!name" class="pose-muted">Click a joint in the picture to see its height, speed, angle and visibility.</p>
      <template v-else>
        <p class="pose-joint-name"><b>{{ name }}</b> {{ who }}
          <button type="button" class="pose-link" @click="leave">close</button></p>
      </template>
      <div v-show="name" ref="chart" class="pose-joint-chart"></div>
    </div>`,
  data: () => ({ name: "", who: "" }),
  mounted() {
    this.points = [];
    this.onFrame = () => this.add();
    this.onSelected = () => this.begin();
    live.addEventListener("frame", this.onFrame);
    live.addEventListener("selected", this.onSelected);
    live.addEventListener("ended", this.onSelected);
    this.observer = new ResizeObserver(() => this.chart?.resize());
    this.observer.observe(this.$refs.chart);
  },
  unmounted() {
    live.removeEventListener("frame", this.onFrame);
    live.removeEventListener("selected", this.onSelected);
    live.removeEventListener("ended", this.onSelected);
    this.observer.disconnect();
    this.chart?.dispose();
  },
  methods: {
    leave() {
      live.select(null);
    },
    begin() {
      const { selected, skeleton } = live;
      this.points = [];
      this.name = selected ? skeleton.names[selected.joint] : "";
      this.who = selected && typeof selected.id === "number" ? `of #${selected.id}` : "";
      if (selected) this.$nextTick(() => this.draw());
    },
    add() {
      const { selected, frame } = live;
      const person = selected && live.person(selected.id);
      if (!person) return;
      if (this.points.length && frame.seconds <= this.points.at(-1).seconds) this.points = [];
      this.points.push(measured(person, selected.joint, frame.seconds, this.points));
      this.points = this.points.filter((each) => each.seconds > frame.seconds - SPAN_S);
      if (performance.now() - (this.drawnMs ?? 0) > PERIOD_MS) this.draw();
    },
    draw() {
      this.drawnMs = performance.now();
      if (!this.chart) this.chart = echarts.init(this.$refs.chart, null, { renderer: "svg" });
      this.chart.setOption(options(this.points));
    },
  },
};

function measured(person, joint, seconds, points) {
  const point = person.placed[joint];
  const before = points.findLast((each) => each.seconds <= seconds - SPEED_OVER_S);
  const bend = BENDS[joint];
  return {
    seconds,
    point,
    height: -person.world[joint].y,
    speed: before && distance(point, before.point) / (seconds - before.seconds),
    angle: bend && angleDeg(person.placed[bend[0]], point, person.placed[bend[1]]),
    visibility: person.landmarks[joint].visibility,
  };
}

function options(points) {
  const last = points.at(-1)?.seconds ?? 0;
  const label = { color: GREY, fontSize: 10 };
  const axisLine = { onZero: false };
  const width = 100 / PLOTS.length;
  const at = (i) => ({ left: `${i * width + 4}%`, width: `${width - 6}%`, top: 36, bottom: 20 });
  return {
    animation: false,
    textStyle: { fontFamily: "Roboto, sans-serif" },
    title: PLOTS.map(([, text], i) => ({
      text, left: `${i * width + 1}%`, textStyle: { fontSize: 12, color: GREY },
    })),
    grid: PLOTS.map((_, i) => at(i)),
    xAxis: PLOTS.map((_, i) => ({
      gridIndex: i, type: "value", axisLine, min: -SPAN_S, max: 0, axisLabel: { ...label, formatter: "{value} s" },
      splitLine: { show: false }, splitNumber: 3,
    })),
    yAxis: PLOTS.map(([key], i) => ({
      gridIndex: i, type: "value", axisLine, scale: key !== "speed", axisLabel: label, splitNumber: 3,
      ...(key === "visibility" ? { min: 0, max: 1 } : {}),
      splitLine: { lineStyle: { color: "rgba(138, 146, 156, 0.25)" } },
    })),
    series: PLOTS.map(([key, name, color], i) => ({
      name, type: "line", showSymbol: false, color, xAxisIndex: i, yAxisIndex: i,
      data: points.map((each) => [each.seconds - last, each[key] ?? null]),
    })),
  };
}
