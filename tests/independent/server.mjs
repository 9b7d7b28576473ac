// A server under test, and the two kinds of client that talk to it: `ws`, and a bare TCP connection that can
// say what no well-behaved client would.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import WebSocket from 'ws';

// Long enough for a sanitized build on a busy machine; only a failure ever waits for it.
const patience = 20_000;

// Resolves as `promise` does, or fails with a sentence that says what did not happen.
export async function within(promise, what, limit = patience) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not within ${limit} ms`)), limit);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

// A file for --data that is not there yet, in a folder of its own that goes with test `t`.
export async function dataFile(t) {
  const folder = await mkdtemp(join(tmpdir(), 'roomcast-'));
  t.after(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  return join(folder, 'rooms.db');
}

// Values as they come, for one consumer that takes them in order. A failure comes after all values.
export class Inbox {
  #values = [];
  #waiting = null;
  #failure = null;

  put(value) {
    this.#values.push(value);
    this.#waiting?.();
  }

  fail(error) {
    this.#failure ??= error;
    this.#waiting?.();
  }

  async take(what) {
    while (this.#values.length === 0) {
      if (this.#failure) throw this.#failure;
      await within(new Promise((resolve) => (this.#waiting = resolve)), what);
    }
    return this.#values.shift();
  }
}

// Options also come from the environment: what the caller has there must not change a test, but for ROOMCAST_TEST_THREADS.
function cleanEnvironment() {
  const kept = Object.entries(process.env).filter(([name]) => name !== 'PORT' && !name.startsWith('ROOMCAST'));
  const threads = process.env.ROOMCAST_TEST_THREADS;
  return { ...Object.fromEntries(kept), ...(threads && { ROOMCAST_THREADS: threads }) };
}

function launch(options, environment, before = []) {
  const path = process.env.ROOMCAST;
  assert.ok(path, 'set ROOMCAST to the path of the roomcast binary');
  const [file, ...words] = [...before, path, ...options];
  const child = spawn(file, words, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...cleanEnvironment(), ...environment } });
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text) => (output.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (output.stderr += text));
  const ended = new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status, signal) => resolve({ status, signal, ...output }));
  });
  // Whoever awaits `ended` hears of a failure; nobody awaiting it yet is no reason to end the test run.
  ended.catch(() => {});
  return { child, output, ended };
}

// Fails unless `text` is one line, in which all `parts` are.
export function assertOneLine(text, ...parts) {
  assert.match(text, /^[^\n]+\n$/);
  for (const part of parts) assert.ok(text.includes(part), `${part} is not in: ${text}`);
}

// Runs roomcast to its end, for command lines that do not serve.
export function run(...options) {
  return runWith({}, ...options);
}

// The same with more in its environment.
export async function runWith(environment, ...options) {
  const { child, ended } = launch(options, environment);
  try {
    return await within(ended, `the end of roomcast ${options.join(' ')}`);
  } finally {
    child.kill('SIGKILL');
  }
}

// A sub-command under test, ended with test `t`. Its standard input stays open until `input.end()`; `command` runs it in
// another way, and `stdio` gives it other files.
export class Tool {
  #child;
  #stdout = [];
  #changed = () => {};
  #over;
  stderr = '';

  static start(t, words, { command = [process.env.ROOMCAST], stdio = ['pipe', 'pipe', 'pipe'] } = {}) {
    assert.ok(process.env.ROOMCAST, 'set ROOMCAST to the path of the roomcast binary');
    const [file, ...before] = command;
    // A group of its own, so that whatever a shell has started ends with it.
    const child = spawn(file, [...before, ...words], { stdio, env: cleanEnvironment(), detached: true });
    const tool = new Tool(child);
    t.after(() => tool.#dispose());
    return tool;
  }

  constructor(child) {
    this.#child = child;
    // A tool may end before it has read all.
    child.stdin?.on('error', () => {});
    child.stdout?.on('data', (bytes) => {
      this.#stdout.push(bytes);
      this.#changed();
    });
    child.stderr?.setEncoding('utf8').on('data', (text) => {
      this.stderr += text;
      this.#changed();
    });
    this.#over = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (status, signal) => resolve({ status, signal, stdout: this.stdout, stderr: this.stderr }));
    });
    this.#over.catch(() => {});
  }

  get input() {
    return this.#child.stdin;
  }

  // What has come so far, as bytes.
  get bytes() {
    return Buffer.concat(this.#stdout);
  }

  get stdout() {
    return this.bytes.toString();
  }

  // Waits until `holds` of this tool, which is asked whenever it has said more.
  until(holds, what, limit) {
    const done = async () => {
      while (!holds(this)) await new Promise((resolve) => (this.#changed = resolve));
    };
    return within(done(), what, limit).catch((error) => {
      throw new Error(`${error.message}; stdout ${JSON.stringify(this.stdout.slice(-300))}, stderr ${JSON.stringify(this.stderr)}`);
    });
  }

  // How the process ended: { status, signal, stdout, stderr }.
  ended(limit) {
    return within(this.#over, 'the end of a sub-command', limit);
  }

  signal(name) {
    this.#child.kill(name);
  }

  async #dispose() {
    if (this.#child.pid === undefined) return;
    try {
      process.kill(-this.#child.pid, 'SIGKILL');
    } catch (error) {
      if (error.code !== 'ESRCH') throw error;
    }
  }
}

// Stands between a client and a server, and sees when the one has joined the other, and what it has said.
export class Relay {
  // What does not pass is thrown away: what clients say, what the server says, and whoever comes anew.
  passes = { up: true, down: true, newcomers: true };

  #said = [];
  #pairs = new Set();

  static async start(t, port) {
    const relay = new Relay();
    const sockets = new Set();
    let joined;
    relay.joined = within(new Promise((resolve) => (joined = resolve)), 'a handshake through the relay');
    relay.joined.catch(() => {});
    const listener = net.createServer((near) => {
      if (!relay.passes.newcomers) return near.resetAndDestroy();
      const far = net.connect({ host: '127.0.0.1', port, noDelay: true });
      near.setNoDelay();
      const pair = { near, far };
      relay.#pairs.add(pair);
      near.on('close', () => relay.#pairs.delete(pair));
      near.on('data', (bytes) => {
        relay.#said.push(bytes);
        if (relay.passes.up) far.write(bytes);
      });
      far.on('data', (bytes) => {
        if (!relay.passes.down) return;
        if (bytes.subarray(0, 12).equals(Buffer.from('HTTP/1.1 101'))) near.write(bytes, joined);
        else near.write(bytes);
      });
      for (const [one, other] of [[near, far], [far, near]]) {
        sockets.add(one);
        one.on('end', () => other.end()).on('error', () => other.destroy()).on('close', () => other.end());
      }
    });
    listener.listen(0, '127.0.0.1');
    await within(once(listener, 'listening'), 'a relay');
    t.after(() => {
      listener.close();
      for (const socket of sockets) socket.destroy();
    });
    relay.port = listener.address().port;
    return relay;
  }

  // Cuts the connections through it, and lets new ones through. The server does not notice where it is to be kept in the dark.
  cut({ unnoticed = false } = {}) {
    for (const { near, far } of this.#pairs) {
      if (unnoticed) near.removeAllListeners('close').removeAllListeners('end');
      if (unnoticed) far.removeAllListeners('data').resume();
      near.resetAndDestroy();
    }
    this.#pairs.clear();
  }

  // Says `text`, which is short, to the clients as if the server did.
  says(text) {
    for (const { near } of this.#pairs) near.write(Buffer.from([0x81, text.length, ...Buffer.from(text)]));
  }

  // Closes the connections through it with `code`, as if the server did.
  closesWith(code) {
    for (const { near, far } of this.#pairs) {
      far.removeAllListeners('data').resume();
      near.write(Buffer.from([0x88, 2, code >> 8, code & 0xff]));
    }
  }

  // The code of the Close that was the last the client has said, or nothing.
  get closedWith() {
    const bytes = Buffer.concat(this.#said).subarray(-8);
    if (bytes.length < 8 || bytes[0] !== 0x88 || bytes[1] !== 0x82) return undefined;
    return ((bytes[6] ^ bytes[2]) << 8) | (bytes[7] ^ bytes[3]);
  }
}

export class Server {
  #process;
  #clients = [];
  #awaited = false;

  // Starts a server that ends with test `t`, on a free port.
  static start(t, ...options) {
    return Server.startWith(t, {}, ...options);
  }

  // The same with more in its environment.
  static startWith(t, environment, ...options) {
    return Server.#start(t, 0, environment, options);
  }

  // The same on a given port.
  static startAt(t, port, ...options) {
    return Server.#start(t, port, {}, options);
  }

  // The same with no more than `count` file descriptors.
  static startWithDescriptors(t, count, ...options) {
    return Server.#start(t, 0, {}, options, ['/bin/sh', '-c', `ulimit -n ${count}; exec "$0" "$@"`]);
  }

  // The same, started by another command, which puts what follows it in its own place.
  static startBy(t, before, ...options) {
    return Server.#start(t, 0, {}, options, before);
  }

  static async #start(t, port, environment, options, before) {
    const process = launch(['--port', String(port), '--address', '127.0.0.1', ...options], environment, before);
    const server = new Server(process);
    t.after(() => server.#dispose());
    const announced = new Promise((resolve) => {
      const look = () => {
        const line = /^roomcast listening on 127\.0\.0\.1:(\d+)$/m.exec(process.output.stdout);
        if (line) resolve(Number(line[1]));
      };
      process.child.stdout.on('data', look);
    });
    const ended = process.ended.then(({ status, stderr }) => {
      throw new Error(`roomcast ended with status ${status} before it listened: ${stderr}`);
    });
    server.port = await within(Promise.race([announced, ended]), 'the line that says where roomcast listens');
    return server;
  }

  constructor(process) {
    this.#process = process;
  }

  get pid() {
    return this.#process.child.pid;
  }

  // How the process ended: { status, signal, stdout, stderr }.
  get ended() {
    this.#awaited = true;
    return within(this.#process.ended, 'the end of roomcast');
  }

  // What it has said so far.
  get stdout() {
    return this.#process.output.stdout;
  }

  signal(name) {
    this.#process.child.kill(name);
  }

  // A `ws` client that has joined; `options` are those of `ws`, and the `protocols` that it offers.
  async join(target = '/chat', options = {}) {
    const client = new Client(`ws://127.0.0.1:${this.port}${target}`, options);
    this.#clients.push(client);
    await client.opened;
    return client;
  }

  // The answer to a `ws` client that must not be let in: { status, headers }.
  refusal(target, { protocols, ...options } = {}) {
    const socket = new WebSocket(`ws://127.0.0.1:${this.port}${target}`, protocols, options);
    const answer = new Promise((resolve, reject) => {
      socket.once('unexpected-response', (request, response) => {
        response.resume();
        resolve({ status: response.statusCode, headers: response.headers });
        request.destroy();
      });
      socket.once('open', () => reject(new Error(`${target} was let in`)));
      socket.once('error', reject);
    });
    return within(answer, `a refusal of ${target}`).finally(() => socket.terminate());
  }

  // A client of another kind, which is destroyed before the server ends.
  keep(client) {
    this.#clients.push(client);
    return client;
  }

  // A bare TCP connection; `options` are those of `net.connect`.
  async connect(options = {}) {
    const socket = net.connect({ host: '127.0.0.1', port: this.port, noDelay: true, ...options });
    const connection = new Connection(socket, this.port);
    this.#clients.push(connection);
    await within(once(socket, 'connect'), 'a TCP connection');
    return connection;
  }

  // A bare TCP connection that has joined.
  async connectAndJoin(target = '/chat', options = {}) {
    const connection = await this.connect(options);
    connection.write(upgradeRequest(this.port, { target }));
    const { status } = await connection.response();
    assert.equal(status, 101);
    return connection;
  }

  // The answer to one request: text, or an object with `method`, `target` and `headers`. `options` are those of `net.connect`.
  async request(request, options = {}) {
    const connection = await this.connect(options);
    connection.write(typeof request === 'string' ? request : httpRequest(this.port, request));
    const answer = await connection.response(request.method);
    connection.destroy();
    return answer;
  }

  // What /metrics says of `name`, which is without the `roomcast_` before it, and with its labels.
  async metric(name) {
    const { status, body } = await this.request({ target: '/metrics' });
    assert.equal(status, 200);
    const line = body.split('\n').find((each) => each.startsWith(`roomcast_${name} `));
    assert.ok(line, `there is no roomcast_${name} in:\n${body}`);
    return Number(line.split(' ')[1]);
  }

  // A test that does not end the server itself still sees to it that it ends well: sanitizers report by exit status.
  async #dispose() {
    for (const client of this.#clients) client.destroy();
    if (this.#awaited) return;
    this.signal('SIGTERM');
    try {
      const { status, signal, stderr } = await this.ended;
      assert.deepEqual({ status, signal }, { status: 0, signal: null }, stderr);
    } finally {
      this.signal('SIGKILL');
    }
  }
}

