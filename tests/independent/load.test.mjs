// `roomcast load`, against the server and against others that make one mistake each.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import test from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { WebSocketServer } from 'ws';
import { Server, Tool, run, within } from './server.mjs';

const urlAt = (port, target = '/chat') => `ws://127.0.0.1:${port}${target}`;
const noErrors = {
  missing: 0, doubled: 0, out_of_order: 0, order_differs: 0, strays: 0, protocol_errors: 0, lost: 0, refused: 0, first_failure: null,
};

// Slow enough for a sanitized build to send it all, and over soon.
const briefly = ['--warmup', '0s', '--duration', '300ms'];

// Its result, whose errors must be those, and no others.
function load(t, port, options, errors = {}, target = '/chat') {
  return resultOf(Tool.start(t, ['load', urlAt(port, target), '--json', ...options]), errors);
}

async function resultOf(tool, errors = {}) {
  const { status, stdout, stderr } = await tool.ended();
  assert.equal(stderr, '');
  const result = JSON.parse(stdout);
  const expected = { ...noErrors, ...errors };
  const found = Object.fromEntries(Object.keys(expected).map((name) => [name, result[name]]));
  // Any sentence will do that matches.
  if (expected.first_failure instanceof RegExp) {
    assert.match(found.first_failure, expected.first_failure);
    found.first_failure = expected.first_failure;
  }
  const clean = Object.keys(errors).length === 0;
  assert.deepEqual({ status, clean: result.clean, ...found }, { status: clean ? 0 : 1, clean, ...expected }, stdout);
  return result;
}

// Waits until /metrics says so much.
async function counted(server, name, least) {
  const look = async () => {
    while ((await server.metric(name)) < least) await setTimeout(10);
  };
  await within(look(), `${least} ${name}`);
}

// A room that sends each text to all of its members, by way of `deliver(text, members, number, sender)`.
class Room {
  static async start(t, deliver, options = {}) {
    const room = new Room();
    room.members = [];
    let number = 0;
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1', ...options });
    await once(server, 'listening');
    t.after(() => {
      for (const socket of server.clients) socket.terminate();
      server.close();
    });
    server.on('connection', (socket, request) => {
      room.members.push(socket);
      socket.path = request.url;
      socket.on('message', (data) => deliver(String(data), room.members, number++, socket));
      socket.on('close', () => room.members.splice(room.members.indexOf(socket), 1));
      socket.on('error', () => {});
    });
    room.port = server.address().port;
    return room;
  }
}

const toAll = (text, members) => members.forEach((socket) => socket.send(text));

// How many messages there are is up to the clock; that there are enough for the mistake to be made is not.
const fixed = (number) => ['--warmup', '0s', '--duration', '1s', '--rate', String(number)];

for (const [what, options] of [
  ['one room', ['--connections', '20', '--senders', '3', '--window', '4']],
  ['the open loop', ['--connections', '20', '--senders', '3', '--rate', '200']],
  ['two threads', ['--connections', '21', '--senders', '5', '--threads', '2']],
  ['long messages', ['--connections', '5', '--bytes', '60KiB', '--window', '2']],
  ['the shortest messages', ['--connections', '5', '--bytes', '25']],
]) {
  test(`roomcast, ${what}: every member gets every message`, async (t) => {
    const server = await Server.start(t);
    const result = await load(t, server.port, [...briefly, ...options]);
    assert.ok(result.messages > 0);
    assert.equal(result.deliveries, result.messages * result.connections);
    assert.equal(result.order_checked, result.connections);
    assert.equal(result.other_messages, 0);
  });
}

test('roomcast, several rooms: every member gets every message of its room', async (t) => {
  const server = await Server.start(t);
  const result = await load(t, server.port, [...briefly, '--connections', '20', '--rooms', '4', '--senders', '8', '--rate', '400']);
  assert.equal(result.deliveries, result.messages * 5);
});

