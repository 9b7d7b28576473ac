import assert from 'node:assert/strict';
import test from 'node:test';
import { Server, frame, opcodes, upgradeRequest } from './server.mjs';

test('a text goes to everybody, the sender included, marked with who sent it', async (t) => {
  const server = await Server.start(t);
  const first = await server.join();
  const second = await server.join();
  first.send('hi');
  assert.equal(await first.receive(), '[user0] hi');
  assert.equal(await second.receive(), '[user0] hi');
  second.send('ho');
  assert.equal(await first.receive(), '[user1] ho');
  assert.equal(await second.receive(), '[user1] ho');
});

test('who has left gets nothing more, and the others go on', async (t) => {
  const server = await Server.start(t);
  const first = await server.join();
  const second = await server.join();
  const third = await server.join();
  await second.close(1000);
  third.destroy();
  first.send('still here');
  assert.equal(await first.receive(), '[user0] still here');
});

test('text is relayed byte for byte', async (t) => {
  const server = await Server.start(t);
  const sender = await server.join();
  const reader = await server.join();
  const texts = [
    '',
    ' ',
    '  indented, and trailing \r\n',
    'a\u0000b',
    '\u001b[31mred\u0007',
    '\ufeffwith a byte order mark',
    'Grüße, 你好, שלום, 👩‍👩‍👧‍👦, e\u0301',
    '\u{10ffff}\ufffe\uffff',
    '<b>&amp;</b> "quoted" \\n {text} {name}',
  ];
  for (const text of texts) {
    sender.send(text);
    assert.deepEqual(await reader.receiveBytes(), Buffer.from(`[user0] ${text}`));
  }
});

test('a message of exactly the maximal size is relayed, one byte more ends its sender with 1009', async (t) => {
  const server = await Server.start(t);
  const sender = await server.join();
  const reader = await server.join();
  const longest = 'x'.repeat(65536);
  sender.send(longest);
  assert.equal(await reader.receive(), `[user0] ${longest}`);
  sender.send(`${longest}x`);
  assert.equal(await sender.closed(), 1009);
  reader.send('next');
  assert.equal(await reader.receive(), '[user1] next');
});

test('the limit on the size counts bytes, not characters', async (t) => {
  const server = await Server.start(t, '--max-message-size', '300');
  const sender = await server.join();
  const longest = '€'.repeat(100);
  sender.send(longest);
  assert.equal(await sender.receive(), `[user0] ${longest}`);
  sender.send(`${longest}x`);
  assert.equal(await sender.closed(), 1009);
});

test('every member sees the same order, and each sender in its own', async (t) => {
  const server = await Server.start(t);
  const senders = [];
  for (let i = 0; i < 4; ++i) senders.push(await server.join(`/chat?name=s${i}`));
  const readers = [];
  for (let i = 0; i < 3; ++i) readers.push(await server.join());
  const each = 1000;
  for (let n = 0; n < each; ++n) for (const sender of senders) sender.send(String(n));

  const orders = await Promise.all(
    [...senders, ...readers].map(async (member) => {
      const seen = [];
      while (seen.length < senders.length * each) seen.push(await member.receive());
      return seen;
    }),
  );
  for (const order of orders) assert.deepEqual(order, orders[0]);
  for (let i = 0; i < senders.length; ++i) {
    const own = orders[0].filter((message) => message.startsWith(`[s${i}] `));
    assert.deepEqual(own, Array.from({ length: each }, (_, n) => `[s${i}] ${n}`));
  }
});

test('a chosen name is used, decoded', async (t) => {
  const server = await Server.start(t);
  const reader = await server.join('/chat?name=reader');
  const longest = '\u{1d49c}'.repeat(32); // 32 code points, 64 units of UTF-16, 128 bytes
  for (const name of ['alice', 'Zoë', 'two words', 'username', 'o’neill', longest]) {
    const member = await server.join(`/chat?name=${encodeURIComponent(name)}`);
    member.send('hi');
    assert.equal(await reader.receive(), `[${name}] hi`);
  }
});

test('a name that is taken in the room is refused with 409, elsewhere it is free', async (t) => {
  const server = await Server.start(t);
  const alice = await server.join('/chat?name=alice');
  assert.equal((await server.refusal('/chat?name=alice')).status, 409);
  assert.equal((await server.refusal('/chat?name=%61lice')).status, 409);
  const other = await server.join('/chat/ops?name=alice');
  other.send('from ops');
  assert.equal(await other.receive(), '[alice] from ops');
  alice.send('still me');
  assert.equal(await alice.receive(), '[alice] still me');
});

test('a name is free again once its owner has left', async (t) => {
  const server = await Server.start(t);
  for (let i = 0; i < 20; ++i) {
    const alice = await server.join('/chat?name=alice');
    await alice.close(1000);
  }
});

