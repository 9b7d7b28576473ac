// `roomcast listen` and `roomcast send`, as a shell would use them.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { WebSocketServer } from 'ws';
import { Relay, Server, Tool, run, upgradeRequest, within } from './server.mjs';

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
    ...(command === 'listen'
      ? [
          ['ws://localhost/chat', '--json', '--epoch', 'e'],
          ['ws://localhost/chat', '--json', '--since', '-1', '--epoch', 'e'],
          ['ws://localhost/chat', '--json', '--since', 'x', '--epoch', 'e'],
        ]
      : []),
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

const lines = (tool) => tool.stdout.split('\n').slice(0, -1);
const objects = (tool) => lines(tool).map((line) => JSON.parse(line));
const messages = (tool) => objects(tool).filter(({ type }) => type === 'message');
const texts = (tool) => messages(tool).map(({ text }) => text);
const welcomes = (tool) => objects(tool).filter(({ type }) => type === 'welcome');
const lost = /what was said meanwhile is lost/;

for (const [needed, ...options] of [['--json', '--since', '3', '--epoch', 'e'], ['--epoch', '--json', '--since', '3']]) {
  test(`listen ${options.join(' ')} needs ${needed}, and says so`, async () => {
    const { status, stderr } = await run('listen', 'ws://localhost/chat', ...options);
    assert.equal(status, 2);
    assert.match(stderr, new RegExp(`requires ${needed}`));
  });
}

test('listen --json prints each frame as it came, on a line of its own', async (t) => {
  const server = await Server.start(t);
  const { tool } = await listening(t, server, { target: '/chat?name=eve', options: ['--json'] });
  await tool.until(() => lines(tool).length === 1, 'a welcome', promptly);
  const witness = await server.connect();
  witness.write(upgradeRequest(server.port, { target: '/chat?name=witness', headers: { 'Sec-WebSocket-Protocol': 'roomcast.v1' } }));
  assert.equal((await witness.response()).status, 101);
  await witness.receive();
  const ada = await server.join('/chat?name=ada');
  ada.send(colours);
  await ada.receive();
  ada.close(1000);
  const same = [await witness.receive(), await witness.receive(), await witness.receive()];
  await tool.until(() => lines(tool).length === 5, 'five lines', promptly);
  const [welcome, join, ...rest] = lines(tool);
  const { type, name, recovered } = JSON.parse(welcome);
  assert.deepEqual({ type, name, recovered }, { type: 'welcome', name: 'eve', recovered: false });
  assert.equal(JSON.parse(join).name, 'witness');
  assert.deepEqual(rest, same);
  assert.deepEqual(texts(tool), [colours]);
});

test('listen --json --count N counts messages, and nothing else', async (t) => {
  const server = await Server.start(t);
  const { tool, relay } = await listening(t, server, { options: ['--json', '--count', '2'] });
  const ada = await server.join('/chat?name=ada');
  for (const text of ['one', 'two', 'three']) ada.send(text);
  const { status, stderr } = await tool.ended(promptly);
  assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
  assert.deepEqual(texts(tool), ['one', 'two']);
  assert.equal(objects(tool)[0].type, 'welcome');
  assert.equal(relay.closedWith, 1000);
});

test('listen --json --since begins after a message of that epoch, and says where it cannot', async (t) => {
  const server = await Server.start(t);
  const first = (await listening(t, server, { options: ['--json', '--count', '1'] })).tool;
  const ada = await server.join('/chat?name=ada');
  for (const text of ['one', 'two', 'three']) ada.send(text);
  assert.equal((await first.ended(promptly)).status, 0);
  for (let i = 0; i < 3; ++i) await ada.receive();
  const [{ epoch }] = welcomes(first);
  const [{ seq }] = messages(first);
  const again = (from, count) => Tool.start(t, ['listen', urlAt(server.port), '--json', '--since', String(seq), '--epoch', from, '--count', count]);
  const knowing = again(epoch, '2');
  assert.deepEqual(await knowing.ended(promptly).then(({ status, stderr }) => ({ status, stderr })), { status: 0, stderr: '' });
  assert.deepEqual(texts(knowing), ['two', 'three']);
  const mistaken = again('an&other', '1');
  await mistaken.until(() => lines(mistaken).length > 0, 'a welcome', promptly);
  ada.send('four');
  const { status, stderr } = await mistaken.ended(promptly);
  assert.equal(status, 0);
  assert.match(stderr, lost);
  assert.deepEqual(texts(mistaken), ['four']);
});