export class Client {
  #socket;
  #messages = new Inbox();
  #pings = new Inbox();
  #pongs = new Inbox();
  #closed;

  constructor(url, { protocols, ...options }) {
    const socket = new WebSocket(url, protocols, options);
    this.#socket = socket;
    // An error is followed by `close`, which is what the tests look at.
    const opened = new Promise((resolve, reject) => {
      socket.once('open', resolve);
      socket.on('error', reject);
    });
    this.opened = within(opened, `joining ${url}`);
    this.opened.catch(() => {});
    socket.on('message', (data, binary) => this.#messages.put(binary ? { binary: data } : data));
    socket.on('ping', (data) => this.#pings.put(data));
    socket.on('pong', (data) => this.#pongs.put(data));
    this.#closed = new Promise((resolve) => {
      socket.once('close', (code, reason) => {
        for (const inbox of [this.#messages, this.#pings, this.#pongs]) {
          inbox.fail(new Error(`closed with ${code} ${reason}`));
        }
        resolve(code);
      });
    });
  }

  send(data, options = {}) {
    this.#socket.send(data, options);
  }

  // Bytes as they are, behind the back of `ws`.
  sendRaw(bytes) {
    this.#socket._socket.write(bytes);
  }

  ping(data) {
    this.#socket.ping(data);
  }

  stopReading() {
    this.#socket.pause();
  }

  readAgain() {
    this.#socket.resume();
  }

  // The next message, as bytes.
  receiveBytes() {
    return this.#messages.take('a message');
  }

  async receive() {
    return String(await this.receiveBytes());
  }

  receivePing() {
    return this.#pings.take('a ping');
  }

  receivePong() {
    return this.#pongs.take('a pong');
  }

  // The code with which the server closes, or has closed, this connection.
  closed() {
    return within(this.#closed, 'a close');
  }

  // Closes from this side; the code that the server answers with.
  close(code) {
    this.#socket.close(code);
    return this.closed();
  }

  destroy() {
    this.#socket.terminate();
  }
}

// Reads what came over TCP, byte for byte: HTTP responses, then frames.
export class Connection {
  #socket;
  #port;
  #bytes = Buffer.alloc(0);
  // What has come since, apart: to append each piece would take a long message seconds.
  #fresh = [];
  #unread = 0;
  #changed = () => {};
  #over = false;

  constructor(socket, port) {
    this.#socket = socket;
    this.#port = port;
    socket.on('data', (bytes) => {
      this.#fresh.push(bytes);
      this.#unread += bytes.length;
      this.#changed();
    });
    const over = () => {
      this.#over = true;
      this.#changed();
    };
    // A reset is one way in which a server may drop a peer that broke the rules.
    socket.on('error', over).on('end', over).on('close', over);
  }

  get port() {
    return this.#port;
  }

  write(bytes) {
    this.#socket.write(bytes);
  }

  // Writes, and waits until it is with the kernel, so that what comes next is a segment of its own.
  writeOut(bytes) {
    const written = new Promise((resolve, reject) => {
      this.#socket.write(bytes, (error) => (error ? reject(error) : resolve()));
    });
    return within(written, 'a write');
  }

  // Ends this side only.
  end() {
    this.#socket.end();
  }

  // Ends the connection with a RST.
  reset() {
    this.#socket.resetAndDestroy();
  }

  stopReading() {
    this.#socket.pause();
  }

  readAgain() {
    this.#socket.resume();
  }

  // Waits until `parse`, given all unread bytes, returns { value, used }, and takes the used bytes away. It is not
  // asked before there are `least` of them.
  #take(parse, what, least = 1) {
    const parsed = async () => {
      for (;;) {
        if (this.#unread >= least) {
          this.#bytes = Buffer.concat([this.#bytes, ...this.#fresh.splice(0)]);
          const result = parse(this.#bytes);
          if (result) {
            this.#bytes = this.#bytes.subarray(result.used);
            this.#unread -= result.used;
            return result.value;
          }
        }
        if (this.#over) throw new Error(`${what}: the server hung up before`);
        await this.#change();
      }
    };
    return within(parsed(), what);
  }

  #change() {
    return new Promise((resolve) => (this.#changed = resolve));
  }

  // The next HTTP response: { status, headers, body }.
  response(method = 'GET') {
    return this.#take((bytes) => {
      const end = bytes.indexOf('\r\n\r\n');
      if (end < 0) return null;
      const [first, ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n');
      const headers = {};
      for (const line of lines) {
        const colon = line.indexOf(':');
        headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
      }
      const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(first)?.[1]);
      const length = status === 101 || method === 'HEAD' ? 0 : Number(headers['content-length'] ?? 0);
      const used = end + 4 + length;
      if (bytes.length < used) return null;
      return { value: { status, headers, body: bytes.subarray(end + 4, used).toString() }, used };
    }, 'an HTTP response');
  }

  // The next `count` bytes.
  bytes(count) {
    const take = (bytes) => (bytes.length < count ? null : { value: bytes.subarray(0, count), used: count });
    return this.#take(take, `${count} bytes`, count);
  }

  // The byte that comes next, which stays unread.
  nextByte() {
    return this.#take((bytes) => ({ value: bytes[0], used: 0 }), 'a byte');
  }

  // All that still comes until the server ends the connection.
  async rest() {
    await this.hungUp();
    return Buffer.concat([this.#bytes, ...this.#fresh]);
  }

  // The next frame: { fin, reserved, opcode, masked, payload }.
  frame() {
    return this.#take((bytes) => {
      if (bytes.length < 2) return null;
      let length = bytes[1] & 0x7f;
      let start = 2;
      if (length === 126) {
        if (bytes.length < 4) return null;
        length = bytes.readUInt16BE(2);
        start = 4;
      } else if (length === 127) {
        if (bytes.length < 10) return null;
        length = Number(bytes.readBigUInt64BE(2));
        start = 10;
      }
      const used = start + length;
      if (bytes.length < used) return null;
      const value = {
        fin: (bytes[0] & 0x80) !== 0,
        reserved: (bytes[0] >> 4) & 7,
        opcode: bytes[0] & 15,
        masked: (bytes[1] & 0x80) !== 0,
        payload: Buffer.from(bytes.subarray(start, used)),
      };
      return { value, used };
    }, 'a frame');
  }

  // The next message, which the server never fragments, masks or marks.
  async receive() {
    const { payload, ...head } = await this.frame();
    assert.deepEqual(head, { fin: true, reserved: 0, opcode: opcodes.text, masked: false });
    return payload.toString();
  }

  // The code of the server's Close, which must be the next frame that is not a ping.
  closeCode() {
    const code = async () => {
      let frame;
      do frame = await this.frame();
      while (frame.opcode === opcodes.ping);
      assert.equal(frame.opcode, opcodes.close, `expected a Close, got ${frame.payload}`);
      return frame.payload.length < 2 ? 1005 : frame.payload.readUInt16BE(0);
    };
    return within(code(), 'a Close');
  }

  // Waits until the server has ended the TCP connection.
  hungUp() {
    const over = async () => {
      while (!this.#over) await this.#change();
    };
    return within(over(), 'the end of the connection');
  }

  destroy() {
    this.#socket.destroy();
  }
}

export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 };

// A client's frame. `length` declares another length than the payload's; `lengthBytes` (0, 2 or 8) says it
// in a longer form than needed.
export function frame(
  opcode,
  payload = '',
  { fin = true, reserved = 0, masked = true, length, lengthBytes } = {},
) {
  const bytes = Buffer.from(payload);
  const declared = BigInt(length ?? bytes.length);
  const form = lengthBytes ?? (declared < 126n ? 0 : declared < 65536n ? 2 : 8);
  const head = Buffer.alloc(2 + form);
  head[0] = (fin ? 0x80 : 0) | (reserved << 4) | opcode;
  if (form === 0) head[1] = Number(declared);
  if (form === 2) head[1] = 126, head.writeUInt16BE(Number(declared), 2);
  if (form === 8) head[1] = 127, head.writeBigUInt64BE(declared, 2);
  if (!masked) return Buffer.concat([head, bytes]);
  head[1] |= 0x80;
  const key = randomBytes(4);
  return Buffer.concat([head, key, bytes.map((byte, i) => byte ^ key[i % 4])]);
}

// What the server must send for a message or a control frame: whole, not masked, its length in the shortest form.
export function serverFrame(opcode, payload = '') {
  return frame(opcode, payload, { masked: false });
}

// A request line and headers. A header whose value is null is left out.
export function httpRequest(port, { method = 'GET', target = '/', version = '1.1', headers = {}, body = '' } = {}) {
  const all = { Host: `127.0.0.1:${port}`, ...headers };
  const lines = Object.entries(all).filter(([, value]) => value !== null);
  const text = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return `${method} ${target} HTTP/${version}\r\n${text}\r\n${body}`;
}

// A correct request to join, but for what `request` says otherwise.
export function upgradeRequest(port, { headers = {}, target = '/chat', ...request } = {}) {
  const upgrade = {
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
  };
  return httpRequest(port, { target, headers: { ...upgrade, ...headers }, ...request });
}
