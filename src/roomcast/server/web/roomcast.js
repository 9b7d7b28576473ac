/**
 * A member of a roomcast room, over the WebSocket subprotocol `roomcast.v1`, for browsers and Node. It comes back when its
 * connection is lost, with what it has missed, and sends nothing twice. The types are in roomcast.d.ts.
 *
 *     import { Room } from './roomcast.js';
 *     const room = new Room('wss://example.org/chat/ops', { name: 'ada' });
 *     room.addEventListener('message', ({ detail }) => console.log(`${detail.name}: ${detail.text}`));
 *     const { state, error } = await room.send('hello').settled;
 */

const subprotocol = 'roomcast.v1';

/** The close codes after which a member does not come back. */
export const closeCodes = { removed: 4001, displaced: 4002 };
const tooLarge = 1009;

// A refusal that stays one, however often it is asked; 404 may be a proxy's, while its server is away.
const refusals = [400, 401, 403, 404, 409];

const firstDelay = 1_000;
const longestDelay = 30_000;
const longestRetryAfter = 3_600_000;
const steady = 5_000; // a connection that lasted so long is no failed attempt
const longestSilence = 30_000; // after it, the server has to answer
const patience = 10_000; // for that answer, and for a handshake
const mostWaiting = 1_000;

const systemClock = {
  now: () => performance.now(),
  setTimeout: (...args) => globalThis.setTimeout(...args),
  clearTimeout: (timer) => globalThis.clearTimeout(timer),
};

/**
 * A message of this member's. `state` is `waiting` until it is written to a connection, then `sent`, and at last `arrived`, with
 * its `seq`, or `failed`, with an `error` of `code` and `message`: the server's own, or
 *
 * - `unknown`: the connection was lost, and nobody can tell whether the message has arrived;
 * - `too_large`: the server takes no message of that size;
 * - `not_sent`: the room was closed before.
 */
class Sent {
  text;
  state = 'waiting';
  seq;
  error;
  /** Resolves with this object when it has arrived or failed; is never rejected. */
  settled;

  constructor(text) {
    this.text = text;
  }
}

// The messages that have neither arrived nor failed. A server takes those of one member in order; so one that is still without
// an answer when a later one is in the room was passed over, and cannot come any more.
class Outbox {
  #waiting = [];
  #unanswered = []; // in the order in which they were sent
  #changed;

  constructor(changed) {
    this.#changed = changed;
  }

  get hasUnanswered() {
    return this.#unanswered.length > 0;
  }

  // Those without an answer are later than this message.
  get since() {
    return this.#unanswered[0].since;
  }