test('the result tells what is measured', async (t) => {
  const server = await Server.start(t);
  const pid = String(process.pid);
  const tool = Tool.start(t, ['load', urlAt(server.port), '--json', '--connections', '10', '--duration', '10m', '--warmup', '0s', '--server-pid', pid]);
  await counted(server, 'messages_in_total', 100);
  tool.signal('SIGINT');
  const result = await resultOf(tool);
  for (const name of ['handshakes_per_s', 'messages_per_s', 'deliveries_per_s', 'own_cpu_s_per_million', 'server_resident_bytes'])
    assert.ok(result[name] > 0, name);
  const { p50, p90, p99, p99_9, max, samples } = result.latency_us;
  assert.ok(p50 > 0 && p50 <= p90 && p90 <= p99 && p99 <= p99_9 && p99_9 <= max, JSON.stringify(result.latency_us));
  assert.ok(samples <= result.deliveries);
  assert.ok(result.seconds > 0);
});

test('connections that come and go are let, and miss nothing in between', async (t) => {
  const server = await Server.start(t);
  const result = await load(t, server.port, ['--connections', '20', '--churn', '50', '--warmup', '0s', '--duration', '1s', '--rate', '500']);
  assert.ok(result.rejoined > 0);
  assert.equal(result.handshakes, result.connections + result.rejoined);
});

test('stalled connections are left out of every count', async (t) => {
  const server = await Server.start(t);
  const result = await load(t, server.port, [...briefly, '--connections', '10', '--stalled', '4', '--bytes', '10KiB', '--window', '8']);
  assert.equal(result.handshakes, 10);
  assert.equal(result.deliveries, result.messages * 6);
});

test('--idle holds connections, and says nothing', async (t) => {
  const room = await Room.start(t, () => assert.fail('a message'));
  const result = await load(t, room.port, ['--idle', '--connections', '10', '--duration', '200ms']);
  assert.equal(result.handshakes, 10);
  assert.equal(result.messages, 0);
});

test('pings are answered, and fragments put together', async (t) => {
  const pongs = [];
  const room = await Room.start(t, (text, members) => {
    for (const socket of members) {
      if (socket.listenerCount('pong') === 0) socket.on('pong', (data) => pongs.push(String(data)));
      socket.ping('hello');
      socket.send(text.slice(0, 50), { fin: false });
      socket.ping('hello');
      socket.send(text.slice(50));
    }
  });
  const result = await load(t, room.port, ['--connections', '3', ...fixed(20)]);
  assert.equal(result.deliveries, result.messages * 3);
  assert.deepEqual(new Set(pongs), new Set(['hello']));
});

test('the marker is found in JSON, in a prefix, and among messages of others', async (t) => {
  const room = await Room.start(t, (text, members, number) => {
    const wrapped = [JSON.stringify({ t: text }), JSON.stringify({ t: text, seq: number }), `[user0] ${text}:`, text][number % 4];
    for (const socket of members) {
      socket.send('someone else ~ says something that is as long as a marker is');
      socket.send(wrapped);
    }
  });
  const result = await load(t, room.port, ['--connections', '3', '--senders', '2', ...fixed(40)]);
  assert.equal(result.deliveries, result.messages * 3);
  assert.equal(result.other_messages, result.deliveries);
});

// The mistakes are made once, with the sixth message that comes, and to the first member but for those that say otherwise.
test('a message that one member does not get is missing', async (t) => {
  const room = await Room.start(t, (text, members, number) => members.forEach((socket, i) => number === 5 && i === 0 || socket.send(text)));
  await load(t, room.port, ['--connections', '3', ...fixed(20)], { missing: 1 });
});

test('the last messages are missing where they do not come', async (t) => {
  const room = await Room.start(t, (text, members, number) => number < 5 && toAll(text, members));
  await load(t, room.port, ['--connections', '3', '--drain', '200ms', ...fixed(10)], { missing: 15 });
});

test('a message that never comes back ends a closed loop of one, not the run', async (t) => {
  const room = await Room.start(t, (text, members, number) => number < 5 && toAll(text, members));
  const result = await load(t, room.port, ['--connections', '3', '--warmup', '0s', '--duration', '1s', '--drain', '200ms'], { missing: 3 });
  assert.equal(result.messages, 6);
});

