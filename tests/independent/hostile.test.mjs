// Each way to hurt the server that it has an answer to, while others talk there.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { attack, drip, gone, mallory, present, square } from './attack.mjs';
import { Tool, frame, httpRequest, opcodes, upgradeRequest, within } from './server.mjs';

const { text, binary, continuation, close, ping, pong } = opcodes;
const code = (value) => Buffer.from([value >> 8, value & 0xff]);
const bytes = (...values) => Buffer.from(values);
const times = (count, make) => Array.from({ length: count }, (_, n) => make(n));
const many = (count, make) => Buffer.concat(times(count, make));

// What a write to somebody who has hung up fails with.
const refusesWrites = /EPIPE|ECONNRESET|ended by the other party/;

// Fails unless the answer is `status`, and says when to come again.
function assertRetry({ status, headers }, expected) {
  assert.equal(status, expected);
  assert.match(headers['retry-after'], /^[1-9]\d*$/);
}

attack('bad handshakes are refused', { counted: 'refused_total{reason="handshake"}' }, async (server, room) => {
  const cases = {
    'no Host': [400, { headers: { Host: null } }],
    'no key': [400, { headers: { 'Sec-WebSocket-Key': null } }],
    'a key of 15 bytes': [400, { headers: { 'Sec-WebSocket-Key': Buffer.alloc(15).toString('base64') } }],
    'HTTP/1.0': [400, { version: '1.0' }],
    'POST': [405, { method: 'POST', headers: { 'Content-Length': '0' } }],
    'a body': [400, { headers: { 'Content-Length': '2' }, body: 'hi' }],
    'a chunked body': [400, { headers: { 'Transfer-Encoding': 'chunked' }, body: '2\r\nhi\r\n0\r\n\r\n' }],
    'version 12': [426, { headers: { 'Sec-WebSocket-Version': '12' } }],
  };
  for (let round = 0; round < 20; ++round) {
    for (const [what, [expected, request]] of Object.entries(cases)) {
      const { status, headers } = await server.request(upgradeRequest(server.port, { target: mallory, ...request }));
      assert.equal(status, expected, what);
      if (status === 426) assert.equal(headers['sec-websocket-version'], '13');
    }
    await room.turn();
  }
});

attack('pages of a foreign origin, and of none, are refused', { counted: 'refused_total{reason="origin"}' }, async (server) => {
  for (const Origin of ['http://evil.example', `http://127.0.0.1:${server.port + 1}`, 'null']) {
    const { status } = await server.request(upgradeRequest(server.port, { target: mallory, headers: { Origin } }));
    assert.equal(status, 403, Origin);
  }
});

attack('over the limit of connections all are refused', { options: ['--max-connections', '6'], counted: 'refused_total{reason="connections"}' }, async (server, room) => {
  const taken = [await server.connectAndJoin(mallory), await server.connectAndJoin(square)];
  for (let n = 0; n < 20; ++n) assertRetry(await server.request(upgradeRequest(server.port, { target: square })), 503);
  await room.turn();
  for (const connection of taken) connection.destroy();
});

// To look at an object's type UBSan takes a pipe: without descriptors it finds fault with any.
const sanitized = process.env.ROOMCAST !== undefined && readFileSync(process.env.ROOMCAST).includes('__ubsan_handle_dynamic_type');
const scarce = { descriptors: 64, counted: 'refused_total{reason="connections"}', skip: sanitized && 'UBSan needs descriptors of its own' };

attack('over the number of descriptors the others are refused, or hung up on', scarce, async (server, room) => {
  const crowd = [];
  const knock = async () => {
    const connection = await server.connect();
    crowd.push(connection);
    connection.write(upgradeRequest(server.port, { target: square }));
    return connection.response();
  };
  const answers = await Promise.allSettled(times(200, knock));
  const letIn = answers.filter(({ value }) => value?.status === 101);
  assert.ok(letIn.length < 60, `${letIn.length} were let in`);
  for (const { value, reason } of answers) {
    if (reason) assert.match(reason.message, /hung up|ECONNRESET/);
    else if (value.status !== 101) assertRetry(value, 503);
  }
  await room.turn();
  for (const connection of crowd) connection.destroy();
});