  add(text, ref) {
    if (this.#waiting.length === mostWaiting) throw new RangeError(`${mostWaiting} messages wait to be sent already`);
    const sent = new Sent(text);
    const entry = { ref, sent, by: null, since: 0, isPassedOver: false, isInGap: false };
    sent.settled = new Promise((resolve) => (entry.settle = () => resolve(sent)));
    this.#waiting.push(entry);
    return sent;
  }

  // What waits, to be sent now by `by`, who has heard message `since`: all of it comes later.
  take(by, since) {
    const entries = this.#waiting.splice(0);
    this.#unanswered.push(...entries);
    for (const each of entries) {
      Object.assign(each, { by, since });
      this.#become(each, { state: 'sent' });
    }
    return entries;
  }

  // A message of the room's. Returns the one here that it is, if it is one.
  met({ seq, id, name, text }) {
    const isIt = ({ by, sent, isPassedOver }) => !isPassedOver && by.id === id && by.name === name && sent.text === text;
    const at = this.#unanswered.findIndex(isIt);
    if (at < 0) return undefined;
    for (const each of this.#unanswered.slice(0, at)) each.isPassedOver = true;
    return this.#settle(at, { state: 'arrived', seq });
  }

  acknowledged(ref, seq) {
    return this.#settle(this.#find(ref), { state: 'arrived', seq });
  }

  refused(ref, error) {
    return this.#settle(this.#find(ref), { state: 'failed', error });
  }

  // Messages of the room's were left out; any of the unanswered may be among them.
  gap() {
    for (const each of this.#unanswered) each.isInGap = true;
  }

  // All that the lost connection has brought into the room has been met: what is unanswered now waits again. Where the server
  // has closed because of a message's size, that was the first which it did not take.
  resume(wasTooLarge) {
    if (wasTooLarge) this.#refuseTooLarge(this.#unanswered.findIndex((each) => !each.isPassedOver && !each.isInGap));
    const again = this.#unanswered.filter((each) => !each.isInGap);
    this.#unanswered = this.#unanswered.filter((each) => each.isInGap);
    this.giveUp(false);
    this.#waiting.unshift(...again);
    for (const each of again) {
      each.isPassedOver = false;
      this.#become(each, { state: 'waiting' });
    }
  }

  // Nobody will ever tell what became of those without an answer; unless it was the size of the only one.
  giveUp(wasTooLarge) {
    if (wasTooLarge && this.#unanswered.length === 1) this.#refuseTooLarge(0);
    const error = { code: 'unknown', message: 'the connection was lost; the message may have arrived, or not' };
    while (this.hasUnanswered) this.#settle(0, { state: 'failed', error });
  }

  close() {
    this.giveUp(false);
    const error = { code: 'not_sent', message: 'the message was not sent' };
    for (const each of this.#waiting.splice(0)) this.#finish(each, { state: 'failed', error });
  }

  #refuseTooLarge(at) {
    this.#settle(at, { state: 'failed', error: { code: 'too_large', message: 'the message is too long for the server' } });
  }

  #find(ref) {
    return this.#unanswered.findIndex((each) => each.ref === ref);
  }

  #settle(at, change) {
    return at < 0 ? undefined : this.#finish(this.#unanswered.splice(at, 1)[0], change);
  }

  #finish(entry, change) {
    this.#become(entry, change);
    entry.settle();
    return entry.sent;
  }

  #become({ sent }, change) {
    Object.assign(sent, change);
    this.#changed(sent);
  }
}

/**
 * A member of one room. It connects when it is made, and is one until `close()`, or until its `state` is `closed`.
 *
 * It dispatches `CustomEvent`s; `detail` is what is named here:
 *
 * - `state`: `{state, delay?, code?, reason?, status?}`, when `state` changes. It is `connecting`; `open`; `waiting`, for `delay`
 *   milliseconds, to connect again; or, for good, `closed`, with the close `code` or the HTTP `status` of a refusal, and a `reason`;
 * - `welcome`: `{id, name, room, epoch, seq, members, isReturn, recovered}`: it is in, and `members` in all are. One that returns and
 *   is `recovered` gets all that it has missed next; otherwise messages may be missing here;
 * - `message`: `{seq, id, name, time, text, isOwn, sent?}`, in the room's order, each once; `sent` is what `send()` has returned. Where
 *   the server echoes nothing, this member's own come when it learns that they have arrived;
 * - `join`, `leave`: `{id, name}`; `presence`: `{members}`, how many there are, in a room of many;
 * - `gap`: `{from, to}`: those messages were left out, as this member reads slowly;
 * - `sent`: a `Sent` whose `state` has changed;
 * - `error`: `{code, message, retry_after_ms?}`: something is wrong that concerns no message.
 *
 * Times are milliseconds.
 */
export class Room extends EventTarget {
  #url;
  #chosenName;
  #WebSocket;
  #fetch;
  #random;
  #clock;

  #state = 'connecting';
  #self = null; // {id, name}, from the first welcome on
  #since = 0; // the last message that has come
  #epoch = null;
  #key = null;

  #outbox = new Outbox((sent) => this.#tell('sent', sent));
  #requests = new Map(); // by ref; of this connection
  #lastRef = 0;

