// Attacks on a server while others talk there.
import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { Bystanders } from './bystanders.mjs';
import { Server, frame, opcodes, upgradeRequest, within } from './server.mjs';

// Where the bystanders talk, and who comes there to do harm.
export const square = '/chat/square';
export const mallory = `${square}?name=mallory`;

// A test in which `assault(server, room, t)` attacks a server started with `options`, perhaps with few `descriptors`. Whatever it does, three bystanders in
// the room must hear each other without gap, double or reorder; somebody in another room must hear nothing of it; the
// server must live, count its defence under `counted`, and be left by mallory and all who came with her.
export function attack(name, { options = [], descriptors, pace = 5, counted, skip = false }, assault) {
  test(name, { skip }, async (t) => {
    const server = await (descriptors ? Server.startWithDescriptors(t, descriptors, ...options) : Server.start(t, ...options));
    const room = await Bystanders.join(server, square, pace);
    const stranger = await server.join('/chat/elsewhere?name=stranger');
    await room.turn();
    await Promise.race([assault(server, room, t), room.harm]);
    await room.turn();
    await gone(server);
    await alone(server);
    await room.finish();
    stranger.send('what was that?');
    assert.equal(await stranger.receive(), '[stranger] what was that?');
    assert.equal((await server.request({ target: '/healthz' })).status, 200);
    if (counted) assert.ok((await server.metric(counted)) > 0, `${counted} was not counted`);
  });
}

// Waits until only the bystanders and the stranger are left.
function alone(server) {
  const left = async () => {
    while ((await server.metric('members')) !== 4) await pause(20);
  };
  return within(left(), 'the attackers leave');
}

// Whether somebody called mallory is in the room. Who gets the name to find out has given it back by the end.
export async function present(server) {
  const probe = await server.connect();
  probe.write(upgradeRequest(server.port, { target: mallory }));
  const { status } = await probe.response();
  if (status === 101) {
    probe.write(frame(opcodes.close, Buffer.from([1000 >> 8, 1000 & 0xff])));
    await probe.hungUp();
  }
  probe.destroy();
  return status !== 101;
}

// Waits until mallory has left the room.
export function gone(server) {
  const left = async () => {
    while (await present(server)) await pause(20);
  };
  return within(left(), 'mallory leaves the room');
}

// Writes `bytes` one by one, `interval` milliseconds apart, until there are no more, or `answer` has come.
export async function drip(connection, bytes, interval, answer) {
  let answered = false;
  const noted = answer.catch(() => {}).then(() => (answered = true));
  for (const byte of bytes) {
    if (answered) return;
    connection.write(Buffer.from([byte]));
    await Promise.race([noted, pause(interval)]);
  }
}
