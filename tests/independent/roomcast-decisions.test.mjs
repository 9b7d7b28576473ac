// What roomcast.js decides, with sockets that do as they are told, a clock that is moved by hand, and a random number that is none.
import assert from 'node:assert/strict';
import test from 'node:test';
import { importFromTree, record } from './roomcast-module.mjs';

const { Room } = await importFromTree();

const settled = () => new Promise((resolve) => setImmediate(resolve));

class Stage {
  now = 0;
  #timers = new Set();
  sockets = [];
  asked = []; // by HTTP
  answer = null; // to that; none where nobody is there

  constructor({ random = () => 1, ...options } = {}) {
    const stage = this;
    class Socket {
      sent = [];
      constructor(url) {
        this.url = new URL(url);
        stage.sockets.push(this);
      }
      send(text) {
        this.sent.push(JSON.parse(text));
      }
      close() {
        this.isClosed = true;
      }
    }
    const clock = {
      now: () => this.now,
      setTimeout: (act, delay) => {
        const timer = { act, at: this.now + delay };
        this.#timers.add(timer);
        return timer;
      },
      clearTimeout: (timer) => this.#timers.delete(timer),
    };
    const fetch = async (url) => {
      this.asked.push(url);
      if (!this.answer) throw new Error('nobody is there');
      return this.answer;
    };
    this.room = new Room('ws://example.test/chat/ops', { name: 'ada', WebSocket: Socket, fetch, random, clock, ...options });
    this.told = record(this.room);
  }

  get socket() {
    return this.sockets.at(-1);
  }

  hears(type, fields = {}) {
    this.socket.onmessage({ data: JSON.stringify({ type, ...fields }) });
  }

  isWelcomed(more = {}) {
    this.hears('welcome', { id: 'c1', name: 'ada', room: 'ops', epoch: 'e', seq: 10, recovered: false, members: 1, key: 'k', ...more });
  }

  hearsMessage(seq, text, from = { id: 'c1', name: 'ada' }) {
    this.hears('message', { seq, ...from, time: '2026-11-23T15:40:00.123Z', text });
  }

  async loses(code = 1006) {
    this.socket.onclose({ code, reason: 'why' });
    await settled();
  }

