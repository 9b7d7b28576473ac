import assert from 'node:assert/strict';
import test from 'node:test';
import { Server, frame, opcodes } from './server.mjs';

test('a ping is answered with a pong of the same payload', async (t) => {
  const server = await Server.start(t);
  const member = await server.join();
  for (const payload of ['', 'are you there?', 'x'.repeat(125)]) {
    member.ping(payload);
    assert.equal(String(await member.receivePong()), payload);
  }
});

test('a pong that nobody asked for is ignored', async (t) => {
  const server = await Server.start(t);
  const connection = await server.connectAndJoin();
  connection.write(frame(opcodes.pong, 'hello'));
  connection.write(frame(opcodes.text, 'hi'));
  assert.equal(await connection.receive(), '[user0] hi');
});

test('a client that answers the server’s pings stays', async (t) => {
  const server = await Server.start(t, '--ping-interval', '200ms', '--pong-timeout', '1s');
  const member = await server.join();
  // The eighth comes later than the pong timeout after the first.
  for (let n = 0; n < 8; ++n) await member.receivePing();
  member.send('still here');
  assert.equal(await member.receive(), '[user0] still here');
});

test('a client that answers none of the server’s pings is dropped', async (t) => {
  const server = await Server.start(t, '--ping-interval', '200ms', '--pong-timeout', '200ms');
  const member = await server.join('/chat', { autoPong: false });
  const connection = await server.connectAndJoin('/chat/ops');
  assert.equal((await connection.frame()).opcode, opcodes.ping);
  await connection.hungUp();
  await member.closed();
});

test('a client’s close code is echoed', async (t) => {
  const server = await Server.start(t);
  for (const code of [1000, 1001, 3000, 4999]) {
    const member = await server.join();
    assert.equal(await member.close(code), code);
  }
});

test('a close without a code is answered without one, or as a normal one', async (t) => {
  const server = await Server.start(t);
  const member = await server.join();
  assert.ok([1000, 1005].includes(await member.close()));
});

test('after its answer to a close the server ends the connection', async (t) => {
  const server = await Server.start(t);
  const connection = await server.connectAndJoin();
  connection.write(frame(opcodes.close, Buffer.from([0x03, 0xe8])));
  assert.equal(await connection.closeCode(), 1000);
  await connection.hungUp();
});

test('what comes after a close is not relayed', async (t) => {
  const server = await Server.start(t);
  const reader = await server.join();
  const connection = await server.connectAndJoin();
  connection.write(Buffer.concat([frame(opcodes.close), frame(opcodes.text, 'too late')]));
  await connection.closeCode();
  await connection.hungUp();
  reader.send('first');
  assert.equal(await reader.receive(), '[user0] first');
});

const { text, binary, continuation, close, ping } = opcodes;
const bytes = (...values) => Buffer.from(values);
const code = (value) => bytes(value >> 8, value & 0xff);

// What ends its sender, with which code, and is seen by nobody else.
const offences = {
  1002: {
    'a frame that is not masked': [frame(text, 'hi', { masked: false })],
    'an unmasked ping': [frame(ping, '', { masked: false })],
    'a reserved bit, first': [frame(text, 'hi', { reserved: 4 })],
    'a reserved bit, second': [frame(text, 'hi', { reserved: 2 })],
    'a reserved bit, third': [frame(text, 'hi', { reserved: 1 })],
    'a reserved bit in a ping': [frame(ping, 'hi', { reserved: 4 })],
    'the reserved opcode 3': [frame(3, 'hi')],
    'the reserved opcode 7': [frame(7, 'hi')],
    'the reserved opcode 11': [frame(11, '')],
    'the reserved opcode 15': [frame(15, '')],
    'a ping in fragments': [frame(ping, 'hi', { fin: false })],
    'a close in fragments': [frame(close, code(1000), { fin: false })],
    'a ping of 126 bytes': [frame(ping, 'x'.repeat(126))],
    'a continuation of nothing': [frame(continuation, 'hi')],
    'an unfinished continuation of nothing': [frame(continuation, 'hi', { fin: false })],
    'a new message inside another': [frame(text, 'one', { fin: false }), frame(text, 'two')],
    'a length in two bytes that fits in one': [frame(text, 'hi', { lengthBytes: 2 })],
    'a length in eight bytes that fits in two': [frame(text, 'x'.repeat(200), { lengthBytes: 8 })],
    'a close of one byte': [frame(close, bytes(3))],
    'the close code 999': [frame(close, code(999))],
    'the close code 1004': [frame(close, code(1004))],
    'the close code 1005': [frame(close, code(1005))],
    'the close code 1006': [frame(close, code(1006))],
    'the close code 1015': [frame(close, code(1015))],
    'the close code 2999': [frame(close, code(2999))],
  },
  1003: {
    'a binary message': [frame(binary, 'hi')],
    'an empty binary message': [frame(binary)],
    'a binary message in fragments': [frame(binary, 'one', { fin: false }), frame(continuation, 'two')],
  },
  1007: {
    'a byte that is never UTF-8': [frame(text, bytes(0x61, 0xff))],
    'an overlong form': [frame(text, bytes(0xc0, 0xaf))],
    'a surrogate': [frame(text, bytes(0xed, 0xa0, 0x80))],
    'a code point beyond the last': [frame(text, bytes(0xf4, 0x90, 0x80, 0x80))],
    'a character that is cut short': [frame(text, bytes(0x61, 0xe2, 0x82))],
    'bad UTF-8 in a fragment': [frame(text, 'good', { fin: false }), frame(continuation, bytes(0xff))],
    'a character cut short by an empty last fragment': [frame(text, bytes(0xe2), { fin: false }), frame(continuation)],
    'a character broken by the next fragment': [
      frame(text, bytes(0xe2, 0x82), { fin: false }),
      frame(continuation, 'a'),
    ],
  },
  1009: {
    'a message that is too long': [frame(text, 'x'.repeat(65537))],
    'a message declared as too long, before it comes': [frame(text, 'x', { length: 65537 })],
    'a message declared as huge': [frame(text, 'x', { length: 1n << 62n })],
    'a message whose fragments are too long together': [
      frame(text, 'x'.repeat(65536), { fin: false }),
      frame(continuation, 'x'),
    ],
  },
};