for (const [what, how] of [['the server notices', {}], ['the server does not notice', { unnoticed: true }]]) {
  test(`listen --json --reconnect misses nothing, and prints nothing twice, when the connection is cut and ${what}`, async (t) => {
    const server = await Server.start(t);
    const { tool, relay } = await listening(t, server, { target: '/chat?name=eve', options: ['--json', '--reconnect'] });
    await tool.until(() => lines(tool).length > 0, 'a welcome', promptly);
    const ada = await server.join('/chat?name=ada');
    const said = [];
    const say = () => {
      said.push(String(said.length + 1));
      ada.send(said.at(-1));
    };
    for (let round = 1; round <= 3; ++round) {
      for (let i = 0; i < 30; ++i) say();
      // In the midst of them.
      await tool.until(() => texts(tool).length > said.length - 30, 'the first of them', promptly);
      for (let i = 0; i < 30; ++i) say();
      relay.cut(how);
      for (let i = 0; i < 30; ++i) say();
      await tool.until(() => texts(tool).includes(said.at(-1)) && welcomes(tool).length > round, 'the last of them', promptly);
    }
    assert.deepEqual(texts(tool), said);
    const [first, ...later] = welcomes(tool);
    for (const { id, name, recovered } of later) assert.deepEqual({ id, name, recovered }, { id: first.id, name: 'eve', recovered: true });
    assert.equal(later.length, 3);
    assert.doesNotMatch(tool.stderr, lost);
    tool.signal('SIGINT');
    assert.equal((await tool.ended(promptly)).status, 0);
  });
}

test('listen --json --reconnect says that something is lost when the server was started anew', async (t) => {
  const first = await startSomewhere(t);
  const tool = Tool.start(t, ['listen', '--json', '--reconnect', urlAt(first.port)]);
  await tool.until(() => welcomes(tool).length === 1, 'a welcome', promptly);
  (await first.join('/chat?name=ada')).send('before');
  await tool.until(() => texts(tool).length === 1, 'a message', promptly);
  first.signal('SIGKILL');
  await first.ended;
  const second = await Server.startAt(t, first.port);
  await tool.until(({ stderr }) => lost.test(stderr), 'the loss', 40_000);
  (await second.join('/chat?name=ada')).send('after');
  await tool.until(() => texts(tool).length === 2, 'a message', promptly);
  assert.deepEqual(texts(tool), ['before', 'after']);
  assert.equal(tool.stderr.split('\n').filter((line) => lost.test(line)).length, 1);
});

// A server that says what the test has it say; `how` is what `ws` is given. `next` is the connection that comes next.
async function puppet(t, how = {}) {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', ...how });
  await once(server, 'listening');
  t.after(() => {
    for (const socket of server.clients) socket.terminate();
    server.close();
  });
  const next = async () => {
    const [socket, { url }] = await within(once(server, 'connection'), 'a connection', 10_000);
    return { socket, url, say: (object) => socket.send(JSON.stringify(object)) };
  };
  return { port: server.address().port, next };
}

const welcome = { type: 'welcome', epoch: 'a/b', seq: 41, recovered: true, key: 'the-key' };

test('listen --json --reconnect waits for as long as a goodbye asks for', async (t) => {
  const { port, next } = await puppet(t);
  const coming = next();
  const tool = Tool.start(t, ['listen', '--json', '--reconnect', urlAt(port, '/chat?name=eve')]);
  const first = await coming;
  assert.equal(first.url, '/chat?name=eve');
  first.say(welcome);
  first.say({ type: 'message', seq: 45, text: 'hi' });
  // The usual wait is a second at most.
  first.say({ type: 'goodbye', reason: 'restart', retry_after_ms: 1500 });
  const back = next();
  const began = performance.now();
  first.socket.close(1012);
  const second = await back;
  assert.ok(performance.now() - began >= 1500, 'it came early');
  assert.equal(second.url, '/chat?since=45&epoch=a%2Fb&key=the-key&name=eve');
  assert.match(tool.stderr, /1012/);
});

test('listen --json --reconnect goes on trying while its name is taken', async (t) => {
  let asked = 0;
  const { port, next } = await puppet(t, { verifyClient: (info, answer) => (++asked === 2 ? answer(false, 409, 'taken') : answer(true)) });
  const coming = next();
  const tool = Tool.start(t, ['listen', '--json', '--reconnect', urlAt(port)]);
  const first = await coming;
  first.say(welcome);
  await tool.until(() => lines(tool).length === 1, 'a welcome', promptly);
  const back = next();
  first.socket.terminate();
  assert.equal((await back).url, '/chat?since=41&epoch=a%2Fb&key=the-key');
  assert.equal(asked, 3);
  assert.match(tool.stderr, /refused with 409/);
});

for (const options of [[], ['--reconnect']]) {
  test(`${['listen', '--json', ...options].join(' ')}: a server that does not speak roomcast.v1 is status 1`, async (t) => {
    const { port } = await puppet(t, { handleProtocols: () => false });
    const { status, stdout, stderr } = await Tool.start(t, ['listen', '--json', ...options, urlAt(port)]).ended(promptly);
    assert.deepEqual({ status, stdout, stderr }, { status: 1, stdout: '', stderr: 'roomcast listen: the server does not speak roomcast.v1\n' });
  });
}
