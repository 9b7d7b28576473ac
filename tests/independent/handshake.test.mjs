import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import test from 'node:test';
import { Server, frame, opcodes, upgradeRequest } from './server.mjs';

test('the key is answered as RFC 6455 says', async (t) => {
  const server = await Server.start(t);
  const key = randomBytes(16).toString('base64');
  const { status, headers } = await server.request(
    upgradeRequest(server.port, { headers: { 'Sec-WebSocket-Key': key } }),
  );
  assert.equal(status, 101);
  assert.equal(headers.upgrade.toLowerCase(), 'websocket');
  assert.equal(headers.connection.toLowerCase(), 'upgrade');
  const expected = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  assert.equal(headers['sec-websocket-accept'], expected);
  assert.equal(headers['sec-websocket-extensions'], undefined);
  assert.equal(headers['sec-websocket-protocol'], undefined);
});

test('header names and tokens are taken in any case, and Connection as a list', async (t) => {
  const server = await Server.start(t);
  const request = upgradeRequest(server.port, { headers: { Connection: 'keep-alive, UPGRADE', Upgrade: 'WebSocket' } });
  assert.equal((await server.request(request.replace('Sec-WebSocket-Key', 'SEC-WEBSOCKET-KEY'))).status, 101);
});

test('a frame in the same packet as the handshake is relayed', async (t) => {
  const server = await Server.start(t);
  const connection = await server.connect();
  connection.write(Buffer.concat([Buffer.from(upgradeRequest(server.port)), frame(opcodes.text, 'early')]));
  assert.equal((await connection.response()).status, 101);
  assert.equal(await connection.receive(), '[user0] early');
});

test('half a frame in the same packet as the handshake is kept for its other half', async (t) => {
  const server = await Server.start(t);
  const connection = await server.connect();
  const early = frame(opcodes.text, 'early');
  connection.write(Buffer.concat([Buffer.from(upgradeRequest(server.port)), early.subarray(0, 3)]));
  assert.equal((await connection.response()).status, 101);
  connection.write(early.subarray(3));
  assert.equal(await connection.receive(), '[user0] early');
});

test('a handshake that comes byte by byte is accepted', async (t) => {
  const server = await Server.start(t);
  const connection = await server.connect();
  for (const byte of Buffer.from(upgradeRequest(server.port))) connection.write(Buffer.from([byte]));
  assert.equal((await connection.response()).status, 101);
});

test('a bad handshake is refused', async (t) => {
  const server = await Server.start(t);
  const cases = {
    'without a key': [400, { headers: { 'Sec-WebSocket-Key': null } }],
    'with an empty key': [400, { headers: { 'Sec-WebSocket-Key': '' } }],
    'with a key that is not base64': [400, { headers: { 'Sec-WebSocket-Key': '!!!!!!!!!!!!!!!!!!!!!!==' } }],
    'with a key of 15 bytes': [400, { headers: { 'Sec-WebSocket-Key': Buffer.alloc(15).toString('base64') } }],
    'with a key of 17 bytes': [400, { headers: { 'Sec-WebSocket-Key': Buffer.alloc(17).toString('base64') } }],
    'without Host': [400, { headers: { Host: null } }],
    'with two Hosts': [400, { headers: { host: 'elsewhere.example' } }],
    'in HTTP/1.0': [400, { version: '1.0' }],
    'with a body': [400, { headers: { 'Content-Length': '2' }, body: 'hi' }],
    'by POST': [405, { method: 'POST', headers: { 'Content-Length': '0' } }],
    'for an unknown path': [404, { target: '/elsewhere' }],
    'for a path that only begins like the route': [404, { target: '/chatter' }],
  };
  for (const [what, [status, request]] of Object.entries(cases)) {
    await t.test(what, async () => {
      assert.equal((await server.request(upgradeRequest(server.port, request))).status, status);
    });
  }
});

test('a wrong version is answered with 426 and the right one', async (t) => {
  const server = await Server.start(t);
  for (const version of ['8', '12', '14', 'x']) {
    const request = upgradeRequest(server.port, { headers: { 'Sec-WebSocket-Version': version } });
    const { status, headers } = await server.request(request);
    assert.equal(status, 426);
    assert.equal(headers['sec-websocket-version'], '13');
  }
});

async function knock(server, Origin) {
  return (await server.request(upgradeRequest(server.port, { headers: { Origin } }))).status;
}

