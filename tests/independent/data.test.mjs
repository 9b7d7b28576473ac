// Rooms that are kept in a file, seen from outside: what was acknowledged is there, whatever becomes of the server, of the file and of the disk.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmod, copyFile, mkdir, open, readFile, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import test from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { JsonMember } from './json-member.mjs';
import { Server, assertOneLine, dataFile, run, within } from './server.mjs';

const times = (count, make) => Array.from({ length: count }, (_, n) => make(n));
const ofType = (frames, type) => frames.filter((each) => each.type === type);
const said = (frames) => ofType(frames, 'message').map(({ type, ...message }) => message);
const isRoot = process.getuid() === 0;

function works(command, ...words) {
  try {
    execFileSync(command, words, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
const canMount = isRoot && works('unshare', '-m', 'sh', '-c', 'mount -t tmpfs none /mnt');
// What is immutable cannot be written where it is open already, but not every file system sees to that.
const canProtect = isRoot && works('sh', '-c', 'file=$(mktemp) && exec 3>"$file" && chattr +i "$file" && ! echo x >&3; failed=$?; chattr -i "$file"; rm "$file"; exit $failed');
const canLimit = works('prlimit', '--version');

async function end(server, how = 'SIGTERM') {
  server.signal(how);
  const { status, signal, stderr } = await server.ended;
  assert.deepEqual({ status, signal }, how === 'SIGTERM' ? { status: 0, signal: null } : { status: null, signal: how }, stderr);
  return stderr;
}

// What is stored of its room, the oldest first, asked for page by page.
async function wholeHistory(member) {
  const messages = [];
  for (let complete = false; !complete;) {
    member.send({ type: 'history', ref: 'page', limit: 100, ...(messages.length && { before: messages[0].seq }) });
    const page = await member.next('history');
    messages.unshift(...page.messages);
    complete = page.complete;
    assert.ok(complete || page.messages.length > 0, 'an empty page is the last');
  }
  return messages;
}

async function history(server, target = '/chat') {
  const member = await JsonMember.join(server, target);
  const messages = await wholeHistory(member);
  await member.close();
  return messages;
}

// Says it, and waits until it is stored; its number.
async function store(member, text) {
  const answer = await attempt(member, text);
  assert.equal(answer.type, 'ack', answer.message);
  return answer.seq;
}

// Says it; the answer.
let refs = 0;
async function attempt(member, text) {
  const ref = `attempt ${++refs}`;
  member.say(text, { ref });
  return (await member.receiveUntil((each) => each.ref === ref)).at(-1);
}

async function storeAll(server, texts, target = '/chat?name=writer') {
  const writer = await JsonMember.join(server, target);
  const seqs = [];
  for (const text of texts) seqs.push(await store(writer, text));
  await writer.close();
  return { epoch: writer.welcome.epoch, seqs };
}

const textsOf = (messages) => messages.map(({ text }) => text);

// an end and a beginning

const texts = ['hi', '', ' ', 'a"b\\c', 'two\nlines\r\n', '\u0000\u001f', 'line\u2028and paragraph\u2029', '👩‍👩‍👧‍👦 你好', "'; DROP TABLE messages; --", 'x'.repeat(60_000)];

for (const threads of [1, 3]) {
  for (const how of ['SIGTERM', 'SIGKILL']) {
    test(`what was said is there after ${how}, on ${threads} threads`, async (t) => {
      const options = ['--data', await dataFile(t), '--history', '3', '--threads', String(threads)];
      const first = await Server.start(t, ...options);
      const watchers = {};
      const all = {};
      const rooms = ['/chat', '/chat/ops', '/chat/dev'];
      for (const room of rooms) {
        const watcher = (watchers[room] = await JsonMember.join(first, `${room}?name=watcher`));
        const plain = await first.join(`${room}?name=bob`);
        await watcher.next('join');
        for (const text of texts) {
          await store(watcher, `${room} ${text}`);
          plain.send(text);
          do; while ((await plain.receive()) !== `[bob] ${text}`);
        }
        all[room] = await wholeHistory(watcher);
        assert.deepEqual(textsOf(all[room]), texts.flatMap((text) => [`${room} ${text}`, text]));
        assert.deepEqual(all[room].map(({ name }) => name), texts.flatMap(() => ['watcher', 'bob']));
      }
      await end(first, how);

      const second = await Server.start(t, ...options);
      const ids = new Set(rooms.flatMap((room) => all[room].map(({ id }) => id)));
      for (const room of rooms) {
        const { epoch } = watchers[room].welcome;
        for (const heard of [0, 1, 10, all[room].length]) {
          const since = heard === 0 ? 0 : all[room][heard - 1].seq;
          const back = await JsonMember.join(second, `${room}?since=${since}&epoch=${epoch}`);
          const { recovered, epoch: now, seq, id } = back.welcome;
          assert.deepEqual({ recovered, now, seq }, { recovered: true, now: epoch, seq: all[room].at(-1).seq });
          const { before } = await back.settle();
          assert.deepEqual(said(before), all[room].slice(heard));
          assert.ok(!ids.has(id), `${id} is another's`);
          ids.add(id);
          await back.close();
        }

        const plain = await second.join(`${room}?name=late`);
        for (const { name, text } of all[room].slice(-3)) assert.equal(await plain.receive(), `[${name}] ${text}`);

        const reader = await JsonMember.join(second, `${room}?name=reader`);
        assert.equal(reader.welcome.recovered, false);
        const ask = async (more) => {
          reader.send({ type: 'history', ref: 'h', ...more });
          const { messages, complete } = await reader.next('history');
          return { messages, complete };
        };
        const { seq } = all[room][7];
        assert.deepEqual(await ask({}), { messages: all[room], complete: true });
        assert.deepEqual(await ask({ before: seq }), { messages: all[room].slice(0, 7), complete: true });
        assert.deepEqual(await ask({ before: seq, limit: 7 }), { messages: all[room].slice(0, 7), complete: true });
        assert.deepEqual(await ask({ before: seq, limit: 6 }), { messages: all[room].slice(1, 7), complete: false });
        assert.deepEqual(await ask({ limit: 2 }), { messages: all[room].slice(-2), complete: false });
        assert.deepEqual(await ask({ before: 0 }), { messages: [], complete: true });

        const next = await store(reader, 'and on');
        assert.ok(next > all[room].at(-1).seq, `${next} comes after ${all[room].at(-1).seq}`);
        assert.equal(await plain.receive(), '[reader] and on');
      }
      await end(second, how);
    });
  }
}

test('without a file nothing is there again, and the epoch is another', async (t) => {
  const first = await Server.start(t);
  const { epoch } = await storeAll(first, ['one']);
  await end(first);
  const second = await Server.start(t);
  const back = await JsonMember.join(second, `/chat?since=0&epoch=${epoch}`);
  assert.equal(back.welcome.recovered, false);
  assert.notEqual(back.welcome.epoch, epoch);
  assert.deepEqual(await wholeHistory(back), []);
});

test('more is there than is remembered', async (t) => {
  const options = ['--data', await dataFile(t), '--retain-messages', '5', '--history', '20'];
  const server = await Server.start(t, ...options);
  const numbers = times(50, String);
  const { epoch } = await storeAll(server, numbers);
  const all = await history(server);
  assert.deepEqual(textsOf(all), numbers);
  const back = await JsonMember.join(server, `/chat?since=${all[9].seq}&epoch=${epoch}`);
  assert.equal(back.welcome.recovered, true);
  assert.deepEqual(said((await back.settle()).before), all.slice(10));
  const plain = await server.join();
  for (const n of numbers.slice(-20)) assert.equal(await plain.receive(), `[writer] ${n}`);
});

test('who comes while it is said is sent it once', async (t) => {
  const server = await Server.start(t, '--data', await dataFile(t), '--retain-messages', '3');
  const writer = await JsonMember.join(server, '/chat?name=writer');
  const first = await store(writer, 'first');
  const { epoch } = writer.welcome;
  const total = 1000;
  let stored = 0;
  const talk = async () => {
    for (let n = 0; n < total; ++n) {
      writer.say(String(n), { ref: String(n) });
      // A few at a time.
      for (; n - stored >= 8; ++stored) await writer.next('ack');
    }
    for (; stored < total; ++stored) await writer.next('ack');
  };
  const visit = async () => {
    for (let since = first, next = 0; next < total;) {
      const visitor = await JsonMember.join(server, `/chat?since=${since}&epoch=${epoch}`);
      assert.equal(visitor.welcome.recovered, true);
      for (let count = 0; count < 60 && next < total; ++count, ++next) {
        const { seq, text } = await visitor.next('message');
        assert.equal(text, String(next));
        assert.ok(seq > since);
        since = seq;
      }
      visitor.destroy();
    }
  };
  await Promise.all([talk(), visit(), visit(), visit()]);
});

test('what was acknowledged before a SIGKILL is there, once and in order', async (t) => {
  const options = ['--data', await dataFile(t), '--threads', '2'];
  const rooms = ['/chat', '/chat/one', '/chat/two'];
  const sent = Object.fromEntries(rooms.map((room) => [room, []]));
  const acknowledged = Object.fromEntries(rooms.map((room) => [room, new Map()]));
  for (let life = 0; life < 6; ++life) {
    const server = await Server.start(t, ...options);
    let acks = 0;
    let enough;
    const reached = new Promise((resolve) => (enough = resolve));
    const talk = async (room) => {
      const writer = await JsonMember.join(server, room);
      const say = () => {
        const text = `${life}.${sent[room].length}`;
        sent[room].push(text);
        writer.say(text, { ref: text, echo: false });
      };
      times(10, say);
      try {
        for (;;) {
          const { ref, seq } = await writer.next('ack');
          acknowledged[room].set(ref, seq);
          if (++acks === 100 + 37 * life) enough();
          say();
        }
      } catch (error) {
        assert.match(error.message, /^closed with/);
      }
    };
    const talks = Promise.all(rooms.map(talk));
    await within(reached, 'acknowledgements');
    await end(server, 'SIGKILL');
    await talks;
  }
  const server = await Server.start(t, ...options);
  for (const room of rooms) {
    const found = await history(server, room);
    const there = new Map(found.map(({ text, seq }) => [text, seq]));
    assert.equal(there.size, found.length, 'nothing is there twice');
    for (const [text, seq] of acknowledged[room]) assert.equal(there.get(text), seq, `${text} in ${room}`);
    const order = new Map(sent[room].map((text, n) => [text, n]));
    const places = found.map(({ text }) => order.get(text));
    assert.deepEqual(places, [...places].sort((a, b) => a - b));
    assert.deepEqual(found.map(({ seq }) => seq), [...new Set(found.map(({ seq }) => seq))].sort((a, b) => a - b));
  }
});

test('what was heard before a SIGKILL is there', async (t) => {
  const options = ['--data', await dataFile(t)];
  const first = await Server.start(t, ...options);
  const writer = await first.join('/chat?name=writer');
  const reader = await JsonMember.join(first, '/chat?name=reader');
  const heard = [];
  for (let n = 0; n < 5000; ++n) writer.send(`${n} ${'x'.repeat(100)}`);
  while (heard.length < 300) heard.push((await reader.next('message')).text);
  await end(first, 'SIGKILL');
  for (;;) {
    const frame = await reader.receive().catch(() => undefined);
    if (!frame) break;
    heard.push(frame.text);
  }
  const second = await Server.start(t, ...options);
  assert.deepEqual(textsOf(await history(second)).slice(0, heard.length), heard);
});

test('killed while members come and go it begins again, each time', async (t) => {
  const options = ['--data', await dataFile(t)];
  let epoch;
  for (let life = 0; life < 5; ++life) {
    const server = await Server.start(t, ...options);
    const visit = async (n) => {
      for (;;) {
        const member = await JsonMember.join(server, `/chat/r${n % 3}?since=0&epoch=${epoch}`);
        await store(member, `${life} of ${n}`);
        if (n % 2) member.destroy();
        else await member.close();
      }
    };
    const visits = times(10, (n) => visit(n).catch(() => {}));
    const member = await JsonMember.join(server, '/chat/r0?name=watcher');
    epoch ??= member.welcome.epoch;
    assert.equal(member.welcome.epoch, epoch);
    for (let n = 0; n < 10 + life; ++n) await member.next('message');
    await end(server, 'SIGKILL');
    await Promise.all(visits);
  }
});

// how much, and for how long

test('binary messages are stored, too, and stand in nobody’s way', async (t) => {
  const options = ['--data', await dataFile(t), '--binary', 'relay', '--history', '3'];
  const first = await Server.start(t, ...options);
  const writer = await first.join('/chat?name=writer');
  const bytes = times(150, (n) => Buffer.from([0, n, 255]));
  writer.send('first');
  for (const each of bytes) writer.send(each, { binary: true });
  writer.send('last');
  do; while (String(await writer.receiveBytes()) !== '[writer] last');
  await end(first);
  const second = await Server.start(t, ...options);
  const plain = await second.join();
  assert.deepEqual([await plain.receiveBytes(), await plain.receiveBytes()], bytes.slice(-2).map((binary) => ({ binary })));
  assert.equal(await plain.receive(), '[writer] last');
  assert.deepEqual(textsOf(await history(second)), ['first', 'last']);
});

test('of each room the newest messages are kept, as many as was said', async (t) => {
  const options = ['--data', await dataFile(t), '--data-messages', '10', '--history', '100'];
  const first = await Server.start(t, ...options);
  const many = times(300, String);
  const { epoch, seqs } = await storeAll(first, many);
  await storeAll(first, ['few'], '/chat/ops?name=writer');
  await end(first);
  const second = await Server.start(t, ...options);
  assert.deepEqual(textsOf(await history(second)), many.slice(-10));
  assert.deepEqual(textsOf(await history(second, '/chat/ops')), ['few']);
  const plain = await second.join();
  for (const text of many.slice(-10)) assert.equal(await plain.receive(), `[writer] ${text}`);
  const resume = async (since) => {
    const member = await JsonMember.join(second, `/chat?since=${since}&epoch=${epoch}`);
    return [member.welcome.recovered, textsOf(said((await member.settle()).before))];
  };
  assert.deepEqual(await resume(seqs.at(-11)), [true, many.slice(-10)]);
  assert.deepEqual(await resume(seqs.at(-12)), [false, []], 'a message that was missed is given up');
  assert.deepEqual(await resume(0), [false, []]);
  await end(second);
  // With fewer kept the rest goes, and does not come back.
  const third = await Server.start(t, '--data', options[1], '--data-messages', '4');
  assert.deepEqual(textsOf(await history(third)), many.slice(-4));
});

test('what is too old is not there any more', async (t) => {
  const options = ['--data', await dataFile(t), '--data-age', '1s', '--retain-age', '100ms'];
  const server = await Server.start(t, ...options);
  const { epoch } = await storeAll(server, ['one', 'two']);
  const empty = async () => {
    while ((await history(server)).length > 0) await pause(50);
  };
  await within(empty(), 'the end of its age');
  await end(server);
  const again = await Server.start(t, ...options);
  assert.deepEqual(await history(again), []);
  assert.equal((await JsonMember.join(again, `/chat?since=0&epoch=${epoch}`)).welcome.recovered, false);
});

test('a bad value is refused, and its option named', async (t) => {
  const file = await dataFile(t);
  for (const [option, value] of [['--data-messages', 'many'], ['--data-messages', '-1'], ['--data-messages', '1.5'], ['--data-age', 'old'], ['--data-age', '-1s'], ['--data', '']]) {
    const { status, stderr } = await run('--port', '0', '--data', file, `${option}=${value}`);
    assert.equal(status, 2, `${option}=${value}`);
    assertOneLine(stderr, option);
  }
  assert.deepEqual(await readdir(dirname(file)), [], 'nothing was written');
});

// a file that cannot be

async function assertRefused(file, ...before) {
  const { status, stdout, stderr } = before.length ? await runBy(before, file) : await run('--port', '0', '--data', file);
  assert.equal(status, 1, stderr);
  assert.equal(stdout, '');
  assertOneLine(stderr, '--data', file);
  return stderr;
}

async function runBy(before, file) {
  const [command, ...words] = before;
  try {
    execFileSync(command, [...words, process.env.ROOMCAST, '--port', '0', '--data', file], { encoding: 'utf8', stdio: 'pipe', timeout: 20_000 });
    return { status: 0, stdout: '', stderr: '' };
  } catch ({ status, stdout, stderr }) {
    return { status, stdout, stderr };
  }
}

test('a file in a folder that is not there is refused', async (t) => {
  await assertRefused(join(dirname(await dataFile(t)), 'no', 'rooms.db'));
});

test('a folder is refused, and so is a file where a folder should be', async (t) => {
  const file = await dataFile(t);
  await assertRefused(dirname(file));
  await writeFile(file, '');
  await assertRefused(join(file, 'rooms.db'));
});

test('a file that cannot be written is refused', { skip: isRoot && !canMount && 'root may write everything' }, async (t) => {
  const file = await dataFile(t);
  const folder = dirname(file);
  await end(await Server.start(t, '--data', file));
  const bytes = await readFile(file);
  if (isRoot) {
    const before = ['unshare', '-m', 'sh', '-c', `mount --bind '${folder}' '${folder}' && mount -o remount,bind,ro '${folder}' && exec "$0" "$@"`];
    assert.match(await assertRefused(file, ...before), /read-only/i);
    assert.match(await assertRefused(join(folder, 'another.db'), ...before), /read-only/i);
  } else {
    await chmod(file, 0o444);
    await assertRefused(file);
    await chmod(folder, 0o555);
    await assertRefused(join(folder, 'another.db'));
    await chmod(folder, 0o755);
  }
  assert.deepEqual(await readFile(file), bytes);
});

test('a file that another server has open is refused, and the other goes on', async (t) => {
  const file = await dataFile(t);
  const server = await Server.start(t, '--data', file);
  await storeAll(server, ['one']);
  await assertRefused(file);
  await storeAll(server, ['two']);
  await end(server, 'SIGKILL');
  assert.deepEqual(textsOf(await history(await Server.start(t, '--data', file))), ['one', 'two']);
});

test("another program's database is refused, and left as it is", async (t) => {
  const file = await dataFile(t);
  await end(await Server.start(t, '--data', file));
  const bytes = await readFile(file);
  bytes.writeUInt32BE(0x12345678, 68);  // the application's id
  await writeFile(file, bytes);
  await assertRefused(file);
  assert.deepEqual(await readFile(file), bytes);
});

// a file that is damaged

const damages = {
  'that begins with something else': (file) => writeFile(file, Buffer.concat([Buffer.from('this is no database '), Buffer.alloc(8000, 7)])),
  'whose pages are overwritten': async (file) => {
    const { size } = await stat(file);
    const handle = await open(file, 'r+');
    await handle.write(Buffer.alloc(size - 4096, 0xa5), 0, size - 4096, 4096);
    await handle.close();
  },
  'that was cut off': (file) => truncate(file, 6000),
  'of one byte': (file) => writeFile(file, 'x'),
};

for (const [which, damage] of Object.entries(damages)) {
  test(`a file ${which} is set aside as it is, and the rooms begin anew`, async (t) => {
    const file = await dataFile(t);
    const first = await Server.start(t, '--data', file);
    const { epoch } = await storeAll(first, times(50, (n) => `${n} ${'x'.repeat(1000)}`));
    await end(first);
    for (const round of [1, 2]) {
      await damage(file);
      const before = await readFile(file);
      const server = await Server.start(t, '--data', file);
      const back = await JsonMember.join(server, `/chat?since=0&epoch=${epoch}`);
      assert.equal(back.welcome.recovered, false);
      assert.notEqual(back.welcome.epoch, epoch);
      assert.deepEqual(await wholeHistory(back), []);
      assert.deepEqual(await readFile(`${file}.damaged-${round}`), before);
      for (const n of times(50, String)) await store(back, `${n} ${'x'.repeat(1000)}`);
      await back.close();
      const stderr = await end(server);
      assert.match(stderr, /damaged/);
      assert.ok(stderr.includes(`${file}.damaged-${round}`), stderr);
    }
  });
}

test('a copy that is taken while it runs, with what belongs to it, is a whole', async (t) => {
  const file = await dataFile(t);
  const server = await Server.start(t, '--data', file);
  await storeAll(server, ['one', 'two']);
  const copy = join(dirname(file), 'copy');
  await mkdir(copy);
  for (const name of (await readdir(dirname(file))).filter((each) => each.startsWith('rooms.db'))) await copyFile(join(dirname(file), name), join(copy, name));
  assert.deepEqual(textsOf(await history(await Server.start(t, '--data', join(copy, 'rooms.db')))), ['one', 'two']);
});

// a disk that does not take it

// Whatever `refuse` does must make the server fail to store, until `allow`.
async function assertHeals(server, refuse, allow) {
  const ada = await JsonMember.join(server, '/chat?name=ada');
  const bob = await server.join('/chat?name=bob');
  const eve = await JsonMember.join(server, '/chat/other?name=eve');
  const stored = [];
  const keep = async (text) => {
    await store(ada, text);
    stored.push(text);
  };
  await keep('before');
  for (let round = 0; round < 3; ++round) {
    await refuse();
    for (let n = 0; n < 5; ++n) {
      const answer = await attempt(ada, `lost ${round} ${n} ${'x'.repeat(10_000)}`);
      assert.deepEqual([answer.type, answer.code], ['error', 'not_stored']);
    }
    eve.say('also lost', { ref: 'e' });
    assert.equal((await eve.next('error')).code, 'not_stored');
    bob.send('lost, too');
    let line;
    do line = await bob.receive();
    while (line.startsWith('[ada] '));
    assert.match(line, /^\[server\] your message cannot be stored/);
    assert.equal((await server.request({ target: '/healthz' })).status, 200);
    assert.ok((await server.metric('not_stored_total')) >= 7 * (round + 1));
    const newcomer = await JsonMember.join(server, `/chat?name=new${round}`);
    assert.deepEqual(textsOf(await wholeHistory(newcomer)), stored, 'what is stored can be read');
    await newcomer.close();
    await allow();
    await keep(`after ${round}`);
    do line = await bob.receive();
    while (line !== `[ada] after ${round}`);
    eve.say('stored', { ref: 'e' });
    await eve.next('ack');
  }
  assert.equal((await ada.settle()).answer.count, 2);
  assert.deepEqual(textsOf(await history(server)), stored);
  assert.deepEqual(textsOf(await history(server, '/chat/other')), ['stored', 'stored', 'stored']);
  for (const each of [ada, eve]) await each.close();
  await bob.close(1000);
  return stored;
}

test('on a full disk senders are told, nobody else is hurt, and it goes on once there is room', { skip: !canMount && 'no file system can be mounted' }, async (t) => {
  const file = await dataFile(t);
  const folder = dirname(file);
  const script = `mount -t tmpfs -o size=1m none '${folder}' && exec "$0" "$@"`;
  const server = await Server.startBy(t, ['unshare', '-m', 'sh', '-c', script], '--data', file);
  const filler = `/proc/${server.pid}/root${folder}/filler`;
  const fill = async () => {
    const handle = await open(filler, 'w');
    try {
      for (;;) await handle.write(Buffer.alloc(4096));
    } catch (error) {
      assert.equal(error.code, 'ENOSPC');
    } finally {
      await handle.close();
    }
  };
  await assertHeals(server, fill, () => rm(filler));
  await end(server);
});

test('a file that may not grow is the same, and ends nobody', { skip: !canLimit && 'there is no prlimit' }, async (t) => {
  const file = await dataFile(t);
  const server = await Server.start(t, '--data', file);
  const limit = (bytes) => execFileSync('prlimit', ['--pid', String(server.pid), `--fsize=${bytes}:`]);
  const stored = await assertHeals(server, () => limit(4096), () => limit('unlimited'));
  await end(server, 'SIGKILL');
  assert.deepEqual(textsOf(await history(await Server.start(t, '--data', file))), stored);
});

test('files that become read-only are the same', { skip: !canProtect && 'files cannot be made immutable' }, async (t) => {
  const file = await dataFile(t);
  const files = [file, `${file}-wal`];
  const server = await Server.start(t, '--data', file);
  const allow = () => execFileSync('chattr', ['-i', ...files]);
  try {
    await assertHeals(server, () => execFileSync('chattr', ['+i', ...files]), allow);
  } finally {
    allow();
  }
  await end(server);
});

test('a server that ends while nothing can be stored ends well, and keeps what it had', { skip: !canLimit && 'there is no prlimit' }, async (t) => {
  const file = await dataFile(t);
  const first = await Server.start(t, '--data', file);
  const ada = await JsonMember.join(first, '/chat?name=ada');
  await store(ada, 'stored');
  execFileSync('prlimit', ['--pid', String(first.pid), '--fsize=4096:']);
  ada.say('lost', { ref: 'lost' });
  assert.equal((await ada.next('error')).ref, 'lost');
  await end(first);
  assert.deepEqual(textsOf(await history(await Server.start(t, '--data', file))), ['stored']);
});