  #socket = null;
  #timer = null; // until the next attempt, or the next look at a silent connection
  #welcomedAt = null; // of this connection
  #heardAt = 0;
  #isResuming = false; // nothing is sent before all that was missed has come
  #wasTooLarge = false;
  #isEchoed = false; // its own messages come back
  #lastOwn = 0; // the last of its own that has arrived
  #failures = 0;
  #goodbyeDelay = null; // how long the server wants this member to stay away

  /**
   * Throws a `SyntaxError` or `TypeError` where `url` is none. A relative one is resolved against the page.
   *
   * @param {string | URL} url of the room: `wss://HOST/chat/ROOM`, or `/chat` for the lobby
   * @param {object} [options]
   * @param {string} [options.name] without it the server gives one
   * @param {function} [options.WebSocket] the constructor; the global one by default
   * @param {function} [options.fetch] asks why a handshake was refused; the global one by default
   * @param {function} [options.random] like `Math.random`
   * @param {object} [options.clock] `now`, `setTimeout` and `clearTimeout`
   */
  constructor(url, { name, WebSocket = globalThis.WebSocket, fetch = globalThis.fetch, random = Math.random, clock = systemClock } = {}) {
    super();
    this.#url = new URL(url, globalThis.location?.href);
    this.#url.protocol = this.#url.protocol.replace('http', 'ws');
    this.#chosenName = name;
    this.#WebSocket = WebSocket;
    this.#fetch = fetch;
    this.#random = random;
    this.#clock = clock;
    this.#connect();
  }

  get state() {
    return this.#state;
  }

  /** What the room knows this member by; undefined before the first welcome. */
  get id() {
    return this.#self?.id;
  }

  get name() {
    return this.#self?.name;
  }

