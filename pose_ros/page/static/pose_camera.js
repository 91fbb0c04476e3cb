// SPDX-License-Identifier: Apache-2.0
// This device's camera as a ROS camera: JPEG by JPEG, and no more than the page takes.

import { live } from "pose-page/stream.js";

const WIDTH = 640;
const QUALITY = 0.85;
const MOST_HZ = 30;
const UNSAFE = "A browser gives its camera to pages on https or localhost only: see docs/page.md.";

export default {
  template: `
    <div class="pose-camera">
      <p class="pose-muted">Publishes what this device's camera films as image_raw and camera_info.</p>
      <label>Topic <input v-model="chosen" :placeholder="proposed" :disabled="running" spellcheck="false"></label>
      <label>Field of view across, degrees
        <input v-model.number="fov" type="number" min="10" max="150" :disabled="running"></label>
      <label>Camera <select v-model="facing" :disabled="running">
        <option value="user">front</option><option value="environment">back</option></select></label>
      <button type="button" class="pose-button" @click="running ? stop() : start()">
        {{ running ? "Stop" : "Use this device's camera" }}</button>
      <p class="pose-muted" role="status">{{ words }}</p>
    </div>`,
  props: { proposed: String },
  data: () => ({ chosen: "", fov: 60, facing: "user", running: false, words: "" }),
  unmounted() {
    this.stop();
  },
  methods: {
    async start() {
      if (!navigator.mediaDevices) {
        this.words = UNSAFE;
        return;
      }
      try {
        const video = { facingMode: this.facing, width: { ideal: WIDTH }, frameRate: { ideal: MOST_HZ } };
        this.film = await navigator.mediaDevices.getUserMedia({ video, audio: false });
      } catch (error) {
        this.words = `no camera: ${error.message}`;
        return;
      }
      this.running = true;
      this.video = Object.assign(document.createElement("video"), { muted: true, playsInline: true });
      this.video.srcObject = this.film;
      await this.video.play();
      this.canvas = new OffscreenCanvas(this.video.videoWidth, this.video.videoHeight);
      this.send();
    },
    send() {
      const topic = this.chosen || this.proposed;
      const socket = new WebSocket(`${live.base.replace(/stream$/, "camera")}${topic}?fov=${this.fov}`);
      let sent = 0;
      const next = async () => {
        if (socket.readyState !== WebSocket.OPEN) return;
        const begin = performance.now();
        this.canvas.getContext("2d").drawImage(this.video, 0, 0);
        const jpeg = await this.canvas.convertToBlob({ type: "image/jpeg", quality: QUALITY });
        if (socket.readyState === WebSocket.OPEN) socket.send(jpeg);
        this.words = `${++sent} pictures of ${this.canvas.width}x${this.canvas.height} on ${topic}`;
        this.begin = begin;
      };
      socket.onopen = next;
      socket.onmessage = () => setTimeout(next, Math.max(0, this.begin + 1000 / MOST_HZ - performance.now()));
      socket.onclose = (event) => {
        if (this.running) this.words = event.reason || "the page took no more pictures";
        this.stop();
      };
      this.socket = socket;
    },
    stop() {
      this.running = false;
      this.socket?.close();
      for (const track of this.film?.getTracks() ?? []) track.stop();
      this.film = this.socket = null;
    },
  },
};
