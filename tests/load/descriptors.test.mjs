// Where there are fewer descriptors than are needed, those who are in go on as before, and the others wait their turn.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import http from 'node:http';
import test from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { Member } from './support/member.mjs';
import { size } from './support/scale.mjs';
import { Server } from './support/server.mjs';
import { until, within } from './support/waiting.mjs';
import { Witnesses } from './support/witnesses.mjs';

// Only the soft limit, which can be raised again.
function limitDescriptors(server, descriptors) {
  execFileSync('prlimit', ['--pid', String(server.pid), `--nofile=${descriptors}:`]);
}

// Leaves the server so many more descriptors. The limit is on their numbers, and one that it has inherited may be above.
function leaveRoomFor(server, places) {
  const used = server.descriptorNumbers();
  let limit = 0;
  for (let free = 0; free < places; ++limit) if (!used.has(limit)) ++free;
  limitDescriptors(server, limit);
  return used.size;
}

async function crowd(t, port, count) {
  const members = Array.from({ length: count }, () => new Member(port, { target: '/chat' }));
  t.after(() => members.forEach((member) => member.destroy()));
  return members;
}

const joinedOf = (members) => members.filter(({ status }) => status === 101).length;

test('descriptors run out under a running server: nobody is hurt, it does not spin, and goes on when there are some', async (t) => {
  const places = 10;
  const inside = places + size(1_000, 30);
  const waiting = 2 * places + size(180, 12);
  const server = await Server.start(t, ['--handshake-timeout', '1h']);
  // Metrics are asked for on a connection that is there already.
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  t.after(() => agent.destroy());
  const pauses = async () => (await server.metrics(agent)).roomcast_accept_pauses_total;
  assert.equal(await pauses(), 0);

  const bystanders = await Witnesses.join(t, server.port, '/chat/quiet');
  const members = await crowd(t, server.port, inside);
  await within(Promise.all(members.map((member) => member.joined)), `${inside} members`);
  const held = leaveRoomFor(server, places);

  const late = await crowd(t, server.port, waiting);
  await until(() => joinedOf(late) === places, () => `${joinedOf(late)} of ${places} have joined`);
  await until(async () => (await pauses()) > 1, 'accepting pauses');
  assert.equal(server.descriptors(), held + places);

  // Nobody speaks: all that the server does is to try again.
  assert.deepEqual(await bystanders.settle(), []);
  const [cpu, paused, start] = [server.cpuTime(), await pauses(), performance.now()];
  await pause(2_000);
  const seconds = (performance.now() - start) / 1000;
  const share = (server.cpuTime() - cpu) / seconds;
  const tries = ((await pauses()) - paused) / seconds;
  t.diagnostic(`while waiting: ${(share * 100).toFixed(1)} % of a core, ${tries.toFixed(1)} pauses a second`);
  assert.ok(share < 0.2, `the server takes ${share} of a core while it waits`);
  assert.ok(tries < 20, `${tries} tries a second`);
  assert.equal(joinedOf(late), places, 'nobody got in meanwhile');
  assert.ok(late.every((member) => !member.over), 'nobody was turned away');
  bystanders.talk();

  // One place, one newcomer: accepting goes on by itself, within two pauses.
  const before = await pauses();
  const released = performance.now();
  await members[0].leave();
  await until(() => joinedOf(late) > places, 'one of those who wait gets in');
  t.diagnostic(`the next got in ${Math.round(performance.now() - released)} ms after a place was free, ${(await pauses()) - before} pauses later`);
  assert.ok((await pauses()) - before <= 5, 'a place is taken with the next try');
  assert.equal(joinedOf(late), places + 1);

  // Room for everybody, by members that leave and by the limit.
  for (const member of members.slice(1, places)) member.reset();
  await until(() => joinedOf(late) === 2 * places, () => `${joinedOf(late)} have got in`);
  leaveRoomFor(server, waiting);
  await within(Promise.all(late.map((member) => member.joined)), () => `${joinedOf(late)} of ${waiting} have got in`);
  assert.ok(members.slice(places).every((member) => !member.over), 'nobody was cut off');
  assert.deepEqual(await bystanders.settle(), []);
});

for (const descriptors of [256, 128, 40]) {
  test(`a server with ${descriptors} descriptors takes fewer connections than that, and members never lack one`, async (t) => {
    const server = await Server.start(t, ['--handshake-timeout', '1h'], { descriptors });
    const bystanders = await Witnesses.join(t, server.port, '/chat/quiet');
    const members = await crowd(t, server.port, 400);
    const told = (member) => within(Promise.race([member.joined, member.gone]).catch(() => {}), 'an answer or the end');
    await Promise.all(members.map(told));
    const inside = members.filter(({ status }) => status === 101);
    const outcomes = { in: inside.length, refused: members.filter(({ status }) => status === 503).length };
    t.diagnostic(JSON.stringify({ ...outcomes, stderr: server.stderr.trim() }));
    assert.ok(inside.length > 0 && inside.length + Witnesses.count < descriptors);
    assert.ok(outcomes.refused > 0, 'some are told why');
    assert.deepEqual(await bystanders.settle(), []);
    bystanders.talk();
    // A place that is free is given again.
    await Promise.all(inside.map((member) => member.leave()));
    await until(async () => {
      const [next] = await crowd(t, server.port, 1);
      await told(next);
      return next.status === 101;
    }, 'somebody gets in again');
    assert.deepEqual(await bystanders.settle(), []);
  });
}
