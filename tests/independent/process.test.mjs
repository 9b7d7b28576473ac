import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { Server, assertOneLine, run, runWith, upgradeRequest } from './server.mjs';

for (const signal of ['SIGTERM', 'SIGINT']) {
  test(`on ${signal} members are closed with 1012, and the server ends well`, async (t) => {
    const server = await Server.start(t, '--drain-timeout', '2s');
    const members = [];
    for (let i = 0; i < 20; ++i) members.push(await server.join(i % 2 ? '/chat/ops' : '/chat'));
    server.signal(signal);
    for (const member of members) assert.equal(await member.closed(), 1012);
    assert.equal((await server.ended).status, 0);
  });
}

test('without members the server ends at once', async (t) => {
  const server = await Server.start(t, '--drain-timeout', '1h');
  await (await server.join()).close(1000);
  server.signal('SIGTERM');
  assert.equal((await server.ended).status, 0);
});

test('a member that does not answer the close holds the server no longer than the drain timeout', async (t) => {
  const server = await Server.start(t, '--drain-timeout', '1s');
  const connection = await server.connectAndJoin();
  server.signal('SIGTERM');
  assert.equal(await connection.closeCode(), 1012);
  assert.equal((await server.ended).status, 0);
});

test('while it drains the server answers that it is not ready, and lets nobody in', async (t) => {
  const server = await Server.start(t, '--drain-timeout', '10s');
  // A member that does not answer the close keeps the server draining.
  const connection = await server.connectAndJoin();
  server.signal('SIGTERM');
  assert.equal(await connection.closeCode(), 1012);
  assert.equal((await server.request({ target: '/readyz' })).status, 503);
  assert.equal((await server.request({ target: '/healthz' })).status, 200);
  const refusal = await server.request(upgradeRequest(server.port));
  assert.equal(refusal.status, 503);
  assert.match(refusal.headers['retry-after'], /^\d+$/);
  server.signal('SIGTERM');
  assert.equal((await server.ended).status, 1, 'a second signal ends it at once');
});

function adminPortOf(server) {
  return Number(/^roomcast admin port on 127\.0\.0\.1:(\d+)$/m.exec(server.stdout)?.[1]);
}

test('with an admin port the metrics are there, and only there', async (t) => {
  const server = await Server.start(t, '--admin-port', '0');
  const admin = adminPortOf(server);
  const status = async (target, port) => (await server.request({ target }, { port })).status;
  for (const target of ['/', '/healthz', '/readyz']) assert.equal(await status(target, server.port), 200, target);
  assert.equal(await status('/metrics', server.port), 404);
  for (const target of ['/metrics', '/healthz', '/readyz']) assert.equal(await status(target, admin), 200, target);
  assert.equal(await status('/', admin), 404);
  assert.equal((await server.request(upgradeRequest(admin), { port: admin })).status, 404, 'nobody becomes a member there');
});

test('the admin port answers when the server is full', async (t) => {
  const server = await Server.start(t, '--admin-port', '0', '--max-connections', '1');
  const member = await server.join();
  assert.equal((await server.request({ target: '/healthz' })).status, 503);
  assert.equal((await server.request({ target: '/metrics' }, { port: adminPortOf(server) })).status, 200);
  member.send('hi');
  assert.equal(await member.receive(), '[user0] hi');
});

test('an unknown option is named', async () => {
  const { status, stderr } = await run('--bogus');
  assert.equal(status, 2);
  assertOneLine(stderr, '--bogus');
});

test('a value out of range is refused, and its option named', async (t) => {
  const cases = [
    ['--port', '70000'],
    ['--port', '-1'],
    ['--port', 'http'],
    ['--address', 'not-an-address'],
    ['--admin-port', '70000'],
    ['--threads', '0'],
    ['--max-message-size', '-1'],
    ['--ping-interval', 'soon'],
    ['--drain-timeout', '-1s'],
    ['--format', '{nonsense}'],
    ['--format', '{text'],
    ['--path', 'chat'],
  ];
  for (const [option, value] of cases) {
    await t.test(`${option} ${value}`, async () => {
      const { status, stderr } = await run('--port', '0', `${option}=${value}`);
      assert.equal(status, 2);
      assertOneLine(stderr, option);
    });
  }
});

test('options also come from the environment, and flags come first', async (t) => {
  const environment = { ROOMCAST_FORMAT: 'from the environment: {text}', ROOMCAST_PORT: '70000', PORT: '70000' };
  const server = await Server.startWith(t, environment);
  const member = await server.join();
  member.send('hi');
  assert.equal(await member.receive(), 'from the environment: hi');
});

test('a bad value in the environment is refused, and its option named', async () => {
  for (const name of ['PORT', 'ROOMCAST_PORT']) {
    const { status, stderr } = await runWith({ [name]: '70000' });
    assert.equal(status, 2);
    assertOneLine(stderr.toLowerCase(), 'port');
  }
});

async function configuration(t, text) {
  const folder = await mkdtemp(join(tmpdir(), 'roomcast-'));
  t.after(() => rm(folder, { recursive: true }));
  const path = join(folder, 'roomcast.toml');
  await writeFile(path, text);
  return path;
}

test('options also come from a file, and the environment comes before it', async (t) => {
  const path = await configuration(t, 'format = "{name}: {text}"\necho = false\npath = "/from-file"\n');
  const server = await Server.startWith(t, { ROOMCAST_PATH: '/talk' }, '--config', path);
  const first = await server.join('/talk');
  const second = await server.join('/talk');
  first.send('one');
  assert.equal(await second.receive(), 'user0: one');
  second.send('two');
  assert.equal(await first.receive(), 'user1: two');
});

test('an unknown key in a file is named', async (t) => {
  const path = await configuration(t, 'bogus = 1\n');
  const { status, stderr } = await run('--port', '0', '--config', path);
  assert.equal(status, 2);
  assertOneLine(stderr, 'bogus');
});

test('a file that is not there is named', async () => {
  const { status, stderr } = await run('--port', '0', '--config', 'no-such-file.toml');
  assert.equal(status, 2);
  assertOneLine(stderr, 'no-such-file.toml');
});

test('a port in use ends the server with one clear line', async (t) => {
  const occupant = net.createServer().listen(0, '127.0.0.1');
  t.after(() => occupant.close());
  await once(occupant, 'listening');
  const { port } = occupant.address();
  const { status, stderr, stdout } = await run('--port', String(port), '--address', '127.0.0.1');
  assert.equal(status, 1);
  assert.equal(stdout, '');
  assertOneLine(stderr, String(port));
});
