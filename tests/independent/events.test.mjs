// A room as an event stream, seen by node's own HTTP client.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { EventReader } from './event-reader.mjs';
import { JsonMember, protocols } from './json-member.mjs';
import { Server, frame, httpRequest, opcodes, within } from './server.mjs';

const times = (count, make) => Array.from({ length: count }, (_, n) => make(n));
const accept = { Accept: 'text/event-stream' };

const texts = [
  '', ' ', 'hi', 'two\nlines', 'two\r\nlines', 'a\rb', '\n', '\n\n', 'data: x\n\nevent: goodbye\ndata: y\n\n', ': a comment', 'id: 7', 'retry: 0',
  'a\u0085b', 'line\u2028and paragraph\u2029', '\ufeffmark', '\u0000\u0001\u001f\u007f', 'a"b\\c/', '👩‍👩‍👧‍👦 你好 שלום', '\u{10ffff}\ufffe\uffff', 'x'.repeat(60_000), '\n'.repeat(10_000),
];

// Waits until the server has so many members, readers included.
function membersAre(server, count) {
  const reached = async () => {
    while ((await server.metric('members')) !== count) await pause(20);
  };
  return within(reached(), `${count} members`);
}

// what is read

test('the answer is an event stream that nobody keeps', async (t) => {
  const server = await Server.start(t);
  const reader = await EventReader.open(server, '/chat/ops');
  const { headers, httpVersion } = await reader.response;
  assert.equal(httpVersion, '1.1');
  assert.match(headers['content-type'], /^text\/event-stream(; charset=utf-8)?$/);
  assert.match(headers['cache-control'], /no-store|no-cache/);
  assert.equal(headers['content-length'], undefined);
  assert.equal(headers['access-control-allow-origin'], undefined);
  const { epoch, ...welcome } = reader.welcome;
  assert.deepEqual(welcome, { type: 'welcome', room: 'ops', seq: 0, recovered: false, members: 0 });
  assert.match(epoch, /^[A-Za-z0-9_-]+$/);
});

test('what is said comes as it was said, as JSON members hear it', async (t) => {
  const server = await Server.start(t);
  const names = ['ada', 'a"b', 'a\\b', 'Zoë', '\u{1d49c}', '</script>', 'data: x', 'x'];
  const watcher = await JsonMember.join(server, '/chat?name=watcher');
  const reader = await EventReader.open(server);
  for (const [n, text] of texts.entries()) {
    const name = names[n % names.length];
    const speaker = n % 2 ? await server.join(`/chat?name=${encodeURIComponent(name)}`) : await JsonMember.join(server, `/chat?name=${encodeURIComponent(name)}`);
    if (n % 2) speaker.send(text);
    else speaker.say(text);
    const heard = await reader.message();
    assert.deepEqual(heard, await watcher.next('message'));
    assert.deepEqual([heard.name, heard.text], [name, text]);
    await speaker.close(1000);
    await watcher.next('leave');
  }
});

test('each hears its own room, whatever its name is written like', async (t) => {
  const server = await Server.start(t);
  const readers = { lobby: await EventReader.open(server), ops: await EventReader.open(server, '/chat/%6fps'), 'a~b': await EventReader.open(server, '/chat/a%7Eb?x=%2F') };
  const targets = { lobby: '/chat', ops: '/chat/ops', 'a~b': '/chat/a~b' };
  const members = {};
  for (const room of Object.keys(readers)) {
    assert.equal(readers[room].welcome.room, room);
    members[room] = await JsonMember.join(server, targets[room]);
  }
  for (const n of times(20, String)) for (const room of Object.keys(readers)) members[room].say(`${room} ${n}`);
  for (const n of times(20, String)) for (const room of Object.keys(readers)) assert.equal((await readers[room].message()).text, `${room} ${n}`);
});

test('who reads is nobody that others are told of', async (t) => {
  const server = await Server.start(t);
  const member = await JsonMember.join(server);
  const readers = await Promise.all(times(3, () => EventReader.open(server)));
  for (const each of readers) assert.equal(each.welcome.members, 1);
  for (const each of readers) each.destroy();
  await membersAre(server, 1);
  const { before, answer } = await member.settle();
  assert.deepEqual(before, []);
  assert.equal(answer.count, 1);
});

