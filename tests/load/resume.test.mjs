// Members lose their connection again and again while their room talks at full speed, and come back for what they have missed.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import test from 'node:test';
import { numbered, onceEach, sameOrder } from './support/checks.mjs';
import { Member, closeFrame, frame, opcodes, upgradeRequest } from './support/member.mjs';
import { temporaryFolder } from './support/folder.mjs';
import { isLong } from './support/scale.mjs';
import { Server } from './support/server.mjs';
import { until, within } from './support/waiting.mjs';

const seconds = Number(process.env.ROOMCAST_TEST_SECONDS ?? (isLong ? 60 : 3));
const seed = Number(process.env.ROOMCAST_TEST_SEED ?? Date.now() % 1_000_000);

// Numbers that look random, the same for the same seed. (The order in which they are asked for depends on the network.)
let state = seed;
function random(below) {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * below);
}

const any = (list) => list[random(list.length)];

// How much may be said that somebody has not heard yet: less than the room remembers, however slow a machine is.
const tether = 50_000;

// Whether nearly all of it is remembered on the disk only.
const stores = process.env.ROOMCAST_TEST_DATA === '1';

function options(t) {
  const common = ['--max-lag', '64MiB', '--presence-limit', '1000'];
  if (!stores) return [...common, '--retain-messages', '100000', '--retain-bytes', '64MiB', '--retain-total', '512MiB', '--retain-age', '3600s'];
  return [...common, '--retain-messages', '200', '--data', join(temporaryFolder(t), 'messages')];
}

function jsonRequest(port, target) {
  return upgradeRequest(port, target).replace(/\r\n\r\n$/, '\r\nSec-WebSocket-Protocol: roomcast.v1\r\n\r\n');
}

// Wakes those who wait for something that may hold once it has rung.
class Bell {
  #waiting = new Set();

