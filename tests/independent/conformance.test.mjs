// The cases that implementations of WebSocket are held to, under the numbers which Autobahn's test suite gives them.
// With `--format '{text}'` a room of one is an echo; what comes back is compared byte for byte.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Server, frame, opcodes, serverFrame } from './server.mjs';

const { text, binary, continuation, close, ping, pong } = opcodes;
const KiB = 1024;
const MiB = 1024 * KiB;

const options = ['--format', '{text}', '--binary', 'relay', '--ping-interval', '1h', '--message-timeout', '1h'];
const unlimited = ['--max-message-size', '16MiB', '--max-fragments', '1000000', '--max-control-rate', '0', '--max-lag', '64MiB'];

const hex = (digits) => Buffer.from(digits, 'hex');
const code = (value) => Buffer.from([value >> 8, value & 0xff]);
const goodbye = (value, reason = '') => frame(close, Buffer.concat([code(value), Buffer.from(reason)]));

// A message in the fragments `parts`.
function fragments(opcode, ...parts) {
  const last = parts.length - 1;
  return parts.map((part, i) => frame(i === 0 ? opcode : continuation, part, { fin: i === last }));
}

function pieces(bytes, size) {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size));
}

// The ways in which frames are cut into writes.
const inOne = (frames) => [Buffer.concat(frames)];
const framewise = (frames) => frames;
const chopped = (size) => (frames) => pieces(Buffer.concat(frames), size);
const octetwise = chopped(1);

async function send(connection, frames, cut) {
  for (const chop of cut(frames)) await connection.writeOut(chop);
}

async function expectBytes(connection, frames) {
  const expected = Buffer.concat(frames);
  const came = await connection.bytes(expected.length);
  const difference = came.findIndex((byte, i) => byte !== expected[i]);
  if (difference < 0) return;
  const show = (bytes) => bytes.subarray(difference, difference + 16).toString('hex');
  assert.fail(`at byte ${difference}: ${show(came)} instead of ${show(expected)}`);
}

// The first of `frames`, or all, or none of them, before a Close.
async function expectSome(connection, frames, t) {
  let heard = 0;
  while (heard < frames.length && (await connection.nextByte()) !== (0x80 | close)) {
    await expectBytes(connection, [frames[heard++]]);
  }
  if (frames.length > 0) t.diagnostic(`${heard} of ${frames.length} messages before the end are echoed`);
}

// The server's Close, which must be its last word. Its reason is its own affair.
async function expectClose(connection, codes) {
  const { payload, ...head } = await connection.frame();
  assert.deepEqual(head, { fin: true, reserved: 0, opcode: close, masked: false }, String(payload));
  assert.ok(payload.length !== 1 && payload.length <= 125);
  const came = payload.length === 0 ? 1005 : payload.readUInt16BE(0);
  assert.ok(codes.includes(came), `closed with ${came} instead of ${codes.join(' or ')}`);
  new TextDecoder('utf-8', { fatal: true }).decode(payload.subarray(2));
}

async function expectEnd(connection) {
  assert.equal((await connection.rest()).toString('hex'), '');
}

// What is legal: `gets` comes back, and the connection is as good as before, until it is closed.
const echoes = (sends, gets, cut = inOne) => async (connection) => {
  await send(connection, sends, cut);
  await expectBytes(connection, gets);
  connection.write(goodbye(1000));
  await expectClose(connection, [1000]);
  await expectEnd(connection);
};

// What is not: the server closes, the others have `gets`, and nothing of the rest has been passed on. Whether the
// offender still gets its own is not required.
const fails = (codes, sends, gets = [], cut = inOne) => async (connection, server, room, t) => {
  const witness = await server.connectAndJoin(room);
  // Those at the end may be refused by a server that has hung up.
  await send(connection, sends, cut).catch(() => {});
  await expectSome(connection, gets, t);
  await expectClose(connection, [codes].flat());
  connection.write(goodbye(1000));
  await expectEnd(connection);
  witness.write(frame(text, 'next'));
  await expectBytes(witness, [...gets, serverFrame(text, 'next')]);
};

const violates = (...rest) => fails(1002, ...rest);

