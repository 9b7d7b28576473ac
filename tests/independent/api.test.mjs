// The API, by Node's own HTTP client, and by bytes that no client would send.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { JsonMember } from './json-member.mjs';
import { Server, assertOneLine, httpRequest, run, within } from './server.mjs';

const key = 'test-key-0123456789';

async function keyFile(t, content = `# keys\n${key}\n`) {
  const folder = await mkdtemp(join(tmpdir(), 'roomcast-'));
  t.after(() => rm(folder, { recursive: true }));
  const path = join(folder, 'keys');
  await writeFile(path, content);
  return path;
}

// A server with an API; calls of it are `{ status, headers, body }`, the body parsed where it is JSON.
async function start(t, ...options) {
  const server = await Server.start(t, '--api-key-file', await keyFile(t), ...options);
  const agent = new http.Agent({ keepAlive: true });
  t.after(() => agent.destroy());
  const call = (method, path, { body, headers = {}, port = server.port } = {}) => {
    const answer = new Promise((resolve, reject) => {
      const request = http.request({ agent, method, path, port, host: '127.0.0.1', headers: { Authorization: `Bearer ${key}`, ...headers } });
      request.on('error', reject).on('response', (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (some) => (text += some));
        response.on('end', () => {
          const isJson = response.headers['content-type'] === 'application/json';
          resolve({ status: response.statusCode, headers: response.headers, body: isJson ? JSON.parse(text) : text });
        });
      });
      request.end(body);
    });
    return within(answer, `an answer to ${method} ${path}`);
  };
  const say = (room, body, headers = {}) => call('POST', `/api/rooms/${room}/messages`, { body, headers: { 'Content-Type': 'text/plain', ...headers } });
  return { server, call, say };
}

for (const threads of ['1', '3']) {
  test(`what is published is heard, remembered and listed, on ${threads} threads`, async (t) => {
    const { server, call, say } = await start(t, '--threads', threads);
    const ada = await server.join('/chat/ops?name=ada');
    const bob = await JsonMember.join(server, '/chat/ops?name=bob');
    const first = await say('ops', 'grüße, 你好');
    assert.equal(first.status, 201);
    assert.equal(first.body.recipients, 2);
    assert.equal(await ada.receive(), '[server] grüße, 你好');
    const heard = await bob.next('message');
    assert.deepEqual({ seq: heard.seq, id: heard.id, name: heard.name }, { seq: first.body.seq, id: 'c0', name: 'server' });
    const second = await say('ops', JSON.stringify({ text: 'a "b"\n' }), { 'Content-Type': 'application/json' });
    assert.equal(await ada.receive(), '[server] a "b"\n');

    const { type, ...listed } = heard;
    const messages = await call('GET', '/api/rooms/ops/messages');
    assert.deepEqual(messages.body.messages.map(({ seq, text }) => [seq, text]), [[first.body.seq, 'grüße, 你好'], [second.body.seq, 'a "b"\n']]);
    assert.deepEqual(messages.body.messages[0], listed);
    assert.equal(messages.body.complete, true);
    const since = await call('GET', `/api/rooms/ops/messages?since=${first.body.seq}`);
    assert.deepEqual(since.body, { messages: [messages.body.messages[1]], complete: true });

    for (const room of ['a', 'z', 'dev']) await say(room, 'hi');
    const rooms = await call('GET', '/api/rooms');
    const of = (name, members) => ({ name, members });
    assert.deepEqual(rooms.body, { rooms: [of('a', 0), of('dev', 0), of('ops', 2), of('z', 0)], complete: true });
    const page = await call('GET', '/api/rooms?limit=2&after=a');
    assert.deepEqual(page.body, { rooms: [of('dev', 0), of('ops', 2)], complete: false });
  });

  test(`a member is removed with 4001, and the others are told, on ${threads} threads`, async (t) => {
    const { server, call } = await start(t, '--threads', threads);
    const ada = await server.join('/chat/ops?name=ada');
    const bob = await JsonMember.join(server, '/chat/ops?name=bob');
    const { body } = await call('GET', '/api/rooms/ops/members');
    assert.equal(body.count, 2);
    assert.deepEqual(body.members.map(({ name }) => name).sort(), ['ada', 'bob']);
    const { id } = body.members.find(({ name }) => name === 'ada');
    assert.equal((await call('DELETE', `/api/rooms/ops/members/${id}`)).status, 204);
    assert.equal(await ada.closed(), 4001);
    assert.deepEqual(await bob.next('leave'), { type: 'leave', id, name: 'ada' });
    assert.equal((await call('DELETE', `/api/rooms/ops/members/${id}`)).status, 404);
    assert.deepEqual((await call('GET', '/api/rooms/ops/members')).body, { count: 1, members: [{ id: bob.welcome.id, name: 'bob' }] });
  });

  test(`a message with an Idempotency-Key is said once, however often and on whatever connection it comes, on ${threads} threads`, async (t) => {
    const { server, say } = await start(t, '--threads', threads);
    const ada = await server.join('/chat/ops');
    const answers = await Promise.all(Array.from({ length: 20 }, () => say('ops', 'once', { 'Idempotency-Key': 'k1' })));
    const said = answers.filter(({ status }) => status === 201);
    assert.ok(said.length >= 1);
    for (const { body } of said) assert.deepEqual(body, said[0].body);
    for (const { status } of answers) assert.ok(status === 201 || status === 409, String(status));
    assert.equal((await say('ops', 'twice', { 'Idempotency-Key': 'k1' })).status, 422);
    assert.deepEqual((await say('ops', 'once', { 'Idempotency-Key': 'k1' })).body, said[0].body);
    await say('ops', 'that was all');
    assert.equal(await ada.receive(), '[server] once');
    assert.equal(await ada.receive(), '[server] that was all');
  });
}