test('of many readers each hears all, in one order', async (t) => {
  const server = await Server.start(t);
  const readers = await Promise.all(times(50, () => EventReader.open(server)));
  const speakers = await Promise.all(times(5, () => server.join()));
  for (let n = 0; n < 40; ++n) for (const [i, each] of speakers.entries()) each.send(`${i}.${n}`);
  const heard = await Promise.all(readers.map(async (each) => {
    const all = [];
    while (all.length < 200) all.push(await each.message());
    return all;
  }));
  for (const each of heard) assert.deepEqual(each, heard[0]);
  assert.equal(new Set(heard[0].map(({ text }) => text)).size, 200);
});

test('a newcomer is sent what plain-text newcomers are', async (t) => {
  const server = await Server.start(t, '--history', '2');
  const member = await JsonMember.join(server);
  for (const text of ['one', 'two', 'three']) member.say(text, { ref: text });
  await member.receiveUntil(({ ref, type }) => type === 'ack' && ref === 'three');
  const reader = await EventReader.open(server);
  assert.deepEqual([(await reader.message()).text, (await reader.message()).text], ['two', 'three']);
});

test('binary messages are left out', async (t) => {
  const server = await Server.start(t, '--binary', 'relay');
  const reader = await EventReader.open(server);
  const speaker = await server.join();
  speaker.send(Buffer.from([0, 10, 13, 255]), { binary: true });
  speaker.send('text');
  assert.equal((await reader.message()).text, 'text');
});

test('without anything to say there are comments', async (t) => {
  const server = await Server.start(t, '--ping-interval', '100ms', '--pong-timeout', '100ms');
  const reader = await EventReader.open(server);
  for (let n = 0; n < 3; ++n) await reader.comment();
  const speaker = await server.join();
  speaker.send('hi');
  assert.equal((await reader.message()).text, 'hi', 'and nobody has to answer them');
});

// coming back

test('who comes back with its last id gets what it has missed, and what follows', async (t) => {
  const server = await Server.start(t);
  const member = await JsonMember.join(server);
  const first = await EventReader.open(server);
  const { epoch } = first.welcome;
  const all = [];
  const say = async (text) => {
    member.say(text);
    all.push(await first.message());
  };
  for (const text of times(10, String)) await say(text);
  for (const heard of [1, 4, 9, 10]) {
    const { seq } = all[heard - 1];
    const ways = [
      ['/chat', { lastId: seq }],
      [`/chat?epoch=${epoch}`, { lastId: seq }],
      [`/chat?since=${seq}&epoch=${epoch}`],
      [`/chat?since=${seq}`],
      [`/chat?since=0&epoch=${epoch}`, { lastId: seq }],
    ];
    for (const [target, options] of ways) {
      const back = await EventReader.open(server, target, options);
      assert.deepEqual([back.welcome.recovered, back.welcome.epoch, back.welcome.seq], [true, epoch, all.at(-1).seq], target);
      await say('next');
      for (const each of all.slice(heard)) assert.deepEqual(await back.message(), each, target);
      back.destroy();
    }
  }
});

test('what cannot be recovered is told, and is not sent', async (t) => {
  const server = await Server.start(t, '--retain-messages', '2');
  const member = await JsonMember.join(server);
  const reader = await EventReader.open(server);
  const { epoch } = reader.welcome;
  let last;
  const say = async (text) => {
    member.say(text);
    last = (await reader.message()).seq;
  };
  for (const text of times(300, String)) await say(text);
  const cases = {
    forgotten: ['/chat', 1],
    'another epoch': [`/chat?epoch=${epoch}x`, last],
    'not said yet': ['/chat', last + 100],
    never: ['/chat', '18446744073709551615'],
  };
  for (const [what, [target, lastId]] of Object.entries(cases)) {
    const back = await EventReader.open(server, target, { lastId });
    assert.deepEqual([back.welcome.recovered, back.welcome.seq], [false, last], what);
    await say(what);
    assert.equal((await back.message()).text, what);
    back.destroy();
  }
});