// One test for a section, with a room of its own for each case of [name, what happens].
function section(name, cases, more = unlimited) {
  test(name, async (t) => {
    const server = await Server.start(t, ...options, ...more);
    let room = 0;
    for (const [what, play] of cases) {
      await t.test(what, async (t) => {
        const target = `/chat/${++room}`;
        const connection = await server.connectAndJoin(target);
        await play(connection, server, target, t);
        connection.destroy();
      });
    }
  });
}

const lengths = [0, 125, 126, 127, 128, 65_535, 65_536];
const kinds = [
  ['text', text, '*'],
  ['binary', binary, Buffer.from([0xfe])],
];

section(
  '1 a message of any length comes back as it was',
  kinds.flatMap(([kind, opcode, filler], i) => {
    const message = (length) => Buffer.alloc(length, filler);
    const echo = (length, cut) => echoes([frame(opcode, message(length))], [serverFrame(opcode, message(length))], cut);
    return [
      ...lengths.map((length, n) => [`1.${i + 1}.${n + 1} ${kind} of ${length} bytes`, echo(length)]),
      [`1.${i + 1}.8 ${kind} of 65536 bytes in chops of 997`, echo(65_536, chopped(997))],
      ...lengths.slice(0, 5).map((length) => [`${kind} of ${length} bytes octet by octet`, echo(length, octetwise)]),
      ...lengths.slice(5).map((length) => [`${kind} of ${length} bytes in chops of 1000`, echo(length, chopped(1000))]),
    ];
  }),
);

const numbered = Array.from({ length: 10 }, (_, n) => `payload-${n}`);
const pings = numbered.map((payload) => frame(ping, payload));
const pongs = numbered.map((payload) => serverFrame(pong, payload));
const mirror = (payload, cut) => echoes([frame(ping, payload)], [serverFrame(pong, payload)], cut);

section('2 a ping is answered with a pong of the same payload, and a pong with nothing', [
  ['2.1 a ping without payload', mirror('')],
  ['2.2 a ping with text', mirror('Hello, world!')],
  ['2.3 a ping with bytes that are not text', mirror(hex('00fffefdfcfb00ff'))],
  ['2.4 a ping of 125 bytes', mirror(Buffer.alloc(125, 0xfe))],
  ['2.5 a ping of 126 bytes', violates([frame(ping, Buffer.alloc(126, 0xfe))])],
  ['2.6 a ping of 125 bytes octet by octet', mirror(Buffer.alloc(125, 0xfe), octetwise)],
  ['2.7 an unsolicited pong without payload', echoes([frame(pong)], [])],
  ['2.8 an unsolicited pong with payload', echoes([frame(pong, 'unsolicited')], [])],
  ['2.9 an unsolicited pong, then a ping', echoes([frame(pong, 'unsolicited'), frame(ping, 'ping')], [serverFrame(pong, 'ping')])],
  ['2.10 ten pings', echoes(pings, pongs)],
  ['2.10 ten pings frame by frame', echoes(pings, pongs, framewise)],
  ['2.11 ten pings octet by octet', echoes(pings, pongs, octetwise)],
]);

const hello = frame(text, 'Hello, world!');
const helloBack = serverFrame(text, 'Hello, world!');
const after = frame(ping);
const marked = (reserved) => frame(text, 'Hello, world!', { reserved });

section('3 a reserved bit ends the connection', [
  ['3.1 reserved bits 1', violates([marked(1)])],
  ['3.2 reserved bits 2, after a message and before a ping', violates([hello, marked(2), after], [helloBack])],
  ['3.3 reserved bits 3, frame by frame', violates([hello, marked(3), after], [helloBack], framewise)],
  ['3.4 reserved bits 4, octet by octet', violates([hello, marked(4), after], [helloBack], octetwise)],
  ['3.5 reserved bits 5, in a binary message', violates([frame(binary, hex('00fffefdfcfb00ff'), { reserved: 5 })])],
  ['3.6 reserved bits 6, in a ping', violates([frame(ping, 'Hello, world!', { reserved: 6 })])],
  ['3.7 reserved bits 7, in a close', violates([frame(close, code(1000), { reserved: 7 })])],
]);

