// `roomcast listen` and `roomcast send`, as a shell would use them.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { Relay, Server, Tool, run } from './server.mjs';

const promptly = 5_000;

function temporary(t) {
  const folder = mkdtempSync(path.join(tmpdir(), 'roomcast-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return (name) => path.join(folder, name);
}

const urlAt = (port, target = '/chat') => `ws://127.0.0.1:${port}${target}`;

// A `listen` that has joined. `relay` has heard what it said.
async function listening(t, server, { target, options = [], ...how } = {}) {
  const relay = await Relay.start(t, server.port);
  const tool = Tool.start(t, ['listen', urlAt(relay.port, target), ...options], how);
  await relay.joined;
  return { tool, relay };
}

// A `send` that has joined, and waits for standard input.
async function sending(t, server, target = '/chat?name=sender') {
  const relay = await Relay.start(t, server.port);
  const tool = Tool.start(t, ['send', urlAt(relay.port, target)]);
  await relay.joined;
  return { tool, relay };
}

const numbers = Array.from({ length: 100_000 }, (_, i) => `${i + 1}\n`).join('');

test('a hundred thousand lines arrive once and in order, in a file and in a pipe', async (t) => {
  const server = await Server.start(t, '--format', '{text}');
  const file = temporary(t)('heard');
  const descriptor = openSync(file, 'w');
  t.after(() => closeSync(descriptor));
  const options = ['--count', '100000'];
  const toPipe = (await listening(t, server, { options })).tool;
  const toFile = (await listening(t, server, { options, stdio: ['ignore', descriptor, 'pipe'] })).tool;
  const send = Tool.start(t, ['send', urlAt(server.port)]);
  send.input.end(numbers);
  for (const tool of [send, toPipe, toFile]) {
    const { status, stderr } = await tool.ended();
    assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
  }
  assert.ok(toPipe.stdout === numbers, 'the pipe has other lines');
  assert.ok(readFileSync(file, 'utf8') === numbers, 'the file has other lines');
});

test('listen --count N ends after N messages, however many more come', async (t) => {
  const server = await Server.start(t);
  const { tool, relay } = await listening(t, server, { options: ['--count', '3'] });
  const ada = await server.join('/chat?name=ada');
  for (let i = 1; i <= 10; ++i) ada.send(String(i));
  const { status, stdout, stderr } = await tool.ended(promptly);
  assert.deepEqual({ status, stdout, stderr }, { status: 0, stdout: '[ada] 1\n[ada] 2\n[ada] 3\n', stderr: '' });
  assert.equal(relay.closedWith, 1000);
});

test('what has come is printed before more comes', async (t) => {
  const server = await Server.start(t);
  const { tool } = await listening(t, server);
  const ada = await server.join('/chat?name=ada');
  for (const text of ['one', 'two']) {
    ada.send(text);
    await tool.until(({ stdout }) => stdout.endsWith(`[ada] ${text}\n`), text, promptly);
  }
});

for (const [what, input, heard] of [
  ['a last line without an end', 'one\ntwo', ['one', 'two']],
  ['empty lines', '\n\none\n\n', ['', '', 'one', '']],
  ['nothing', '', []],
  ['blanks, tabs and carriage returns', '  a \tb \r\n', ['  a \tb \r']],
  ['a line of 65,536 bytes', `${'x'.repeat(65_536)}\nnext\n`, ['x'.repeat(65_536), 'next']],
]) {
  test(`send: ${what}`, async (t) => {
    const server = await Server.start(t, '--format', '{text}');
    const ada = await server.join();
    const send = Tool.start(t, ['send', urlAt(server.port)]);
    send.input.end(input);
    const { status, stderr } = await send.ended(promptly);
    assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
    ada.send('the end');
    for (const text of [...heard, 'the end']) assert.equal(await ada.receive(), text);
  });
}

test('send: standard input may be a file, or /dev/null', async (t) => {
  const server = await Server.start(t, '--format', '{text}');
  const ada = await server.join();
  for (const file of ['/dev/null', new URL('package.json', import.meta.url)]) {
    const descriptor = openSync(file, 'r');
    const send = Tool.start(t, ['send', urlAt(server.port)], { stdio: [descriptor, 'pipe', 'pipe'] });
    closeSync(descriptor);
    assert.equal((await send.ended(promptly)).status, 0);
  }
  assert.equal(await ada.receive(), '{');
});

test('send: a standard input that is closed is an empty one, or an error', async (t) => {
  const server = await Server.start(t);
  const send = Tool.start(t, [process.env.ROOMCAST, urlAt(server.port)], { command: ['/bin/sh', '-c', 'exec "$0" send "$1" <&-'] });
  const { status } = await send.ended(promptly);
  assert.ok(status !== null);
});

test('send: words are one message', async (t) => {
  const server = await Server.start(t);
  const ada = await server.join();
  for (const [words, text] of [[['some', 'words'], 'some words'], [['some  words'], 'some  words'], [['--', '--dashes'], '--dashes'], [[''], '']]) {
    const send = Tool.start(t, ['send', urlAt(server.port, '/chat?name=sender'), ...words]);
    const { status, stderr } = await send.ended(promptly);
    assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
    assert.equal(await ada.receive(), `[sender] ${text}`);
  }
});

test('send: a line that is not UTF-8 is left out, and said so', async (t) => {
  const server = await Server.start(t);
  const ada = await server.join();
  const send = Tool.start(t, ['send', urlAt(server.port, '/chat?name=sender')]);
  send.input.end(Buffer.from('one\n\xff\xfe\ntwo\n', 'latin1'));
  const { stderr } = await send.ended(promptly);
  assert.match(stderr, /not UTF-8/);
  assert.equal(await ada.receive(), '[sender] one');
  assert.equal(await ada.receive(), '[sender] two');
});

test('send: a line that is too long ends it with status 1, and a reason', async (t) => {
  const server = await Server.start(t);
  const { tool } = await sending(t, server);
  tool.input.write(`${'x'.repeat(65_537)}\n`);
  const { status, stderr } = await tool.ended(promptly);
  assert.equal(status, 1);
  assert.match(stderr, /1009/);
});

// The same where `send` has already begun to say goodbye: status 0 would say that it was sent.
for (const [what, words, input] of [
  ['the last line', [], `${'x'.repeat(65_537)}\n`],
  ['the last line, without an end', [], 'x'.repeat(65_537)],
  ['the only words', ['x'.repeat(65_537)], ''],
]) {
  test(`send: ${what}, too long, ends it with status 1, and a reason`, async (t) => {
    const server = await Server.start(t);
    const send = Tool.start(t, ['send', urlAt(server.port), ...words]);
    send.input.end(input);
    const { status, stderr } = await send.ended(promptly);
    assert.deepEqual({ status, said: /1009/.test(stderr) }, { status: 1, said: true });
  });
}

test('send: SIGINT before the words have left ends it with another status than 0', async (t) => {
  const silent = net.createServer((socket) => socket.on('error', () => {}).resume());
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
  t.after(() => silent.close());
  const accepted = once(silent, 'connection');
  const send = Tool.start(t, ['send', urlAt(silent.address().port), 'important']);
  const [socket] = await accepted;
  t.after(() => socket.destroy());
  send.signal('SIGINT');
  const { status, signal } = await send.ended(promptly);
  assert.ok(status !== 0, `status ${status}, signal ${signal}`);
});

for (const name of ['SIGINT', 'SIGTERM']) {
  test(`listen: ${name} ends it with a Close and status 0`, async (t) => {
    const server = await Server.start(t);
    const { tool, relay } = await listening(t, server);
    tool.signal(name);
    const { status, signal, stderr } = await tool.ended(promptly);
    assert.deepEqual({ status, signal, stderr }, { status: 0, signal: null, stderr: '' });
    assert.equal(relay.closedWith, 1000);
  });

  test(`send: ${name} while it waits for standard input ends it with a Close and status 0`, async (t) => {
    const server = await Server.start(t);
    const ada = await server.join();
    const { tool, relay } = await sending(t, server);
    tool.input.write('one\n');
    assert.equal(await ada.receive(), '[sender] one');
    tool.signal(name);
    const { status, signal, stderr } = await tool.ended(promptly);
    assert.deepEqual({ status, signal, stderr }, { status: 0, signal: null, stderr: '' });
    assert.equal(relay.closedWith, 1000);
    ada.send('still here');
    assert.match(await ada.receive(), /still here$/);
  });
}

test('a server that stops ends both with status 1, and they say why', async (t) => {
  const server = await Server.start(t);
  const tools = [(await listening(t, server)).tool, (await sending(t, server)).tool];
  server.signal('SIGTERM');
  assert.equal((await server.ended).status, 0);
  for (const tool of tools) {
    const { status, stderr } = await tool.ended(promptly);
    assert.equal(status, 1);
    assert.match(stderr, /^roomcast (listen|send): .*1012/);
  }
});

test('a server that is killed ends both with status 1, and they say why', async (t) => {
  const server = await Server.start(t);
  const tools = [(await listening(t, server)).tool, (await sending(t, server)).tool];
  server.signal('SIGKILL');
  await server.ended;
  for (const tool of tools) {
    const { status, stderr } = await tool.ended(promptly);
    assert.equal(status, 1);
    assert.match(stderr, /^roomcast (listen|send): ./);
  }
});

for (const command of ['listen', 'send']) {
  test(`${command}: a refusal is status 1, and says why`, async (t) => {
    const server = await Server.start(t);
    await server.join('/chat?name=ada');
    for (const [target, answer] of [['/elsewhere', 404], ['/chat?name=ada', 409], ['/chat?name=%00', 400]]) {
      const tool = Tool.start(t, [command, urlAt(server.port, target)]);
      const { status, stdout, stderr } = await tool.ended(promptly);
      assert.deepEqual({ status, stdout }, { status: 1, stdout: '' });
      assert.match(stderr, new RegExp(`^roomcast ${command}: .*${answer}`));
    }
  });

  test(`${command}: nobody who listens is status 1`, async (t) => {
    const nobody = net.createServer().listen(0, '127.0.0.1');
    await once(nobody, 'listening');
    const { port } = nobody.address();
    nobody.close();
    await once(nobody, 'close');
    const { status, stderr } = await Tool.start(t, [command, urlAt(port)]).ended(promptly);
    assert.equal(status, 1);
    assert.match(stderr, new RegExp(`^roomcast ${command}: .*refused`));
  });

  for (const words of [
    [],
    ['nonsense'],
    ['ws://'],
    ['http://localhost/chat'],
    ['wss://localhost/chat'],
    ['ws://localhost:99999/chat'],
    ['ws://localhost:x/chat'],
    ['ws://localhost/chat#part'],
    ['ws://localhost/chat', '--unknown'],
    ...(command === 'listen' ? [['ws://localhost/chat', '--count', '0'], ['ws://localhost/chat', '--count', 'x'], ['ws://localhost/chat', 'more']] : []),
  ]) {
    test(`usage: ${command} ${words.join(' ')} is status 2`, async () => {
      const { status, stdout, stderr } = await run(command, ...words);
      assert.deepEqual({ status, stdout }, { status: 2, stdout: '' });
      assert.match(stderr, new RegExp(`^roomcast ${command}: [^\n]+\n$`));
    });
  }

  test(`${command} --help is status 0`, async () => {
    const { status, stdout } = await run(command, '--help');
    assert.equal(status, 0);
    assert.match(stdout, new RegExp(`roomcast ${command}`));
  });
}

const colours = '\u001b[31mred\u0007 \\ \u202e é\u0000';

test('listen: bytes as they are, where standard output is no terminal', async (t) => {
  const server = await Server.start(t);
  const { tool } = await listening(t, server, { options: ['--count', '1'] });
  (await server.join('/chat?name=ada')).send(colours);
  assert.equal((await tool.ended(promptly)).status, 0);
  assert.deepEqual(tool.bytes, Buffer.from(`[ada] ${colours}\n`));
});

const terminal = spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout?.includes('util-linux');
test('listen: control characters escaped, where it is one', { skip: terminal ? false : 'there is no util-linux script(1) to give it a terminal' }, async (t) => {
  const server = await Server.start(t);
  const relay = await Relay.start(t, server.port);
  const command = `'${process.env.ROOMCAST}' listen '${urlAt(relay.port)}' --count 1`;
  const tool = Tool.start(t, ['-qec', command, '/dev/null'], { command: ['script'] });
  await relay.joined;
  (await server.join('/chat?name=ada')).send(colours);
  const { status, stdout } = await tool.ended(promptly);
  assert.equal(status, 0);
  assert.equal(stdout, '[ada] \\x1b[31mred\\x07 \\\\ \\xe2\\x80\\xae é\\x00\r\n');
});

test('listen: a reader that goes away ends it', async (t) => {
  const server = await Server.start(t);
  const relay = await Relay.start(t, server.port);
  const script = '"$0" listen "$1" | head -n 1; echo "${PIPESTATUS[0]}" >&2';
  const tool = Tool.start(t, [process.env.ROOMCAST, urlAt(relay.port)], { command: ['bash', '-c', script] });
  await relay.joined;
  const ada = await server.join('/chat?name=ada');
  // It finds out with the next that it prints.
  const talk = setInterval(() => ada.send('x'), 20);
  t.after(() => clearInterval(talk));
  const { status, stdout, stderr } = await tool.ended(promptly);
  assert.equal(status, 0);
  assert.equal(stdout, '[ada] x\n');
  assert.match(stderr, /^(0|141)\n$/);
});

test('listen: what cannot be written is no success', async (t) => {
  const server = await Server.start(t);
  const full = openSync('/dev/full', 'w');
  t.after(() => closeSync(full));
  const { tool } = await listening(t, server, { options: ['--count', '1'], stdio: ['ignore', full, 'pipe'] });
  (await server.join()).send('x');
  assert.equal((await tool.ended(promptly)).status, 1);
});

// A server on a port that no connection is given by chance, as those of `--port 0` are.
async function startSomewhere(t) {
  for (let tries = 1; ; ++tries) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    try {
      return await Server.startAt(t, port);
    } catch (error) {
      if (tries === 5) throw error;
    }
  }
}

test('listen --reconnect comes back to a server that was killed, and ends on SIGINT meanwhile', async (t) => {
  const first = await startSomewhere(t);
  const { port } = first;
  const talk = async (server, tools) => {
    const ada = await server.join(`/chat?name=ada`);
    const talking = setInterval(() => ada.send('x'), 50);
    try {
      const before = tools.map((tool) => tool.bytes.length);
      await Promise.all(tools.map((tool, i) => tool.until(({ bytes }) => bytes.length > before[i], 'a message', 40_000)));
    } finally {
      clearInterval(talking);
    }
  };
  const faithful = Tool.start(t, ['listen', '--reconnect', urlAt(port)]);
  const impatient = Tool.start(t, ['listen', '--reconnect', urlAt(port)]);
  await talk(first, [faithful, impatient]);
  first.signal('SIGKILL');
  await first.ended;
  for (const tool of [faithful, impatient]) await tool.until(({ stderr }) => stderr !== '', 'the reason', promptly);
  impatient.signal('SIGINT');
  assert.equal((await impatient.ended(promptly)).status, 0);
  const second = await Server.startAt(t, port);
  await talk(second, [faithful]);
  assert.match(faithful.stderr, /^roomcast listen: (lost|closed)/);
  faithful.signal('SIGINT');
  assert.equal((await faithful.ended(promptly)).status, 0);
  assert.match(faithful.stdout, /^(\[ada\] x\n)+$/);
});