test('what is stored is listed after a restart, and published behind it', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'roomcast-'));
  t.after(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  const data = ['--data', join(folder, 'rooms.db')];
  const before = await start(t, ...data);
  for (let i = 1; i <= 5; ++i) assert.equal((await before.say('ops', `${i}`)).status, 201);
  before.server.signal('SIGKILL');
  await before.server.ended;
  const { call, say } = await start(t, ...data);
  const texts = async (query) => (await call('GET', `/api/rooms/ops/messages${query}`)).body.messages.map(({ text }) => text);
  assert.deepEqual(await texts(''), ['1', '2', '3', '4', '5']);
  assert.deepEqual(await texts('?since=1&limit=2'), ['2', '3']);
  assert.deepEqual(await texts('?limit=2'), ['4', '5']);
  assert.equal((await call('GET', '/api/rooms/dev/messages')).status, 404);
  assert.equal((await say('ops', '6')).body.seq, 6);
  assert.deepEqual(await texts('?since=4'), ['5', '6']);
});

test('without --api-key-file there is no API', async (t) => {
  const server = await Server.start(t);
  for (const target of ['/api/rooms', '/api/openapi.json', '/api/rooms/ops/messages']) {
    assert.equal((await server.request({ target, headers: { Authorization: `Bearer ${key}` } })).status, 404);
  }
});

test('where there is an admin port the API is there, and only there', async (t) => {
  const { server, call } = await start(t, '--admin-port', '0');
  const port = Number(/^roomcast admin port on 127\.0\.0\.1:(\d+)$/m.exec(server.stdout)[1]);
  assert.equal((await call('GET', '/api/rooms')).status, 404);
  assert.equal((await call('GET', '/api/rooms', { port })).status, 200);
});

test('keys are read again on SIGHUP; where something is wrong, those that were stay, and no key is ever logged', async (t) => {
  const file = await keyFile(t);
  const server = await Server.start(t, '--api-key-file', file, '--access-log', '--log-level', 'debug');
  const status = async (Authorization) => (await server.request({ target: '/api/rooms', headers: { Authorization } })).status;
  // Nobody is told when it has been read.
  const until = async (Authorization, wanted) => {
    const done = async () => {
      while ((await status(Authorization)) !== wanted);
    };
    await within(done(), `${wanted} for ${Authorization}`);
  };
  assert.equal(await status(`Bearer ${key}`), 200);
  assert.equal(await status('Bearer wrong-key-0123456789'), 401);
  await writeFile(file, 'another-key-0123456789\n');
  server.signal('SIGHUP');
  await until('Bearer another-key-0123456789', 200);
  assert.equal(await status(`Bearer ${key}`), 401);
  await writeFile(file, 'third-key-0123456789\nshort\n');
  server.signal('SIGHUP');
  assert.equal(await status('Bearer another-key-0123456789'), 200);
  server.signal('SIGTERM');
  const { stderr } = await server.ended;
  assert.match(stderr, new RegExp(`the API keys stay as they are: ${file}:2: `));
  assert.ok(!stderr.includes('0123456789'), stderr);
});

test('a file of keys that cannot be used ends the start with one line, and status 1', async (t) => {
  for (const [content, ...parts] of [['short\n', ':1:', '16'], ['\n# none\n', 'no key'], ['has a blank in it, it has\n', ':1:']]) {
    const file = await keyFile(t, content);
    const { status, stderr } = await run('--port', '0', '--api-key-file', file);
    assert.equal(status, 1);
    assertOneLine(stderr, '--api-key-file', file, ...parts);
    assert.ok(!stderr.includes('has a blank'));
  }
  const { status, stderr } = await run('--port', '0', '--api-key-file', '/no/such/file');
  assert.equal(status, 1);
  assertOneLine(stderr, '--api-key-file', '/no/such/file');
});

