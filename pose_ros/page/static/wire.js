// SPDX-License-Identifier: Apache-2.0
// Unpacks what pose_ros/page/wire.py packs: a picture, and a ROS message that is still serialized.

const HEAD_BYTES = 20;
const READERS = {
  boolean: [1, (view, at) => view.getUint8(at) !== 0],
  octet: [1, (view, at) => view.getUint8(at)],
  uint8: [1, (view, at) => view.getUint8(at)],
  int8: [1, (view, at) => view.getInt8(at)],
  uint16: [2, (view, at, little) => view.getUint16(at, little)],
  int16: [2, (view, at, little) => view.getInt16(at, little)],
  uint32: [4, (view, at, little) => view.getUint32(at, little)],
  int32: [4, (view, at, little) => view.getInt32(at, little)],
  uint64: [8, (view, at, little) => view.getBigUint64(at, little)],
  int64: [8, (view, at, little) => view.getBigInt64(at, little)],
  float: [4, (view, at, little) => view.getFloat32(at, little)],
  double: [8, (view, at, little) => view.getFloat64(at, little)],
};

/** Returns {stamp, landmarks, picture, mask}: a stamp's text, and bytes or null. */
export function unpack(buffer) {
  const view = new DataView(buffer);
  const sizes = [8, 12, 16].map((at) => view.getUint32(at, true));
  let at = HEAD_BYTES;
  const [landmarks, picture, mask] = sizes.map((size) => {
    const part = size ? buffer.slice(at, at + size) : null;
    at += size;
    return part;
  });
  const stamp = stampText(view.getInt32(0, true), view.getUint32(4, true));
  return { stamp, landmarks, picture, mask };
}

/** Returns a stamp as text that can be compared, with all nanoseconds. */
export function stampText(sec, nanosec) {
  return `${sec}.${String(nanosec).padStart(9, "0")}`;
}

/** Reads a message in CDR by its fields, as wire.py's `schema` gives them. */
export class Reader {
  constructor(buffer) {
    this.bytes = new Uint8Array(buffer, 4); // alignment counts from behind the encapsulation
    this.view = new DataView(buffer, 4);
    this.little = new Uint8Array(buffer)[1] === 1;
    this.at = 0;
  }

  message(fields) {
    const message = {};
    for (const [name, type] of fields) message[name] = this.value(type);
    return message;
  }

  value(type) {
    if (type === "string") return this.string();
    if (typeof type === "string") return this.basic(type);
    if (Array.isArray(type)) return this.message(type);
    const length = type.length || this.basic("uint32");
    return Array.from({ length }, () => this.value(type.of));
  }

  basic(type) {
    const [size, read] = READERS[type];
    this.at += (size - (this.at % size)) % size;
    const value = read(this.view, this.at, this.little);
    this.at += size;
    return value;
  }

  string() {
    const length = this.basic("uint32");
    const text = new TextDecoder().decode(this.bytes.subarray(this.at, this.at + length - 1));
    this.at += length;
    return text;
  }
}