for (const [expected, cases] of Object.entries(offences)) {
  test(`the server closes with ${expected}`, async (t) => {
    const server = await Server.start(t);
    let round = 0;
    for (const [what, frames] of Object.entries(cases)) {
      await t.test(what, async () => {
        const room = `/chat/${++round}`;
        const witness = await server.join(`${room}?name=witness`);
        const offender = await server.connectAndJoin(room);
        offender.write(Buffer.concat(frames));
        assert.equal(await offender.closeCode(), Number(expected));
        offender.write(frame(close, code(Number(expected))));
        await offender.hungUp();
        witness.send('next');
        assert.equal(await witness.receive(), '[witness] next');
      });
    }
  });
}

test('a continuation after a whole message is as stray as one before', async (t) => {
  const server = await Server.start(t);
  const connection = await server.connectAndJoin();
  connection.write(Buffer.concat([frame(text, 'one ', { fin: false }), frame(continuation, 'two')]));
  assert.equal(await connection.receive(), '[user0] one two');
  connection.write(frame(continuation, 'three'));
  assert.equal(await connection.closeCode(), 1002);
  await connection.hungUp();
});

test('a length with its highest bit set is an error', async (t) => {
  const server = await Server.start(t);
  const connection = await server.connectAndJoin();
  connection.write(frame(text, 'hi', { length: 1n << 63n }));
  assert.ok([1002, 1009].includes(await connection.closeCode()));
  await connection.hungUp();
});

test('a message of too many fragments ends its sender with 1008', async (t) => {
  const server = await Server.start(t, '--max-fragments', '10');
  const connection = await server.connectAndJoin();
  const fragments = (count) => {
    const middle = Array.from({ length: count - 2 }, () => frame(continuation, '', { fin: false }));
    return Buffer.concat([frame(text, 'a', { fin: false }), ...middle, frame(continuation, 'b')]);
  };
  connection.write(fragments(10));
  assert.equal(await connection.receive(), '[user0] ab');
  connection.write(fragments(11));
  assert.equal(await connection.closeCode(), 1008);
});

test('a message that is not finished in time ends its sender with 1008', async (t) => {
  const server = await Server.start(t, '--message-timeout', '200ms');
  const cases = { 'half a frame': frame(text, 'hal', { length: 4 }), 'a fragment': frame(text, 'half', { fin: false }) };
  for (const [what, bytes] of Object.entries(cases)) {
    await t.test(what, async () => {
      const connection = await server.connectAndJoin();
      connection.write(bytes);
      assert.equal(await connection.closeCode(), 1008);
    });
  }
});

test('too many pings end their sender with 1008', async (t) => {
  const server = await Server.start(t, '--max-control-rate', '5');
  const connection = await server.connectAndJoin();
  connection.write(Buffer.concat(Array.from({ length: 1000 }, () => frame(ping, 'x'))));
  let answer;
  do answer = await connection.frame();
  while (answer.opcode === opcodes.pong);
  assert.equal(answer.opcode, close);
  assert.equal(answer.payload.readUInt16BE(0), 1008);
});

test('a close whose reason is not UTF-8 is answered as an error', async (t) => {
  const server = await Server.start(t);
  const connection = await server.connectAndJoin();
  connection.write(frame(close, Buffer.concat([code(1000), bytes(0xff)])));
  assert.ok([1002, 1007].includes(await connection.closeCode()));
  await connection.hungUp();
});