test('a body that is too long is refused before it is sent', async (t) => {
  const { server } = await start(t, '--max-message-size', '1000');
  const connection = await server.connect();
  const headers = { Authorization: `Bearer ${key}`, 'Content-Type': 'text/plain', Expect: '100-continue' };
  const post = (length) => httpRequest(server.port, { method: 'POST', target: '/api/rooms/ops/messages', headers: { ...headers, 'Content-Length': length } });
  connection.write(post(1000));
  assert.equal((await connection.response()).status, 100);
  connection.write('x'.repeat(1000));
  assert.equal((await connection.response()).status, 201);
  connection.write(post(1001));
  assert.equal((await connection.response()).status, 413);
  await connection.hungUp();
});

test('requests that two servers could read differently say nothing, and end the connection', async (t) => {
  const { server } = await start(t);
  const ada = await server.join('/chat/ops');
  const smuggled = httpRequest(server.port, {
    method: 'POST',
    target: '/api/rooms/ops/messages',
    headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'text/plain', 'Content-Length': '8' },
    body: 'smuggled',
  });
  const length = `Content-Length: ${smuggled.length}`;
  const attacks = {
    'CL.TE': [`${length}\r\nTransfer-Encoding: chunked`, `0\r\n\r\n${smuggled}`],
    'TE.CL': [`Transfer-Encoding: chunked\r\n${length}`, `0\r\n\r\n${smuggled}`],
    'TE.TE': ['Transfer-Encoding: chunked\r\nTransfer-Encoding: identity', `0\r\n\r\n${smuggled}`],
    'an unknown coding': ['Transfer-Encoding: xchunked', `${smuggled}`],
    'a coding before a blank': ['Transfer-Encoding : chunked', `0\r\n\r\n${smuggled}`],
    'a folded coding': ['Transfer-Encoding:\r\n chunked', `0\r\n\r\n${smuggled}`],
    'two lengths': [`${length}\r\nContent-Length: 0`, smuggled],
    'one length twice': [`${length}\r\n${length}`, smuggled],
    'a list of lengths': [`${length}, ${smuggled.length}`, smuggled],
    'a bare line feed': [`X: y\nContent-Length: ${smuggled.length}`, smuggled],
    'a chunk with a bare line feed': ['Transfer-Encoding: chunked', `0\n\r\n\r\n${smuggled}`],
    'a chunk longer than its size': ['Transfer-Encoding: chunked', `2\r\nabc\r\n0\r\n\r\n${smuggled}`],
  };
  for (const [what, [headers, body]] of Object.entries(attacks)) {
    await t.test(what, async () => {
      const connection = await server.connect();
      connection.write(`POST /healthz HTTP/1.1\r\nHost: x\r\n${headers}\r\n\r\n${body}`);
      assert.equal((await connection.response()).status, 400);
      assert.equal((await connection.rest()).toString(), '', 'nothing else is answered');
    });
  }
  const own = await server.join('/chat/ops');
  own.send('the only one');
  assert.equal(await ada.receive(), '[user1] the only one');
});

test('requests in one packet are answered in their order, and those of one who does not read wait', async (t) => {
  const { server, say } = await start(t);
  for (let i = 0; i < 200; ++i) await say('ops', 'x'.repeat(1000));
  const connection = await server.connect();
  const get = (target) => httpRequest(server.port, { target, headers: { Authorization: `Bearer ${key}` } });
  connection.stopReading();
  connection.write(`${get('/healthz')}${get('/nothing')}${get('/api/rooms/ops/messages?limit=1000').repeat(50)}${get('/healthz')}`);
  const { body } = await server.request({ target: '/metrics' });
  const held = Number(/^roomcast_memory_held_bytes (\d+)$/m.exec(body)[1]);
  assert.ok(held < 2_000_000, `${held} bytes are held`);
  connection.readAgain();
  assert.equal((await connection.response()).status, 200);
  assert.equal((await connection.response()).status, 404);
  for (let i = 0; i < 50; ++i) assert.equal(JSON.parse((await connection.response()).body).messages.length, 200);
  assert.equal((await connection.response()).body, 'ok\n');
});

test('what the kernel knows of a connection is told', async (t) => {
  const { server, call } = await start(t);
  const ada = await server.join('/chat/ops?name=ada');
  ada.send('hello');
  await ada.receive();
  const { status, body } = await call('GET', '/debug/connections');
  assert.equal(status, 200);
  assert.equal(body.count, 1);
  const [connection] = body.connections;
  const { name, room, form, address } = connection;
  assert.deepEqual({ name, room, form, address }, { name: 'ada', room: 'ops', form: 'text', address: '127.0.0.1' });
  assert.ok(connection.rtt_us > 0 && connection.received_bytes > 5 && connection.sent_bytes > 5, JSON.stringify(connection));
  for (const nothing of ['lag_bytes', 'waiting_ms', 'unsent_bytes', 'retransmits']) assert.equal(connection[nothing], 0, nothing);
});
