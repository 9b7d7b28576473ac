// A server under load, and what the system says of its process.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import http from 'node:http';
import { patience, until, within } from './waiting.mjs';

// When nothing is left to do: Node 20 then closes every handle that it knows by itself, and at times spins there for ever after
// thousands of sockets.
process.once('beforeExit', () => process.exit());

// Which of the clock's ticks /proc counts in.
const ticksPerSecond = 100;

export class Server {
  #child;
  #ended;
  #output = { stdout: '', stderr: '' };
  #awaited = false;

  // Starts a server that ends with test `t`, on a free port; with no more `descriptors` than given.
  static async start(t, options = [], { descriptors } = {}) {
    const server = new Server(options, descriptors);
    t.after(() => server.#dispose());
    await server.#announced();
    return server;
  }

  constructor(options, descriptors) {
    const binary = process.env.ROOMCAST;
    assert.ok(binary, 'set ROOMCAST to the path of the roomcast binary');
    const serve = [binary, '--port', '0', '--address', '127.0.0.1', '--log-level', 'warning', '--retain-messages', '0', ...options];
    const limited = descriptors ? ['prlimit', `--nofile=${descriptors}:${descriptors}`, ...serve] : serve;
    // However this process ends, the server does not outlive it. Each of these becomes the next: the process stays the same.
    const [file, ...words] = ['setpriv', '--pdeathsig', 'KILL', ...limited];
    const kept = Object.entries(process.env).filter(([name]) => name !== 'PORT' && !name.startsWith('ROOMCAST'));
    const threads = process.env.ROOMCAST_TEST_THREADS;
    const env = { ...Object.fromEntries(kept), ...(threads && { ROOMCAST_THREADS: threads }) };
    this.#child = spawn(file, words, { stdio: ['ignore', 'pipe', 'pipe'], env });
    for (const name of ['stdout', 'stderr']) {
      this.#child[name].setEncoding('utf8').on('data', (text) => (this.#output[name] += text));
    }
    this.#ended = new Promise((resolve, reject) => {
      this.#child.once('error', reject);
      this.#child.once('close', (status, signal) => resolve({ status, signal, at: performance.now(), ...this.#output }));
    });
    this.#ended.catch(() => {});
  }

  async #announced() {
    const line = /^roomcast listening on 127\.0\.0\.1:(\d+)$/m;
    const announced = new Promise((resolve) => {
      this.#child.stdout.on('data', () => line.test(this.#output.stdout) && resolve());
    });
    const ended = this.#ended.then(({ status, stderr }) => {
      throw new Error(`roomcast ended with status ${status} before it listened: ${stderr}`);
    });
    await within(Promise.race([announced, ended]), 'the line that says where roomcast listens');
    this.port = Number(line.exec(this.#output.stdout)[1]);
  }

  get pid() {
    return this.#child.pid;
  }

  get stderr() {
    return this.#output.stderr;
  }

  signal(name) {
    this.#child.kill(name);
  }

  // How the process ended: { status, signal, at, stdout, stderr }.
  ended(limit = patience) {
    this.#awaited = true;
    return within(this.#ended, 'the end of roomcast', limit);
  }

  descriptors() {
    return this.descriptorNumbers().size;
  }

  descriptorNumbers() {
    return new Set(readdirSync(`/proc/${this.pid}/fd`).map(Number));
  }

  // Resident memory, in bytes.
  memory() {
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${this.pid}/status`, 'utf8'))[1]) * 1024;
  }

  // CPU time so far, in seconds.
  cpuTime() {
    const stat = readFileSync(`/proc/${this.pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
  }

  // The values of GET /metrics by name, with their labels. `agent` may hold a connection for it; otherwise it is over when the values are there.
  metrics(agent = false) {
    const answer = new Promise((resolve, reject) => {
      const request = http.get({ host: '127.0.0.1', port: this.port, path: '/metrics', agent }, (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (text) => (body += text));
        const done = () => {
          if (response.statusCode !== 200) return reject(new Error(`GET /metrics: ${response.statusCode}`));
          const lines = body.matchAll(/^([a-z_]+(?:\{.*\})?) (\S+)$/gm);
          resolve(Object.fromEntries([...lines].map(([, name, value]) => [name, Number(value)])));
        };
        if (agent) response.once('end', done);
        else response.socket.once('close', done);
      });
      request.on('error', reject);
    });
    return within(answer, 'GET /metrics');
  }

  // What the server holds now: descriptors, and what it counts itself. The connection that asks is always there to be counted.
  async census() {
    const agent = new http.Agent({ keepAlive: true });
    const counted = await this.metrics(agent);
    const held = { descriptors: this.descriptors() };
    agent.destroy();
    for (const name of ['connections', 'sessions', 'members', 'rooms', 'memory_held_bytes']) {
      held[name] = counted[`roomcast_${name}`];
      assert.equal(typeof held[name], 'number', `roomcast_${name} is not among the metrics`);
    }
    return held;
  }

  // Waits until the server holds what it held before.
  async returnsTo(census, what, limit) {
    let now;
    const same = async () => {
      now = await this.census();
      return Object.keys(census).every((key) => now[key] === census[key]);
    };
    await until(same, () => `${what}: ${JSON.stringify(now)} is not ${JSON.stringify(census)}`, limit);
  }

  // A test that does not end the server itself still sees to it that it ends well: sanitizers report by exit status.
  async #dispose() {
    if (this.#awaited || this.pid === undefined) return this.signal('SIGKILL');
    this.signal('SIGTERM');
    try {
      const { status, signal, stderr } = await this.ended();
      assert.deepEqual({ status, signal }, { status: 0, signal: null }, stderr);
    } finally {
      this.signal('SIGKILL');
    }
  }
}
