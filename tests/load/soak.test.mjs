// For minutes, in many rooms at once, everything that clients do and should not do; the bystanders of each room miss nothing.
import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { refusals, violations } from './support/bad-input.mjs';
import { flat, onceEach } from './support/checks.mjs';
import { Member, closeFrame } from './support/member.mjs';
import { isLong, isSanitized, size } from './support/scale.mjs';
import { Server } from './support/server.mjs';
import { within } from './support/waiting.mjs';
import { Witnesses } from './support/witnesses.mjs';

const MiB = 1024 * 1024;
const seed = Number(process.env.ROOMCAST_TEST_SEED ?? Date.now() % 1_000_000);
const duration = isLong ? 240_000 : 6_000;
const rounds = isLong ? 24 : 3;

// Numbers that look random, the same for the same seed. (The order in which they are asked for depends on the network.)
let state = seed;
function random(below) {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * below);
}

let floods = 0;

const any = (list) => list[random(list.length)];

const maxLag = 512 * 1024;

// A room, with what its guests have heard of themselves.
class Room {
  #said = 0;
  #waiting = new Set();
  heard = [];

  constructor(name, bystanders) {
    this.name = name;
    this.bystanders = bystanders;
  }

  // To be told of each message before it is sent.
  saying(text) {
    this.#said += text.length + 300;  // about what the server holds for it
    for (const look of [...this.#waiting]) look();
  }

  // Resolves before so much more is said that one who does not read is too slow.
  muchSaid() {
    const enough = this.#said + maxLag / 4;
    return new Promise((resolve) => {
      const look = () => {
        if (this.#said < enough) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
    });
  }
}

// One who comes to a room, with what it has heard of itself.
class Visitor {
  static #count = 0;
  #came = () => {};

  static async join(room, port) {
    const visitor = new Visitor();
    visitor.name = `v${Visitor.#count++}`;
    visitor.room = room;
    visitor.member = await Member.join(port, {
      target: `/chat/${room.name}?name=${visitor.name}`,
      heard: (text) => text.startsWith(visitor.prefix) && visitor.#came(text),
    });
    return visitor;
  }

  get prefix() {
    return `[${this.name}] `;
  }

  // Speaks, and hears it; then its room must have heard it, too.
  async say(text) {
    const back = new Promise((resolve) => (this.#came = resolve));
    this.room.saying(text);
    this.member.say(text);
    const message = await within(Promise.race([back, this.member.gone]), `${this.name} hears itself`);
    assert.equal(message, this.prefix + text, `${this.name} was cut off (close ${this.member.closed})`);
    this.room.heard.push(message);
  }
}

const deeds = {
  async talk(room, port) {
    const visitor = await Visitor.join(room, port);
    for (let n = random(10); n >= 0; --n) await visitor.say(`word ${n}`);
    await any([() => visitor.member.leave(), () => visitor.member.end(), () => visitor.member.reset()])();
  },

  async speakAtLength(room, port) {
    const visitor = await Visitor.join(room, port);
    for (let n = random(4); n >= 0; --n) await visitor.say(`${n} ${'long '.repeat(3_000)}`);
    await visitor.member.leave();
  },

  // Reads nothing for a while, but not for longer than it may; and then everything, or never again.
  async stall(room, port) {
    const visitor = await Visitor.join(room, port);
    visitor.member.stopReading();
    await Promise.race([pause(random(3_000)), room.muchSaid()]);
    if (random(2)) return visitor.member.reset();
    visitor.member.readOn();
    await visitor.say('back again');
    await visitor.member.leave();
  },

  // Reads nothing, while much is said: is too slow.
  async fallBehind(room, port) {
    const elsewhere = new Room(`flood-${floods++}`);
    const slow = await Visitor.join(elsewhere, port);
    const fast = await Visitor.join(elsewhere, port);
    slow.member.stopReading();
    for (let n = 0; n < 40; ++n) await fast.say('flood '.repeat(10_000));
    slow.member.readOn();
    await within(slow.member.gone, 'the end of a slow reader');
    // It has a while to take its Close, which it may miss on a slow machine.
    assert.ok([4008, undefined].includes(slow.member.closed), `a slow reader was closed with ${slow.member.closed}`);
    await fast.member.leave();
  },

  // Says good-bye, and does not wait for an answer; or is gone without a word, in the middle of one.
  async vanish(room, port) {
    const visitor = await Visitor.join(room, port);
    visitor.member.sendRaw(any([closeFrame(1001), Buffer.from([0x81]), Buffer.from([0x81, 0x85, 1, 2, 3]), Buffer.alloc(0)]));
    await visitor.member.flushed();
    visitor.member.reset();
  },

  async violate(room, port) {
    const [what, [bytes, code]] = any(Object.entries(violations));
    const visitor = await Visitor.join(room, port);
    visitor.member.sendRaw(bytes);
    await within(visitor.member.gone, `the end of one who sends ${what}`);
    assert.equal(visitor.member.closed, code, what);
  },

  async beRefused(room, port) {
    const [what, [request, status]] = any(Object.entries(refusals));
    const member = new Member(port, { request });
    await within(member.gone, `the end of one who asks with ${what}`);
    assert.equal(member.status, status, what);
  },

  async takeAName(room, port) {
    const member = new Member(port, { target: `/chat/${room.name}?name=ada` });
    await within(member.gone, 'the end of one who takes another one\'s name');
    assert.equal(member.status, 409);
  },

  // A room that lives for a moment.
  async passBy(room, port) {
    const nowhere = new Room(`moment-${random(1_000)}`);
    const visitor = await Visitor.join(nowhere, port);
    await visitor.say('nobody here?');
    await visitor.member.leave();
  },
};

const ways = Object.keys(deeds);

test('everything at once, for a while: every room hears what it should, and the server is as it was', async (t) => {
  const count = size(20, 6);
  const guests = size(140, 40);
  t.diagnostic(`ROOMCAST_TEST_SEED=${seed}`);
  const limits = ['--max-lag', String(maxLag), '--send-buffer', '32KiB'];
  // The ping comes after the end of a message that is not finished: a pong would be taken for its rest.
  const timeouts = ['--handshake-timeout', '5s', '--message-timeout', '5s', '--ping-interval', '8s', '--pong-timeout', '30s'];
  const server = await Server.start(t, [...limits, ...timeouts]);
  const empty = await server.census();
  const rooms = [];
  for (let i = 0; i < count; ++i) {
    const bystanders = await Witnesses.join(t, server.port, `/chat/room-${i}`, 50);
    rooms.push(new Room(`room-${i}`, bystanders));
  }
  await Promise.all(rooms.map((room) => room.bystanders.settle()));
  const before = await server.census();

  const memory = [];
  const done = Object.fromEntries(ways.map((way) => [way, 0]));
  let messages = 0;
  for (let round = 0; round < rounds; ++round) {
    for (const room of rooms) room.bystanders.talk();
    const end = performance.now() + duration / rounds;
    const guest = async () => {
      while (performance.now() < end) {
        const way = any(ways);
        const room = any(rooms);
        try {
          await deeds[way](room, server.port);
        } catch (error) {
          throw new Error(`${way} in ${room.name}: ${error.message}`);
        }
        ++done[way];
      }
    };
    await Promise.all(Array.from({ length: guests }, guest));
    for (const room of rooms) {
      const others = await room.bystanders.settle();
      const mine = room.heard.splice(0);
      assert.equal(onceEach(others, mine), undefined, room.name);
      assert.equal(others.length, mine.length, `nothing else was heard in ${room.name}`);
      messages += others.length;
    }
    await server.returnsTo(before, `after round ${round}`);
    memory.push(server.memory());
  }
  const { 'roomcast_slow_readers_total{action="close"}': slow, 'roomcast_timeouts_total{kind="pong"}': silent } = await server.metrics();
  assert.deepEqual({ slow, silent }, { slow: floods, silent: 0 });
  for (const room of rooms) await room.bystanders.leave();
  await server.returnsTo(empty, 'in the end');
  t.diagnostic(JSON.stringify(done));
  t.diagnostic(`${messages} messages of guests; resident memory, MiB: ${memory.map((bytes) => (bytes / MiB).toFixed(2)).join(' ')}`);
  if (!isSanitized) assert.equal(flat(memory), undefined);
});
