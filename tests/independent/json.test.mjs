// Members of roomcast.v1, seen from outside: each frame, byte for byte, and what becomes of every kind of bad input.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import test from 'node:test';
import { attack, gone, mallory, square } from './attack.mjs';
import { JsonMember, parseFrame, protocols } from './json-member.mjs';
import { Server, frame, opcodes, upgradeRequest, within } from './server.mjs';

const times = (count, make) => Array.from({ length: count }, (_, n) => make(n));
const ofType = (frames, type) => frames.filter((each) => each.type === type);

// the frames

test('each frame has its fields in their order, and nothing else', async (t) => {
  const server = await Server.start(t);
  const ada = await server.join('/chat/ops?name=ada', { protocols });
  const next = async () => {
    const text = await ada.receive();
    assert.equal(JSON.stringify(parseFrame(text)), text, 'there are no blanks, and no needless escapes');
    return JSON.parse(text);
  };
  const welcome = await next();
  assert.deepEqual(
    { ...welcome, epoch: '', key: '' },
    { type: 'welcome', id: welcome.id, name: 'ada', room: 'ops', epoch: '', seq: 0, recovered: false, members: 1, key: '' },
  );
  assert.match(welcome.epoch, /^[A-Za-z0-9_-]+$/);
  assert.match(welcome.key, /^[A-Za-z0-9_-]+$/);

  const bob = await server.join('/chat/ops?name=bob');
  const join = await next();
  assert.deepEqual(join, { type: 'join', id: join.id, name: 'bob' });
  assert.notEqual(join.id, welcome.id);

  const before = Date.now();
  ada.send('{"type":"message","text":"hi","ref":"a1"}');
  const message = await next();
  assert.deepEqual(message, { type: 'message', seq: message.seq, id: welcome.id, name: 'ada', time: message.time, text: 'hi' });
  assert.ok(Math.abs(Date.parse(message.time) - before) < 60_000, message.time);
  assert.deepEqual(await next(), { type: 'ack', ref: 'a1', seq: message.seq });
  assert.equal(await bob.receive(), '[ada] hi');

  bob.send('ho');
  const other = await next();
  assert.deepEqual(other, { type: 'message', seq: other.seq, id: join.id, name: 'bob', time: other.time, text: 'ho' });
  assert.ok(other.seq > message.seq);

  ada.send('{"type":"members","ref":"b7"}');
  const members = await next();
  const sorted = [...members.members].sort((a, b) => (a.name < b.name ? -1 : 1));
  assert.deepEqual({ ...members, members: sorted }, {
    type: 'members',
    ref: 'b7',
    count: 2,
    members: [{ id: welcome.id, name: 'ada' }, { id: join.id, name: 'bob' }],
  });
  const strip = ({ type, ...fields }) => fields;
  ada.send('{"type":"history","ref":"b8"}');
  assert.deepEqual(await next(), { type: 'history', ref: 'b8', messages: [strip(message), strip(other)], complete: true });
  ada.send(`{"type":"history","before":${other.seq},"limit":1}`);
  assert.deepEqual(await next(), { type: 'history', messages: [strip(message)], complete: true });
  ada.send('{"type":"history","limit":1}');
  assert.deepEqual(await next(), { type: 'history', messages: [strip(other)], complete: false });

  ada.send('{"type":"message","ref":"a2"}');
  const error = await next();
  assert.deepEqual(error, { type: 'error', ref: 'a2', code: 'bad_field', message: error.message });
  ada.send('what?');
  const unread = await next();
  assert.deepEqual(unread, { type: 'error', code: 'bad_json', message: unread.message });

  await bob.close(1000);
  assert.deepEqual(await next(), { type: 'leave', id: join.id, name: 'bob' });
});

test('who is stopped is told when to come back, and each at a time of its own', async (t) => {
  const server = await Server.start(t);
  const members = [];
  for (let n = 0; n < 20; ++n) members.push(await JsonMember.join(server));
  server.signal('SIGTERM');
  const waits = [];
  for (const each of members) {
    const { reason, retry_after_ms } = await each.next('goodbye');
    assert.equal(reason, 'restart');
    waits.push(retry_after_ms);
    assert.equal(await each.closed(), 1012);
  }
  assert.ok(new Set(waits).size > 10, `they come back after ${waits} ms`);
  assert.equal((await server.ended).status, 0);
});

