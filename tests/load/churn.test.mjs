// Members come and go by the thousand, in every way there is; then nothing of them is left.
import assert from 'node:assert/strict';
import test from 'node:test';
import { flat, onceEach } from './support/checks.mjs';
import { Member, closeFrame, connect, frame, opcodes, upgradeRequest } from './support/member.mjs';
import { isSanitized, size } from './support/scale.mjs';
import { Server } from './support/server.mjs';
import { bounded, within } from './support/waiting.mjs';
import { Witnesses } from './support/witnesses.mjs';

const MiB = 1024 * 1024;
const half = (bytes) => bytes.subarray(0, Math.floor(bytes.length / 2));

const departures = {
  'a proper close': (member) => member.leave(),
  'a Close, and no wait for its answer': (member) => {
    member.sendRaw(closeFrame(1001));
    member.reset();
  },
  FIN: (member) => member.end(),
  RST: (member) => member.reset(),
  'FIN in the middle of a frame': (member) => {
    member.sendRaw(half(frame(opcodes.text, 'unfinished')));
    return member.end();
  },
  'RST in the middle of a frame': async (member) => {
    member.sendRaw(half(frame(opcodes.text, 'unfinished')));
    await member.flushed();
    member.reset();
  },
  'RST between two fragments': async (member) => {
    member.sendRaw(frame(opcodes.text, 'unfinished', { fin: false }));
    await member.flushed();
    member.reset();
  },
  'RST with messages unread': (member) => {
    member.stopReading();
    member.say('unread');
    member.reset();
  },
  'a violation': async (member) => {
    member.sendRaw(frame(3, 'no such opcode'));
    await within(member.gone, 'the end of a connection that broke the rules');
    assert.equal(member.closed, 1002);
  },
};

// Those who never get as far as joining.
const strays = [
  (socket) => socket.resetAndDestroy(),
  (socket, request) => socket.write(request.slice(0, 40), () => socket.resetAndDestroy()),
  (socket, request) => socket.write(request, () => socket.resetAndDestroy()),
  (socket) => socket.end(),
];

async function stray(port, i) {
  const socket = connect(port);
  const gone = new Promise((resolve) => socket.on('error', () => {}).resume().once('close', resolve));
  socket.once('connect', () => strays[i % strays.length](socket, upgradeRequest(port, '/chat/busy')));
  await within(gone, 'the end of a connection that never joined');
}

const ways = Object.entries(departures);
const rooms = ['busy', 'churn-a', 'churn-b', 'churn-c'];

// Comes, is heard by itself, and goes; the text that it has heard goes to `heard` where the bystanders can hear it, too.
async function visit(port, repetition, i, heard) {
  const room = i % 7 === 0 ? `only-${i}` : rooms[i % rooms.length];
  const text = `${repetition}.${i}`;
  let came;
  const back = new Promise((resolve) => (came = resolve));
  const member = await Member.join(port, {
    target: `/chat/${room}?name=v${i}`,
    heard: (message) => message === `[v${i}] ${text}` && came(message),
  });
  member.say(text);
  const message = await within(back, `${text} comes back`);
  if (room === 'busy') heard.push(message);
  const [way, depart] = ways[i % ways.length];
  try {
    await depart(member);
  } catch (error) {
    throw new Error(`${way}: ${error.message}`);
  }
}

test('members come, speak, hear and go in every way, and nothing of them is left', async (t) => {
  const members = size(10_000, 500);
  const repetitions = size(20, 4);
  const server = await Server.start(t);
  const elsewhere = await Witnesses.join(t, server.port, '/chat/quiet');
  const among = await Witnesses.join(t, server.port, '/chat/busy');
  await Promise.all([among.settle(), elsewhere.settle()]);
  const before = await server.census();
  const memory = [];
  for (let repetition = 0; repetition < repetitions; ++repetition) {
    const heard = [];
    among.talk();
    elsewhere.talk();
    await bounded(members, 50, async (i) => {
      await visit(server.port, repetition, i, heard);
      if (i % 5 === 0) await stray(server.port, i / 5);
    });
    // Unread messages may have been said before their sender was gone, or not: they are nobody's loss.
    const others = (await among.settle()).filter((text) => !text.endsWith('] unread'));
    assert.equal(onceEach(others, heard), undefined);
    assert.equal(others.length, heard.length, 'nothing else was said');
    assert.deepEqual(await elsewhere.settle(), [], 'another room hears nothing of it');
    await server.returnsTo(before, `after repetition ${repetition}`);
    memory.push(server.memory());
  }
  t.diagnostic(`${members} members, ${repetitions} times; descriptors ${before.descriptors}`);
  t.diagnostic(`resident memory, MiB: ${memory.map((bytes) => (bytes / MiB).toFixed(2)).join(' ')}`);
  // A sanitizer keeps what was freed.
  if (!isSanitized) assert.equal(flat(memory), undefined);
});