test('a message that one member gets twice is doubled', async (t) => {
  const room = await Room.start(t, (text, members, number) => {
    toAll(text, members);
    if (number === 5) members[0].send(text);
  });
  const result = await load(t, room.port, ['--connections', '3', ...fixed(20)], { doubled: 1 });
  assert.equal(result.deliveries, result.messages * 3 + 1);
});

// One member hears the sixth message after the seventh.
const swapsTwo = () => {
  let held;
  return (text, members, number) => {
    members.forEach((socket, i) => {
      if (i !== 0) return socket.send(text);
      if (number === 5) return void (held = text);
      socket.send(text);
      if (number === 6) socket.send(held);
    });
  };
};

test('two messages of one sender that change places are out of order', async (t) => {
  const room = await Room.start(t, swapsTwo());
  await load(t, room.port, ['--connections', '3', ...fixed(20)], { out_of_order: 1 });
});

test('messages of two senders that change places are another order', async (t) => {
  const room = await Room.start(t, swapsTwo());
  const result = await load(t, room.port, ['--connections', '4', '--senders', '2', ...fixed(10)], { order_differs: 1 });
  assert.equal(result.order_checked, 4);
});

test('a message in another room is a stray', async (t) => {
  const room = await Room.start(t, (text, members, number, sender) => {
    for (const socket of members) if (socket.path === sender.path || number === 5) socket.send(text);
  });
  const result = await load(t, room.port, ['--connections', '6', '--rooms', '2', ...fixed(20)], { strays: 3 }, '/chat?token=x');
  assert.equal(result.deliveries, result.messages * 3);
});

test('a connection that is closed is lost, with the reason, and misses nothing', async (t) => {
  const room = await Room.start(t, (text, members, number) => {
    toAll(text, members);
    if (number === 5) members[2].close(4008, 'slow "reader"');
  });
  await load(t, room.port, ['--connections', '3', ...fixed(20)], { lost: 1, first_failure: 'connection 2: closed by the server with 4008 slow "reader"' });
});

test('a sender that is lost is not waited for', async (t) => {
  const room = await Room.start(t, (text, members, number, sender) => (number === 5 ? sender.terminate() : toAll(text, members)));
  await load(t, room.port, ['--connections', '3', '--drain', '1m', ...fixed(20)], { lost: 1, first_failure: /^connection 0: / });
});

test('a server that is killed loses all', async (t) => {
  const server = await Server.start(t);
  const tool = Tool.start(t, ['load', urlAt(server.port), '--json', '--connections', '5', '--duration', '1m', '--warmup', '0s']);
  await counted(server, 'joins_total', 5);
  server.signal('SIGKILL');
  await server.ended;
  const { status, stdout } = await tool.ended();
  const { lost, refused, clean } = JSON.parse(stdout);
  assert.deepEqual({ status, lost: lost + refused, clean }, { status: 1, lost: 5, clean: false });
});

for (const [what, frame] of [
  ['masked', Buffer.from([0x81, 0x81, 1, 2, 3, 4, 5])],
  ['with a reserved bit', Buffer.from([0xc1, 0x01, 0x78])],
]) {
  test(`a frame that is ${what} is a violation of the protocol`, async (t) => {
    const room = await Room.start(t, (text, members, number) => {
      toAll(text, members);
      if (number === 5) members[1]._socket.write(frame);
    });
    await load(t, room.port, ['--connections', '3', ...fixed(20)], { protocol_errors: 1, first_failure: /^connection 1: / });
  });
}

test('connections that are refused are counted, with the first reason', async (t) => {
  const server = await Server.start(t, '--max-members', '3');
  const result = await load(t, server.port, [...briefly, '--connections', '5'], { refused: 2, first_failure: /^connection \d: refused: HTTP\/1.1 503 / });
  assert.equal(result.handshakes, 3);
});

test('nobody who listens refuses all', async (t) => {
  const nobody = net.createServer().listen(0, '127.0.0.1');
  await once(nobody, 'listening');
  const { port } = nobody.address();
  nobody.close();
  await once(nobody, 'close');
  await load(t, port, ['--connections', '5'], { refused: 5, first_failure: /Connection refused/ });
});