test('a page of another origin is refused, one of the same is let in', async (t) => {
  const server = await Server.start(t);
  const { port } = server;
  const answers = {
    [`http://127.0.0.1:${port}`]: 101,
    [`https://127.0.0.1:${port}`]: 101,
    [`http://127.0.0.1:${port + 1}`]: 403,
    'http://127.0.0.1': 403,
    [`http://localhost:${port}`]: 403,
    [`http://127.0.0.1:${port}.evil.example`]: 403,
    'http://evil.example': 403,
    'null': 403, // what a sandboxed page or a local file sends
  };
  for (const [origin, status] of Object.entries(answers)) assert.equal(await knock(server, origin), status, origin);
});

test('--allow-origin lets other pages in', async (t) => {
  const options = ['--allow-origin', 'https://friend.example', '--allow-origin', 'http://other.example:8000'];
  const server = await Server.start(t, ...options);
  const answers = {
    'https://friend.example': 101,
    'http://other.example:8000': 101,
    'http://other.example': 403,
    'https://friend.example.evil.example': 403,
    'http://evil.example': 403,
    'null': 403,
  };
  for (const [origin, status] of Object.entries(answers)) assert.equal(await knock(server, origin), status, origin);
});

test('--allow-origin * lets every page in', async (t) => {
  const server = await Server.start(t, '--allow-origin', '*');
  assert.equal(await knock(server, 'http://evil.example'), 101);
});

test('the route without an upgrade says what it is for', async (t) => {
  const server = await Server.start(t);
  for (const target of ['/chat', '/chat/ops']) {
    const { status, headers } = await server.request({ target });
    assert.equal(status, 426);
    assert.equal(headers.upgrade.toLowerCase(), 'websocket');
  }
});

test('POST to the route is refused with what is allowed', async (t) => {
  const server = await Server.start(t);
  const { status, headers } = await server.request({ method: 'POST', target: '/chat', headers: { 'Content-Length': '0' } });
  assert.equal(status, 405);
  assert.match(headers.allow, /\bGET\b/);
});

test('an unknown path is answered with 404', async (t) => {
  const server = await Server.start(t);
  assert.equal((await server.request({ target: '/elsewhere' })).status, 404);
});

test('the server says that it is alive and ready', async (t) => {
  const server = await Server.start(t);
  for (const target of ['/healthz', '/readyz']) assert.equal((await server.request({ target })).status, 200);
});

test('several requests use one connection', async (t) => {
  const server = await Server.start(t);
  const connection = await server.connect();
  const request = `GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\n\r\n`;
  connection.write(request);
  assert.equal((await connection.response()).status, 200);
  connection.write(request + request);
  assert.equal((await connection.response()).status, 200);
  assert.equal((await connection.response()).status, 200);
  connection.write(upgradeRequest(server.port));
  assert.equal((await connection.response()).status, 101);
});

test('HEAD is answered without a body', async (t) => {
  const server = await Server.start(t);
  const connection = await server.connect();
  const headers = `Host: 127.0.0.1:${server.port}\r\n\r\n`;
  connection.write(`HEAD /healthz HTTP/1.1\r\n${headers}GET /healthz HTTP/1.1\r\n${headers}`);
  assert.equal((await connection.response('HEAD')).status, 200);
  assert.equal((await connection.response()).status, 200);
});

test('a request that is too long is refused', async (t) => {
  const server = await Server.start(t);
  const cases = {
    header: [431, { target: '/healthz', headers: { 'X-Long': 'x'.repeat(8 * 1024) } }],
    target: [414, { target: `/healthz?${'x'.repeat(4 * 1024)}` }],
    body: [413, { method: 'POST', target: '/chat', headers: { 'Content-Length': '1000000000' } }],
  };
  for (const [what, [status, request]] of Object.entries(cases)) {
    await t.test(what, async () => assert.equal((await server.request(request)).status, status));
  }
});

test('who does not finish a request is dropped', async (t) => {
  const server = await Server.start(t, '--handshake-timeout', '200ms');
  const silent = await server.connect();
  const slow = await server.connect();
  slow.write('GET /chat HTTP/1.1\r\nHost: ');
  await silent.hungUp();
  await slow.hungUp();
});

test('over the limit of connections one is refused, and let in when another has left', async (t) => {
  const server = await Server.start(t, '--max-connections', '2');
  const first = await server.join();
  const second = await server.join();
  const { status, headers } = await server.refusal('/chat');
  assert.equal(status, 503);
  assert.match(headers['retry-after'], /^\d+$/);
  await first.close(1000);
  await server.join();
  second.send('still here');
  assert.equal(await second.receive(), '[user1] still here');
});

test('a request that is not HTTP is answered with 400', async (t) => {
  const server = await Server.start(t);
  assert.equal((await server.request('hello\r\n\r\n')).status, 400);
});