test('a gap tells exactly what was left out', async (t) => {
  const server = await Server.start(t, '--slow-reader', 'skip', '--max-lag', '64KiB', '--send-buffer', '16KiB');
  const reader = await JsonMember.join(server, '/chat?name=reader');
  const slow = await JsonMember.join(server, '/chat?name=slow');
  const talker = await JsonMember.join(server, '/chat?name=talker');
  slow.client.stopReading();
  const heard = [];
  for (let n = 0; n < 4000 && !(n % 20 === 0 && (await server.metric('slow_readers_total{action="skip"}')) > 2); ++n) {
    talker.say('x'.repeat(10_000), { echo: false, ref: String(n) });
    heard.push((await reader.next('message')).seq);
  }
  slow.client.readAgain();
  talker.say('the last', { echo: false });
  heard.push((await reader.next('message')).seq);
  const frames = await slow.receiveUntil((each) => each.text === 'the last');
  const gaps = ofType(frames, 'gap');
  assert.ok(gaps.length > 0, 'there is a gap');
  let last = slow.welcome.seq;
  for (const each of frames) {
    if (each.type === 'message') {
      assert.ok(each.seq > last, `${each.seq} comes after ${last}`);
      assert.equal(heard.shift(), each.seq);
      last = each.seq;
    } else if (each.type === 'gap') {
      assert.ok(each.from > last && each.to >= each.from, `a gap from ${each.from} to ${each.to} after ${last}`);
      while (heard[0] <= each.to) assert.ok(heard.shift() >= each.from);
      last = each.to;
    }
  }
  assert.deepEqual(heard, []);
});

test('the subprotocol is chosen among others; who offers only others speaks plain text', async (t) => {
  const server = await Server.start(t);
  // A room each: whoever was there before leaves at a time of its own.
  const cases = [
    ...['roomcast.v1', 'chat, roomcast.v1', 'roomcast.v1,chat'].map((offer) => [offer, true]),
    ...['chat', 'roomcast.v10', 'ROOMCAST.V1'].map((offer) => [offer, false]),
  ];
  for (const [n, [offer, isJson]] of cases.entries()) {
    const member = await server.connect();
    member.write(upgradeRequest(server.port, { target: `/chat/room-${n}`, headers: { 'Sec-WebSocket-Protocol': offer } }));
    const { status, headers } = await member.response();
    assert.equal(status, 101, offer);
    assert.equal(headers['sec-websocket-protocol'], isJson ? 'roomcast.v1' : undefined, offer);
    member.write(frame(opcodes.text, isJson ? '{"type":"message","text":"hi"}' : 'hi'));
    if (isJson) assert.equal(parseFrame(await member.receive()).type, 'welcome', offer);
    const heard = await member.receive();
    if (isJson) assert.equal(parseFrame(heard).text, 'hi', offer);
    else assert.match(heard, /^\[user\d+\] hi$/, offer);
    member.destroy();
  }
});

// texts

const controls = times(32, (code) => `a${String.fromCharCode(code)}b`);
const texts = [
  '',
  ' ',
  ...controls,
  controls.join(''),
  '\u007f\u0080\u009f',
  '"', '\\', '\\"', '\\\\', '\\u0041', '/', '"}', '","seq":1', "'",
  'line\u2028and paragraph\u2029',
  '\ufeffwith a byte order mark',
  'Grüße, 你好, שלום, 👩‍👩‍👧‍👦, e\u0301',
  '\u{10000}\u{1d49c}\u{10ffff}\ufffe\uffff',
  ...times(20, (n) => 'x'.repeat(n) + '"' + '€'.repeat(n)),
  '\u0001'.repeat(5000),
  '{"type":"message","text":"in a text"}',
];

test('what is said in plain text comes to JSON as it was said', async (t) => {
  const server = await Server.start(t);
  const sender = await server.join('/chat?name=ada');
  const reader = await JsonMember.join(server);
  for (const text of texts) {
    sender.send(text);
    assert.equal((await reader.next('message')).text, text);
  }
});

// A string in which everything is an escape.
const escaped = (text) => `"${text.replace(/[^]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)}"`;

