// For a network namespace of its own, which hostile.test.mjs gives it: a member whose packets are dropped from one moment
// on, both ways, with no word to either side.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { attack, gone, mallory } from './attack.mjs';

const address = '10.9.9.2';
const ip = (...words) => execFileSync('ip', words);

ip('link', 'set', 'lo', 'up');
ip('address', 'add', `${address}/32`, 'dev', 'lo');

const options = ['--ping-interval', '2s', '--pong-timeout', '2s'];

attack('a member whose packets are dropped has left once it has not answered a ping', { options, counted: 'timeouts_total{kind="pong"}' }, async (server) => {
  const vanished = await server.connectAndJoin(mallory, { localAddress: address });
  const from = performance.now();
  ip('address', 'delete', `${address}/32`, 'dev', 'lo');
  ip('route', 'add', 'blackhole', `${address}/32`);
  await gone(server);
  const took = performance.now() - from;
  // It might be reset sooner by a kernel that tells of the loss, which would be another test.
  assert.ok(took > 3000, `gone after ${took} ms`);
  vanished.destroy();
});