test('an invalid name is refused with 400', async (t) => {
  const server = await Server.start(t);
  const names = {
    empty: '',
    'reserved, one digit': 'user7',
    'reserved, many digits': 'user12345678901234567890',
    'in brackets': '%5Bbob%5D',
    'with an opening bracket': 'a%5Bb',
    'with a closing bracket': 'a%5Db',
    'with a control character': 'a%01b',
    'with a line feed': 'a%0Ab',
    'with NUL': 'a%00b',
    'with DEL': 'a%7Fb',
    'with a C1 control character': 'a%C2%85b',
    'with a right-to-left override': 'a%E2%80%AEb',
    'with a directional isolate': 'a%E2%81%A6b',
    'with a right-to-left mark': 'a%E2%80%8Fb',
    'with an Arabic letter mark': 'a%D8%9Cb',
    'with a zero-width space': 'a%E2%80%8Bb',
    'with a zero-width joiner': 'a%E2%80%8Db',
    'with a byte order mark': '%EF%BB%BFab',
    'with a leading space': '%20a',
    'with a trailing space': 'a%20',
    'of 33 code points': 'x'.repeat(33),
    'of 33 code points of several bytes': '%C3%A9'.repeat(33),
    'not UTF-8': 'a%FF',
    'cut short': 'a%C3',
    'overlong': 'a%C1%81',
    'a surrogate': 'a%ED%A0%80',
  };
  for (const [what, name] of Object.entries(names)) {
    await t.test(what, async () => {
      assert.equal((await server.refusal(`/chat?name=${name}`)).status, 400);
    });
  }
});

test('rooms are apart from each other and from the lobby', async (t) => {
  const server = await Server.start(t);
  const lobby = await server.join('/chat?name=lobbyist');
  const ops = await server.join('/chat/ops?name=operator');
  const dev = await server.join('/chat/dev?name=developer');
  lobby.send('1');
  assert.equal(await lobby.receive(), '[lobbyist] 1');
  ops.send('2');
  assert.equal(await ops.receive(), '[operator] 2');
  dev.send('3');
  assert.equal(await dev.receive(), '[developer] 3');
});

test('a room is the same however its name is percent-encoded', async (t) => {
  const server = await Server.start(t);
  const plain = await server.join('/chat/ops-1?name=a');
  const encoded = await server.join('/chat/%6Fps%2d1?name=b');
  encoded.send('hi');
  assert.equal(await plain.receive(), '[b] hi');
});

test('a room may have a name of 64 characters', async (t) => {
  const server = await Server.start(t);
  const member = await server.join(`/chat/${'A-z_9.~x'.repeat(8)}`);
  member.send('hi');
  assert.equal(await member.receive(), '[user0] hi');
});

test('a bad room name is refused with 404', async (t) => {
  const server = await Server.start(t);
  const rooms = {
    empty: '',
    'with a space': 'a%20b',
    'with an encoded slash': 'a%2Fb',
    'with a slash': 'a/b',
    'encoded twice': '%256Fps',
    'with a broken escape': 'a%zz',
    'with an escape cut short': 'a%4',
    'with a letter that is not ASCII': '%C3%A9',
    'with NUL': 'a%00',
    'of 65 characters': 'x'.repeat(65),
  };
  for (const [what, room] of Object.entries(rooms)) {
    await t.test(what, async () => {
      const { status } = await server.request(upgradeRequest(server.port, { target: `/chat/${room}` }));
      assert.equal(status, 404);
    });
  }
});

test('--path moves the lobby and the rooms', async (t) => {
  const server = await Server.start(t, '--path', '/talk');
  const lobby = await server.join('/talk');
  await server.join('/talk/ops');
  lobby.send('hi');
  assert.equal(await lobby.receive(), '[user0] hi');
  assert.equal((await server.refusal('/chat')).status, 404);
});

test('with --no-echo a sender does not get its own', async (t) => {
  const server = await Server.start(t, '--no-echo');
  const first = await server.join();
  const second = await server.join();
  first.send('from the first');
  assert.equal(await second.receive(), '[user0] from the first');
  second.send('from the second');
  assert.equal(await first.receive(), '[user1] from the second');
  first.send('again');
  assert.equal(await second.receive(), '[user0] again');
});

test('with --no-echo the others’ messages between a sender’s own arrive in order', async (t) => {
  const server = await Server.start(t, '--no-echo');
  const members = [];
  for (let i = 0; i < 3; ++i) members.push(await server.join());
  const each = 300;
  for (let n = 0; n < each; ++n) for (const member of members) member.send(String(n));
  for (const [me, member] of members.entries()) {
    const next = members.map(() => 0);
    for (let n = 0; n < (members.length - 1) * each; ++n) {
      const [, sender, number] = /^\[user(\d)\] (\d+)$/.exec(await member.receive());
      assert.notEqual(Number(sender), me);
      assert.equal(Number(number), next[sender]++);
    }
  }
});