test('what is said in JSON comes to plain text byte for byte, however it was escaped, and is the same in JSON', async (t) => {
  const server = await Server.start(t);
  const plain = await server.join('/chat?name=plain');
  const sender = await JsonMember.join(server, '/chat?name=ada');
  for (const text of texts) {
    for (const written of [JSON.stringify(text), escaped(text)]) {
      sender.client.send(`{"text":${written},"type":"message"}`);
      assert.deepEqual(await plain.receiveBytes(), Buffer.from(`[ada] ${text}`));
      assert.equal((await sender.next('message')).text, text);
    }
  }
});

test('names and refs that have to be escaped come as they are', async (t) => {
  const server = await Server.start(t);
  const reader = await JsonMember.join(server, '/chat?name=reader');
  for (const name of ['a"b', 'a\\b', '\\"', 'Zoë', '\u{1d49c}\u{1d49c}', '</script>']) {
    const member = await JsonMember.join(server, `/chat?name=${encodeURIComponent(name)}`);
    assert.equal(member.welcome.name, name);
    assert.deepEqual(await reader.next('join'), { type: 'join', id: member.id, name });
    const ref = `${name}\u0000\n"\\`;
    member.say('hi', { ref });
    assert.equal((await reader.next('message')).name, name);
    assert.equal((await member.next('ack')).ref, ref);
    const { answer } = await member.settle(ref);
    assert.ok(answer.members.some((each) => each.name === name && each.id === member.id));
    await member.close();
    assert.deepEqual(await reader.next('leave'), { type: 'leave', id: member.id, name });
  }
});

// options

test('without echo its own messages are only acknowledged', async (t) => {
  const server = await Server.start(t, '--no-echo');
  const ada = await JsonMember.join(server, '/chat?name=ada');
  const bob = await JsonMember.join(server, '/chat?name=bob');
  await ada.next('join');
  ada.say('one', { ref: '1' });
  ada.say('two', { ref: '2', echo: true });
  const [one, two] = [await bob.receive(), await bob.receive()];
  assert.deepEqual([one.text, two.text], ['one', 'two']);
  bob.say('three');
  const heard = await ada.receiveUntil(({ text }) => text === 'three');
  assert.deepEqual(heard.slice(0, 2), [{ type: 'ack', ref: '1', seq: one.seq }, { type: 'ack', ref: '2', seq: two.seq }]);
  assert.equal(heard.length, 3);
});

test('one message may be without echo', async (t) => {
  const server = await Server.start(t);
  const ada = await JsonMember.join(server, '/chat?name=ada');
  const bob = await server.join('/chat?name=bob');
  ada.say('one', { echo: false });
  ada.say('two', { echo: true });
  assert.equal(await bob.receive(), '[ada] one');
  assert.equal(await bob.receive(), '[ada] two');
  const { before } = await ada.settle();
  assert.deepEqual(ofType(before, 'message').map(({ text }) => text), ['two']);
});

test('a plain newcomer is sent the last of what was said, in whatever form, and then what follows', async (t) => {
  const server = await Server.start(t, '--history', '3');
  const ada = await JsonMember.join(server, '/chat?name=ada');
  const bob = await server.join('/chat?name=bob');
  for (const n of [1, 2, 3]) {
    ada.say(`json "${n}"`, { echo: false });
    assert.equal(await bob.receive(), `[ada] json "${n}"`);
    bob.send(`plain ${n}`);
    assert.equal(await bob.receive(), `[bob] plain ${n}`);
  }
  const late = await server.join('/chat?name=late');
  bob.send('now');
  const heard = [];
  for (let n = 0; n < 4; ++n) heard.push(await late.receive());
  assert.deepEqual(heard, ['[bob] plain 2', '[ada] json "3"', '[bob] plain 3', '[bob] now']);
  const json = await JsonMember.join(server);
  const { before } = await json.settle();
  assert.deepEqual(ofType(before, 'message'), []);
});

// who is there

