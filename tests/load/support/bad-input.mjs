// What no client should send, and the answer to it.
import { closeFrame, frame, opcodes } from './member.mjs';

const text = 'never heard';
const fragment = (opcode, payload, fin) => frame(opcode, payload, { fin });
const head = (...bytes) => Buffer.from(bytes);

// Of a member: the bytes, and the code that closes it. They must not be heard by anybody.
export const violations = {
  'a frame without a mask': [frame(opcodes.text, text, { masked: false }), 1002],
  'a reserved bit': [frame(opcodes.text, text, { reserved: 4 }), 1002],
  'a reserved opcode': [frame(5, text), 1002],
  'a reserved control opcode': [frame(11, text), 1002],
  'a fragmented ping': [frame(opcodes.ping, text, { fin: false }), 1002],
  'a long ping': [frame(opcodes.ping, 'p'.repeat(126)), 1002],
  'a stray continuation': [frame(opcodes.continuation, text), 1002],
  'a text inside a text': [Buffer.concat([fragment(opcodes.text, text, false), frame(opcodes.text, text)]), 1002],
  'a length in a longer form than needed': [head(0x81, 0xfe, 0, 5, 1, 2, 3, 4, 1, 2, 3, 4, 5), 1002],
  'a length of 64 bits': [head(0x81, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 1, 1, 2, 3, 4, 5), 1002],
  'a Close of one byte': [frame(opcodes.close, [3]), 1002],
  'a Close with a code that is never sent': [closeFrame(1005), 1002],
  'a binary frame': [frame(opcodes.binary, text), 1003],
  'invalid UTF-8': [frame(opcodes.text, Buffer.concat([Buffer.from(text), head(0xff)])), 1007],
  'invalid UTF-8 in a fragment': [Buffer.concat([fragment(opcodes.text, text, false), fragment(opcodes.continuation, [0xc0, 0x80], false)]), 1007],
  'a text that ends within a character': [Buffer.concat([fragment(opcodes.text, text, false), frame(opcodes.continuation, [0xe2, 0x82])]), 1007],
  'too many fragments': [Buffer.concat([fragment(opcodes.text, text, false), ...Array(1100).fill(fragment(opcodes.continuation, 'x', false))]), 1008],
  'too many pings': [Buffer.concat(Array(200).fill(frame(opcodes.ping, text))), 1008],
  'a message that is not finished': [fragment(opcodes.text, text, false), 1008],
  'a frame that is not finished': [frame(opcodes.text, text.repeat(10)).subarray(0, 50), 1008],
  'a length that is too long': [frame(opcodes.text, 'x'.repeat(70_000)).subarray(0, 20), 1009],
  'fragments that are too long': [
    Buffer.concat([fragment(opcodes.text, text, false), ...Array(20).fill(fragment(opcodes.continuation, 'x'.repeat(4_000), false))]),
    1009,
  ],
};

const upgrade = {
  Host: '127.0.0.1',
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
};

function request({ method = 'GET', target = '/chat', version = '1.1', ...headers } = {}) {
  const lines = Object.entries({ ...upgrade, ...headers }).filter(([, value]) => value !== null);
  return `${method} ${target} HTTP/${version}\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
}

// Of one who wants to join: the bytes, and the status of the answer.
export const refusals = {
  'no HTTP': ['\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n', 400],
  'no Host': [request({ Host: null }), 400],
  'no key': [request({ 'Sec-WebSocket-Key': null }), 400],
  'a key that is too short': [request({ 'Sec-WebSocket-Key': 'c2hvcnQ=' }), 400],
  'HTTP/1.0': [request({ version: '1.0' }), 400],
  'another method': [request({ method: 'POST', 'Content-Length': '0' }), 405],
  'another version': [request({ 'Sec-WebSocket-Version': '12' }), 426],
  'no upgrade': [request({ Upgrade: null, Connection: null }), 426],
  'a foreign origin': [request({ Origin: 'https://example.org' }), 403],
  'another path': [request({ target: '/talk' }), 404],
  'a room that cannot be': [request({ target: '/chat/%2f' }), 404],
  'a name that cannot be': [request({ target: '/chat?name=%5bx%5d' }), 400],
  'a target that is too long': [request({ target: `/chat?${'x'.repeat(5_000)}` }), 414],
  'a header that is too long': [request({ Cookie: 'x'.repeat(9_000) }), 431],
  'nothing more': [request().slice(0, 50), undefined],
};