section('4 a reserved opcode ends the connection', [
  ...[3, 11].flatMap((first, i) => [
    [`4.${i + 1}.1 opcode ${first}`, violates([frame(first)])],
    [`4.${i + 1}.2 opcode ${first + 1} with payload`, violates([frame(first + 1, 'reserved')])],
    [`4.${i + 1}.3 opcode ${first + 2} between a message and a ping`, violates([hello, frame(first + 2), after], [helloBack])],
    [
      `4.${i + 1}.4 opcode ${first + 3} with payload between a message and a ping`,
      violates([hello, frame(first + 3, 'reserved'), after], [helloBack]),
    ],
    [
      `4.${i + 1}.5 opcode ${first + 4} with payload between a message and a ping, octet by octet`,
      violates([hello, frame(first + 4, 'reserved'), after], [helloBack], octetwise),
    ],
  ]),
]);

const [first, second] = fragments(text, 'fragment1', 'fragment2');
const together = serverFrame(text, 'fragment1fragment2');
const middle = frame(ping, 'between');
const answer = serverFrame(pong, 'between');
const stray = (fin) => frame(continuation, 'non-continuation payload', { fin });
const five = fragments(text, 'fragment1', 'fragment2', 'fragment3', 'fragment4', 'fragment5');
const [one, two, three, four, last] = five;
const asked = (n) => frame(ping, `pongme ${n}!`);
const told = (n) => serverFrame(pong, `pongme ${n}!`);
const all = serverFrame(text, 'fragment1fragment2fragment3fragment4fragment5');

const pausing = (cut) => async (connection) => {
  await send(connection, [one, two, asked(1)], cut);
  await expectBytes(connection, [told(1)]);
  await send(connection, [three, four, asked(2)], cut);
  await expectBytes(connection, [told(2)]);
  await echoes([last], [all], cut)(connection);
};

section('5 fragments are put together, and control frames come between them', [
  ['5.1 a ping in fragments', violates(fragments(ping, 'fragment1', 'fragment2'))],
  ['5.2 a pong in fragments', violates(fragments(pong, 'fragment1', 'fragment2'))],
  ['5.3 two fragments', echoes([first, second], [together])],
  ['5.4 two fragments, frame by frame', echoes([first, second], [together], framewise)],
  ['5.5 two fragments, octet by octet', echoes([first, second], [together], octetwise)],
  ['5.6 a ping between two fragments', echoes([first, middle, second], [answer, together])],
  ['5.7 a ping between two fragments, frame by frame', echoes([first, middle, second], [answer, together], framewise)],
  ['5.8 a ping between two fragments, octet by octet', echoes([first, middle, second], [answer, together], octetwise)],
  ...[true, false].flatMap((fin, i) =>
    [['in one', inOne], ['frame by frame', framewise], ['octet by octet', octetwise]].map(([how, cut], n) => [
      `5.${9 + 3 * i + n} a ${fin ? 'final' : 'first'} continuation of nothing, then a message, ${how}`,
      violates([stray(fin), hello], [], cut),
    ]),
  ),
  ['5.15 two fragments, a continuation of nothing, a message', violates([first, second, stray(false), hello], [together])],
  ['5.16 an unfinished continuation of nothing, two fragments, twice', violates([stray(false), first, second, stray(false), first, second])],
  ['5.17 a final continuation of nothing, two fragments, twice', violates([stray(true), first, second, stray(true), first, second])],
  ['5.18 two fragments that both say they begin the message', violates([first, frame(text, 'fragment2')])],
  [
    '5.19 two pings among five fragments',
    echoes([one, two, asked(1), three, four, asked(2), last], [told(1), told(2), all]),
  ],
  ['5.19 the same with a wait for each pong', pausing(inOne)],
  ['5.20 the same, frame by frame', pausing(framewise)],
  ['5.20 the same, octet by octet', pausing(octetwise)],
]);

const greeting = Buffer.from('Hello-µ@ßöäüàá-UTF-8!!');
const kosme = Buffer.from('κόσμε');
const edited = Buffer.from('edited');
const valid = (payload, ...parts) => echoes(fragments(text, ...parts), [serverFrame(text, payload)]);
const invalid = (...parts) => fails(1007, fragments(text, ...parts));

// A text that breaks before its end. To fail then is a server's choice; if it does not, the rest must not save the text.
// Between two fragments a ping tells: it is answered before the message's end, or never.
const breakingFragments = (good, bad, rest) => async (connection, server, room, t) => {
  const [begin, breaks, end] = fragments(text, good, bad, rest);
  const witness = await server.connectAndJoin(room);
  await send(connection, [begin, breaks, frame(ping)], framewise);
  const fast = (await connection.nextByte()) === (0x80 | close);
  t.diagnostic(fast ? 'fails at once' : 'does not fail before its end');
  if (!fast) {
    await expectBytes(connection, [serverFrame(pong)]);
    connection.write(end);
  }
  await expectDiscarded(connection, witness);
};

