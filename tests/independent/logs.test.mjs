// What the server says on standard error.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Server, httpRequest, run } from './server.mjs';

// Names and targets that would break out of a line, or out of a string. ESC [31m is red on a terminal.
const hostileName = 'a"b\\{}%v,"status":200';
const hostilePaths = ['/a"b\\c', '/%0d%0a%1b[31m', '/{}%v', '/\x80\xff', '/status=200'];

async function linesOf(t, ...options) {
  const server = await Server.start(t, '--access-log', ...options);
  const member = await server.join(`/chat/ops?name=${encodeURIComponent(hostileName)}`);
  assert.equal(await member.close(4001), 4001);
  for (const path of hostilePaths) {
    const connection = await server.connect();
    connection.write(Buffer.from(httpRequest(server.port, { target: `${path}?key=secret` }), 'latin1'));
    await connection.response();
    connection.destroy();
  }
  assert.equal((await server.request('nonsense\r\n\r\n')).status, 400);
  server.signal('SIGTERM');
  const { stderr } = await server.ended;
  assert.ok(stderr.endsWith('\n'));
  assert.doesNotMatch(stderr, /secret|[\x00-\x09\x0b-\x1f\x7f]/);
  return stderr.slice(0, -1).split('\n');
}

test('with --log-format json each line is an object, whatever others choose to be called', async (t) => {
  const lines = (await linesOf(t, '--log-format', 'json', '--log-level', 'debug')).map((line) => JSON.parse(line));
  for (const { time, level, message } of lines) {
    assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    assert.ok(Math.abs(Date.parse(time) - Date.now()) < 60_000);
    assert.match(level, /^(debug|info|warning|error)$/);
    assert.ok(message);
  }
  const without = ({ time, level, ...rest }) => rest;
  const [left] = lines.filter(({ message }) => message === 'left').map(without);
  assert.equal(typeof left.seconds, 'number');
  delete left.seconds;
  assert.deepEqual(left, { message: 'left', from: '127.0.0.1', method: 'GET', path: '/chat/ops', status: 101, room: 'ops', name: hostileName, close: 4001 });
  const answered = lines.filter(({ message }) => message === 'answered').map(without);
  assert.deepEqual(answered.map(({ path }) => path), ['/a"b\\c', '/%0d%0a%1b[31m', '/{}%v', '/\ufffd\ufffd', '/status=200', '']);
  assert.deepEqual(answered.map(({ status }) => status), [404, 404, 404, 404, 404, 400]);
  assert.ok(lines.some(({ message }) => message === 'stopping'));
});

test('as text, what others choose is in quotes and escaped', async (t) => {
  const lines = await linesOf(t);
  const line = lines.find((each) => each.includes(' left '));
  assert.match(line, /\[info\] left from="127\.0\.0\.1" method="GET" path="\/chat\/ops" status=101 room="ops" name="a\\"b\\\\\{\}%v,\\"status\\":200" close=4001 seconds=[\d.]+$/);
  assert.ok(lines.some((each) => each.endsWith(' answered from="127.0.0.1" method="GET" path="/\\x80\\xff" status=404')));
  assert.ok(lines.some((each) => each.endsWith(' path="" status=400')));
});

test('without --access-log nothing is said of connections', async (t) => {
  const server = await Server.start(t, '--log-format=json');
  await (await server.join()).close(1000);
  await server.request({ target: '/healthz' });
  server.signal('SIGTERM');
  assert.deepEqual((await server.ended).stderr.trim().split('\n').map((line) => JSON.parse(line).message), ['stopping']);
});

test('another format is refused', async () => {
  const { status, stderr } = await run('--log-format', 'xml');
  assert.equal(status, 2);
  assert.match(stderr, /^[^\n]*--log-format[^\n]*\n$/);
});