test('in each of several rooms each join and leave is told once, and in no other', async (t) => {
  const server = await Server.start(t);
  const rooms = ['/chat', '/chat/one', '/chat/two'];
  const watchers = await Promise.all(rooms.map((room) => JsonMember.join(server, `${room}?name=watcher`)));
  const visits = rooms.map(() => new Map());
  await Promise.all(times(90, async (n) => {
    const target = `${rooms[n % 3]}?name=v${n}`;
    const visitor = n % 2 ? await JsonMember.join(server, target) : await server.join(target);
    visits[n % 3].set(`v${n}`, visitor.id);
    if (n % 4 < 2) await visitor.close(1000);
    else visitor.destroy();
  }));
  for (const [i, watcher] of watchers.entries()) {
    const changes = [];
    while (changes.length < 2 * visits[i].size) changes.push(await watcher.receive());
    const { before } = await watcher.settle();
    assert.deepEqual(before, [], 'nothing else is told');
    for (const [name, id] of visits[i]) {
      const own = changes.filter((each) => each.name === name);
      assert.deepEqual(own.map(({ type }) => type), ['join', 'leave'], name);
      assert.equal(own[0].id, own[1].id);
      if (id) assert.equal(own[0].id, id);
    }
  }
});

test('a plain member is not told who comes and goes', async (t) => {
  const server = await Server.start(t);
  const plain = await server.join('/chat?name=plain');
  const watcher = await JsonMember.join(server, '/chat?name=watcher');
  await (await server.join()).close(1000);
  await (await JsonMember.join(server)).close();
  for (const type of ['join', 'leave', 'join', 'leave']) assert.equal((await watcher.receive()).type, type);
  watcher.say('hi');
  assert.equal(await plain.receive(), '[watcher] hi');
});

test('in a room of many it is told how many there are, at most once a second', async (t) => {
  const limit = 5;
  const server = await Server.start(t, '--presence-limit', String(limit));
  const all = [];
  const from = performance.now();
  const members = 200;
  for (let n = 0; n < members; ++n) all.push(await JsonMember.join(server, `/chat?name=m${n}`));
  assert.equal(all.at(-1).welcome.members, members);
  // What each knows of how many there are.
  const follow = async (member, until) => {
    let count = member.count ?? member.welcome.members;
    let frames = 0;
    while (count !== until) {
      const { type, members: told } = await member.receive();
      assert.match(type, /^(join|leave|presence)$/);
      ++frames;
      count = type === 'join' ? count + 1 : type === 'leave' ? count - 1 : told;
    }
    member.count = count;
    return frames;
  };
  const told = await Promise.all(all.map((each) => follow(each, members)));
  const seconds = (performance.now() - from) / 1000;
  const frames = told.reduce((sum, each) => sum + each, 0);
  t.diagnostic(`${frames} frames to ${members} members in ${seconds.toFixed(1)} s`);
  assert.ok(frames <= members * (seconds + 2) + limit * limit, `${frames} frames in ${seconds} s`);
  const first = all[0];
  const { answer } = await first.settle();
  assert.equal(answer.count, members);
  assert.ok(answer.members.length <= limit, `${answer.members.length} are listed`);

  for (const each of all.slice(1)) each.destroy();
  await follow(first, 1);
  const { answer: alone } = await first.settle('alone');
  assert.deepEqual([alone.count, alone.members], [1, [{ id: first.id, name: 'm0' }]]);
});

// under load

test('a thousand messages at once are acknowledged in order, each after the message itself', async (t) => {
  const server = await Server.start(t);
  const ada = await JsonMember.join(server, '/chat?name=ada');
  const bob = await server.join('/chat?name=bob');
  const count = 1000;
  for (let n = 0; n < count; ++n) ada.say(`text ${n}`, { ref: `ref ${n}` });
  const messages = [];
  const acks = [];
  while (acks.length < count) {
    const each = await ada.receive();
    if (each.type === 'message') messages.push(each);
    if (each.type !== 'ack') continue;
    const n = acks.push(each) - 1;
    assert.ok(messages.length > n, `acknowledgement ${n} comes before its message`);
    assert.deepEqual([each.ref, each.seq, messages[n].text], [`ref ${n}`, messages[n].seq, `text ${n}`]);
  }
  for (let n = 0; n < count; ++n) assert.equal(await bob.receive(), `[ada] text ${n}`);
  const { before } = await ada.settle();
  assert.deepEqual(before, []);
});