// By the code that answers them: how they are counted, and what is sent.
const offences = [
  [1002, 'violations_total{kind="protocol"}', {
    'a frame that is not masked': [frame(text, 'hi', { masked: false })],
    ...Object.fromEntries([4, 2, 1].map((reserved) => [`reserved bits ${reserved}`, [frame(text, 'hi', { reserved })]])),
    ...Object.fromEntries([3, 7, 11, 15].map((opcode) => [`opcode ${opcode}`, [frame(opcode, 'hi')]])),
    'a ping in fragments': [frame(ping, 'hi', { fin: false })],
    'a long ping': [frame(ping, 'x'.repeat(126))],
    'a ping that is declared to be long': [frame(ping, '', { length: 1n << 40n })],
    'a length in two bytes that fits in one': [frame(text, 'hi', { lengthBytes: 2 })],
    'a length in eight bytes that fits in two': [frame(text, 'x'.repeat(200), { lengthBytes: 8 })],
    'a stray continuation': [frame(continuation, 'hi')],
    'a message inside another': [frame(text, 'one', { fin: false }), frame(text, 'two')],
  }],
  [1003, 'violations_total{kind="binary"}', { 'a binary message': [frame(binary, 'hi')] }],
  [1007, 'violations_total{kind="invalid_text"}', {
    'a byte that is never UTF-8': [frame(text, bytes(0x61, 0xff))],
    'bad UTF-8 in a fragment': [frame(text, 'good', { fin: false }), frame(continuation, bytes(0xff))],
    'a character cut short by an empty last fragment': [frame(text, bytes(0xe2), { fin: false }), frame(continuation)],
  }],
  [1008, 'violations_total{kind="fragments"}', {
    '1,025 fragments': [frame(text, '', { fin: false }), many(1024, () => frame(continuation, '', { fin: false }))],
  }],
  [1008, 'violations_total{kind="control_rate"}', {
    'too many pings': [many(1000, () => frame(ping, 'x'))],
    'too many pongs': [many(1000, () => frame(pong, 'x'))],
  }],
  [1009, 'violations_total{kind="too_large"}', {
    'a message that is too long': [frame(text, 'x'.repeat(65_537))],
    'a message that is declared to be too long': [frame(text, 'x', { length: 65_537 })],
    'a message that is declared to be huge': [frame(text, 'x', { length: (1n << 63n) - 1n })],
    'fragments that are too long together': [
      frame(text, 'x'.repeat(65_536), { fin: false }),
      frame(continuation, 'x', { fin: false }),
    ],
  }],
];

// The code of the Close that comes after, perhaps, pongs and what others say.
function closedWith(connection) {
  const closed = async () => {
    let answer;
    do answer = await connection.frame();
    while (answer.opcode === pong || answer.opcode === text);
    assert.equal(answer.opcode, close, `expected a Close, got ${answer.payload}`);
    return answer.payload.readUInt16BE(0);
  };
  return within(closed(), 'a Close');
}

for (const [expected, counted, cases] of offences) {
  for (const [what, frames] of Object.entries(cases)) {
    attack(`${what} ends its sender with ${expected}`, { counted }, async (server, room) => {
      for (let round = 0; round < 3; ++round) {
        const offender = await server.connectAndJoin(mallory);
        offender.write(Buffer.concat(frames));
        assert.equal(await closedWith(offender), expected);
        offender.write(frame(close, code(expected)));
        await offender.hungUp();
        await gone(server);
      }
      await room.turn();
      assert.deepEqual(room.saidBy('mallory'), []);
    });
  }
}

const hasty = { options: ['--message-timeout', '500ms'], counted: 'timeouts_total{kind="message"}' };