for (const name of ['SIGINT', 'SIGTERM']) {
  test(`${name} ends it early, with what there is so far`, async (t) => {
    const server = await Server.start(t);
    const tool = Tool.start(t, ['load', urlAt(server.port), '--json', '--connections', '5', '--duration', '10m']);
    await counted(server, 'messages_in_total', 5);
    tool.signal(name);
    const { status, stdout } = await tool.ended();
    const result = JSON.parse(stdout);
    assert.deepEqual({ status, interrupted: result.interrupted, clean: result.clean }, { status: 0, interrupted: true, clean: true });
    assert.equal(result.deliveries, result.messages * 5);
  });
}

test('without --json the result is a table', async (t) => {
  const server = await Server.start(t);
  const tool = Tool.start(t, ['load', urlAt(server.port), '--connections', '3', '--duration', '10m', '--warmup', '0s']);
  await counted(server, 'messages_in_total', 100);
  tool.signal('SIGINT');
  const { status, stdout, stderr } = await tool.ended();
  assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
  for (const line of [/^throughput {2}\d+ deliveries\/s/m, /^latency {5}p50 \d+ us/m, /^errors {6}0 missing, 0 doubled/m, /^ +0 protocol errors/m])
    assert.match(stdout, line);
});

const terminal = spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout?.includes('util-linux');
test('on a terminal it shows how it goes', { skip: terminal ? false : 'there is no util-linux script(1) to give it a terminal' }, async (t) => {
  const server = await Server.start(t);
  const command = `'${process.env.ROOMCAST}' load '${urlAt(server.port)}' --connections 3 --duration 1500ms`;
  const tool = Tool.start(t, ['-qec', command, '/dev/null'], { command: ['script'] });
  const { status, stdout } = await tool.ended();
  assert.equal(status, 0);
  assert.match(stdout, /\r +\d+ s {2}3 connected {2}\d+ in\/s {2}\d+ out\/s {2}p50 \d+ us {2}p99 \d+ us/);
});

for (const [option, words] of [
  ['--window', ['--window', '1', '--rate', '1']],
  ['--window', ['--window', '0']],
  ['--idle', ['--idle', '--rate', '1']],
  ['--senders', ['--connections', '3', '--senders', '4']],
  ['--senders', ['--connections', '3', '--senders', '3', '--stalled', '1']],
  ['--rooms', ['--connections', '3', '--rooms', '4']],
  ['--stalled', ['--connections', '3', '--stalled', '3']],
  ['--churn', ['--connections', '3', '--senders', '3', '--churn', '1']],
  ['--bytes', ['--bytes', '24']],
  ['--bytes', ['--bytes', 'many']],
  ['--bytes', ['--bytes', '17MiB']],
  ['--duration', ['--duration', '5']],
  ['--duration', ['--duration', '0s']],
  ['--warmup', ['--warmup', 'soon']],
  ['--rate', ['--rate', '0']],
  ['--connections', ['--connections', '0']],
  ['--connections', ['--connections', '1000000']],
  ['--server-pid', ['--server-pid', '999999999']],
  ['--unknown', ['--unknown']],
]) {
  test(`usage: load ${words.join(' ')} is status 2, and names ${option}`, async () => {
    const { status, stdout, stderr } = await run('load', urlAt(1), ...words);
    assert.deepEqual({ status, stdout }, { status: 2, stdout: '' });
    assert.match(stderr, new RegExp(`^roomcast load: [^\n]*${option}[^\n]*\n$`));
  });
}

for (const words of [[], ['http://localhost/'], ['ws://localhost/', 'more']]) {
  test(`usage: load ${words.join(' ')} is status 2`, async () => {
    const { status, stdout, stderr } = await run('load', ...words);
    assert.deepEqual({ status, stdout }, { status: 2, stdout: '' });
    assert.match(stderr, /^roomcast load: [^\n]+\n$/);
  });
}