test('requests are answered in order while the room talks, and no answer is ahead of what its reader has heard', async (t) => {
  const server = await Server.start(t, '--retain-messages', '100');
  const asker = await JsonMember.join(server, '/chat?name=asker');
  let over = false;
  const talk = async (talker) => {
    for (let n = 0; !over; ++n) {
      talker.say(`${talker.welcome.name} ${n}`, { ref: String(n), echo: false });
      if (n >= 16) assert.equal((await talker.next('ack')).ref, String(n - 16));
    }
  };
  const talks = [];
  for (const name of ['t0', 't1', 't2']) talks.push(talk(await JsonMember.join(server, `/chat?name=${name}`)));
  const texts = new Map();
  let last = 0;
  const answered = async (ref) => {
    for (;;) {
      const each = await asker.receive();
      if (each.type === 'message') {
        assert.ok(each.seq > last, `${each.seq} comes after ${last}`);
        texts.set((last = each.seq), each.text);
      } else if (each.ref !== undefined) {
        assert.equal(each.ref, ref);
        return each;
      }
    }
  };
  try {
    for (let round = 0; round < 40; ++round) {
      const refs = times(10, (n) => `${round}.${n}`);
      refs.forEach((ref, n) => asker.send(n % 2 ? { type: 'history', limit: 20, ref } : { type: 'members', ref }));
      for (const [n, ref] of refs.entries()) {
        const answer = await answered(ref);
        if (n % 2 === 0) {
          assert.equal(answer.type, 'members');
          assert.deepEqual(answer.members.map(({ name }) => name).sort(), ['asker', 't0', 't1', 't2']);
          continue;
        }
        assert.equal(answer.type, 'history');
        assert.ok(answer.messages.length <= 20);
        let before = 0;
        for (const { seq, text } of answer.messages) {
          assert.ok(before < seq && seq <= last, `${seq} comes after ${before}, and ${last} was heard`);
          assert.equal(text, texts.get(seq));
          before = seq;
        }
      }
    }
  } finally {
    over = true;
  }
  await Promise.all(talks);
});

// coming back

test('who comes back is sent what was missed, as it was sent to the others, and then what follows', async (t) => {
  const server = await Server.start(t);
  const plain = await server.join('/chat?name=plain');
  const steady = await JsonMember.join(server, '/chat?name=steady');
  const first = await JsonMember.join(server, '/chat?name=ada');
  const said = [];
  for (let n = 0; n < 50; ++n) {
    if (n % 3) plain.send(`${n} "\n`);
    else first.say(`${n} "\n`);
    said.push(await steady.next('message'));
  }
  await first.close();
  for (const missed of [0, 1, 25, 49, 50]) {
    const since = missed === 50 ? steady.welcome.seq : said[49 - missed].seq;
    const { epoch } = first.welcome;
    const again = await JsonMember.join(server, `/chat?since=${since}&epoch=${epoch}`);
    assert.deepEqual([again.welcome.recovered, again.welcome.epoch, again.welcome.seq], [true, epoch, said.at(-1).seq]);
    const { before } = await again.settle();
    assert.deepEqual(before, said.slice(said.length - missed), `${missed} were missed`);
    await again.close();
  }
});

test('where the room has forgotten, or the epoch or the number is another, nothing is sent again', async (t) => {
  const server = await Server.start(t, '--retain-messages', '10');
  const ada = await JsonMember.join(server, '/chat?name=ada');
  for (let n = 0; n < 200; ++n) {
    ada.say(String(n), { ref: String(n) });
    await ada.next('ack');
  }
  const { answer } = await ada.settle();
  assert.equal(answer.count, 1);
  ada.say('last', { ref: 'last' });
  const { seq } = await ada.next('ack');
  const { epoch } = ada.welcome;
  const cases = {
    forgotten: `since=1&epoch=${epoch}`,
    'another epoch': `since=${seq - 1}&epoch=${epoch}x`,
    'no epoch': `since=${seq - 1}`,
    'not said yet': `since=${seq + 1}&epoch=${epoch}`,
    'never': `since=18446744073709551615&epoch=${epoch}`,
  };
  for (const [what, query] of Object.entries(cases)) {
    const again = await JsonMember.join(server, `/chat?${query}`);
    assert.deepEqual([again.welcome.recovered, again.welcome.epoch, again.welcome.seq], [false, epoch, seq], what);
    const { before } = await again.settle();
    assert.deepEqual(before, [], what);
    await again.close();
  }
});

