// roomcast.js and the real server: what is said arrives once, whatever becomes of the connection.
import assert from 'node:assert/strict';
import test from 'node:test';
import WebSocket from 'ws';
import { importText, record } from './roomcast-module.mjs';
import { Relay, Server, dataFile, within } from './server.mjs';

// Joins as the client module that `server` itself serves, through `port`. Delays are short, as nothing is random.
async function enter(t, server, { room = '/chat', port = server.port, ...options } = {}) {
  const { status, body } = await server.request({ target: '/roomcast.js' });
  assert.equal(status, 200);
  const { Room } = await importText(body);
  const made = new Room(`ws://127.0.0.1:${port}${room}`, { WebSocket, random: () => 0, ...options });
  t.after(() => made.close());
  const told = record(made);
  const until = (holds, what) => within(told.until(holds), what);
  return {
    room: made,
    of: told.of,
    until,
    texts: () => told.of('message').map(({ text }) => text),
    heard: (text) => until(({ of }) => of('message').some((each) => each.text === text), `hearing ${text}`),
    becomes: (state) => until(({ of }) => of('state').some((each) => each.state === state), `becoming ${state}`),
    welcomes: (count) => until(({ of }) => of('welcome').length === count, `welcome ${count}`),
  };
}

const settled = ({ settled: promise }) => within(promise, 'what becomes of a message');

test('members talk, and know who is there', async (t) => {
  const server = await Server.start(t);
  const ada = await enter(t, server, { name: 'ada' });
  await ada.welcomes(1);
  const bob = await enter(t, server, { name: 'bob' });
  await ada.until(({ of }) => of('join').length === 1, 'a join');
  const sent = await settled(ada.room.send('hi "bob" <b>'));
  await bob.heard('hi "bob" <b>');
  const [heard] = bob.of('message');
  assert.deepEqual([heard.name, heard.id, heard.isOwn, heard.seq], ['ada', ada.room.id, false, sent.seq]);
  assert.deepEqual([sent.state, ada.of('message').length, ada.of('message')[0].sent], ['arrived', 1, sent]);
  const { count, members } = await bob.room.members();
  assert.deepEqual([count, members.map(({ name }) => name).sort()], [2, ['ada', 'bob']]);
  bob.room.close();
  await ada.until(({ of }) => of('leave').length === 1, 'a leave');
  assert.deepEqual(ada.of('leave'), [{ id: bob.room.id, name: 'bob' }]);
});

test('what was said before can be had page by page', async (t) => {
  const server = await Server.start(t);
  const ada = await enter(t, server, { name: 'ada' });
  for (let n = 0; n < 20; ++n) ada.room.send(String(n));
  await ada.heard('19');
  const pages = [];
  for (let before, complete = false; !complete; ) {
    const page = await ada.room.history({ before, limit: 8 });
    pages.unshift(page.messages.map(({ text }) => text));
    before = page.messages[0].seq;
    ({ complete } = page);
  }
  assert.deepEqual(pages.flat(), Array.from({ length: 20 }, (_, n) => String(n)));
  assert.ok(pages.length > 2);
});