for (const [how, options] of [['from memory', []], ['from a file', ['--retain-messages', '8']]]) {
  test(`who comes and goes while somebody talks at full speed loses nothing and hears nothing twice, ${how}`, async (t) => {
    if (options.length) {
      const folder = await mkdtemp(join(tmpdir(), 'roomcast-'));
      t.after(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
      options.push('--data', join(folder, 'rooms.db'));
    } else {
      options.push('--retain-messages', '100000');
    }
    const server = await Server.start(t, ...options);
    const speaker = await JsonMember.join(server);
    speaker.say('first', { ref: 'first' });
    const { seq: first } = await speaker.next('ack');
    const total = 3000;
    const talk = async () => {
      for (let n = 0, acknowledged = 0; acknowledged < total; ++acknowledged) {
        for (; n < total && n - acknowledged < 16; ++n) speaker.say(String(n), { ref: String(n), echo: false });
        await speaker.next('ack');
      }
    };
    const visit = async (stay) => {
      for (let lastId = first, next = 0; next < total;) {
        const reader = await EventReader.open(server, '/chat', { lastId });
        assert.equal(reader.welcome.recovered, true);
        for (let count = 0; count < stay && next < total; ++count, ++next) {
          const { seq, text } = await reader.message();
          assert.equal(text, String(next));
          lastId = seq;
        }
        reader.destroy();
      }
    };
    await Promise.all([talk(), visit(37), visit(101), visit(total)]);
  });
}

test('with a file, who comes back after an end gets what it has missed', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'roomcast-'));
  t.after(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  const options = ['--data', join(folder, 'rooms.db'), '--history', '1'];
  let lastId;
  const missed = [];
  for (const how of ['SIGTERM', 'SIGKILL', 'SIGTERM']) {
    const server = await Server.start(t, ...options);
    const reader = await EventReader.open(server, '/chat/ops', { lastId });
    assert.equal(reader.welcome.recovered, lastId !== undefined);
    while (missed.length > 0) assert.deepEqual(await reader.message(), missed.shift());
    const member = await JsonMember.join(server, '/chat/ops?name=ada');
    for (const text of texts) {
      member.say(text);
      const { type, ...message } = await member.next('message');
      const { type: same, ...heard } = await reader.message();
      assert.deepEqual(heard, message);
      lastId = heard.seq;
    }
    reader.destroy();
    for (const text of texts) {
      member.say(text, { ref: 'missed' });
      missed.push(await member.next('message'));
    }
    await member.receiveUntil(({ type }) => type === 'ack');
    server.signal(how);
    await server.ended;
  }
});

// who is refused

test('what is not asked for as it should be is refused', async (t) => {
  const server = await Server.start(t);
  const cases = [
    [426, { headers: {} }],
    [426, { headers: { Accept: '*/*' } }],
    [426, { headers: { Accept: 'text/html' } }],
    [403, { headers: { ...accept, Origin: 'https://evil.example' } }],
    [403, { headers: { ...accept, Origin: 'null' } }],
    [404, { target: '/chat/a%20b' }],
    [404, { target: '/chat/' }],
    [404, { target: `/chat/${'x'.repeat(65)}` }],
    [404, { target: '/chat/a/b' }],
    [404, { target: '/chat/%256fps' }],
    [404, { target: '/chatter' }],
    ...['x', '-1', '+1', '1.5', '1 2', '0x10', '18446744073709551616', '9'.repeat(4000)].map((id) => [400, { headers: { ...accept, 'Last-Event-ID': id } }]),
    ...['', 'x', '-1', '18446744073709551616'].map((since) => [400, { target: `/chat?since=${since}` }]),
    [431, { headers: { ...accept, 'Last-Event-ID': '9'.repeat(10_000) } }],
    [405, { method: 'POST' }],
    [405, { method: 'HEAD' }],
    [405, { method: 'PUT' }],
    [400, { headers: { ...accept, 'Content-Length': '1' }, body: 'x' }],
    [400, { headers: { ...accept, Host: null } }],
  ];
  for (const [expected, { headers = accept, ...request }] of cases) {
    const { status, body, headers: told } = await server.request({ target: '/chat', headers, ...request });
    assert.equal(status, expected, JSON.stringify({ headers, ...request }).slice(0, 200));
    if (request.method !== 'HEAD') assert.match(body, /^[^\n]+\n?$/);
    if (status === 426) assert.match(told.upgrade, /websocket/i);
    if (status === 405) assert.equal(told.allow, 'GET');
  }
  assert.equal(await server.metric('members'), 0);
});