test('with its key a member takes back its name and id, and its ghost is closed; nobody is told', async (t) => {
  const server = await Server.start(t);
  const watcher = await JsonMember.join(server, '/chat?name=watcher');
  const ghost = await JsonMember.join(server, '/chat?name=ada');
  await watcher.next('join');
  ghost.say('one', { ref: '1' });
  const { seq } = await ghost.next('ack');
  const again = await JsonMember.join(server, `/chat?since=${seq}&epoch=${ghost.welcome.epoch}&key=${ghost.welcome.key}`);
  assert.equal(await ghost.closed(), 4002);
  assert.deepEqual([again.welcome.id, again.welcome.name, again.welcome.members], [ghost.id, 'ada', 2]);
  again.say('two');
  assert.deepEqual((await watcher.receiveUntil(({ text }) => text === 'two')).map(({ type }) => type), ['message', 'message']);
  assert.equal((await server.refusal('/chat?name=ada')).status, 409);

  await again.close();
  assert.deepEqual(await watcher.receive(), { type: 'leave', id: ghost.id, name: 'ada' });
  const back = await JsonMember.join(server, `/chat?key=${again.welcome.key}`);
  assert.deepEqual([back.id, back.welcome.name], [ghost.id, 'ada']);
  assert.deepEqual(await watcher.receive(), { type: 'join', id: ghost.id, name: 'ada' });
});

test('since has to be a number', async (t) => {
  const server = await Server.start(t);
  const wrong = ['', 'abc', '-1', '+1', '1.5', '1e3', '0x10', '1%20', '18446744073709551616', '9'.repeat(1000)];
  for (const since of wrong) {
    const { status } = await server.refusal(`/chat?since=${since}&epoch=x`, { protocols });
    assert.equal(status, 400, `since=${since.slice(0, 40)}`);
  }
  assert.equal((await JsonMember.join(server, '/chat?since=0&epoch=x')).welcome.recovered, false);
});

// harm

const joinAsMallory = (server) => JsonMember.join(server, mallory);

// A member's frames that are no messages of the bystanders.
const errors = (frames) => ofType(frames, 'error');

attack('what is no command is answered with an error, and harms nobody', {}, async (server, room) => {
  const eve = await joinAsMallory(server);
  const message = (fields) => `{"type":"message",${fields}}`;
  const cases = {
    bad_json: [
      '', ' ', '{', '}', 'null', '1', '"message"', '[]', '[{"type":"message","text":"x"}]', 'hi',
      '['.repeat(65_536),
      '{"a":'.repeat(10_000),
      `${'['.repeat(32_768)}${']'.repeat(32_768)}`,
      `{"type":"message","text":"x","a":${'['.repeat(32_000)}${']'.repeat(32_000)}}`,
      `${message('"text":"x"')}${message('"text":"y"')}`,
      `${message('"text":"x"')},`,
      message('"text":"x",'),
      message("'text':'x'"),
      message('"text":"a\nb"'),
      message('"text":"\\x41"'),
      message('"text":"\\u12g4"'),
      message('"text":"x'),
      `// comment\n${message('"text":"x"')}`,
      `\ufeff${message('"text":"x"')}`,
      message('"text":"x","n":01'),
      message('"text":"x","n":NaN'),
      ...['\\ud800', '\\udc00', '\\ude00\\ud83d', '\\ud83d\\u0041', '\\ud83d\\ud83d', '\\ud83dx', '\\ud83',
        '\\ud83d\\n'].map((bad) => message(`"text":"${bad}"`)),
      message('"text":"x","\\ud800":1'),
      message('"text":"x","a":["\\ud800"]'),
    ],
    unknown_type: ['{}', '{"type":"shout","text":"x"}', '{"text":"x"}', '{"type":"","text":"x"}', '{"type":"Message","text":"x"}',
      `{"type":"${'message'.repeat(5000)}","text":"x"}`, '{"type":"message","type":"nothing","text":"x"}'],
    bad_field: [
      '{"type":1}', '{"type":null,"text":"x"}', '{"type":["message"],"text":"x"}', message('"ref":"1"'), message('"text":1'),
      message('"text":null'), message('"text":["x"]'), message('"text":{"text":"x"}'),
      message('"text":"x","echo":1'), message('"text":"x","echo":"false"'), message('"text":"x","ref":1'),
      message(`"text":"x","ref":"${'r'.repeat(65)}"`), message('"text":"x","ref":null'),
      '{"type":"history","before":-1}', '{"type":"history","before":"1"}', '{"type":"history","before":1.5}',
      '{"type":"history","limit":"1"}', '{"type":"history","limit":null}',
    ],
  };
  for (const [code, frames] of Object.entries(cases)) {
    for (const bad of frames) {
      eve.client.send(bad);
      const { before } = await eve.settle();
      assert.deepEqual(errors(before).map((each) => each.code), [code], bad.slice(0, 80));
      assert.ok(!before.some(({ name }) => name === 'mallory'), bad.slice(0, 80));
    }
    await room.turn();
  }
  await eve.close();
});