const endless = Buffer.concat([frame(text, '', { fin: false }), many(1000, () => frame(continuation, '', { fin: false }))]);
const unfinished = {
  'half a frame': [frame(text, 'hal', { length: 4 }), 0],
  'half the header of a frame': [frame(text, '', { length: 60_000 }).subarray(0, 3), 0],
  'a fragment': [frame(text, 'half', { fin: false }), 0],
  'a message that comes byte by byte': [frame(text, 'x'.repeat(10_000)), 25],
  'a message of empty fragments without end': [endless, 5],
};

for (const [what, [bytes, interval]] of Object.entries(unfinished)) {
  attack(`${what} ends its sender with 1008 once it has taken too long`, hasty, async (server, room) => {
    const offender = await server.connectAndJoin(mallory);
    const closed = closedWith(offender);
    await drip(offender, bytes, interval, closed);
    assert.equal(await closed, 1008);
    await room.turn();
    assert.deepEqual(room.saidBy('mallory'), []);
  });
}

const quick = { options: ['--handshake-timeout', '2s'], counted: 'timeouts_total{kind="request"}' };

attack('a request that comes byte by byte is dropped in time', quick, async (server) => {
  const connection = await server.connect();
  const request = Buffer.from(upgradeRequest(server.port, { target: mallory, headers: { 'X-Filler': 'x'.repeat(5000) } }));
  const dropped = connection.hungUp();
  await drip(connection, request, 100, dropped);
  await dropped;
});

attack('those who connect and say nothing are dropped in time', quick, async (server) => {
  const silent = await Promise.all(times(200, () => server.connect()));
  for (const connection of silent) await connection.hungUp();
});

attack('a message that one resets in its middle is as if it had not begun', {}, async (server, room) => {
  const breaks = [
    frame(text, 'half', { length: 1000 }),
    frame(text, 'half', { fin: false }),
    frame(text, 'half').subarray(0, 1),
    frame(text, 'half').subarray(0, 4),
    frame(ping, 'half', { length: 100 }),
  ];
  for (const half of breaks) {
    const connection = await server.connectAndJoin(mallory);
    await connection.writeOut(half);
    connection.reset();
    await gone(server);
  }
  await room.turn();
  assert.deepEqual(room.saidBy('mallory'), []);
});

attack('a message in whose middle one ends is as if it had not begun', {}, async (server, room) => {
  for (const half of [frame(text, 'half', { length: 1000 }), frame(text, 'half', { fin: false }), bytes()]) {
    const connection = await server.connectAndJoin(mallory);
    await connection.writeOut(half);
    connection.end();
    await connection.hungUp();
    await gone(server);
  }
  await room.turn();
  assert.deepEqual(room.saidBy('mallory'), []);
});

attack('handshakes that are reset leave nobody behind', {}, async (server, room) => {
  const request = upgradeRequest(server.port, { target: mallory });
  for (let n = 0; n < 50; ++n) {
    const connection = await server.connect();
    await connection.writeOut(n % 2 ? request : request.slice(0, n));
    connection.reset();
  }
  await room.turn();
});

attack('a client that is killed leaves', {}, async (server, room, t) => {
  const source = `
    import WebSocket from ${JSON.stringify(import.meta.resolve('ws'))};
    const socket = new WebSocket(process.argv[1]);
    socket.on('open', () => setInterval(() => socket.send('alive'), 5));`;
  const command = [process.execPath, '--input-type=module', '--eval', source];
  const url = `ws://127.0.0.1:${server.port}${mallory}`;
  const client = Tool.start(t, [url], { command });
  await room.heardBy('[mallory] alive');
  client.signal('SIGKILL');
  assert.equal((await client.ended()).signal, 'SIGKILL');
});

const filler = 'x'.repeat(8000);
const narrow = ['--send-buffer', '16KiB'];

// Says `filler` in the room through `speak`, as fast as the bystanders hear it, until mallory has left.
async function talkUntilGone(server, room, speak) {
  const talk = async () => {
    do {
      speak(many(20, () => frame(text, filler)));
      await room.turn();
    } while (await present(server));
  };
  await within(talk(), 'mallory leaves', 120_000);
}

// The same by somebody who reads.
async function otherTalksUntilGone(server, room) {
  const talker = await server.join(`${square}?name=talker`);
  await talkUntilGone(server, room, (frames) => talker.sendRaw(frames));
  talker.destroy();
}

