// A reader of a room's event stream, with node's own HTTP client, and a reading of the stream by the letter of HTML, section 9.2.
import assert from 'node:assert/strict';
import http from 'node:http';
import { Inbox, within } from './server.mjs';

// Gives each event to `dispatch`: { type, id, retry, data }, and each comment to `comment`.
export class EventParser {
  #decoder = new TextDecoder('utf-8', { fatal: true });
  #text = '';
  #event = {};

  constructor(dispatch, comment) {
    this.dispatch = dispatch;
    this.comment = comment;
  }

  write(bytes) {
    this.#text += this.#decoder.decode(bytes, { stream: true });
    // A CR at the end may be half of a line's end.
    const lines = this.#text.split(/\r\n|\n|\r(?!$)/);
    this.#text = lines.pop();
    for (const line of lines) this.#take(line);
  }

  // What is left of an event that was not finished.
  get rest() {
    return this.#text + (Object.keys(this.#event).length ? JSON.stringify(this.#event) : '');
  }

  #take(line) {
    if (line === '') {
      const { type = 'message', data, id, retry } = this.#event;
      this.#event = {};
      if (data !== undefined) this.dispatch({ type, ...(id !== undefined && { id }), ...(retry !== undefined && { retry }), data });
      return;
    }
    const [, name, value] = /^([^:]*):? ?([^]*)$/.exec(line);
    if (name === '') return this.comment(value);
    assert.ok(['event', 'data', 'id', 'retry'].includes(name), `there is no such field: ${line}`);
    if (name === 'event') this.#event.type = value;
    else if (name === 'data' && this.#event.data !== undefined) this.#event.data += `\n${value}`;
    else this.#event[name] = value;
  }
}

export class EventReader {
  #request;
  #events = new Inbox();
  #comments = new Inbox();
  #over;

  // One that has been welcomed. `lastId` is the id of the last event that it has read.
  static async open(server, target = '/chat', { lastId, headers = {}, ...options } = {}) {
    const reader = server.keep(new EventReader(server, target, { headers: { ...(lastId !== undefined && { 'Last-Event-ID': lastId }), ...headers }, ...options }));
    const response = await reader.response;
    assert.equal(response.statusCode, 200);
    const { type, data } = await reader.receive();
    assert.equal(type, 'welcome');
    reader.welcome = data;
    return reader;
  }

  constructor(server, target, { headers, ...options }) {
    this.#request = http.get({ host: '127.0.0.1', port: server.port, path: target, agent: false, headers: { Accept: 'text/event-stream', ...headers }, ...options });
    const response = new Promise((resolve, reject) => this.#request.once('response', resolve).on('error', reject));
    this.response = within(response, `an answer to ${target}`);
    this.response.catch(() => {});
    this.#over = this.response.then((stream) => this.#read(stream));
    this.#over.catch(() => {});
  }

  // Resolves with what was left over when the stream ended, and whether it ended well.
  #read(stream) {
    const dispatch = ({ data, ...event }) => this.#events.put({ ...event, data: JSON.parse(data) });
    const parser = new EventParser(dispatch, (text) => this.#comments.put(text));
    return new Promise((resolve) => {
      stream.on('data', (bytes) => {
        try {
          parser.write(bytes);
        } catch (error) {
          this.#events.fail(error);
        }
      });
      stream.on('error', () => {});
      stream.once('close', () => {
        for (const inbox of [this.#events, this.#comments]) inbox.fail(new Error('the stream has ended'));
        resolve({ complete: stream.complete, rest: parser.rest });
      });
    });
  }

  // The next event: { type, id, retry, data }, of which data is an object.
  receive() {
    return this.#events.take('an event');
  }

  // The next message, which has its number for its id.
  async message() {
    const { type, id, data } = await this.receive();
    assert.equal(type, 'message');
    assert.equal(id, String(data.seq));
    return data;
  }

  comment() {
    return this.#comments.take('a comment');
  }

  stopReading() {
    this.#request.socket.pause();
  }

  readAgain() {
    this.#request.socket.resume();
  }

  // How the stream ended: { complete, rest }.
  get ended() {
    return within(this.#over, 'the end of a stream');
  }

  destroy() {
    this.#request.destroy();
  }
}