test('the events may be asked for among others', async (t) => {
  const server = await Server.start(t);
  for (const each of ['text/event-stream, */*', 'text/html, text/event-stream;q=0.9', 'text/event-stream; charset=utf-8', 'Text/Event-Stream']) {
    (await EventReader.open(server, '/chat', { headers: { Accept: each } })).destroy();
  }
});

test('a page of an allowed origin may read them', async (t) => {
  const server = await Server.start(t, '--allow-origin', 'https://friend.example');
  const reader = await EventReader.open(server, '/chat', { headers: { Origin: 'https://friend.example' } });
  const { headers } = await reader.response;
  assert.equal(headers['access-control-allow-origin'], 'https://friend.example');
  assert.match(headers.vary, /origin/i);
  await EventReader.open(server, '/chat', { headers: { Origin: `http://127.0.0.1:${server.port}` } });
});

test('a room that is full takes no reader, until one has gone', async (t) => {
  const server = await Server.start(t, '--max-members', '3');
  await server.join();
  await EventReader.open(server);
  const last = await EventReader.open(server);
  assert.equal((await server.request({ target: '/chat', headers: accept })).status, 503);
  assert.equal((await server.refusal('/chat')).status, 503);
  await EventReader.open(server, '/chat/elsewhere');
  last.destroy();
  await membersAre(server, 3);
  await server.join();
});

// how it ends

test('who goes is gone', async (t) => {
  const server = await Server.start(t);
  const readers = await Promise.all(times(30, (n) => EventReader.open(server, `/chat/r${n % 3}`)));
  assert.equal(await server.metric('members'), 30);
  for (const each of readers.slice(10)) each.destroy();
  await membersAre(server, 10);
  for (const each of readers) each.destroy();
  await membersAre(server, 0);
  assert.equal(await server.metric('leaves_total'), 30);
});

test('a stop tells each when to come back, and ends the stream', async (t) => {
  const server = await Server.start(t, '--drain-timeout', '10s');
  const readers = await Promise.all(times(20, (n) => EventReader.open(server, n % 2 ? '/chat' : '/chat/ops')));
  const member = await JsonMember.join(server);
  member.say('the last');
  await member.next('message');
  server.signal('SIGTERM');
  const waits = new Set();
  for (const [n, each] of readers.entries()) {
    if (n % 2) assert.equal((await each.message()).text, 'the last');
    const { type, retry, data } = await each.receive();
    assert.deepEqual([type, data.type, data.reason], ['goodbye', 'goodbye', 'restart']);
    assert.equal(retry, String(data.retry_after_ms));
    assert.match(retry, /^[1-9]\d*$/);
    waits.add(retry);
    assert.equal((await each.ended).rest, '');
  }
  assert.ok(waits.size > 10, 'each at a time of its own');
  assert.equal(await member.closed(), 1012);
  assert.equal((await server.ended).status, 0);
});

test('a reader that does not hang up holds a stop no longer than the drain timeout', async (t) => {
  const server = await Server.start(t, '--drain-timeout', '1s');
  const reader = await server.connect({ allowHalfOpen: true });
  reader.write(httpRequest(server.port, { target: '/chat', headers: accept }));
  assert.equal((await reader.response()).status, 200);
  server.signal('SIGTERM');
  assert.equal((await server.ended).status, 0);
});

test('while it drains nobody begins to read', async (t) => {
  const server = await Server.start(t, '--drain-timeout', '10s');
  // A member that does not answer the close keeps the server draining.
  const connection = await server.connectAndJoin();
  server.signal('SIGTERM');
  assert.equal(await connection.closeCode(), 1012);
  const { status, headers } = await server.request({ target: '/chat', headers: accept });
  assert.equal(status, 503);
  assert.match(headers['retry-after'], /^\d+$/);
  server.signal('SIGTERM');
  await server.ended;
});

// harm