test('who is refused is told why', async (t) => {
  const server = await Server.start(t);
  const ada = await enter(t, server, { name: 'ada' });
  await ada.welcomes(1);
  const cases = [
    [{ name: 'ada' }, 409, /taken/],
    [{ name: '[ada]' }, 400, /bracket/],
    [{ name: 'user7' }, 400, /reserved/],
    [{ room: '/chat/a%20b' }, 404, /room's name/],
    [{ room: '/elsewhere' }, 404, /nothing here/],
  ];
  for (const [options, status, reason] of cases) {
    const eve = await enter(t, server, options);
    await eve.becomes('closed');
    const last = eve.of('state').at(-1);
    assert.deepEqual([last.status, eve.of('state').length], [status, 1]);
    assert.match(last.reason, reason);
  }
  const elsewhere = await enter(t, server, { name: 'ada', room: '/chat/ops' });
  await elsewhere.welcomes(1);
});

test('who asks for a name without an upgrade takes nobody’s place', async (t) => {
  const server = await Server.start(t);
  const ada = await enter(t, server, { name: 'ada' });
  await ada.welcomes(1);
  for (const [target, status] of [['/chat?name=ada', 409], ['/chat?name=bob', 426], ['/chat/ops?name=ada', 426], ['/chat', 426]]) {
    for (let n = 0; n < 2; ++n) assert.equal((await server.request({ target })).status, status, target);
  }
  assert.equal(await server.metric('rooms'), 1);
  assert.deepEqual((await ada.room.members()).members.map(({ name }) => name), ['ada']);
  assert.deepEqual(ada.of('join'), []);
  assert.equal((await settled(ada.room.send('still here'))).state, 'arrived');
});

// The server takes the connection for a live one, or has noticed.
for (const unnoticed of [false, true]) {
  test(`a lost connection loses nothing, and nothing is said twice${unnoticed ? '; the server has not noticed the loss' : ''}`, async (t) => {
    const server = await Server.start(t);
    const relay = await Relay.start(t, server.port);
    const ada = await enter(t, server, { name: 'ada', port: relay.port });
    const bob = await enter(t, server, { name: 'bob' });
    await bob.welcomes(1);
    await settled(ada.room.send('before'));
    const { id } = ada.room;

    // It arrives, but nobody tells.
    relay.passes.down = false;
    const arrived = [ada.room.send('same'), ada.room.send('arrives')];
    await bob.heard('arrives');
    // It is written, but does not arrive.
    relay.passes.up = false;
    const lost = [ada.room.send('same'), ada.room.send('is lost')];
    relay.passes.newcomers = false;
    relay.cut({ unnoticed });
    await ada.becomes('waiting');
    const waiting = ada.room.send('waits');
    await settled(bob.room.send('while ada was away'));
    assert.deepEqual([...arrived, ...lost, waiting].map(({ state }) => state), ['sent', 'sent', 'sent', 'sent', 'waiting']);

    relay.passes = { up: true, down: true, newcomers: true };
    await ada.heard('waits');
    await bob.heard('waits');
    const all = ['before', 'same', 'arrives', 'while ada was away', 'same', 'is lost', 'waits'];
    assert.deepEqual([bob.texts(), ada.texts()], [all, all]);
    assert.deepEqual([...arrived, ...lost, waiting].map(({ state }) => state), Array(5).fill('arrived'));
    const [, second] = ada.of('welcome');
    assert.deepEqual([second.isReturn, second.recovered, second.name, second.id], [true, true, 'ada', id]);
  });
}

test('messages that are cut off at any point are said once, in order', async (t) => {
  const server = await Server.start(t);
  const relay = await Relay.start(t, server.port);
  const ada = await enter(t, server, { name: 'ada', port: relay.port });
  const bob = await enter(t, server, { name: 'bob' });
  await bob.welcomes(1);
  const texts = [];
  for (let round = 0; round < 30; ++round) {
    await ada.welcomes(round + 1);
    for (let n = 0; n < 20; ++n) texts.push(ada.room.send(`${round}.${n}`).text);
    // After none of them, some, or all.
    if (round % 3 > 0) await bob.heard(`${round}.${round % 3 === 1 ? 7 : 19}`);
    relay.cut({ unnoticed: round % 2 === 0 });
  }
  await bob.heard('29.19');
  await ada.heard('29.19');
  assert.deepEqual(bob.texts(), texts);
  assert.deepEqual(ada.texts(), texts);
});

// `options` are those with which both servers run; `check` is told of the one who was away.
async function restart(t, options, check) {
  const first = await Server.start(t, ...options);
  const { port } = first;
  const ada = await enter(t, first, { name: 'ada' });
  await settled(ada.room.send('before'));
  first.signal('SIGKILL');
  await first.ended;
  await ada.becomes('waiting');
  const waiting = ada.room.send('meanwhile');
  const second = await Server.startAt(t, port, ...options);
  ada.room.reconnect();
  await settled(waiting);
  await check(ada, second);
}

test('a server that was started anew is come back to, and does not remember', (t) =>
  restart(t, [], async (ada, server) => {
    const [first, second] = ada.of('welcome');
    assert.deepEqual([second.isReturn, second.recovered, second.name], [true, false, 'ada']);
    assert.notEqual(second.epoch, first.epoch);
    assert.deepEqual(ada.texts(), ['before', 'meanwhile']);
    const { messages } = await ada.room.history();
    assert.deepEqual(messages.map(({ text }) => text), ['meanwhile']);
    assert.equal(await server.metric('members'), 1);
  }));

test('a server that stores remembers when it was started anew', async (t) => {
  const file = await dataFile(t);
  await restart(t, ['--data', file], async (ada) => {
    const [first, second] = ada.of('welcome');
    assert.deepEqual([second.isReturn, second.recovered, second.epoch], [true, true, first.epoch]);
    assert.deepEqual(ada.texts(), ['before', 'meanwhile']);
    const { messages } = await ada.room.history();
    assert.deepEqual(messages.map(({ text }) => text), ['before', 'meanwhile']);
  });
});

test('a server that stops says when to come back', async (t) => {
  const server = await Server.start(t);
  const ada = await enter(t, server, { name: 'ada', random: () => 1 });
  await ada.welcomes(1);
  server.signal('SIGTERM');
  await ada.becomes('waiting');
  assert.equal((await server.ended).status, 0);
  const { delay } = ada.of('state').find(({ state }) => state === 'waiting');
  assert.ok(delay !== 1000 && Number.isInteger(delay), `it is a delay of the server’s: ${delay}`);
});

test('who is displaced stays away', async (t) => {
  const server = await Server.start(t);
  let key;
  class Spied extends WebSocket {
    constructor(...words) {
      super(...words);
      this.on('message', (data) => (key ??= JSON.parse(data).key));
    }
  }
  const ghost = await enter(t, server, { name: 'ada', WebSocket: Spied });
  await ghost.welcomes(1);
  const heir = await enter(t, server, { room: `/chat?key=${key}` });
  await heir.welcomes(1);
  await ghost.becomes('closed');
  assert.equal(ghost.of('state').at(-1).code, 4002);
  assert.deepEqual([heir.room.name, heir.room.id], ['ada', ghost.room.id]);
});

test('a message that is too long fails, and those around it arrive', async (t) => {
  const server = await Server.start(t, '--max-message-size', '1KiB');
  const ada = await enter(t, server, { name: 'ada' });
  const bob = await enter(t, server, { name: 'bob' });
  await Promise.all([ada.welcomes(1), bob.welcomes(1)]);
  const sent = ['one', 'x'.repeat(2000), 'two'].map((text) => ada.room.send(text));
  await Promise.all(sent.map(settled));
  assert.deepEqual(sent.map(({ state, error }) => error?.code ?? state), ['arrived', 'too_large', 'arrived']);
  await bob.heard('two');
  assert.deepEqual(bob.texts(), ['one', 'two']);
  assert.deepEqual(ada.texts(), ['one', 'two']);
});

test('where a server echoes nothing, its own messages are told all the same, once', async (t) => {
  const server = await Server.start(t, '--no-echo');
  const relay = await Relay.start(t, server.port);
  const ada = await enter(t, server, { name: 'ada', port: relay.port });
  const bob = await enter(t, server, { name: 'bob' });
  await Promise.all([ada.welcomes(1), bob.welcomes(1)]);
  await settled(ada.room.send('one'));
  relay.passes.down = false;
  ada.room.send('two');
  await bob.heard('two');
  relay.passes.down = true;
  relay.cut();
  await settled(ada.room.send('three'));
  assert.deepEqual(ada.texts(), ['one', 'two', 'three']);
  await bob.heard('three');
  assert.deepEqual(bob.texts(), ['one', 'two', 'three']);
});
