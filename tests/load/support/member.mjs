// A client that costs little, so that there can be many; it can do what no well-behaved one would.
import net from 'node:net';
import { within } from './waiting.mjs';

const mask = Buffer.from([0x37, 0xfa, 0x21, 0x3d]);

// A client's frame.
export function frame(opcode, payload = '', { fin = true, reserved = 0, masked = true } = {}) {
  const bytes = Buffer.from(payload);
  const form = bytes.length < 126 ? 0 : bytes.length < 65536 ? 2 : 8;
  const head = Buffer.alloc(2 + form);
  head[0] = (fin ? 0x80 : 0) | (reserved << 4) | opcode;
  head[1] = form === 0 ? bytes.length : form === 2 ? 126 : 127;
  if (form === 2) head.writeUInt16BE(bytes.length, 2);
  if (form === 8) head.writeBigUInt64BE(BigInt(bytes.length), 2);
  if (!masked) return Buffer.concat([head, bytes]);
  head[1] |= 0x80;
  return Buffer.concat([head, mask, bytes.map((byte, i) => byte ^ mask[i % 4])]);
}

export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 };

export function closeFrame(code) {
  return frame(opcodes.close, [code >> 8, code & 255]);
}

export function upgradeRequest(port, target) {
  return (
    `GET ${target} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
    'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n'
  );
}

// Loopback has some 28,000 ports for each address, and those of recent connections are not free yet: many addresses.
export const addresses = 20;

let last = 0;
function nextAddress() {
  last = (last + 1) % addresses;
  return `127.0.0.${last + 2}`;
}

export function connect(port) {
  return net.connect({ host: '127.0.0.1', port, localAddress: nextAddress(), noDelay: true, allowHalfOpen: true });
}

export class Member {
  #socket;
  #rest = null;
  #upgraded = false;
  #saw = () => {};
  #refused = () => {};
  #late = new Set();
  #obedient = true;
  #answersPings = true;

  // The status of an answer that was not 101; stays undefined where there was no answer.
  status;

  // The code of the server's Close.
  closed;

  // Whether the server has ended the connection, in whatever way.
  over = false;

  // Connects, and says `request`; `heard` is given each text. `joined` comes true with 101, `gone` when the connection has ended both ways.
  constructor(port, { target = '/chat', heard = () => {}, request = upgradeRequest(port, target) } = {}) {
    this.heard = heard;
    const socket = connect(port);
    this.#socket = socket;
    this.joined = new Promise((resolve, reject) => {
      this.#saw = resolve;
      this.#refused = reject;
    });
    this.joined.catch(() => {});
    this.gone = new Promise((resolve) => socket.once('close', resolve));
    socket.on('data', (bytes) => this.#take(bytes));
    socket.on('end', () => this.#ended());
    socket.on('error', (error) => this.#ended(error.message));
    socket.on('close', () => this.#ended());
    socket.write(request);
  }

  static async join(port, options) {
    const member = new Member(port, options);
    await within(member.joined, 'a member joins');
    return member;
  }

  say(text) {
    this.#socket.write(frame(opcodes.text, text));
  }

  sendRaw(bytes) {
    this.#socket.write(bytes);
  }

  // Resolves when what was written has been taken by the system.
  flushed() {
    return new Promise((resolve) => this.#socket.write('', resolve));
  }

  stopReading() {
    this.#socket.pause();
  }

  readOn() {
    this.#socket.resume();
  }

  // Neither answers a Close nor ends its side.
  disobey() {
    this.#obedient = false;
  }

  ignorePings() {
    this.#answersPings = false;
  }

  // A proper close, to the end of the connection.
  async leave() {
    this.#socket.write(closeFrame(1000));
    await within(this.gone, 'the end of a connection that was closed');
  }

  // Ends our side without a Close.
  async end() {
    this.#socket.end();
    await within(this.gone, 'the end of a connection that was half closed');
  }

  // One that shuts down already cannot be reset.
  reset() {
    if (this.#socket.writableEnded) this.#socket.destroy();
    else this.#socket.resetAndDestroy();
  }

  destroy() {
    this.#socket.destroy();
  }

  // Waits until `holds`, which is asked after each message and at the end of the connection.
  until(holds, what) {
    return within(
      new Promise((resolve, reject) => {
        const look = () => {
          if (!holds()) {
            if (!this.over) return;
            reject(new Error(`${typeof what === 'function' ? what() : what}: the server hung up before (close ${this.closed})`));
          } else resolve();
          this.#late.delete(look);
        };
        this.#late.add(look);
        look();
      }),
      what,
    );
  }

  #ended(why = 'hung up without a word') {
    if (this.over) return;
    this.over = true;
    if (!this.#upgraded) this.#refused(new Error(`not let in: ${this.status ?? why}`));
    if (this.#obedient) this.#socket.end();
    this.#changed();
  }

  #changed() {
    for (const look of [...this.#late]) look();
  }

  #take(bytes) {
    let all = this.#rest ? Buffer.concat([this.#rest, bytes]) : bytes;
    this.#rest = null;
    if (!this.#upgraded) {
      const end = all.indexOf('\r\n\r\n');
      if (end < 0) {
        this.#rest = all;
        return;
      }
      this.status = Number(all.toString('latin1', 9, 12));
      if (this.status !== 101) return;
      this.#upgraded = true;
      this.#saw(this);
      all = all.subarray(end + 4);
    }
    let at = 0;
    for (;;) {
      const left = all.length - at;
      if (left < 2) break;
      let length = all[at + 1];
      let start = at + 2;
      if (length === 126) {
        if (left < 4) break;
        length = all.readUInt16BE(at + 2);
        start = at + 4;
      } else if (length === 127) {
        if (left < 10) break;
        length = Number(all.readBigUInt64BE(at + 2));
        start = at + 10;
      }
      if (all.length < start + length) break;
      this.#frame(all[at] & 15, all.subarray(start, start + length));
      at = start + length;
    }
    if (at < all.length) this.#rest = at === 0 ? all : Buffer.from(all.subarray(at));
    if (this.#late.size) this.#changed();
  }

  #frame(opcode, payload) {
    if (opcode === opcodes.text) this.heard(payload.toString(), this);
    else if (opcode === opcodes.ping && this.#answersPings) this.#socket.write(frame(opcodes.pong, payload));
    else if (opcode === opcodes.close) {
      this.closed = payload.length < 2 ? 1005 : payload.readUInt16BE(0);
      if (this.#obedient) this.#socket.end(frame(opcodes.close, payload.subarray(0, 2)));
    }
  }
}