// What comes to somebody who reads on after it was cut off: messages, perhaps, and a Close with 4008 if it is in time.
async function cutOffAsSlow(connection) {
  connection.readAgain();
  const rest = await connection.rest();
  let at = 0;
  while (at < rest.length && (rest[at] & 15) === text) {
    const length = rest[at + 1] & 0x7f;
    at += length < 126 ? 2 + length : 4 + rest.readUInt16BE(at + 2);
  }
  if (at + 4 <= rest.length) assert.deepEqual([rest[at], rest.readUInt16BE(at + 2)], [0x80 | close, 4008]);
}

attack('a reader that stalls is cut off once it lags', { options: [...narrow, '--max-lag', '1MiB'], counted: 'slow_readers_total{action="close"}' }, async (server, room) => {
  const stalled = await server.connectAndJoin(mallory);
  stalled.stopReading();
  await otherTalksUntilGone(server, room);
  await cutOffAsSlow(stalled);
});

attack('a reader that stalls and goes on sending is cut off once it lags', { options: [...narrow, '--max-lag', '1MiB'], counted: 'slow_readers_total{action="close"}' }, async (server, room) => {
  const stalled = await server.connectAndJoin(mallory);
  stalled.stopReading();
  await talkUntilGone(server, room, (frames) => stalled.write(frames));
  await cutOffAsSlow(stalled);
});

attack(
  'a reader that takes nothing is dropped in time, however little it lags',
  { options: [...narrow, '--max-lag', '256MiB', '--send-timeout', '2s'], counted: 'timeouts_total{kind="send"}' },
  async (server, room) => {
    const stalled = await server.connectAndJoin(mallory);
    stalled.stopReading();
    await otherTalksUntilGone(server, room);
  },
);

attack(
  'a reader that takes nothing is dropped in time, even if it goes on sending',
  { options: [...narrow, '--max-lag', '256MiB', '--send-timeout', '2s'], counted: 'timeouts_total{kind="send"}' },
  async (server, room) => {
    const stalled = await server.connectAndJoin(mallory);
    stalled.stopReading();
    await talkUntilGone(server, room, (frames) => stalled.write(frames));
  },
);

const unread = { options: ['--send-timeout', '1s'], counted: 'timeouts_total{kind="send"}' };

attack('requests whose answers are not read are not taken without end', unread, async (server, room) => {
  const connection = await server.connect();
  connection.stopReading();
  const request = httpRequest(server.port, { target: '/' });
  const flood = async () => {
    for (;;) {
      await connection.writeOut(request.repeat(1000));
      await room.turn();
    }
  };
  await assert.rejects(flood(), refusesWrites);
});

attack('pings whose answers are not read are no harm', { options: ['--max-control-rate', '0'] }, async (server, room) => {
  const connection = await server.connectAndJoin(mallory);
  connection.stopReading();
  for (let n = 0; n < 100; ++n) {
    await connection.writeOut(many(1000, () => frame(ping, 'x'.repeat(125))));
    await room.turn();
  }
  connection.readAgain();
  connection.write(frame(ping, 'the last'));
  let answer;
  do answer = await connection.frame();
  while (String(answer.payload) !== 'the last');
  assert.equal(answer.opcode, pong);
  connection.destroy();
});

attack('a header without end is refused', { counted: 'refused_total{reason="request"}' }, async (server) => {
  const connection = await server.connect();
  connection.write('GET /chat HTTP/1.1\r\n');
  // Refused by a server that has hung up.
  for (let n = 0; n < 64; ++n) await connection.writeOut(`X-${n}: ${'x'.repeat(65_536)}\r\n`).catch(() => {});
  await connection.hungUp();
});

attack('four megabytes that are no request are refused', { counted: 'refused_total{reason="request"}' }, async (server) => {
  const connection = await server.connect();
  for (let n = 0; n < 64; ++n) await connection.writeOut(randomBytes(65_536)).catch(() => {});
  await connection.hungUp();
});

const clientHello = Buffer.concat([bytes(0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3), randomBytes(506)]);

