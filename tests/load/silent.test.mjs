// Thousands who connect and say nothing hold up nobody, and not for long.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Member, connect, upgradeRequest } from './support/member.mjs';
import { isLong, size } from './support/scale.mjs';
import { Server } from './support/server.mjs';
import { within } from './support/waiting.mjs';

const many = size(5_000, 400);
const patience = isLong ? 5_000 : 2_000;

// The server keeps its deadlines to within a tenth of a second.
const early = 200;

// Connects `many` that say `words` and nothing after that. `dropped` counts those that the server has ended.
async function silence(t, port, words) {
  const crowd = { dropped: 0, since: performance.now() };
  const sockets = Array.from({ length: many }, () => connect(port));
  t.after(() => sockets.forEach((socket) => socket.destroy()));
  const gone = [];
  for (const socket of sockets) {
    let over = false;
    const drop = () => {
      if (over) return;
      over = true;
      crowd.first ??= performance.now() - crowd.since;
      ++crowd.dropped;
      socket.end();
    };
    gone.push(new Promise((resolve) => socket.resume().on('end', drop).on('error', drop).once('close', resolve)));
    if (words) socket.write(words);
  }
  crowd.gone = Promise.all(gone);
  const connected = sockets.map((socket) => new Promise((resolve) => socket.once('connect', resolve)));
  await within(Promise.all(connected), `${many} connections`);
  return crowd;
}

// Joins, and hears its own message.
async function newcomer(port) {
  let came;
  const heard = new Promise((resolve) => (came = resolve));
  const member = await Member.join(port, { target: '/chat?name=newcomer', heard: came });
  member.say('hello');
  assert.equal(await within(heard, 'its own message'), '[newcomer] hello');
  return member;
}

const request = upgradeRequest(0, '/chat');
const crowds = { 'not a byte': '', 'half a request line': request.slice(0, 7), 'half a header': request.slice(0, 60) };

for (const [what, words] of Object.entries(crowds)) {
  test(`${many} who send ${what} keep nobody out, and are dropped in time`, async (t) => {
    const server = await Server.start(t, ['--handshake-timeout', `${patience}ms`]);
    const before = await server.census();
    const crowd = await silence(t, server.port, words);
    const member = await newcomer(server.port);
    // Who came first may be dropped before the last is here, on a slow machine; but not all of them are.
    assert.ok(crowd.dropped < many, 'the newcomer is there before the last of the silent has gone');
    t.diagnostic(`${crowd.dropped} of ${many} had been dropped when the newcomer was there`);
    await within(crowd.gone, () => `all are dropped; ${many - crowd.dropped} are left`);
    assert.ok(crowd.first >= patience - early, `each has its time; the first was dropped after ${crowd.first} ms`);
    await member.leave();
    await server.returnsTo(before, 'all is released');
  });
}

test(`${many} members who say nothing, not even a pong, keep nobody out, and are dropped in time`, async (t) => {
  const server = await Server.start(t, ['--ping-interval', `${patience}ms`, '--pong-timeout', '1s', '--handshake-timeout', '1h']);
  const before = await server.census();
  let dropped = 0;
  const members = Array.from({ length: many }, () => {
    const member = new Member(server.port);
    member.ignorePings();
    member.gone.then(() => ++dropped);
    return member;
  });
  t.after(() => members.forEach((member) => member.destroy()));
  await within(Promise.all(members.map((member) => member.joined)), `${many} members`);
  const member = await newcomer(server.port);
  assert.ok(dropped < many, 'the newcomer is there before the last of the silent has gone');
  t.diagnostic(`${dropped} of ${many} had been dropped when the newcomer was there`);
  await within(Promise.all(members.map((each) => each.gone)), () => `all are dropped; ${many - dropped} are left`);
  assert.ok(!member.over, 'who answers pings stays');
  await member.leave();
  await server.returnsTo(before, 'all is released');
});
