// Bystanders: members of a room that talk to each other in numbered messages while something else goes on, and hear
// everything.
import { setTimeout as pause } from 'node:timers/promises';
import { numbered, sameOrder } from './checks.mjs';
import { Member } from './member.mjs';
import { within } from './waiting.mjs';

const names = ['ada', 'bob', 'eve'];

class Witness {
  #member;
  #heard = [];
  #awaited;
  #came;
  #said = 0;
  #checked = 0;

  static async join(port, target, name) {
    const witness = new Witness();
    witness.name = name;
    witness.#member = await Member.join(port, {
      target: `${target}?name=${name}`,
      heard: (text) => {
        witness.#heard.push(text);
        if (text === witness.#awaited) witness.#came();
      },
    });
    return witness;
  }

  get said() {
    return this.#said;
  }

  // Waits for a message that has not come yet.
  hears(text) {
    this.#awaited = text;
    const came = new Promise((resolve) => (this.#came = resolve));
    const gone = this.#member.gone.then(() => {
      throw new Error(`bystander ${this.name} was cut off (close ${this.#member.closed})`);
    });
    return within(Promise.race([came, gone]), `bystander ${this.name} hears ${text}`);
  }

  // Says the next number.
  say() {
    this.#member.say(String(this.#said));
    return `[${this.name}] ${this.#said++}`;
  }

  // Takes what was heard up to `last`, and at what number this one's own messages begin in it.
  takeUpTo(last) {
    const heard = this.#heard.splice(0, this.#heard.indexOf(last) + 1);
    const first = this.#checked;
    this.#checked = this.#said;
    return { heard, first };
  }

  leave() {
    return this.#member.leave();
  }

  destroy() {
    this.#member?.destroy();
  }
}

export class Witnesses {
  #all = [];
  #talking = false;
  #talks = [];
  #pace;

  // Three of them, in `target`, which begin to talk when all are there, with a pause of `pace` ms after each message.
  static async join(t, port, target, pace = 5) {
    const witnesses = new Witnesses();
    witnesses.#pace = pace;
    t.after(() => witnesses.#all.forEach((each) => each.destroy()));
    for (const name of names) witnesses.#all.push(await Witness.join(port, target, name));
    witnesses.talk();
    return witnesses;
  }

  static get count() {
    return names.length;
  }

  talk() {
    this.#talking = true;
    this.#talks = this.#all.map((each) => this.#chatter(each));
    for (const each of this.#talks) each.catch(() => {});
  }

  // Each says its next number a little after the one before has come back, as others need the machine, too.
  async #chatter(witness) {
    while (this.#talking) {
      await witness.hears(witness.say());
      await pause(this.#pace);
    }
  }

  // Ends the talk, and checks it: since the last time all have heard the same, and each other's messages once and in order.
  // Returns what others have said in the room.
  async settle() {
    this.#talking = false;
    await Promise.all(this.#talks);
    const last = this.#all[0].say();  // after all that any of them has said
    await Promise.all(this.#all.map((each) => each.hears(last)));
    const taken = this.#all.map((each) => each.takeUpTo(last));
    const { heard } = taken[0];
    const gaps = this.#all.map(({ name, said }, i) => numbered(heard, name, taken[i].first, said));
    const fault = sameOrder(taken.map((each) => each.heard)) ?? gaps.find(Boolean);
    if (fault) throw new Error(`bystanders: ${fault}`);
    return heard.filter((text) => !names.some((name) => text.startsWith(`[${name}] `)));
  }

  // How many messages they have said.
  get said() {
    return this.#all.reduce((sum, { said }) => sum + said, 0);
  }

  async leave() {
    for (const each of this.#all) await each.leave();
  }
}