// Inside a frame there is nothing to ask.
const breakingFrame = (good, bad, rest) => async (connection, server, room) => {
  const whole = frame(text, Buffer.concat([good, bad, rest]));
  const [breaks, end] = [whole.length - rest.length - bad.length, whole.length - rest.length];
  const witness = await server.connectAndJoin(room);
  await send(connection, [whole.subarray(0, breaks), whole.subarray(breaks, end)], framewise);
  // May be refused by a server that has hung up.
  await send(connection, [whole.subarray(end)], framewise).catch(() => {});
  await expectDiscarded(connection, witness);
};

async function expectDiscarded(connection, witness) {
  await expectClose(connection, [1007]);
  connection.write(goodbye(1000));
  await expectEnd(connection);
  witness.write(frame(text, 'next'));
  await expectBytes(witness, [serverFrame(text, 'next')]);
}

const sequences = {
  '6.5 valid sequences': {
    valid: ['68656c6c6f24776f726c64', '68656c6c6fc2a2776f726c64', '68656c6c6fe282ac776f726c64', '68656c6c6ff0a4ada2776f726c64', 'cebae1bdb9cf83cebcceb5'],
  },
  '6.6 all prefixes of a text': {
    invalid: ['ce', 'cebae1', 'cebae1bd', 'cebae1bdb9cf', 'cebae1bdb9cf83ce', 'cebae1bdb9cf83cebcce'],
    valid: ['ceba', 'cebae1bdb9', 'cebae1bdb9cf83', 'cebae1bdb9cf83cebc', 'cebae1bdb9cf83cebcceb5'],
  },
  '6.7 the first sequence of each length': { valid: ['00', 'c280', 'e0a080', 'f0908080'] },
  '6.8 the first sequence of five and six bytes': { invalid: ['f888808080', 'fc8480808080'] },
  '6.9 the last sequence of each length': { valid: ['7f', 'dfbf', 'efbfbf', 'f48fbfbf'] },
  '6.10 the last sequence of four, five and six bytes': { invalid: ['f7bfbfbf', 'fbbfbfbfbf', 'fdbfbfbfbfbf'] },
  '6.11 other boundaries': { valid: ['ed9fbf', 'ee8080', 'efbfbd', 'f48fbfbf'], invalid: ['f4908080'] },
  '6.12 unexpected continuation bytes': {
    invalid: ['80', 'bf', '80bf', '80bf80', '80bf80bf', '80bf80bf80', '80bf80bf80bf', range(0x80, 0xbf)],
  },
  '6.13 lonely first bytes': {
    invalid: [range(0xc0, 0xdf, '20'), range(0xe0, 0xef, '20'), range(0xf0, 0xf7, '20'), range(0xf8, 0xfb, '20'), range(0xfc, 0xfd, '20')],
  },
  '6.14 without the last byte': {
    invalid: ['c0', 'e080', 'f08080', 'f8808080', 'fc80808080', 'df', 'efbf', 'f7bfbf', 'fbbfbfbf', 'fdbfbfbfbf'],
  },
  '6.15 all of these together': { invalid: ['c0e080f08080f8808080fc80808080dfefbff7bfbffbbfbfbffdbfbfbfbf'] },
  '6.16 impossible bytes': { invalid: ['fe', 'ff', 'fefeffff'] },
  '6.17 overlong forms of ASCII': { invalid: ['c0af', 'e080af', 'f08080af', 'f8808080af', 'fc80808080af'] },
  '6.18 the last overlong forms': { invalid: ['c1bf', 'e09fbf', 'f08fbfbf', 'f887bfbfbf', 'fc83bfbfbfbf'] },
  '6.19 overlong forms of NUL': { invalid: ['c080', 'e08080', 'f0808080', 'f880808080', 'fc8080808080'] },
  '6.20 single surrogates': { invalid: ['eda080', 'edadbf', 'edae80', 'edafbf', 'edb080', 'edbe80', 'edbfbf'] },
  '6.21 paired surrogates': {
    invalid: ['eda080edb080', 'eda080edbfbf', 'edadbfedb080', 'edadbfedbfbf', 'edae80edb080', 'edae80edbfbf', 'edafbfedb080', 'edafbfedbfbf'],
  },
  '6.22 code points that are no characters': { valid: noncharacters() },
  '6.23 special code points': { valid: ['efbfb9', 'efbfba', 'efbfbb', 'efbfbc', 'efbfbd', 'efbfbe', 'efbfbf'] },
};