attack('a frame of thousands of keys is a message if it says so', {}, async (server, room) => {
  const eve = await joinAsMallory(server);
  const keys = times(4096, (n) => `"k${n}":${n}`).join(',');
  for (let round = 0; round < 20; ++round) {
    eve.client.send(`{${keys},"type":"message","text":"${round}"}`);
    await room.heardBy(`[mallory] ${round}`);
    eve.client.send(`{"type":"message",${times(4096, () => '"text":"x"').join(',')},"text":"last ${round}"}`);
    await room.heardBy(`[mallory] last ${round}`);
  }
  await eve.close();
});

attack('ten frames on end that are no commands end their sender, nine do not', {}, async (server, room) => {
  const eve = await joinAsMallory(server);
  const nine = () => times(9, () => eve.client.send('{'));
  nine();
  eve.say('a message between');
  nine();
  eve.send({ type: 'members' });
  nine();
  eve.send({ type: 'history' });
  nine();
  await room.heardBy('[mallory] a message between');
  const { before } = await eve.settle();
  assert.equal(errors(before).length, 36);
  nine();
  eve.client.send('{');
  eve.say('too late');
  assert.equal(await eve.closed(), 1008);
  await room.turn();
  assert.ok(!room.saidBy('mallory').includes('[mallory] too late'));
});

attack('a binary frame ends a JSON member, too', { counted: 'violations_total{kind="binary"}' }, async (server) => {
  const eve = await joinAsMallory(server);
  eve.client.send(Buffer.from('{"type":"message","text":"x"}'), { binary: true });
  assert.equal(await eve.closed(), 1003);
});

attack('text that is not UTF-8 ends a JSON member, too', { counted: 'violations_total{kind="invalid_text"}' }, async (server) => {
  for (const bad of [[0xff], [0xed, 0xa0, 0x80], [0xc0, 0x80], [0xf4, 0x90, 0x80, 0x80]]) {
    const eve = await server.connect();
    eve.write(upgradeRequest(server.port, { target: square, headers: { 'Sec-WebSocket-Protocol': 'roomcast.v1' } }));
    assert.equal((await eve.response()).status, 101);
    const payload = Buffer.concat([Buffer.from('{"type":"message","text":"'), Buffer.from(bad), Buffer.from('"}')]);
    eve.write(frame(opcodes.text, payload));
    let last;
    do last = await eve.frame();
    while (last.opcode !== opcodes.close);
    assert.equal(last.payload.readUInt16BE(0), 1007);
    await eve.hungUp().catch(() => {});
    eve.destroy();
  }
});

attack('a flood of requests whose answers are not read takes no memory', { options: ['--send-buffer', '16KiB', '--max-lag', '16MiB'] },
  async (server, room, t) => {
  const eve = await joinAsMallory(server);
  // So that each answer is a long one.
  for (let n = 0; n < 20; ++n) eve.say('y'.repeat(20_000), { ref: String(n) });
  await eve.receiveUntil(({ type, ref }) => type === 'ack' && ref === '19');
  await room.turn();
  const before = await server.metric('memory_held_bytes');
  eve.client.stopReading();
  const requests = times(10_000, (n) => frame(opcodes.text, `{"type":"${n % 3 ? 'history' : 'members'}","limit":1000,"ref":"${n}"}`));
  const whatIsWrong = times(10_000, () => frame(opcodes.text, '{"type":"members"}{'));
  eve.client.sendRaw(Buffer.concat(requests));
  let most = 0;
  const watch = async () => {
    for (let n = 0; n < 10; ++n) {
      await room.turn();
      most = Math.max(most, await server.metric('memory_held_bytes'));
    }
  };
  await watch();
  const eager = await JsonMember.join(server, square);
  eager.client.stopReading();
  eager.client.sendRaw(Buffer.concat(whatIsWrong.flatMap((each) => [each, requests[0]])));
  await watch();
  assert.ok(most - before < 4 * 1024 * 1024, `${before} bytes were held before, and ${most} at the most`);
  eve.destroy();
  eager.destroy();
  t.diagnostic(`${before} bytes held before, ${most} at the most`);
});