  // The delay after which it connects again.
  comesBack() {
    assert.equal(this.room.state, 'waiting');
    assert.equal(this.#timers.size, 1);
    const [timer] = this.#timers;
    const delay = timer.at - this.now;
    this.passes(delay);
    assert.equal(this.room.state, 'connecting');
    return delay;
  }

  passes(time) {
    const end = this.now + time;
    for (;;) {
      const [next] = [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (!next) break;
      this.#timers.delete(next);
      this.now = next.at;
      next.act();
    }
    this.now = end;
  }

  // Comes back with what it has missed, which is `messages`, and hears the end of it.
  async isResumed(messages = []) {
    this.comesBack();
    this.isWelcomed({ recovered: true });
    for (const [seq, text] of messages) this.hearsMessage(seq, text);
    await this.hasHeardAll();
  }

  // `history` is what it finds where it has to look its own messages up.
  async hasHeardAll(history = []) {
    const asked = () => this.socket.sent.filter(({ type }) => type === 'history');
    for (let n = 0; n < asked().length; ++n) {
      const { ref, limit } = asked()[n];
      this.hears('history', { ref, messages: limit === 1 ? [] : history, complete: true });
      await settled();
    }
  }

  get said() {
    return this.socket.sent.filter(({ type }) => type === 'message').map(({ text }) => text);
  }

  get texts() {
    return this.told.of('message').map(({ text }) => text);
  }
}

const welcomed = (options) => {
  const stage = new Stage(options);
  stage.isWelcomed();
  return stage;
};

const fate = ({ state, seq, error }) => (state === 'failed' ? error.code : state === 'arrived' ? seq : state);

// connecting

test('it comes back after random delays, whose bound doubles up to half a minute', async () => {
  const stage = new Stage({ random: () => 0.5 });
  const delays = [];
  for (let n = 0; n < 7; ++n) {
    await stage.loses();
    delays.push(stage.comesBack());
  }
  assert.deepEqual(delays, [500, 1000, 2000, 4000, 8000, 15_000, 15_000]);
});

test('only a connection that has lasted makes the delays short again', async () => {
  const stage = new Stage();
  const delays = [];
  for (const lasted of [0, 0, 5000, 0]) {
    stage.isWelcomed({ recovered: true });
    stage.passes(lasted);
    await stage.loses();
    delays.push(stage.comesBack());
  }
  assert.deepEqual(delays, [1000, 2000, 1000, 2000]);
});

test('it stays away as long as a goodbye says, once', async () => {
  const stage = welcomed();
  stage.hears('goodbye', { reason: 'restart', retry_after_ms: 1830 });
  await stage.loses(1012);
  assert.equal(stage.comesBack(), 1830);
  await stage.loses();
  assert.equal(stage.comesBack(), 2000);
});

test('it comes back whatever the close, unless it was removed or displaced', async () => {
  for (const code of [1000, 1001, 1006, 1008, 1011, 1012, 1013, 4008]) {
    const stage = welcomed();
    await stage.loses(code);
    stage.comesBack();
  }
  for (const code of [4001, 4002]) {
    const stage = welcomed();
    const sent = stage.room.send('hi');
    await stage.loses(code);
    assert.deepEqual(stage.told.of('state').at(-1), { state: 'closed', code, reason: 'why' });
    stage.passes(1e6);
    assert.equal(stage.sockets.length, 1);
    assert.equal(fate(await sent.settled), 'unknown');
    assert.throws(() => stage.room.send('more'), /closed/);
  }
});

test('it asks for what it has missed, by its key', async () => {
  const stage = welcomed();
  stage.hearsMessage(12, 'hi', { id: 'c2', name: 'bob' });
  await stage.loses();
  stage.comesBack();
  assert.equal(stage.sockets[0].url.search, '?name=ada');
  assert.equal(stage.socket.url.search, '?name=ada&since=12&epoch=e&key=k');
});

test('what was missed counts message by message, as the next connection may be lost before its end', async () => {
  const stage = welcomed();
  const bob = { id: 'c2', name: 'bob' };
  for (const [before, heard] of [[10, []], [10, []], [10, [11, 12]], [12, []]]) {
    await stage.loses();
    stage.comesBack();
    assert.equal(stage.socket.url.searchParams.get('since'), String(before));
    stage.isWelcomed({ seq: 20, recovered: true });
    for (const seq of heard) stage.hearsMessage(seq, 'hi', bob);
  }
});

test('a refusal ends it and says why, a server that is not ready does not', async () => {
  const answer = (status, headers = {}) => new Response('that name is taken in this room\n', { status, headers });
  for (const status of [400, 401, 403, 404, 409]) {
    const stage = new Stage();
    stage.answer = answer(status);
    await stage.loses();
    assert.deepEqual(stage.asked, ['http://example.test/chat/ops?name=ada']);
    assert.deepEqual(stage.told.of('state'), [{ state: 'closed', status, reason: 'that name is taken in this room' }]);
  }
  for (const [status, headers, delay] of [[426, {}, 1000], [502, {}, 1000], [503, { 'Retry-After': '10' }, 11_000], [200, {}, 1000]]) {
    const stage = new Stage();
    stage.answer = answer(status, headers);
    await stage.loses();
    assert.equal(stage.comesBack(), delay, String(status));
  }
  const stage = welcomed();
  await stage.loses();
  stage.comesBack();
  stage.answer = answer(404);
  await stage.loses();
  stage.comesBack();
});

test('a connection that is silent is asked, and given up without an answer', () => {
  const stage = welcomed();
  stage.passes(29_999);
  assert.deepEqual(stage.socket.sent, []);
  stage.passes(1);
  const [{ ref, ...question }] = stage.socket.sent;
  assert.deepEqual(question, { type: 'history', before: 0, limit: 1 });
  stage.hears('history', { ref, messages: [], complete: true });
  stage.passes(39_999);
  assert.equal(stage.room.state, 'open');
  stage.passes(1);
  assert.equal(stage.room.state, 'waiting');
  assert.ok(stage.sockets[0].isClosed);
});

test('a handshake has ten seconds', async () => {
  const stage = new Stage();
  stage.passes(10_000);
  await settled();
  assert.equal(stage.room.state, 'waiting');
  assert.ok(stage.sockets[0].isClosed);
  await stage.loses(); // which it has given up before
  assert.equal(stage.comesBack(), 1000);
});

test('it can be told to connect now, and to stop', async () => {
  const stage = welcomed();
  await stage.loses();
  stage.room.reconnect();
  assert.equal(stage.sockets.length, 2);
  const losing = stage.loses(); // and asks why
  stage.room.close();
  await losing;
  stage.passes(1e6);
  assert.equal(stage.sockets.length, 2);
  assert.deepEqual(stage.told.of('state').at(-1), { state: 'closed', code: 1000, reason: 'closed here' });
});

// sending

test('what is said before it is in waits', async () => {
  const stage = new Stage();
  const sent = [stage.room.send('one'), stage.room.send('two')];
  assert.deepEqual(sent.map(fate), ['waiting', 'waiting']);
  stage.isWelcomed();
  assert.deepEqual(stage.said, ['one', 'two']);
  assert.deepEqual(sent.map(fate), ['sent', 'sent']);
});

test('a message has arrived when it comes back, or is acknowledged, and is told once', async () => {
  const stage = welcomed();
  const echoed = stage.room.send('echoed');
  const silent = stage.room.send('silent');
  const [first, second] = stage.socket.sent;
  stage.hearsMessage(11, 'echoed');
  stage.hears('ack', { ref: first.ref, seq: 11 });
  stage.hears('ack', { ref: second.ref, seq: 12 });
  assert.deepEqual([await echoed.settled, await silent.settled].map(fate), [11, 12]);
  assert.deepEqual(stage.told.of('message').map(({ seq, text, isOwn, sent }) => [seq, text, isOwn, sent]),
    [[11, 'echoed', true, echoed], [12, 'silent', true, silent]]);
  await stage.loses();
  stage.comesBack();
  assert.equal(stage.socket.url.searchParams.get('since'), '12');
});

test('after a lost connection only what has not arrived is sent again, before what was said since', async () => {
  const stage = welcomed();
  const sent = ['heard', 'unheard', 'lost'].map((text) => stage.room.send(text));
  stage.hearsMessage(11, 'heard');
  await stage.loses();
  sent.push(stage.room.send('later'));
  stage.comesBack();
  stage.isWelcomed({ recovered: true });
  assert.deepEqual(stage.said, []);
  stage.hearsMessage(12, 'unheard');
  assert.deepEqual(stage.said, [], 'what was missed has not come to its end');
  await stage.hasHeardAll();
  assert.deepEqual(stage.said, ['lost', 'later']);
  assert.equal(stage.socket.sent.length, 3, 'it asks once');
  assert.deepEqual(sent.map(fate), [11, 12, 'sent', 'sent']);
  assert.deepEqual(stage.texts, ['heard', 'unheard']);
});

test('where a server echoes nothing, it looks up what has arrived, however often the connection is lost meanwhile', async () => {
  const stage = welcomed();
  const bob = { id: 'c2', name: 'bob' };
  const sent = ['same', 'same', 'lost'].map((text) => stage.room.send(text));
  stage.hears('ack', { ref: stage.socket.sent[0].ref, seq: 11 });
  await stage.loses();
  stage.comesBack();
  stage.isWelcomed({ recovered: true });
  stage.hearsMessage(13, 'hi', bob);
  await stage.loses();
  stage.comesBack();
  stage.isWelcomed({ recovered: true });
  const message = (seq, text, from) => ({ seq, ...from, time: '', text });
  const ada = { id: 'c1', name: 'ada' };
  await stage.hasHeardAll([message(11, 'same', ada), message(12, 'same', ada), message(13, 'hi', bob)]);
  assert.deepEqual(sent.map(fate), [11, 12, 'sent']);
  assert.deepEqual(stage.said, ['lost']);
  assert.deepEqual(stage.texts, ['same', 'hi', 'same']);
});

test('where a server echoes nothing, what others said later may have come before the acknowledgement', async () => {
  const stage = welcomed();
  const sent = stage.room.send('arrives');
  stage.hearsMessage(12, 'hi', { id: 'c2', name: 'bob' });
  await stage.loses();
  stage.comesBack();
  stage.isWelcomed({ recovered: true });
  await stage.hasHeardAll([{ seq: 11, id: 'c1', name: 'ada', time: '', text: 'arrives' }]);
  assert.deepEqual([fate(sent), stage.said], [11, []]);
});

test('where a server echoes nothing, another life of its log has numbers of its own', async () => {
  const stage = welcomed();
  stage.room.send('before');
  stage.hears('ack', { ref: stage.socket.sent[0].ref, seq: 11 });
  await stage.loses();
  stage.comesBack();
  stage.isWelcomed({ epoch: 'f', seq: 3 });
  const sent = stage.room.send('arrives');
  await stage.loses();
  stage.comesBack();
  stage.isWelcomed({ epoch: 'f', seq: 4, recovered: true });
  await stage.hasHeardAll([{ seq: 4, id: 'c1', name: 'ada', time: '', text: 'arrives' }]);
  assert.deepEqual([fate(sent), stage.said], [4, []]);
});

test('a server that cannot be asked what has arrived leaves it unknown', async () => {
  const stage = welcomed();
  const sent = stage.room.send('perhaps');
  await stage.loses();
  stage.comesBack();
  stage.isWelcomed({ recovered: true });
  const later = stage.room.send('later');
  stage.hears('error', { ref: stage.socket.sent[0].ref, code: 'unavailable', message: 'not now' });
  await settled();
  assert.deepEqual([sent, later].map(fate), ['unknown', 'sent']);
});

test('of equal texts as many are sent again as have not arrived', async () => {
  const stage = welcomed();
  const sent = [1, 2, 3].map(() => stage.room.send('same'));
  await stage.loses();
  await stage.isResumed([[11, 'same'], [12, 'same']]);
  assert.deepEqual(stage.said, ['same']);
  assert.deepEqual(sent.map(fate), [11, 12, 'sent']);
});

test('the same words of somebody else are no sign of arrival', async () => {
  const stage = welcomed();
  stage.room.send('hi');
  await stage.loses();
  stage.comesBack();
  stage.isWelcomed({ recovered: true });
  stage.hearsMessage(11, 'hi', { id: 'c2', name: 'bob' });
  await stage.hasHeardAll();
  assert.deepEqual(stage.said, ['hi']);
});

test('what was passed over is sent again, and is not taken for a later one of the same text', async () => {
  const stage = welcomed();
  const sent = ['a', 'b', 'a'].map((text) => stage.room.send(text));
  await stage.loses();
  await stage.isResumed([[11, 'b'], [12, 'a']]);
  assert.deepEqual(stage.said, ['a']);
  assert.deepEqual(sent.map(fate), ['sent', 11, 12]);
  stage.hearsMessage(13, 'a');
  assert.deepEqual(sent.map(fate), [13, 11, 12]);
});

test('a connection that is lost before all that was missed has come resends nothing', async () => {
  const stage = welcomed();
  const sent = ['one', 'two'].map((text) => stage.room.send(text));
  await stage.loses();
  stage.comesBack();
  stage.isWelcomed({ recovered: true });
  stage.hearsMessage(11, 'one');
  await stage.loses();
  assert.deepEqual(stage.said, []);
  await stage.isResumed([[12, 'two']]);
  assert.deepEqual(stage.said, []);
  assert.deepEqual(sent.map(fate), [11, 12]);
});

test('a server that does not remember leaves messages unknown; those that were never sent are sent', async () => {
  const stage = welcomed();
  const sent = stage.room.send('perhaps');
  await stage.loses();
  const later = stage.room.send('later');
  stage.comesBack();
  stage.isWelcomed({ epoch: 'f', seq: 3 });
  assert.deepEqual([sent, later].map(fate), ['unknown', 'sent']);
  assert.deepEqual(stage.said, ['later']);
  const [, { isReturn, recovered }] = stage.told.of('welcome');
  assert.deepEqual([isReturn, recovered], [true, false]);
  await stage.loses();
  stage.comesBack();
  assert.equal(stage.socket.url.searchParams.get('since'), '3');
});

test('a message that may be in a gap is not sent again', async () => {
  const stage = welcomed();
  const sent = stage.room.send('perhaps');
  stage.hears('gap', { from: 11, to: 20 });
  await stage.loses();
  await stage.isResumed();
  assert.deepEqual(stage.said, []);
  assert.equal(fate(sent), 'unknown');
  assert.equal(stage.socket.url.searchParams.get('since'), '20');
});

test('the message for whose size a server has closed is not sent again, the next one is', async () => {
  const stage = welcomed();
  const sent = ['small', 'large', 'next'].map((text) => stage.room.send(text));
  await stage.loses(1009);
  await stage.isResumed([[11, 'small']]);
  assert.deepEqual(stage.said, ['next']);
  assert.deepEqual(sent.map(fate), [11, 'too_large', 'sent']);
  await stage.loses();
  await stage.isResumed();
  assert.deepEqual(stage.said, ['next']);
});

test('where a server does not remember, the only message is known to be the one that was too long', async () => {
  for (const [texts, expected] of [[['large'], ['too_large']], [['small', 'large'], ['unknown', 'unknown']]]) {
    const stage = welcomed();
    const sent = texts.map((text) => stage.room.send(text));
    await stage.loses(1009);
    stage.comesBack();
    stage.isWelcomed({ epoch: 'f' });
    assert.deepEqual(sent.map(fate), expected);
  }
});

test('any error with its ref fails a message, and says why', async () => {
  const stage = welcomed();
  const sent = ['not_stored', 'overloaded', 'unavailable'].map((code) => [code, stage.room.send(code)]);
  for (const [n, [code]] of sent.entries()) {
    stage.hears('error', { ref: stage.socket.sent[n].ref, code, message: `it is ${code}`, ...(n === 1 && { retry_after_ms: 500 }) });
  }
  for (const [code, each] of sent) assert.deepEqual([(await each.settled).state, each.error.code, each.error.message], ['failed', code, `it is ${code}`]);
  assert.equal(sent[1][1].error.retry_after_ms, 500);
  await stage.loses();
  await assert.rejects(stage.room.members(), /no connection/);
  stage.comesBack();
  stage.isWelcomed({ recovered: true });
  assert.deepEqual(stage.said, []);
});

test('an error without a ref is told, and fails no message', () => {
  const stage = welcomed();
  const sent = stage.room.send('hi');
  const error = { code: 'rate', message: 'too many messages', retry_after_ms: 200 };
  stage.hears('error', error);
  assert.deepEqual(stage.told.of('error'), [error]);
  assert.equal(sent.state, 'sent');
});

test('requests are answered by their refs, and rejected when the connection is lost', async () => {
  const stage = welcomed();
  const history = stage.room.history({ before: 5, limit: 2 });
  const members = stage.room.members();
  const refused = stage.room.history();
  const lost = stage.room.members();
  const [first, second, third] = stage.socket.sent;
  assert.deepEqual({ ...first, ref: '' }, { type: 'history', before: 5, limit: 2, ref: '' });
  stage.hears('members', { ref: second.ref, count: 1, members: [] });
  stage.hears('history', { ref: first.ref, messages: [], complete: true });
  stage.hears('error', { ref: third.ref, code: 'unavailable', message: 'not now' });
  assert.deepEqual([(await history).complete, (await members).count], [true, 1]);
  await assert.rejects(refused, { code: 'unavailable', message: 'not now' });
  const rejected = assert.rejects(lost, /lost/);
  await stage.loses();
  await rejected;
});

test('what waits is bounded, and fails when the room is closed', async () => {
  const stage = new Stage();
  const sent = Array.from({ length: 1000 }, (_, n) => stage.room.send(String(n)));
  assert.throws(() => stage.room.send('one more'), RangeError);
  stage.room.close();
  for (const each of await Promise.all(sent.map(({ settled }) => settled))) assert.equal(fate(each), 'not_sent');
});

test('what UTF-8 does not have is replaced', () => {
  const stage = welcomed();
  stage.room.send('a\ud800b\u{1f600}');
  assert.deepEqual(stage.said, ['a\ufffdb\u{1f600}']);
});