test('what comes after the request is nobody’s message, and no other request', async (t) => {
  const server = await Server.start(t);
  const member = await JsonMember.join(server);
  const more = [httpRequest(server.port, { target: '/healthz' }), frame(opcodes.text, 'hi'), Buffer.alloc(1_000_000, 'x')];
  for (const each of more) {
    const reader = await server.connect();
    reader.write(Buffer.concat([Buffer.from(httpRequest(server.port, { target: '/chat', headers: accept })), Buffer.from(each)]));
    assert.equal((await reader.response()).status, 200);
    reader.write(each);
    member.say('said');
    let heard = '';
    while (!heard.includes('"text":"said"')) heard += await reader.bytes(1);
    assert.ok(!heard.includes('HTTP/1.1'), heard);
    reader.destroy();
  }
  const { before } = await member.settle();
  assert.deepEqual(before.map(({ text }) => text), ['said', 'said', 'said']);
  assert.equal(await server.metric('messages_in_total'), 4); // with the question that settles
});

for (const policy of ['close', 'skip']) {
  test(`a slow reader harms nobody, and ${policy === 'close' ? 'is cut off' : 'is told of the gap'}`, async (t) => {
    const server = await Server.start(t, '--slow-reader', policy, '--max-lag', '64KiB', '--send-buffer', '16KiB');
    const fast = await EventReader.open(server);
    const slow = await EventReader.open(server);
    const speaker = await JsonMember.join(server);
    slow.stopReading();
    const counted = `slow_readers_total{action="${policy}"}`;
    const said = [];
    for (let n = 0; n < 4000 && !(n % 20 === 0 && (await server.metric(counted)) > 0); ++n) {
      speaker.say(`${n} ${'x'.repeat(10_000)}`, { echo: false });
      said.push((await fast.message()).seq);
    }
    slow.readAgain();
    if (policy === 'close') {
      await slow.ended;
      const heard = [];
      for (;;) {
        const message = await slow.message().catch(() => undefined);
        if (!message) break;
        heard.push(message.seq);
      }
      assert.ok(heard.length < said.length);
      assert.deepEqual(heard, said.slice(0, heard.length));
      await membersAre(server, 2);
      return;
    }
    speaker.say('the last', { echo: false });
    said.push((await fast.message()).seq);
    let gaps = 0;
    for (let last = 0, text; text !== 'the last';) {
      const { type, data } = await slow.receive();
      if (type === 'gap') {
        ++gaps;
        assert.ok(data.from > last && data.to >= data.from, `a gap from ${data.from} to ${data.to} after ${last}`);
        while (said[0] <= data.to) assert.ok(said.shift() >= data.from);
        last = data.to;
      } else {
        assert.equal(data.seq, said.shift());
        last = data.seq;
        text = data.text;
      }
    }
    assert.ok(gaps > 0);
    assert.deepEqual(said, []);
  });
}

const nothingToHear = {
  'a join': async (server) => (await server.join('/chat?name=visitor')).close(1000),
  'a binary message': (server, speaker) => speaker.send(Buffer.from([0]), { binary: true }),
};
for (const [what, happens] of Object.entries(nothingToHear)) {
  test(`who is skipped to ${what}, which is nothing to a reader, hears what follows`, async (t) => {
    const server = await Server.start(t, '--slow-reader', 'skip', '--max-lag', '16KiB', '--send-buffer', '16KiB', '--binary', 'relay');
    // Somebody whom joins are told.
    await server.join('/chat?name=watcher', { protocols });
    const speaker = await server.join('/chat?name=speaker');
    const fast = await EventReader.open(server);
    const slow = await EventReader.open(server);
    slow.stopReading();
    for (let n = 0; n < 2000 && (await server.metric('slow_readers_total{action="skip"}')) < 10; ++n) {
      speaker.send('x'.repeat(12_000));
      await fast.receive();
      await happens(server, speaker);
    }
    slow.readAgain();
    speaker.send('the last');
    let last = 0;
    for (let data; data?.text !== 'the last'; last = data.to ?? data.seq) {
      ({ data } = await slow.receive());
      assert.ok((data.from ?? data.seq) > last && (data.to ?? data.seq) >= (data.from ?? 0), `${JSON.stringify(data).slice(0, 80)} after ${last}`);
    }
  });
}