attack('other protocols are refused', { counted: 'refused_total{reason="request"}' }, async (server) => {
  for (const greeting of ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u0004\0\0\0\0\0', clientHello, 'SSH-2.0-OpenSSH_9.2\r\n', '\0', '\r\n\r\n\r\n']) {
    const connection = await server.connect();
    connection.write(greeting);
    await connection.hungUp();
  }
});

// Somebody who leaves its side open, whatever the server does.
function join(server) {
  return server.connectAndJoin(mallory, { allowHalfOpen: true });
}

const impatient = { options: ['--close-timeout', '1s'], counted: 'timeouts_total{kind="close"}' };

attack('who does not answer a close has left at once, and is dropped in time', impatient, async (server, room) => {
  const silent = await join(server);
  silent.write(frame(text, bytes(0xff)));
  assert.equal(await closedWith(silent), 1007);
  await gone(server);
  await room.turn();
  const dropped = async () => {
    while ((await server.metric('timeouts_total{kind="close"}')) === 0) await pause(20);
  };
  await within(dropped(), 'the silent one is dropped');
  silent.destroy();
});

attack('who goes on talking after a close is not heard, and is dropped in time', impatient, async (server, room) => {
  const talkative = await join(server);
  talkative.write(frame(text, bytes(0xff)));
  assert.equal(await closedWith(talkative), 1007);
  await assert.rejects(chatter(talkative, room), refusesWrites);
  assert.deepEqual(room.saidBy('mallory'), []);
});

attack('who reads nothing, not even the close, is dropped in time', impatient, async (server, room) => {
  const deaf = await join(server);
  deaf.stopReading();
  deaf.write(frame(text, bytes(0xff)));
  await assert.rejects(chatter(deaf, room), refusesWrites);
  assert.deepEqual(room.saidBy('mallory'), []);
});

// Says something after each turn of the bystanders, without end.
function chatter(connection, room) {
  const talk = async () => {
    for (;;) {
      await connection.writeOut(frame(text, 'still here'));
      await room.turn();
    }
  };
  return within(talk(), 'the end of the connection');
}

attack('over the limit of connections of one address its next are refused', { options: ['--max-connections-per-ip', '6'], counted: 'refused_total{reason="connections_per_ip"}' }, async (server, room) => {
  const knock = async (localAddress) => {
    const connection = await server.connect({ localAddress });
    connection.write(upgradeRequest(server.port, { target: square }));
    const answer = await connection.response();
    return { ...answer, leave: () => connection.destroy() };
  };
  const taken = [await server.connectAndJoin(mallory), await server.connectAndJoin(square)];
  for (let n = 0; n < 20; ++n) assertRetry(await knock('127.0.0.1'), 429);
  for (const address of ['127.0.0.2', '127.0.0.3']) {
    const { status, leave } = await knock(address);
    assert.equal(status, 101, address);
    leave();
  }
  await room.turn();
  for (const connection of taken) connection.destroy();
});

attack('handshakes over their rate are refused, until there is room again', { options: ['--handshake-rate', '5'], counted: 'refused_total{reason="handshake_rate"}' }, async (server, room) => {
  const crowd = await Promise.all(times(60, () => server.connect()));
  for (const connection of crowd) connection.write(upgradeRequest(server.port, { target: square }));
  const answers = await Promise.all(crowd.map((connection) => connection.response()));
  const refused = answers.filter(({ status }) => status !== 101);
  for (const answer of refused) assertRetry(answer, 503);
  assert.ok(refused.length > 0, 'nobody was refused');
  for (let n = 0; n < 20; ++n) assert.equal((await server.request({ target: '/healthz' })).status, 200);
  for (const connection of crowd) connection.destroy();
  await gone(server);
  await room.turn();
});

// The numbers that mallory hears of her own, until she is closed or has heard `count`: how many, and the Close's code.
function hearSelf(connection, count) {
  const hear = async () => {
    let heard = 0;
    while (heard < count) {
      const { opcode, payload } = await connection.frame();
      if (opcode === close) return { heard, code: payload.readUInt16BE(0) };
      if (String(payload).startsWith('[mallory] ')) assert.equal(String(payload), `[mallory] ${heard++}`);
    }
    return { heard };
  };
  return within(hear(), `${count} messages`, 120_000);
}