attack('answers that were not read are sent once they are', { options: ['--send-buffer', '16KiB'] }, async (server, room) => {
  const eve = await joinAsMallory(server);
  for (let n = 0; n < 20; ++n) eve.say('y'.repeat(5_000), { ref: String(n) });
  await eve.receiveUntil(({ type, ref }) => type === 'ack' && ref === '19');
  eve.client.stopReading();
  const count = 300;
  eve.client.sendRaw(Buffer.concat(times(count, (n) => frame(opcodes.text, `{"type":"history","ref":"request ${n}"}`))));
  for (let n = 0; n < 5; ++n) await room.turn();
  eve.client.readAgain();
  for (let n = 0; n < count; ++n) assert.equal((await eve.next('history')).ref, `request ${n}`);
  await eve.close();
});

attack('a forged key takes nobody’s name, and ends nobody', {}, async (server, room) => {
  const victim = await joinAsMallory(server);
  const elsewhere = await JsonMember.join(server, '/chat/other?name=mallory');
  const { key } = victim.welcome;
  const changed = (at) => key.slice(0, at) + (key[at] === 'A' ? 'B' : 'A') + key.slice(at + 1);
  const forged = [
    ...times(key.length - 1, changed),
    ...times(8, () => randomBytes(40).toString('base64url')),
    elsewhere.welcome.key,
    '', 'A', 'AAAA', 'A'.repeat(511), 'A'.repeat(3000), key.slice(0, -4), `${key}AAAA`, `AAAA${key}`, `${key}=`, `${key}%00`, '%ff', '!',
    encodeURIComponent('🔑'),
  ];
  for (const each of forged) {
    const stranger = await JsonMember.join(server, `${square}?key=${each}`);
    assert.match(stranger.welcome.name, /^user\d+$/, each);
    assert.notEqual(stranger.id, victim.id, each);
    stranger.destroy();
    assert.equal((await server.refusal(`${mallory}&key=${each}`, { protocols })).status, 409, each);
  }
  await room.turn();
  victim.say('still here', { ref: 'still' });
  await room.heardBy('[mallory] still here');
  const again = await JsonMember.join(server, `${square}?key=${key}`);
  assert.equal(again.id, victim.id);
  assert.equal(await victim.closed(), 4002);
  await again.close();
  await elsewhere.close();
});

attack('a key taken back a hundred times leaves one member, and no ghost', {}, async (server, room) => {
  let eve = await joinAsMallory(server);
  const { id } = eve;
  for (let n = 0; n < 100; ++n) {
    const ghost = eve;
    eve = await JsonMember.join(server, `${square}?key=${ghost.welcome.key}`);
    assert.equal(eve.id, id);
    assert.equal(await ghost.closed(), 4002);
  }
  eve.destroy();
});

attack('of those who take a key back all at once one is left, and each is answered', {}, async (server, room) => {
  for (let round = 0; round < 10; ++round) {
    const eve = await joinAsMallory(server);
    const clients = await Promise.all(times(20, () => server.join(`${square}?key=${eve.welcome.key}`, { protocols })));
    let ended = 0;
    const allButOne = new Promise((resolve, reject) => {
      for (const each of [eve, ...clients]) {
        each.closed().then((code) => {
          assert.equal(code, 4002);
          if (++ended === clients.length) resolve();
        }).catch(reject);
      }
    });
    await within(allButOne, () => `the end of ${clients.length} ghosts, ${ended} have ended`);
    for (const each of clients) each.destroy();
    await gone(server);
    await room.turn();
  }
});
