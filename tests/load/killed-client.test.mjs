// A process that holds members is killed: none of them stays behind.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { size } from './support/scale.mjs';
import { Server } from './support/server.mjs';
import { within } from './support/waiting.mjs';
import { Witnesses } from './support/witnesses.mjs';

test('when a process with many members is killed, all of them are gone at once, and the others are unhurt', async (t) => {
  const many = size(5_000, 500);
  // Nothing but the end of the connection can tell the server.
  const server = await Server.start(t, ['--ping-interval', '1h', '--message-timeout', '1h', '--max-lag', '256MiB']);
  const elsewhere = await Witnesses.join(t, server.port, '/chat/quiet');
  const among = await Witnesses.join(t, server.port, '/chat');
  await Promise.all([among.settle(), elsewhere.settle()]);
  const before = await server.census();
  among.talk();
  elsewhere.talk();

  const command = [process.execPath, fileURLToPath(new URL('support/crowd.mjs', import.meta.url)), String(server.port), String(many)];
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', ...command], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  t.after(() => child.kill('SIGKILL'));
  const ended = new Promise((_, reject) => child.once('error', reject).once('exit', (status) => reject(new Error(`the crowd ended: ${status}`))));
  await within(Promise.race([new Promise((resolve) => child.once('message', resolve)), ended]), `${many} members in another process`);
    assert.equal((await server.census()).members, before.members + many);
  ended.catch(() => {});
  child.kill('SIGKILL');
  assert.deepEqual(await among.settle(), []);
  assert.deepEqual(await elsewhere.settle(), []);
  await server.returnsTo(before, 'all is released');
});
