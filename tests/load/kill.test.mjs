// A server that stores messages is killed again and again while its rooms talk: what it has acknowledged is there, in order and once.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import test from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { temporaryFolder } from './support/folder.mjs';
import { Member, upgradeRequest } from './support/member.mjs';
import { size } from './support/scale.mjs';
import { Server } from './support/server.mjs';
import { within } from './support/waiting.mjs';

const rounds = size(100, 8);
const rooms = ['one', 'two', 'three'];
const speakersEach = 3;
const inFlight = 20;

function jsonRequest(port, target) {
  return upgradeRequest(port, target).replace(/\r\n\r\n$/, '\r\nSec-WebSocket-Protocol: roomcast.v1\r\n\r\n');
}

// What is known of a room: what was acknowledged, by its number, and what was said at all.
class Known {
  acknowledged = new Map();
  said = new Set();
  epoch;
  last = 0;
}

// Says one number after the other until the connection ends. What it says is nobody else's.
class Speaker {
  #member;
  #known;
  #name;
  #next = 0;

  static async join(port, room, known, name) {
    const speaker = new Speaker();
    speaker.#known = known;
    speaker.#name = name;
    const heard = (text) => speaker.#hears(JSON.parse(text));
    speaker.#member = new Member(port, { request: jsonRequest(port, `/chat/${room}`), heard });
    await within(speaker.#member.joined, `${name} joins`);
    return speaker;
  }

  get gone() {
    return this.#member.gone;
  }

  #say() {
    const text = `${this.#name} ${this.#next++}`;
    this.#known.said.add(text);
    this.#member.say(JSON.stringify({ type: 'message', text, ref: text }));
  }

  #hears(frame) {
    if (frame.type === 'welcome') {
      this.#known.epoch ??= frame.epoch;
      assert.equal(frame.epoch, this.#known.epoch, 'the room begins anew');
      for (let i = 0; i < inFlight; ++i) this.#say();
    } else if (frame.type === 'ack') {
      const before = this.#known.acknowledged.get(frame.seq);
      assert.equal(before, undefined, `${frame.seq} is acknowledged to be ${before}, and to be ${frame.ref}`);
      this.#known.acknowledged.set(frame.seq, frame.ref);
      this.#say();
    } else if (frame.type === 'error') {
      assert.fail(JSON.stringify(frame));
    }
  }
}

// All that is stored of a room, page by page.
async function history(port, room) {
  let answer;
  const heard = (text) => {
    const frame = JSON.parse(text);
    if (frame.type === 'history') answer(frame);
  };
  const member = await Member.join(port, { request: jsonRequest(port, `/chat/${room}`), heard });
  const all = [];
  for (let complete = false, before; !complete; before = all[0]?.seq) {
    const page = new Promise((resolve) => (answer = resolve));
    member.say(JSON.stringify({ type: 'history', limit: 1000, ...(before && { before }) }));
    const found = await within(page, `the history of ${room} before ${before}`);
    all.unshift(...found.messages);
    ({ complete } = found);
  }
  await member.leave();
  return all;
}

function check(all, known, room) {
  const texts = new Map(all.map(({ seq, text }) => [seq, text]));
  for (const [i, { seq, text }] of all.entries()) {
    assert.ok(i === 0 || seq > all[i - 1].seq, `in ${room} ${seq} comes after ${all[i - 1]?.seq}`);
    assert.ok(known.said.has(text), `${text} was never said in ${room}`);
  }
  assert.equal(new Set(texts.values()).size, all.length, `something is there twice in ${room}`);
  for (const [seq, text] of known.acknowledged) assert.equal(texts.get(seq), text, `${seq} of ${room}`);
}

test(`a server that is killed ${rounds} times has all that it has acknowledged`, async (t) => {
  const folder = temporaryFolder(t);
  const known = new Map(rooms.map((room) => [room, new Known()]));
  const count = () => [...known.values()].reduce((sum, { acknowledged }) => sum + acknowledged.size, 0);
  let stored = 0;
  for (let round = 0; round <= rounds; ++round) {
    const server = await Server.start(t, ['--data', join(folder, 'messages')]);
    stored = 0;
    for (const [room, its] of known) {
      const all = await history(server.port, room);
      check(all, its, room);
      stored += all.length;
    }
    if (round === rounds) break;
    const before = count();
    const speakers = [];
    for (const [room, its] of known)
      for (let i = 0; i < speakersEach; ++i) speakers.push(await Speaker.join(server.port, room, its, `${round}-${i}`));
    while (count() < before + 200) await pause(5);
    await pause(Math.random() * 50); // at any moment: what is being done then is up to chance
    server.signal('SIGKILL');
    await server.ended();
    await within(Promise.all(speakers.map(({ gone }) => gone)), 'the end of all connections');
  }
  t.diagnostic(`${count()} messages acknowledged, ${stored} stored`);
});
