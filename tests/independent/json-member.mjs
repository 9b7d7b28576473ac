// A member that speaks roomcast.v1, with `ws`.
import assert from 'node:assert/strict';

export const protocols = ['roomcast.v1'];

// What each frame from the server consists of, in that order; a `?` marks what may be left out.
const natural = (value) => Number.isSafeInteger(value) && value >= 0;
const string = (value) => typeof value === 'string';
const flag = (value) => typeof value === 'boolean';
const id = (value) => string(value) && /^c\d+$/.test(value);
const time = (value) => string(value) && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(value) && new Date(value).toISOString() === value;
const listOf = (shape) => (value) => Array.isArray(value) && value.every((each) => fault(each, shape) === undefined);

const message = { seq: natural, id, name: string, time, text: string };
const shapes = {
  welcome: { id, name: string, room: string, epoch: string, seq: natural, recovered: flag, members: natural, key: string },
  message,
  join: { id, name: string },
  leave: { id, name: string },
  presence: { members: natural },
  members: { 'ref?': string, count: natural, members: listOf({ id, name: string }) },
  history: { 'ref?': string, messages: listOf(message), complete: flag },
  ack: { ref: string, seq: natural },
  error: { 'ref?': string, code: string, message: string, 'retry_after_ms?': natural },
  gap: { from: natural, to: natural },
  goodbye: { reason: string, retry_after_ms: natural },
};

function fault(found, shape) {
  const keys = Object.keys(found);
  for (const [name, holds] of Object.entries(shape)) {
    const key = name.replace('?', '');
    if (keys[0] !== key) {
      if (name.endsWith('?')) continue;
      return `${keys[0]} comes where ${key} should`;
    }
    keys.shift();
    if (!holds(found[key])) return `${key} is ${JSON.stringify(found[key])}`;
  }
  return keys.length === 0 ? undefined : `${keys[0]} should not be there`;
}

// The frame's object; fails unless it is one that the protocol knows.
export function parseFrame(text) {
  const { type, ...fields } = JSON.parse(text);
  assert.ok(text.startsWith(`{"type":"${type}",`), `the type does not come first in ${text}`);
  assert.ok(type in shapes, `there is no such type: ${text}`);
  const wrong = fault(fields, shapes[type]);
  assert.equal(wrong, undefined, `${wrong}: ${text}`);
  return { type, ...fields };
}

export class JsonMember {
  #client;

  // One that has joined, and has been welcomed.
  static async join(server, target = '/chat') {
    const member = new JsonMember(await server.join(target, { protocols }));
    member.welcome = await member.receive();
    assert.equal(member.welcome.type, 'welcome');
    return member;
  }

  constructor(client) {
    this.#client = client;
  }

  get client() {
    return this.#client;
  }

  get id() {
    return this.welcome.id;
  }

  // The next frame.
  async receive() {
    return parseFrame(await this.#client.receive());
  }

  // The next frames, to the first of which `holds`, and that one.
  async receiveUntil(holds) {
    const frames = [];
    do frames.push(await this.receive());
    while (!holds(frames.at(-1)));
    return frames;
  }

  // The next frame of that type; those before it are passed over.
  async next(type) {
    return (await this.receiveUntil((frame) => frame.type === type)).at(-1);
  }

  send(object) {
    this.#client.send(JSON.stringify(object));
  }

  say(text, more = {}) {
    this.send({ type: 'message', text, ...more });
  }

  // All that comes before the answer to a request that is sent now, and the answer.
  async settle(ref = 'settled') {
    this.send({ type: 'members', ref });
    const frames = await this.receiveUntil((frame) => frame.ref === ref);
    return { before: frames.slice(0, -1), answer: frames.at(-1) };
  }

  closed() {
    return this.#client.closed();
  }

  close() {
    return this.#client.close(1000);
  }

  destroy() {
    this.#client.destroy();
  }
}