  /**
   * Says `text`, now or when there is a connection, after all that was said before. Throws a `RangeError` where 1,000 messages wait
   * already. Unpaired surrogates, which UTF-8 does not have, become U+FFFD.
   */
  send(text) {
    if (this.#state === 'closed') throw new Error('the room is closed');
    const sent = this.#outbox.add(text.replace(/\p{Cs}/gu, '\ufffd'), this.#nextRef());
    this.#flush();
    return sent;
  }

  /**
   * Resolves with `{messages, complete}`: up to `limit` messages before message `before`, or the last ones; oldest first. With
   * `complete` there is nothing before them. Rejected with an `Error` when the connection is lost, or there is none.
   */
  history({ before, limit } = {}) {
    return this.#request({ type: 'history', before, limit });
  }

  /** Resolves with `{count, members}`: how many there are, and `{id, name}` of them, or of some of very many. Rejected as `history`. */
  members() {
    return this.#request({ type: 'members' });
  }

  /** Connects now, where it waits to connect. */
  reconnect() {
    if (this.#state !== 'waiting') return;
    this.#clock.clearTimeout(this.#timer);
    this.#connect();
  }

  /** Leaves the room. A message that has not arrived yet has failed; await its `settled` before, if need be. */
  close() {
    this.#socket?.close(1000);
    this.#end({ code: 1000, reason: 'closed here' });
  }

  // connecting

  #target() {
    const url = new URL(this.#url);
    if (this.#chosenName) url.searchParams.set('name', this.#chosenName);
    if (this.#epoch !== null) {
      url.searchParams.set('since', this.#since);
      url.searchParams.set('epoch', this.#epoch);
      url.searchParams.set('key', this.#key);
    }
    return url;
  }

  #connect() {
    this.#become('connecting');
    const socket = new this.#WebSocket(this.#target().href, subprotocol);
    this.#socket = socket;
    socket.onmessage = ({ data }) => socket === this.#socket && this.#receive(data);
    socket.onclose = ({ code, reason }) => socket === this.#socket && this.#lost(code, reason);
    socket.onerror = () => {}; // a close follows
    // A handshake has as much time as an answer.
    this.#heardAt = this.#clock.now() - longestSilence;
    this.#watch();
  }

  // A connection may die without a word.
  #watch() {
    const silence = this.#clock.now() - this.#heardAt;
    if (silence >= longestSilence + patience) {
      this.#socket.close();
      this.#lost(1006, 'the server does not answer');
      return;
    }
    if (silence >= longestSilence && this.#state === 'open') this.#ask().catch(() => {});
    const limit = silence < longestSilence ? longestSilence : longestSilence + patience;
    this.#timer = this.#clock.setTimeout(() => this.#watch(), limit - silence);
  }

  // Asks for next to nothing. The answer comes after all that was in the room when the server was asked.
  #ask() {
    return this.#request({ type: 'history', before: 0, limit: 1 });
  }

  async #lost(code, reason) {
    const wasIn = this.#welcomedAt !== null;
    if (wasIn && this.#clock.now() - this.#welcomedAt >= steady) this.#failures = 0;
    if (code === tooLarge) this.#wasTooLarge = true;
    this.#forgetConnection();
    if (Object.values(closeCodes).includes(code)) return this.#end({ code, reason });
    if (wasIn) return this.#wait();
    const { refusal, retryAfter } = await this.#whyRefused();
    if (this.#state === 'closed') return;
    if (refusal) this.#end(refusal);
    else this.#wait(retryAfter);
  }

  #forgetConnection() {
    this.#clock.clearTimeout(this.#timer);
    this.#socket = null;
    this.#welcomedAt = null;
    this.#isResuming = false;
    for (const { reject } of this.#requests.values()) reject(new Error('the connection was lost'));
    this.#requests.clear();
  }

  // A WebSocket is only told that it has failed. A request for the same without an upgrade is told why: its status is 426
  // where nothing is in the way.
  async #whyRefused() {
    const url = this.#target();
    url.protocol = url.protocol.replace('ws', 'http');
    const fetch = this.#fetch;
    try {
      const response = await fetch(url.href, { cache: 'no-store', signal: AbortSignal.timeout(patience) });
      const { status } = response;
      const isFinal = refusals.includes(status) && (status !== 404 || this.#epoch === null);
      if (isFinal) return { refusal: { status, reason: (await response.text()).trim() } };
      return { retryAfter: 1000 * Number(response.headers.get('Retry-After')) || 0 };
    } catch {
      return {}; // nobody is there, or nobody who answers this page
    }
  }

  // At random up to a bound that doubles, so that the many whom one restart has cut off do not come back at once; or when the
  // server has said, which gives each a time of its own.
  #wait(retryAfter = 0) {
    const bound = Math.min(firstDelay * 2 ** this.#failures++, longestDelay);
    const delay = this.#goodbyeDelay ?? Math.min(retryAfter, longestRetryAfter) + this.#random() * bound;
    this.#goodbyeDelay = null;
    this.#become('waiting', { delay });
    this.#timer = this.#clock.setTimeout(() => this.#connect(), delay);
  }

  #end(detail) {
    if (this.#state === 'closed') return;
    this.#forgetConnection();
    this.#become('closed', detail);
    this.#outbox.close();
  }

  // the conversation

  #receive(data) {
    this.#heardAt = this.#clock.now();
    if (typeof data !== 'string') return; // binary messages of plain-text members come in binary frames
    const { type, ...frame } = JSON.parse(data);
    switch (type) {
      case 'welcome':
        return this.#welcomed(frame);
      case 'message':
        return this.#met(frame);
      case 'ack':
        return this.#acknowledged(frame);
      case 'members':
      case 'history':
        return this.#answered(frame.ref, ({ resolve }) => resolve(frame));
      case 'error':
        return this.#refused(frame);
      case 'gap':
        this.#since = frame.to;
        this.#outbox.gap();
        return this.#tell(type, frame);
      case 'goodbye':
        this.#goodbyeDelay = Math.min(frame.retry_after_ms, longestRetryAfter);
        return;
      case 'join':
      case 'leave':
      case 'presence':
        return this.#tell(type, frame);
    }
  }

  #welcomed({ key, ...frame }) {
    const isReturn = this.#epoch !== null;
    this.#welcomedAt = this.#clock.now();
    this.#goodbyeDelay = null;
    this.#key = key;
    this.#epoch = frame.epoch;
    this.#self = { id: frame.id, name: frame.name };
    // What was missed has yet to come: it counts message by message, as this connection may be lost before its end.
    if (!frame.recovered) {
      this.#since = frame.seq;
      this.#lastOwn = 0;
      this.#outbox.giveUp(this.#wasTooLarge);
    }
    this.#isResuming = this.#outbox.hasUnanswered;
    this.#become('open');
    this.#tell('welcome', { ...frame, isReturn });
    if (this.#isResuming) this.#resume();
    else this.#goOn();
  }

  // What the old connection has said is in the room by now, or never will be. It is met before the answer comes.
  async #resume() {
    try {
      await this.#ask();
      if (!this.#isEchoed) await this.#lookUp();
    } catch (error) {
      if (!error.code) return; // the connection is lost again
      this.#outbox.giveUp(this.#wasTooLarge);
    }
    this.#outbox.resume(this.#wasTooLarge);
    this.#goOn();
  }

  // A server that echoes nothing does not say either what of its own a member has missed. The room's history has it.
  async #lookUp() {
    const since = Math.max(this.#outbox.since, this.#lastOwn);
    const missed = [];
    for (let before, isOver = false; !isOver; ) {
      const { messages, complete } = await this.history({ before, limit: 1000 });
      missed.unshift(...messages);
      before = messages[0]?.seq ?? 0;
      isOver = complete || before <= since;
    }
    for (const each of missed) {
      const sent = each.seq > since && this.#outbox.met(each);
      if (sent) this.#arrived(each, sent);
    }
  }

  #goOn() {
    this.#isResuming = false;
    this.#wasTooLarge = false;
    this.#flush();
  }

  #flush() {
    if (this.#state !== 'open' || this.#isResuming) return;
    for (const { ref, sent } of this.#outbox.take(this.#self, this.#since)) this.#write({ type: 'message', text: sent.text, ref });
  }

  #met(frame) {
    this.#since = frame.seq;
    const sent = this.#outbox.met(frame);
    if (!sent) return this.#tell('message', { ...frame, isOwn: frame.id === this.id });
    this.#isEchoed = true;
    this.#arrived(frame, sent);
  }

  // Its message has come before; unless the server echoes none, or it was in a gap.
  #acknowledged({ ref, seq }) {
    const sent = this.#outbox.acknowledged(ref, seq);
    if (!sent) return;
    this.#since = Math.max(this.#since, seq);
    this.#arrived({ seq, ...this.#self, time: new Date().toISOString(), text: sent.text }, sent);
  }

  #arrived(message, sent) {
    this.#lastOwn = message.seq;
    this.#tell('message', { ...message, isOwn: true, sent });
  }

  #refused({ ref, ...error }) {
    if (ref === undefined) return this.#tell('error', error);
    this.#outbox.refused(ref, error);
    this.#answered(ref, ({ reject }) => reject(Object.assign(new Error(error.message), { code: error.code })));
  }

  #request(fields) {
    if (this.#state !== 'open') return Promise.reject(new Error('there is no connection'));
    const ref = this.#nextRef();
    const answer = new Promise((resolve, reject) => this.#requests.set(ref, { resolve, reject }));
    this.#write({ ...fields, ref });
    return answer;
  }

  #answered(ref, settle) {
    const request = this.#requests.get(ref);
    this.#requests.delete(ref);
    if (request) settle(request);
  }

  #write(command) {
    this.#socket.send(JSON.stringify(command));
  }

  #nextRef() {
    return String(++this.#lastRef);
  }

  #become(state, more = {}) {
    if (this.#state === state) return;
    this.#state = state;
    this.#tell('state', { state, ...more });
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