function range(from, to, separator = '') {
  return Array.from({ length: to - from + 1 }, (_, i) => (from + i).toString(16) + separator).join('');
}

// U+FFFE and U+FFFF of each plane.
function noncharacters() {
  const planes = Array.from({ length: 17 }, (_, plane) => plane * 0x10000);
  return planes.flatMap((plane) => [0xfffe, 0xffff].map((last) => Buffer.from(String.fromCodePoint(plane + last)).toString('hex')));
}

section('6 text is UTF-8, or ends the connection with 1007 and is not passed on', [
  ['6.1.1 nothing', valid('', '')],
  ['6.1.2 three fragments of nothing', valid('', '', '', '')],
  ['6.1.3 something between two fragments of nothing', valid('middle frame payload', '', 'middle frame payload', '')],
  ['6.2.1 valid text', valid(greeting, greeting)],
  ['6.2.2 valid text in two fragments', valid(greeting, greeting.subarray(0, 12), greeting.subarray(12))],
  ['6.2.3 valid text in fragments of one octet', valid(greeting, ...pieces(greeting, 1))],
  ['6.2.4 valid Greek in fragments of one octet', valid(kosme, ...pieces(kosme, 1))],
  ['6.3.1 a surrogate in valid text', invalid(Buffer.concat([kosme, hex('eda080'), edited]))],
  ['6.3.2 the same in fragments of one octet', invalid(...pieces(Buffer.concat([kosme, hex('eda080'), edited]), 1))],
  ['6.4.1 a fragment beyond the last code point', breakingFragments(kosme, hex('f4908080'), edited)],
  ['6.4.2 a fragment that begins what cannot be', breakingFragments(Buffer.concat([kosme, hex('f4')]), hex('90'), Buffer.concat([hex('8080'), edited]))],
  ['6.4.3 the same as 6.4.1 inside one frame', breakingFrame(kosme, hex('f4908080'), edited)],
  ['6.4.4 the same as 6.4.2 inside one frame', breakingFrame(Buffer.concat([kosme, hex('f4')]), hex('90'), Buffer.concat([hex('8080'), edited]))],
  ...Object.entries(sequences).flatMap(([name, { valid: good = [], invalid: bad = [] }]) => [
    ...good.flatMap((digits) => [
      [`${name}: ${digits}`, valid(hex(digits), hex(digits))],
      [`${name}: ${digits} in fragments of one octet`, valid(hex(digits), ...pieces(hex(digits), 1))],
    ]),
    ...bad.flatMap((digits) => [
      [`${name}: ${digits}`, invalid(hex(digits))],
      [`${name}: ${digits} in fragments of one octet`, invalid(...pieces(hex(digits), 1))],
      [`${name}: ${digits}, then a last fragment of nothing`, invalid(hex(digits), '')],
    ]),
  ]),
]);

const closes = (sends, codes, gets = [], expectEcho = expectBytes) => async (connection, server, room, t) => {
  const witness = await server.connectAndJoin(room);
  // Those at the end may be refused by a server that has hung up.
  await send(connection, sends, inOne).catch(() => {});
  await expectEcho(connection, gets, t);
  await expectClose(connection, codes);
  await expectEnd(connection);
  witness.write(frame(text, 'next'));
  await expectBytes(witness, [...gets, serverFrame(text, 'next')]);
};

const reason = 'a reason of the full length '.padEnd(123, '*');
const long = Buffer.alloc(256 * KiB, 'BAsd7&jh23');

