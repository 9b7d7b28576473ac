// Stopping under load: what was said is heard by all, everybody is told, and nobody can hold the server up.
import assert from 'node:assert/strict';
import test from 'node:test';
import { prefixes } from './support/checks.mjs';
import { Member } from './support/member.mjs';
import { size } from './support/scale.mjs';
import { Server } from './support/server.mjs';
import { patience, until, within } from './support/waiting.mjs';

const drain = 10_000;
const many = size(1_000, 100);
// A hundred of them are more than the kernel holds for one who does not read.
const padding = 'x'.repeat(4_000);
const rooms = ['/chat', '/chat/ops'];

// Every tenth does not answer the Close, nor ends its side; every tenth will stop reading. Of the others, ten in each room
// say a next message whenever the one before has come back.
async function crowd(t, port) {
  const members = await Promise.all(Array.from({ length: many }, (_, i) => Member.join(port, { target: `${rooms[i % 2]}?name=m${i}` })));
  t.after(() => members.forEach((member) => member.destroy()));
  for (const [i, member] of members.entries()) {
    member.texts = [];
    member.room = i % 2;
    member.speaks = i % 10 < 8 && i % Math.floor(many / 10) < 2;
    member.ignores = i % 10 === 8;
    member.stalls = i % 10 === 9;
    if (member.ignores) member.disobey();
    let n = 0;
    const say = () => member.say(`${n++} ${padding}`);
    const own = `[m${i}] `;
    member.heard = (text) => {
      member.texts.push(text);
      if (member.speaks && text.startsWith(own)) say();
    };
    member.begin = () => member.speaks && say();
  }
  for (const member of members) member.begin();
  return members;
}

const heardBy = (members) => Math.min(...members.map(({ texts }) => texts.length));

test(`a signal while ${many} members talk: all hear the same up to their end, are closed with 1012, and it ends well`, async (t) => {
  const server = await Server.start(t, ['--drain-timeout', `${drain}ms`, '--ping-interval', '1h', '--max-lag', '1GiB', '--send-buffer', '16KiB']);
  const members = await crowd(t, server.port);
  await until(() => heardBy(members) >= 100, () => `everybody hears messages: ${heardBy(members)}`);
  const stalled = members.filter((member) => member.stalls);
  for (const member of stalled) member.stopReading();
  const others = members.filter((member) => !member.stalls);
  const so = heardBy(others);
  await until(() => heardBy(others) >= so + 100, 'the others hear more');

  const before = rooms.map((_, room) => Math.max(...others.filter((member) => member.room === room).map(({ texts }) => texts.length)));
  const signalled = performance.now();
  server.signal('SIGTERM');
  const { status, signal, at, stderr } = await server.ended(drain + patience);
  const took = at - signalled;
  assert.deepEqual({ status, signal }, { status: 0, signal: null }, stderr);
  for (const member of stalled) member.readOn();
  await within(Promise.all(stalled.map((member) => member.until(() => member.over, 'the end'))), 'the end of those who had stalled');

  for (const [room, name] of rooms.entries()) {
    const here = members.filter((member) => member.room === room);
    assert.equal(prefixes(here.map(({ texts }) => texts)), undefined, name);
    for (const member of here.filter((each) => !each.stalls)) {
      assert.equal(member.closed, 1012);
      assert.ok(member.texts.length >= before[room], `in ${name}, ${before[room]} were heard before the signal, but not by all`);
    }
    t.diagnostic(`${name}: ${before[room]} heard before the signal, ${heardBy(here.filter((each) => !each.stalls))} to ${Math.max(...here.map(({ texts }) => texts.length))} in the end`);
  }
  const told = stalled.filter(({ closed }) => closed === 1012).length;
  t.diagnostic(`it took ${Math.round(took)} ms; ${told} of ${stalled.length} stalled members found a 1012`);
  // A machine that is busy may add to that, but not as much again.
  assert.ok(took < 2 * drain, `stopping took ${took} ms`);
});

test('a second signal under load ends it at once', async (t) => {
  const server = await Server.start(t, ['--drain-timeout', '1h', '--ping-interval', '1h']);
  const members = await crowd(t, server.port);
  await until(() => heardBy(members) >= 20, 'everybody hears messages');
  server.signal('SIGTERM');
  const first = members.find((member) => member.ignores);
  await first.until(() => first.closed === 1012, 'a member is told');
  server.signal('SIGTERM');
  assert.equal((await server.ended()).status, 1);
});
