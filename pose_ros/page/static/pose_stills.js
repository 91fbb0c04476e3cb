// SPDX-License-Identifier: Apache-2.0
// Pictures that are dropped anywhere on the page, and the people whom the node found in them.

import { drawPeople } from "pose-page/figure.js";
import { person } from "pose-page/person.js";
import { live } from "pose-page/stream.js";
import { unpack } from "pose-page/wire.js";

const MOST_SHOWN = 8;
const NO_PICTURE = "this file is no picture";

export default {
  template: `
    <div class="pose-stills">
      <label class="pose-drop" :class="{ 'is-over': over }">
        <input ref="files" type="file" accept="image/*" multiple @change="choose">
        Drop pictures anywhere on the page, or click here to choose some.
        The node finds the people in them; the stream goes on.
      </label>
      <p v-if="note" class="pose-muted" role="status">{{ note }}</p>
      <figure v-for="still in stills" :key="still.key" :class="{ 'is-large': still.key === large }">
        <canvas v-show="still.people >= 0" :data-key="still.key" tabindex="0" role="button"
          :aria-label="'Enlarge ' + still.name" @click="enlarge(still)" @keydown.enter="enlarge(still)" @keydown.esc="large = null"></canvas>
        <figcaption>{{ still.name }}: <span :class="{ 'pose-refusal': still.failure }">{{ still.words }}</span></figcaption>
      </figure>
    </div>`,
  props: { source: String },
  emits: ["dropped"],
  data: () => ({ stills: [], over: false, large: null, note: "" }),
  mounted() {
    this.events = {
      dragover: (event) => { event.preventDefault(); this.over = true; },
      dragleave: () => { this.over = false; },
      drop: (event) => { event.preventDefault(); this.over = false; this.$emit("dropped"); this.takeAll(event.dataTransfer.files); },
    };
    for (const [name, does] of Object.entries(this.events)) document.addEventListener(name, does);
  },
  unmounted() {
    for (const [name, does] of Object.entries(this.events)) document.removeEventListener(name, does);
  },
  methods: {
    choose() {
      this.takeAll(this.$refs.files.files);
    },
    async takeAll(files) {
      const left = files.length - MOST_SHOWN;
      this.note = left > 0 ? `${MOST_SHOWN} files at a time: ${left} were left out.` : "";
      for (const file of [...files].slice(0, MOST_SHOWN)) {
        if (file.type.startsWith("image/")) await this.take(file);
        else this.add(file, NO_PICTURE, true);
      }
      this.$refs.files.value = "";
    },
    add(file, words, failure) {
      const key = crypto.randomUUID?.() ?? String(Math.random());
      this.stills.unshift({ key, name: file.name, words, people: -1, failure });
      this.stills.splice(MOST_SHOWN);
      return this.stills[0];
    },
    async take(file) {
      const still = this.add(file, "looking ...", false);
      try {
        const answer = await fetch(`/stills${this.source}`, { method: "POST", body: file });
        if (!answer.ok) throw new Error((await answer.json()).detail);
        await this.show(still, await answer.arrayBuffer());
      } catch (error) {
        Object.assign(still, { words: error.message, failure: true });
      }
    },
    async show(still, buffer) {
      const { landmarks, picture } = unpack(buffer);
      const people = live.read(landmarks).poses.map(person);
      const bitmap = await createImageBitmap(new Blob([picture]));
      Object.assign(still, {
        people: people.length,
        words: people.length === 1 ? "1 person" : `${people.length} people`,
      });
      const canvas = this.$el.querySelector(`[data-key="${still.key}"]`);
      [canvas.width, canvas.height] = [bitmap.width, bitmap.height];
      const context = canvas.getContext("2d");
      context.drawImage(bitmap, 0, 0);
      bitmap.close();
      const area = { x: 0, y: 0, width: canvas.width, height: canvas.height };
      drawPeople(context, people, area, live.skeleton, { mirror: false, labels: false }, null);
    },
    enlarge(still) {
      this.large = this.large === still.key ? null : still.key;
    },
  },
};