  ring() {
    for (const look of [...this.#waiting]) look();
  }

  async until(holds, what) {
    let look;
    const held = new Promise((resolve, reject) => {
      look = () => {
        try {
          if (holds()) resolve();
        } catch (error) {
          reject(error);
        }
      };
    });
    this.#waiting.add(look);
    look();
    try {
      await within(held, what);
    } finally {
      this.#waiting.delete(look);
    }
  }
}

// What is said in the room, as whoever hears it first hears it.
class Room {
  #frames = new Map();
  #bell = new Bell();
  members = [];
  newest = 0;
  over = false;

  hears(seq, frame, who) {
    const known = this.#frames.get(seq);
    if (known === undefined) this.#frames.set(seq, frame);
    else if (known !== frame) assert.fail(`${who} hears ${frame}, somebody else ${known}`);
    this.newest = Math.max(this.newest, seq);
    this.#bell.ring();
  }

  message(seq) {
    return JSON.parse(this.#frames.get(seq));
  }

  // Waits until everybody has heard most of what was said.
  everybodyFollows() {
    const follows = () => this.over || this.members.every(({ last }) => this.newest - last < tether);
    return this.#bell.until(follows, 'everybody hears what was said a while ago');
  }

  end() {
    this.over = true;
    this.#bell.ring();
    for (const each of this.members) each.look();
  }
}

// One who hears the room in JSON, on one connection after the other.
class Listener {
  #room;
  #port;
  #member;
  #welcome;
  #bell = new Bell();
  #asked = 0;
  #saying = new Map();
  #answers = new Map();
  seqs = [];
  last = 0;
  returns = 0;
  acknowledged = 0;

  constructor(room, port, name) {
    this.#room = room;
    this.#port = port;
    this.name = name;
    room.members.push(this);
  }

  get id() {
    return this.#welcome.id;
  }

  look() {
    this.#bell.ring();
  }

  // For the first time; or with `key` as who it was, otherwise as somebody else, and what it has missed comes first.
  async come({ key = false } = {}) {
    const before = this.#welcome;
    const query = before ? `since=${this.last}&epoch=${before.epoch}${key ? `&key=${before.key}` : ''}` : `name=${this.name}`;
    this.#saying.clear();
    this.#answers.clear();
    const welcome = await this.#join(query);
    this.#welcome = welcome;
    if (!before) {
      this.last = welcome.seq;
      return;
    }
    assert.equal(welcome.recovered, true, `${this.name} came back with ${query}, and was told ${JSON.stringify(welcome)}`);
    assert.equal(welcome.epoch, before.epoch);
    assert.equal(welcome.id === before.id, key, `it was ${before.id}, came back with ${query}, and is ${welcome.id}`);
    assert.equal(welcome.name === before.name, key, `it was ${before.name}, came back with ${query}, and is ${welcome.name}`);
    ++this.returns;
  }

  async #join(query) {
    let welcome;
    let tell;
    const first = new Promise((resolve) => (tell = resolve));
    const heard = (text, member) => {
      if (member !== this.#member) return;
      if (welcome) return this.#hear(text);
      welcome = JSON.parse(text);
      tell();
    };
    const member = new Member(this.#port, { request: jsonRequest(this.#port, `/chat/busy?${query}`), heard });
    this.#member = member;
    await within(member.joined, `${this.name} joins with ${query}`);
    await within(Promise.race([first, member.gone]), `the welcome of ${this.name}`);
    assert.equal(welcome?.type, 'welcome', `${this.name} was cut off (close ${member.closed})`);
    return welcome;
  }

  #hear(text) {
    if (text.startsWith('{"type":"message","seq":')) {
      const seq = Number(text.slice(24, text.indexOf(',', 24)));
      if (!(seq > this.last)) assert.fail(`${this.name} hears ${seq} after ${this.last}`);
      this.last = seq;
      this.seqs.push(seq);
      this.#room.hears(seq, text, this.name);
    } else {
      const frame = JSON.parse(text);
      if (frame.type === 'ack') this.#isAcknowledged(frame);
      else if (frame.type === 'members') this.#answers.get(frame.ref)(frame);
      else if (frame.type === 'join' || frame.type === 'leave') this.hearsOf(frame);
      else if (frame.type !== 'goodbye') assert.fail(`${this.name} is sent ${text}`);
    }
    this.#bell.ring();
  }

  // Somebody comes or goes.
  hearsOf() {}

  #isAcknowledged({ ref, seq }) {
    if (seq > this.last) assert.fail(`the acknowledgement of ${seq} comes after ${this.last}`);
    const message = this.#room.message(seq);
    assert.deepEqual([message.id, message.text], [this.id, this.#saying.get(ref)], `${ref} is acknowledged as ${seq}`);
    this.#saying.delete(ref);
    ++this.acknowledged;
  }

  say(text) {
    const ref = String(this.#asked++);
    this.#saying.set(ref, text);
    this.#member.say(JSON.stringify({ type: 'message', text, ref }));
  }

  isAcknowledged() {
    return this.until(() => this.#saying.size === 0, `what ${this.name} has said is acknowledged`);
  }

  // Who is in the room.
  members() {
    const ref = String(this.#asked++);
    const answer = new Promise((resolve) => this.#answers.set(ref, resolve));
    this.#member.say(JSON.stringify({ type: 'members', ref }));
    return within(answer, 'who is there');
  }

  // Waits until `holds`, which is asked whenever something has been heard.
  until(holds, what) {
    const isCutOff = () => this.#member.over && assert.fail(`${this.name} was cut off (close ${this.#member.closed})`);
    return this.#bell.until(() => holds() || isCutOff(), what);
  }

  // Waits until it has heard so many more, or no more is said.
  hearsMore(count) {
    const enough = this.seqs.length + count;
    return this.until(() => this.seqs.length >= enough || this.#room.over, `${this.name} hears ${count} more`);
  }

  // Nothing of the connection is heard any more.
  #turnAway() {
    const member = this.#member;
    this.#member = undefined;
    return member;
  }

  // Any way to lose a connection. Where it ends in order, what still comes is heard.
  async lose() {
    const member = this.#member;
    const unfinished = frame(opcodes.text, JSON.stringify({ type: 'message', text: 'unfinished' })).subarray(0, 20);
    const ways = {
      close: () => member.leave(),
      closeInHaste: () => {
        member.sendRaw(closeFrame(1001));
        this.#turnAway().reset();
      },
      end: () => member.end(),
      endInMidFrame: () => {
        member.sendRaw(unfinished);
        return member.end();
      },
      reset: () => this.#turnAway().reset(),
      resetInMidFrame: async () => {
        member.sendRaw(unfinished);
        await within(member.flushed(), 'half a frame is written');
        this.#turnAway().reset();
      },
      destroy: () => this.#turnAway().destroy(),
    };
    await any(Object.values(ways))();
  }

  // Comes back while the old connection still stands: that one is closed.
  async displace() {
    const ghost = this.#turnAway();
    await this.come({ key: true });
    await within(ghost.gone, 'the end of a ghost');
    assert.equal(ghost.closed, 4002);
  }

  // Comes and goes until no more is said, and says something each time.
  async wander() {
    while (!this.#room.over) {
      this.say(`${this.name}, time ${this.returns}`);
      await this.hearsMore(random(100));
      if (random(4) === 0) {
        await this.displace();
      } else {
        await this.lose();
        await this.come({ key: random(2) === 0 });
      }
      await this.#room.everybodyFollows();
    }
  }

  destroy() {
    this.#member?.destroy();
  }
}

// One who never leaves, and knows who is there.
class Steady extends Listener {
  present = new Set();

  hearsOf({ type, id, name }) {
    if (type === 'join') {
      if (this.present.has(id)) assert.fail(`${name} (${id}) joins, and was there`);
      this.present.add(id);
    } else if (!this.present.delete(id)) {
      assert.fail(`${name} (${id}) leaves, and was not there`);
    }
  }
}

// One who says numbers as fast as it hears of them: its own messages, or, in JSON, their acknowledgements.
class Talker {
  #room;
  #isJson;
  #member;
  #heard = 0;
  #bell = new Bell();
  said = 0;

  constructor(room, name, isJson) {
    this.#room = room;
    this.#isJson = isJson;
    this.name = name;
  }

  async join(port) {
    const target = `/chat/busy?name=${this.name}`;
    const request = this.#isJson ? jsonRequest(port, target) : upgradeRequest(port, target);
    this.#member = await Member.join(port, { request, heard: (text) => this.#hear(text) });
  }

  #hear(text) {
    const start = this.#isJson ? '{"type":"ack"' : `[${this.name}] `;
    if (!text.startsWith(start)) return;
    assert.equal(this.#isJson ? JSON.parse(text).ref : text.slice(start.length), String(this.#heard), `what ${this.name} hears of`);
    ++this.#heard;
    this.#bell.ring();
  }

  #say() {
    const number = String(this.said++);
    this.#member.say(this.#isJson ? JSON.stringify({ type: 'message', text: number, ref: number, echo: false }) : number);
  }

  #hears(count) {
    const isCutOff = () => this.#member.over && assert.fail(`${this.name} was cut off (close ${this.#member.closed})`);
    const what = () => `${this.name} hears of ${count} of its messages, has heard of ${this.#heard}`;
    return this.#bell.until(() => this.#heard >= count || isCutOff(), what);
  }

  async talk() {
    const window = 32;
    while (!this.#room.over) {
      while (this.said - this.#heard < window) this.#say();
      await this.#hears(this.said - window / 2);
      await this.#room.everybodyFollows();
    }
    await this.#hears(this.said);
  }

  destroy() {
    this.#member?.destroy();
  }
}

test('who comes back again and again has heard what one has heard who never left', async (t) => {
  const server = await Server.start(t, options(t));
  const room = new Room();
  const steady = new Steady(room, server.port, 'steady');
  const wanderers = Array.from({ length: 50 }, (_, i) => new Listener(room, server.port, `w${i}`));
  const talkers = ['t0', 't1', 't2', 't3'].map((name, i) => new Talker(room, name, i % 2 === 1));
  const all = [steady, ...wanderers, ...talkers];
  t.after(() => all.forEach((each) => each.destroy()));
  await steady.come();
  steady.present.add(steady.id);
  for (const each of wanderers) await each.come();
  for (const each of talkers) await each.join(server.port);

  const doing = Promise.all([...wanderers.map((each) => each.wander()), ...talkers.map((each) => each.talk())]);
  let timer;
  const time = new Promise((resolve) => (timer = setTimeout(resolve, seconds * 1000)));
  await Promise.race([time, doing]).finally(() => clearTimeout(timer));
  room.end();
  await doing;

  steady.say('that is all');
  await steady.isAcknowledged();
  const last = steady.last;
  for (const each of wanderers) await each.until(() => each.last >= last, () => `${each.name} hears ${last}, has heard ${each.last}`);
  const upToLast = ({ seqs }) => seqs.slice(0, seqs.lastIndexOf(last) + 1);
  const heard = upToLast(steady);
  for (const each of wanderers) {
    const fault = sameOrder([heard, upToLast(each)]);
    if (fault) assert.fail(`${each.name}, after ${each.returns} returns: ${fault}`);
  }

  const said = heard.map((seq) => room.message(seq)).map(({ name, text }) => `[${name}] ${text}`);
  assert.equal(onceEach(said, ['[steady] that is all']), undefined);
  for (const { name, said: count } of talkers) assert.equal(numbered(said, name, 0, count), undefined);
  assert.ok(!said.some((text) => text.endsWith('unfinished')), 'half a message was heard');

  let answer;
  const isTold = async () => (answer = await steady.members()).count === all.length && steady.present.size === all.length;
  await until(isTold, () => `${all.length} members, not ${answer.count}; ${steady.present.size} have joined and not left`);
  assert.deepEqual(answer.members.map(({ id }) => id).sort(), [...steady.present].sort());
  for (const { id, name } of wanderers) assert.ok(steady.present.has(id), `${name} (${id}) is there`);

  const sum = (of) => wanderers.reduce((total, each) => total + of(each), 0);
  const [returns, acknowledged] = [sum((each) => each.returns), sum((each) => each.acknowledged)];
  t.diagnostic(`seed ${seed}: ${heard.length} messages, ${returns} returns, ${acknowledged} acknowledgements`);
});