test('--format says how a message is shown', async (t) => {
  const formats = {
    '{text}': 'hi',
    '[{name}] {text}:': '[user0] hi:',
    '{room}/{name}: {text}': 'ops/user0: hi',
    '{text} {text}': 'hi hi',
  };
  for (const [format, shown] of Object.entries(formats)) {
    await t.test(format, async (t) => {
      const server = await Server.start(t, '--format', format);
      const member = await server.join('/chat/ops');
      member.send('hi');
      assert.equal(await member.receive(), shown);
    });
  }
});

test('in --format {room} is lobby in the lobby', async (t) => {
  const server = await Server.start(t, '--format', '{room}: {text}');
  const member = await server.join();
  member.send('hi');
  assert.equal(await member.receive(), 'lobby: hi');
});

test('in --format {seq} strictly increases and is the same for everybody', async (t) => {
  const server = await Server.start(t, '--format', '{seq} {text}');
  const first = await server.join();
  const second = await server.join();
  let last = -1n;
  for (let n = 0; n < 200; ++n) {
    first.send(`a${n}`);
    second.send(`b${n}`);
  }
  for (let n = 0; n < 400; ++n) {
    const message = await first.receive();
    assert.equal(await second.receive(), message);
    const seq = BigInt(/^(\d+) [ab]\d+$/.exec(message)[1]);
    assert.ok(seq > last, `${seq} after ${last}`);
    last = seq;
  }
});

test('in --format {time} is the time of the message', async (t) => {
  const server = await Server.start(t, '--format', '{time} {text}');
  const member = await server.join();
  const before = Date.now();
  member.send('hi');
  const message = await member.receive();
  assert.match(message, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z hi$/);
  const [time] = message.split(' ');
  const away = Math.abs(Date.parse(time) - before);
  assert.ok(away < 60_000, `${time} is ${away} ms away`);
});

test('fragments are put together', async (t) => {
  const server = await Server.start(t);
  const sender = await server.join();
  const reader = await server.join();
  sender.send('one ', { fin: false });
  sender.send('two ', { fin: false });
  sender.send('', { fin: false });
  sender.send('three', { fin: true });
  assert.equal(await reader.receive(), '[user0] one two three');
});

test('a character may be cut by a fragment’s end', async (t) => {
  const server = await Server.start(t);
  const connection = await server.connectAndJoin();
  const [head, tail] = [Buffer.from([0xe2, 0x82]), Buffer.from([0xac])];
  connection.write(Buffer.concat([frame(opcodes.text, head, { fin: false }), frame(opcodes.continuation, tail)]));
  assert.equal(await connection.receive(), '[user0] €');
});

test('a ping between two fragments is answered, and the message is whole', async (t) => {
  const server = await Server.start(t);
  const connection = await server.connectAndJoin();
  connection.write(frame(opcodes.text, 'one ', { fin: false }));
  connection.write(frame(opcodes.ping, 'between'));
  connection.write(frame(opcodes.continuation, 'two'));
  const pong = await connection.frame();
  assert.equal(pong.opcode, opcodes.pong);
  assert.equal(pong.payload.toString(), 'between');
  assert.equal(await connection.receive(), '[user0] one two');
});

test('a frame that comes byte by byte is relayed', async (t) => {
  const server = await Server.start(t);
  const connection = await server.connectAndJoin();
  for (const byte of frame(opcodes.text, 'slowly')) connection.write(Buffer.from([byte]));
  assert.equal(await connection.receive(), '[user0] slowly');
});

test('many frames in one write are relayed, and so is the half that comes later', async (t) => {
  const server = await Server.start(t);
  const connection = await server.connectAndJoin();
  const frames = Buffer.concat(Array.from({ length: 100 }, (_, n) => frame(opcodes.text, `message ${n}`)));
  const cut = frames.length - 5;
  connection.write(frames.subarray(0, cut));
  for (let n = 0; n < 99; ++n) assert.equal(await connection.receive(), `[user0] message ${n}`);
  connection.write(frames.subarray(cut));
  assert.equal(await connection.receive(), '[user0] message 99');
});

test('a reader that stalls holds nobody up, and is cut off', async (t) => {
  const server = await Server.start(t, '--max-lag', '64KiB', '--send-buffer', '32KiB');
  const stalled = await server.join('/chat?name=stalled');
  const sender = await server.join('/chat?name=sender');
  const reader = await server.join('/chat?name=reader');
  stalled.stopReading();
  const filler = 'x'.repeat(8000);
  const all = 1000;
  for (let n = 0; n < all; ++n) {
    sender.send(`${n} ${filler}`);
    // Its own message comes back to it, so it never has more than one on its way.
    await sender.receive();
    assert.equal(await reader.receive(), `[sender] ${n} ${filler}`);
  }
  stalled.readAgain();
  // 4008 if it read again in time to be told, else it was dropped.
  assert.ok([4008, 1006].includes(await stalled.closed()));
  sender.send('next');
  assert.equal(await reader.receive(), '[sender] next');
});
