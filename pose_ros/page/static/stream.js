// SPDX-License-Identifier: Apache-2.0
// Receives one pose node's pictures and landmarks, and tells the views of the page.

import { person } from "./person.js";
import { Reader, stampText, unpack } from "./wire.js";

const RETRY_MS = 1000;
const STALE_MS = 2500; // an old picture must not be taken for a live one
const ROOM = 2; // bundles asked for: one on the way, one being drawn

/**
 * What the page shows now. Dispatches `frame` (a picture, landmarks or both), `status` (camera),
 * `selected` (a joint was clicked), `options` (mirror, masks) and `ended` (the node went away).
 */
class Live extends EventTarget {
  source = "";
  frame = null; // {stamp, landmarksStamp, people, size, bitmap, mask}
  camera = null;
  skeleton = null; // names, connections, colours
  selected = null; // {id, joint}
  options = { mirror: false, masks: false, labels: true };
  counts = { frames: 0, pairs: 0, mismatches: 0 };
  #socket = null;
  #schema = null;
  #retry = 0;
  #shownMs = 0;

  constructor() {
    super();
    document.addEventListener("visibilitychange", () => this.#connect());
    setInterval(() => this.frame && performance.now() - this.#shownMs > STALE_MS && this.#drop(), 500);
  }

  watch(source, base) {
    if (source === this.source) return;
    this.source = source;
    this.base = base;
    this.#clear();
    this.#connect();
  }

  select(id, joint) {
    this.selected = id === null ? null : { id, joint };
    this.#tell("selected");
  }

  setOption(name, value) {
    this.options[name] = value;
    if (name === "masks") this.#send(value ? "masks" : "no masks");
    this.#tell("options");
  }

  /** Uses the node's colours of left, right and center. */
  setColors(colors) {
    this.colors = colors;
    if (this.skeleton && colors) this.skeleton.colors = colors;
    this.#tell("options");
  }

  person(id) {
    return this.frame?.people.find((each) => each.id === id);
  }

  /** Returns a serialized PoseLandmarksArray as an object. */
  read(landmarks) {
    return new Reader(landmarks).message(this.#schema);
  }

  #tell(name) {
    this.dispatchEvent(new Event(name));
  }

  #clear() {
    this.camera = this.selected = null;
    this.#drop();
  }

  #drop() {
    this.frame?.bitmap?.close();
    this.frame?.mask?.close();
    this.frame = null;
    this.#tell("ended");
  }

  #send(word) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(word);
  }

  // A page that nobody sees asks for nothing; the node then has one subscriber less.
  #connect() {
    clearTimeout(this.#retry);
    if (this.#socket) this.#socket.onclose = null;
    this.#socket?.close();
    this.#socket = null;
    if (!this.source || document.hidden) return;
    const socket = new WebSocket(`${this.base}${this.source}`);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      if (this.options.masks) socket.send("masks");
      for (let i = 0; i < ROOM; i++) socket.send("next");
    };
    socket.onmessage = (event) =>
      typeof event.data === "string" ? this.#hear(JSON.parse(event.data)) : this.#take(event.data);
    socket.onclose = () => {
      this.#clear();
      this.#retry = setTimeout(() => this.#connect(), RETRY_MS);
    };
    this.#socket = socket;
  }

  #hear(message) {
    if (message.schema) {
      this.#schema = message.schema;
      this.skeleton = message.skeleton;
      this.setColors(this.colors);
    } else {
      this.camera = message.camera;
    }
    this.#tell("status");
  }

  async #take(buffer) {
    const socket = this.#socket;
    try {
      const { stamp, landmarks, picture, mask } = unpack(buffer);
      const [bitmap, maskBitmap] = await Promise.all([decoded(picture), decoded(mask)]);
      const message = landmarks && this.read(landmarks);
      this.#show(stamp, message, bitmap, maskBitmap);
    } catch (error) {
      console.error("a frame could not be shown:", error);
    }
    requestAnimationFrame(() => socket.readyState === WebSocket.OPEN && socket.send("next"));
  }

  #show(stamp, message, bitmap, mask) {
    const header = message?.header.stamp;
    const landmarksStamp = header && stampText(header.sec, header.nanosec);
    this.#shownMs = performance.now();
    this.counts.frames++;
    if (bitmap && landmarksStamp) this.counts.pairs++;
    if (landmarksStamp && landmarksStamp !== stamp) this.counts.mismatches++;
    this.frame?.bitmap?.close();
    this.frame?.mask?.close();
    this.frame = {
      stamp,
      landmarksStamp,
      seconds: Number(stamp),
      people: message ? message.poses.map(person) : [],
      size: bitmap ? [bitmap.width, bitmap.height] : [message.image_width, message.image_height],
      bitmap,
      mask,
    };
    this.#tell("frame");
  }
}

async function decoded(bytes) {
  return bytes ? createImageBitmap(new Blob([bytes])) : null;
}

export const live = new Live();
window.posePage = live; // for tests, and for the curious
