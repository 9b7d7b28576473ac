// Members who talk with each other whatever happens around them, and what they must have heard in the end.
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { within } from './server.mjs';

// Fails unless all of `heard`, the messages of each member in the order in which they came to it, are the same, and hold
// each sender's numbers once and in order: `said` has how many there are, as { name: count }.
export function checkHeard(heard, said) {
  for (const [member, messages] of heard.entries()) {
    for (let i = 0; i < Math.max(messages.length, heard[0].length); ++i) {
      if (messages[i] !== heard[0][i]) {
        assert.fail(`message ${i} is ${brief(heard[0][i])} to the first member, and ${brief(messages[i])} to member ${member}`);
      }
    }
  }
  for (const [name, count] of Object.entries(said)) {
    let next = 0;
    for (const message of heard[0]) {
      if (!message.startsWith(`[${name}] `)) continue;
      assert.equal(message, `[${name}] ${next}`, `expected number ${next} of ${name}, got ${brief(message)}`);
      ++next;
    }
    assert.equal(next, count, `${name} has said ${count} numbers, and ${next} were heard`);
  }
}

function brief(message) {
  return message === undefined ? 'missing' : JSON.stringify(message.slice(0, 60));
}

export class Bystanders {
  #members;
  #waiting = [];
  #talking = true;
  #talks;
  #fail;

  // Three members who have joined `target` of a server, and begin to talk: each says its next number once it has heard
  // its last, and `pace` milliseconds have passed.
  static async join(server, target, pace) {
    const names = ['ann', 'ben', 'cat'];
    const members = [];
    for (const name of names) {
      const client = await server.join(`${target}?name=${name}`);
      members.push({ name, client, said: 0, heard: [], known: new Set(), last: Object.fromEntries(names.map((other) => [other, -1])) });
    }
    return new Bystanders(members, pace);
  }

  constructor(members, pace) {
    this.#members = members;
    // Rejected when a bystander is harmed.
    this.harm = new Promise((_, reject) => (this.#fail = reject));
    this.harm.catch(() => {});
    for (const member of members) this.#listen(member).catch(this.#fail);
    this.#talks = Promise.all(members.map((member) => this.#talk(member, pace)));
    this.#talks.catch(this.#fail);
  }

  async #listen(member) {
    for (;;) {
      const message = await member.client.receive();
      member.heard.push(message);
      member.known.add(message);
      const [, name, number] = /^\[(ann|ben|cat)\] (\d+)$/.exec(message) ?? [];
      if (name) member.last[name] = Number(number);
      this.#waiting = this.#waiting.filter(({ holds, resolve }) => !(holds() && (resolve(), true)));
    }
  }

  async #talk(member, pace) {
    while (this.#talking) {
      this.#say(member);
      await this.#until(() => member.last[member.name] === member.said - 1, `${member.name} hears itself`);
      await pause(pace);
    }
  }

  #say(member) {
    member.client.send(String(member.said++));
  }

  #until(holds, what) {
    if (holds()) return Promise.resolve();
    const held = new Promise((resolve) => this.#waiting.push({ holds, resolve }));
    return within(Promise.race([held, this.harm]), what);
  }

  // Waits until everybody has heard from everybody something that was said after this call.
  turn() {
    const from = this.#members.map(({ name, said }) => [name, said]);
    return this.#until(
      () => this.#members.every(({ last }) => from.every(([name, said]) => last[name] >= said)),
      'a turn of the bystanders',
    );
  }

  // Waits until everybody has heard `message`.
  heardBy(message) {
    return this.#until(() => this.#members.every(({ known }) => known.has(message)), `${message} is heard`);
  }

  // What one of them has heard from `name`.
  saidBy(name) {
    return this.#members[0].heard.filter((message) => message.startsWith(`[${name}] `));
  }

  // Ends the talk, and fails if anybody has heard anything else than it should.
  async finish() {
    this.#talking = false;
    await this.#talks;
    const everythingHeard = () =>
      this.#members.every(({ last }) => this.#members.every(({ name, said }) => last[name] === said - 1));
    await this.#until(everythingHeard, 'everybody hears everything');
    // What comes twice may come after everything has come once.
    this.#say(this.#members[0]);
    await this.#until(everythingHeard, 'everybody hears the last');
    checkHeard(
      this.#members.map(({ heard }) => heard),
      Object.fromEntries(this.#members.map(({ name, said }) => [name, said])),
    );
  }
}