const numbers = (count) => many(count, (n) => frame(text, String(n)));

attack('messages over the rate come late, but all of them', { options: ['--rate', '100:200'], pace: 20, counted: 'held_back_total' }, async (server, room) => {
  const fast = await server.connectAndJoin(mallory);
  const from = performance.now();
  fast.write(numbers(500));
  assert.deepEqual(await hearSelf(fast, 500), { heard: 500 });
  const took = performance.now() - from;
  assert.ok(took > 2500, `300 messages over the burst took ${took} ms at 100 a second`);
  await room.heardBy('[mallory] 499');
  fast.destroy();
});

attack(
  'who is held back has not fallen silent, and its message has not stopped coming',
  { options: ['--rate', '20:20', '--ping-interval', '1s', '--pong-timeout', '1s', '--message-timeout', '1s'], pace: 100, counted: 'held_back_total' },
  async (server, room) => {
    const fast = await server.connectAndJoin(mallory);
    fast.write(numbers(140));
    assert.deepEqual(await hearSelf(fast, 140), { heard: 140 });
    await room.heardBy('[mallory] 139');
    fast.destroy();
  },
);

attack('who is over the rate for ten seconds on end is closed with 1008', { options: ['--rate', '20:20'], pace: 100, counted: 'violations_total{kind="rate"}' }, async (server, room) => {
  const fast = await server.connectAndJoin(mallory);
  fast.write(numbers(1000));
  const { heard, code } = await hearSelf(fast, 1000);
  assert.equal(code, 1008);
  assert.ok(heard >= 150, `${heard} messages were relayed before`);
  await room.turn();
});

attack(
  'over the budget of memory the readers that lag are cut off',
  { options: [...narrow, '--max-lag', '256MiB', '--memory-budget', '8MiB'], counted: 'shed_total' },
  async (server, room) => {
    const stalled = [await server.connectAndJoin(mallory), await server.connectAndJoin(square), await server.connectAndJoin(square)];
    for (const connection of stalled) connection.stopReading();
    await otherTalksUntilGone(server, room);
    for (const connection of stalled) await cutOffAsSlow(connection);
  },
);

attack(
  'over the budget of memory those who hoard halves of messages let nobody in, and harm nobody who is',
  { options: ['--memory-budget', '1MiB', '--max-message-size', '256KiB'], counted: 'refused_total{reason="memory"}' },
  async (server, room) => {
    const hoarders = [];
    const enter = async () => {
      const hoarder = await server.connect();
      hoarders.push(hoarder);
      hoarder.write(upgradeRequest(server.port, { target: hoarders.length === 1 ? mallory : square }));
      return hoarder.response();
    };
    let answer;
    // The budget has room for four, and more get in before what they hoard is read.
    while ((answer = await enter()).status === 101 && hoarders.length < 50) {
      hoarders.at(-1).write(frame(text, 'x'.repeat(250_000), { fin: false }));
      await room.turn();
    }
    assertRetry(answer, 503);
    for (const hoarder of hoarders) hoarder.destroy();
  },
);

const namespaces = spawnSync('unshare', ['-rn', 'ip', 'link', 'set', 'lo', 'up']).status === 0;
const skip = namespaces ? false : 'a network namespace of one’s own is not permitted here, or there is no unshare(1) or ip(8)';

test('a member whose packets are dropped has left once it has not answered a ping', { skip }, async (t) => {
  const { NODE_TEST_CONTEXT, ...env } = process.env;
  const program = new URL('vanishing.mjs', import.meta.url).pathname;
  const { status, stdout } = spawnSync('unshare', ['-rn', process.execPath, '--test-reporter=tap', program], { env, encoding: 'utf8' });
  assert.equal(status, 0, stdout);
  t.diagnostic(stdout.split('\n').find((line) => /^(not )?ok/.test(line)));
});
