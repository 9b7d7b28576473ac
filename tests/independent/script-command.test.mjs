// `roomcast script`: what it prints, and its exit statuses.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { Server, run } from './server.mjs';

// Writes scripts, named, and answers with their paths.
function write(t, scripts) {
  const folder = mkdtempSync(path.join(tmpdir(), 'roomcast-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return Object.entries(scripts).map(([name, text]) => {
    const file = path.join(folder, name);
    writeFileSync(file, text);
    return file;
  });
}

const good = 'ada connects /chat?name=ada\nada sends "x"\nada receives "[ada] x"\n';
const bad = '# a comment\nada connects /chat?name=ada\n\nada sends "x"\nada receives "y"\n';

test('scripts that go as written: TAP, and status 0', async (t) => {
  const files = write(t, { 'a.chat': good, 'b.chat': '' });
  const { status, stdout, stderr } = await run('script', '--start', ...files);
  assert.equal(stdout, `TAP version 13\n1..2\nok 1 - ${files[0]}\nok 2 - ${files[1]}\n`);
  assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
});

test('a script that fails: status 1, and file, line, what was expected and what came', async (t) => {
  const files = write(t, { 'a.chat': bad, 'b.chat': good });
  const { status, stdout } = await run('script', '--start', ...files);
  assert.equal(status, 1);
  assert.match(stdout, /^TAP version 13\n1\.\.2\nnot ok 1 - /);
  assert.ok(stdout.includes(`${files[0]}:5`), stdout);
  assert.match(stdout, /expected: .*ada to receive "y"/);
  assert.match(stdout, /came: .*"\[ada\] x"/);
  assert.match(stdout, new RegExp(`^ok 2 - ${files[1]}$`, 'm'));
});

test('nothing comes: the deadline is that of the step', async (t) => {
  const [file] = write(t, { 'a.chat': 'ada connects /chat\nada receives "x" within 50ms\n' });
  const { status, stdout } = await run('script', '--start', file);
  assert.equal(status, 1);
  assert.match(stdout, /came: .*nothing within 50 ms/);
});

test('what failed is YAML that can be read: a quote within quotes is doubled', async (t) => {
  const [file] = write(t, { 'a.chat': `ada connects /chat?name=ada\nada sends "it's"\nada receives "that's"\n` });
  const { stdout } = await run('script', '--start', file);
  for (const line of stdout.match(/^  (?:expected|came): .*$/gm)) assert.match(line, /^  \w+: '(?:[^']|'')*'$/);
});

for (const [text, place] of [
  ['ada conects /chat\n', '1:5'],
  ['\n# comment\n  ada connects /chat\n  ada sends "x\n', '4:13'],
  ['ada connects /chat\nada receives "x" within 5\n', '2:25'],
  ['ada receives matching /(/\n', '1:23'],
  ['ada sends raw 8\n', '1:15'],
  ['ada connects /chat\nserver options --no-echo\n', '2:8'],
]) {
  test(`a syntax error says where it is: ${JSON.stringify(text)}`, async (t) => {
    const files = write(t, { 'good.chat': good, 'a.chat': text });
    const { status, stdout, stderr } = await run('script', '--start', ...files);
    assert.deepEqual({ status, stdout }, { status: 2, stdout: '' });
    const [, found] = /^[^\n]*\/a\.chat:(\d+:\d+): [^\n]+\n$/.exec(stderr) ?? assert.fail(stderr);
    assert.ok(stderr.startsWith(files[1]));
    assert.equal(found, place);
  });
}

test('a file that cannot be read: status 2', async (t) => {
  const [file] = write(t, { 'a.chat': good });
  for (const other of [`${file}.not`, path.dirname(file)]) {
    const { status, signal, stdout, stderr } = await run('script', '--start', file, other);
    assert.deepEqual({ status, signal, stdout }, { status: 2, signal: null, stdout: '' });
    assert.ok(stderr.includes(other), stderr);
  }
});

