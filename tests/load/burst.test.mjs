// Everybody comes at once, and goes at once.
import assert from 'node:assert/strict';
import test from 'node:test';
import { flat } from './support/checks.mjs';
import { Member, addresses } from './support/member.mjs';
import { connectionsHere, isSanitized, size } from './support/scale.mjs';
import { Server } from './support/server.mjs';
import { within } from './support/waiting.mjs';
import { Witnesses } from './support/witnesses.mjs';

// The kernel tries again, after 1, 3, 7, … seconds, where the queue of those to be accepted was full.
const limit = 150_000;

const mebibytes = (bytes) => Math.round(bytes / 1024 / 1024);

// One burst: what the server held at its height.
async function burst(t, server, many) {
  let heard = 0;
  let all;
  const members = Array.from({ length: many }, () => {
    const texts = [];
    const member = new Member(server.port, { heard: (text) => (texts.push(text), ++heard === 2 * many && all()) });
    member.texts = texts;
    return member;
  });
  t.after(() => members.forEach((member) => member.destroy()));
  let joined = 0;
  const start = performance.now();
  await within(Promise.all(members.map((each) => each.joined.then(() => ++joined))), () => `${joined} of ${many} joined`, limit);
  const took = performance.now() - start;

  const twice = new Promise((resolve) => (all = resolve));
  members[0].say('hello');
  members[0].say('good-bye');
  await within(twice, () => `${heard} of ${2 * many} messages came`, limit);
  const [expected] = members.map((member) => member.texts);
  assert.equal(expected.length, 2);
  assert.match(expected[0], /^\[user\d+\] hello$/);
  assert.match(expected[1], /^\[user\d+\] good-bye$/);
  for (const { texts } of members) assert.deepEqual(texts, expected);

  const height = await server.census();
  t.diagnostic(`${many} joined in ${Math.round(took)} ms; ${height.descriptors} descriptors, ${mebibytes(server.memory())} MiB`);
  for (const [i, member] of members.entries()) {
    if (i % 2) member.reset();
    else member.destroy();
  }
  return height;
}

test('a burst of connections: all join, hear each message once, leave at once, and nothing of them is left', async (t) => {
  const many = Math.min(size(19_000, 1_000), connectionsHere());
  const server = await Server.start(t, ['--handshake-timeout', '1h', '--drain-timeout', '5s']);
  const before = await server.census();
  const memory = [];
  for (let repetition = 0; repetition < 3; ++repetition) {
    const height = await burst(t, server, many);
    assert.equal(height.members, many);
    assert.ok(height.descriptors >= before.descriptors + many);
    await server.returnsTo(before, 'all is released', limit);
    memory.push(server.memory());
  }
  t.diagnostic(`afterwards ${memory.map(mebibytes).join(', ')} MiB`);
  if (!isSanitized) assert.equal(flat(memory), undefined);
});

test('of a burst beyond --max-connections the rest is refused, and those who are in are unhurt', async (t) => {
  const places = size(2_000, 100);
  const many = size(10_000, 500);
  const server = await Server.start(t, ['--max-connections', String(places), '--handshake-timeout', '1h']);
  const before = await server.census();
  const bystanders = await Witnesses.join(t, server.port, '/chat/quiet');
  const members = Array.from({ length: many }, () => new Member(server.port));
  t.after(() => members.forEach((member) => member.destroy()));
  const told = (member) => within(Promise.race([member.joined, member.gone]).catch(() => {}), 'an answer or the end', limit);
  await Promise.all(members.map(told));
  const outcomes = { in: 0, refused: 0, dropped: 0 };
  for (const { status } of members) {
    assert.ok([101, 503, undefined].includes(status), `${status}`);
    ++outcomes[status === 101 ? 'in' : status === 503 ? 'refused' : 'dropped'];
  }
  t.diagnostic(JSON.stringify(outcomes));
  assert.equal(outcomes.in, places - Witnesses.count, 'each place is taken, and no more');
  assert.ok(outcomes.refused > 0, 'some are told why');
  assert.deepEqual(await bystanders.settle(), []);
  for (const member of members) member.reset();
  await bystanders.leave();
  await server.returnsTo(before, 'all is released', limit);
});

test('of a burst from few addresses, each gets its places, the rest is refused, and all is forgotten', async (t) => {
  const places = size(50, 5);
  const many = size(5_000, 500);
  const server = await Server.start(t, ['--max-connections-per-ip', String(places), '--handshake-timeout', '1h']);
  const before = await server.census();
  for (let repetition = 0; repetition < 2; ++repetition) {
    const members = Array.from({ length: many }, () => new Member(server.port));
    t.after(() => members.forEach((member) => member.destroy()));
    const told = (member) => within(Promise.race([member.joined, member.gone]).catch(() => {}), 'an answer or the end', limit);
    await Promise.all(members.map(told));
    const count = (status) => members.filter((member) => member.status === status).length;
    t.diagnostic(`in: ${count(101)}, refused: ${count(429)}, dropped: ${count(undefined)}`);
    assert.equal(count(101), places * addresses);
    assert.equal(count(101) + count(429) + count(undefined), many);
    for (const member of members) member.reset();
    await server.returnsTo(before, 'all is released', limit);
  }
});