section('7 a close is answered, and is the end', [
  ['7.1.1 a message, then a close', closes([hello, goodbye(1000)], [1000], [helloBack])],
  ['7.1.2 two closes', closes([goodbye(1000), goodbye(1001)], [1000])],
  ['7.1.3 a ping after a close', closes([goodbye(1000), frame(ping)], [1000])],
  ['7.1.4 a message after a close', closes([goodbye(1000), hello], [1000])],
  ['7.1.5 a close between two fragments', closes([first, goodbye(1000), second], [1000])],
  [
    '7.1.6 a long message, another, a close, a ping',
    closes([frame(text, long), hello, goodbye(1000), frame(ping)], [1000], [serverFrame(text, long), helloBack], expectSome),
  ],
  ['7.3.1 a close without payload', closes([frame(close)], [1000, 1005])],
  ['7.3.2 a close of one byte', violates([frame(close, 'a')])],
  ['7.3.3 a close with a code', closes([goodbye(1000)], [1000])],
  ['7.3.4 a close with a code and a reason', closes([goodbye(1000, 'Hello World!')], [1000])],
  ['7.3.5 a close with the longest reason', closes([goodbye(1000, reason)], [1000])],
  ['7.3.6 a close with a reason too long', violates([goodbye(1000, `${reason}*`)])],
  [
    '7.5.1 a close whose reason is not UTF-8',
    fails([1002, 1007], [frame(close, Buffer.concat([code(1000), kosme, hex('eda080'), edited]))]),
  ],
  ...[1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999].map((value, i) => [
    `7.7.${i + 1} the code ${value}`,
    closes([goodbye(value)], [value]),
  ]),
  // Registered since: 1012 to 1014.
  ...[1012, 1013, 1014].map((value) => [`the code ${value}`, closes([goodbye(value)], [value, 1002])]),
  ...[0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999].map((value, i) => [
    `7.9.${i + 1} the code ${value}`,
    violates([goodbye(value)]),
  ]),
  // RFC 6455 says nothing about them.
  ...[5000, 65_535].map((value, i) => [`7.13.${i + 1} the code ${value}`, closes([goodbye(value)], [value, 1002])]),
]);

const pattern = Buffer.from('BAsd7&jh23');
const filler = (length) => Buffer.alloc(length, pattern);
const sizes = [64 * KiB, 256 * KiB, MiB, 4 * MiB, 8 * MiB, 16 * MiB];
const parts = [64, 256, KiB, 4 * KiB, 16 * KiB, 64 * KiB, 256 * KiB, MiB, 4 * MiB];
const chops = [64, 128, 256, 512, KiB, 2 * KiB];
const small = [0, 16, 64, 256, KiB, 4 * KiB];

// Made when it is its turn: all of them together are some hundred megabytes.
const late = (sends, payload, opcode, cut) => (...rest) => echoes(sends(), [serverFrame(opcode, payload())], cut)(...rest);

// A thousand times a message and its echo.
const repeated = (opcode, length) => async (connection) => {
  const message = frame(opcode, filler(length));
  const echo = [serverFrame(opcode, filler(length))];
  for (let n = 1; n < 1000; ++n) {
    connection.write(message);
    await expectBytes(connection, echo);
  }
  await echoes([message], echo)(connection);
};

section(
  '9 what is long, or many, comes back as it was',
  kinds.flatMap(([kind, opcode], i) => [
    ...sizes.map((size, n) => [
      `9.${1 + i}.${n + 1} ${kind} of ${size / KiB} KiB`,
      late(() => [frame(opcode, filler(size))], () => filler(size), opcode),
    ]),
    ...parts.map((size, n) => [
      `9.${3 + i}.${n + 1} ${kind} of 4 MiB in fragments of ${size} bytes`,
      late(() => fragments(opcode, ...pieces(filler(4 * MiB), size)), () => filler(4 * MiB), opcode),
    ]),
    ...chops.map((size, n) => [
      `9.${5 + i}.${n + 1} ${kind} of 1 MiB in chops of ${size} bytes`,
      late(() => [frame(opcode, filler(MiB))], () => filler(MiB), opcode, chopped(size)),
    ]),
    ...small.map((size, n) => [`9.${7 + i}.${n + 1} a thousand times ${kind} of ${size} bytes`, repeated(opcode, size)]),
  ]),
);

section('10 fragments as a client makes them of its own accord', [
  [
    '10.1.1 64 KiB in fragments of 1300 bytes',
    echoes(fragments(text, ...pieces(filler(64 * KiB), 1300)), [serverFrame(text, filler(64 * KiB))]),
  ],
]);