test('usage: status 2', async (t) => {
  const [file] = write(t, { 'a.chat': good });
  for (const words of [
    [],
    ['--start'],
    [file],
    [file, '--start', '--url', 'ws://127.0.0.1:1'],
    [file, '--url', 'http://127.0.0.1:1'],
    [file, '--url', 'ws://127.0.0.1:1', '--', '--no-echo'],
    [file, '--start', '--unknown'],
    [file, '--start', '--jobs', '0'],
    [file, '--start', '--jobs', 'x'],
  ]) {
    const { status, stdout, stderr } = await run('script', ...words);
    assert.deepEqual({ words, status, stdout }, { words, status: 2, stdout: '' });
    assert.match(stderr, /^roomcast script: [^\n]+\n$/);
  }
});

test('--jobs: side by side, and printed in order', async (t) => {
  const slow = 'ada connects /chat\nada receives nothing for 500ms\n';
  const files = write(t, { 'a.chat': slow, 'b.chat': bad, 'c.chat': good, 'd.chat': slow, 'e.chat': slow, 'f.chat': good });
  const began = performance.now();
  const { status, stdout } = await run('script', '--start', '--jobs', '4', ...files);
  const took = performance.now() - began;
  assert.equal(status, 1);
  const results = stdout.match(/^(?:not )?ok .*$/gm);
  assert.deepEqual(results, files.map((file, i) => `${i === 1 ? 'not ok' : 'ok'} ${i + 1} - ${file}`));
  // One after the other they would wait for 1,500 ms and more.
  assert.ok(took >= 500 && took < 1_500, `${took} ms`);
});

test('--url: a server that is there', async (t) => {
  const server = await Server.start(t, '--format', '{text}');
  const [file, stops] = write(t, {
    'a.chat': 'ada connects /chat\nada sends "x"\nada receives "x"\n',
    'b.chat': 'server stops\n',
  });
  const url = `ws://127.0.0.1:${server.port}`;
  assert.equal((await run('script', '--url', url, file)).status, 0);
  // Somebody else's server is not stopped.
  const refused = await run('script', '--url', url, stops);
  assert.equal(refused.status, 1);
  assert.match(refused.stdout, /--start/);
  (await server.join()).send('still here');
});

test('--url: a server that is not there is no success', async (t) => {
  const nobody = net.createServer().listen(0, '127.0.0.1');
  await once(nobody, 'listening');
  const { port } = nobody.address();
  nobody.close();
  await once(nobody, 'close');
  const [file] = write(t, { 'a.chat': good });
  const { status, stdout } = await run('script', '--url', `ws://127.0.0.1:${port}`, file);
  assert.ok(status === 1 || status === 2, `status ${status}`);
  assert.match(stdout, /^not ok 1 - /m);
  assert.match(stdout, /refused/);
});

test("the server's options: those of the script, and those behind --", async (t) => {
  const [own, none] = write(t, {
    'a.chat': 'server options --format "<{name}> {text}"\nada connects /chat?name=ada\nada sends "x"\nada receives "<ada> x"\n',
    'b.chat': 'ada connects /chat?name=ada\nada sends "x"\nada receives "x"\n',
  });
  assert.equal((await run('script', '--start', own)).status, 0);
  assert.equal((await run('script', '--start', none)).status, 1);
  assert.equal((await run('script', '--start', none, '--', '--format', '{text}')).status, 0);
});

test('a server that does not start: status 2, and says so', async (t) => {
  const [wrong, right] = write(t, { 'a.chat': `server options --unknown\n${good}`, 'b.chat': good });
  const { status, stdout, stderr } = await run('script', '--start', wrong, right);
  assert.equal(status, 2);
  assert.match(stderr, /--unknown/);
  assert.match(stdout, /^not ok 1 - .*\n  ---\n  message: .*server.*\n  \.\.\.$/m);
  assert.match(stdout, new RegExp(`^ok 2 - ${right}$`, 'm'));
});

test('a server that ends otherwise than its script says fails the script', async (t) => {
  const [file] = write(t, { 'a.chat': 'server stops\nserver ends with status 3\n' });
  const { status, stdout } = await run('script', '--start', file);
  assert.equal(status, 1);
  assert.match(stdout, /expected: .*status 3/);
  assert.match(stdout, /came: .*status 0/);
});
