// The room's messages as elements: no more of them than are needed, and changed once a frame, however many come.

const mostAtEnd = 500;
const mostWhileReading = 2000; // further up, where what is being read stays; the newest are shown later
const nearEnd = 40; // pixels
const nearTop = 200;
const together = 5 * 60_000; // messages of one member within so long stand under one head

const hues = 8;

// An element of class `name`, with text and children.
export function element(tag, name, ...children) {
  const made = document.createElement(tag);
  if (name) made.className = name;
  made.append(...children);
  return made;
}

// A member's initial, in a colour of its name.
export function avatar(name) {
  const made = element('span', 'avatar', [...name][0].toUpperCase());
  made.ariaHidden = 'true';
  let sum = 0;
  for (const each of name) sum = (sum * 31 + each.codePointAt(0)) % 9973;
  made.dataset.hue = sum % hues;
  return made;
}

const timeOfDay = new Intl.DateTimeFormat([], { hour: '2-digit', minute: '2-digit' });
const dayAndTime = new Intl.DateTimeFormat([], { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });

function timeElement(iso) {
  const date = new Date(iso);
  const isToday = date.toDateString() === new Date().toDateString();
  const made = element('time', '', (isToday ? timeOfDay : dayAndTime).format(date));
  made.dateTime = iso;
  return made;
}

function messageElement({ name, time, text, isOwn }) {
  const author = element('bdi', 'name', name);
  const body = element('div', 'text', text);
  body.dir = 'auto';
  return element('div', isOwn ? 'message own' : 'message', avatar(name), element('div', 'head', author, timeElement(time)), body);
}

/**
 * The list in `log`, which scrolls: `earlier`, a button, above `messages`, and maybe more below. `onUnread(count)` is told how many
 * messages nobody has looked at, and `onEarlier(oldest)` that those before message `oldest` are wanted.
 */
export class MessageList {
  #log;
  #earlier;
  #messages;
  #onUnread;
  #queue = []; // elements, in order
  #isDue = false;
  #of = new WeakMap(); // the messages of their elements
  #isAtEnd = true;
  #epoch = null;
  #hasEarlier = false; // messages that are not in the list
  #unread = 0;
  #unreadDivider = null;

  constructor(log, earlier, messages, { onUnread, onEarlier }) {
    this.#log = log;
    this.#earlier = earlier;
    this.#messages = messages;
    this.#onUnread = onUnread;
    const wantEarlier = () => !earlier.hidden && onEarlier(this.#oldest);
    log.addEventListener('scroll', () => {
      this.#isAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < nearEnd;
      if (this.#isAtEnd) this.toEnd();
      else if (log.scrollTop < nearTop) wantEarlier();
    });
    earlier.addEventListener('click', wantEarlier);
    document.addEventListener('visibilitychange', () => {
      this.#flush(); // for which there may be no frame any more
      this.#look();
    });
    const resized = new ResizeObserver(() => this.#stayAtEnd());
    for (const each of [log, ...log.children]) resized.observe(each);
  }

  /** The life of the room's log of which messages come from now on. */
  set epoch(epoch) {
    this.#epoch = epoch;
  }

  addMessage(message) {
    const added = this.#make(message);
    if (!message.isOwn && !this.#isRead()) {
      if (this.#unread++ === 0) this.#divideUnread();
    }
    this.#add(added);
  }

  /** A line of what has happened. */
  addEvent(text) {
    this.#add(element('div', 'event', text));
  }

  /** A line that divides what is before it from what comes after; `addEarlier` can add to it. */
  addDivider(text) {
    return this.#add(element('div', 'divider', text));
  }

  /**
   * Puts `messages`, oldest first, after `divider`, or before all others; what is in view stays there. Where nothing has been said
   * before them, the list `isComplete`.
   */
  addEarlier(messages, isComplete, divider) {
    const added = messages.map((each) => this.#make(each));
    this.#log.ariaLive = 'off'; // nobody wants that read out
    const fromEnd = this.#log.scrollHeight - this.#log.scrollTop;
    if (!divider) this.#messages.prepend(...added);
    else if (divider.isConnected) divider.after(...added);
    else this.#queue.splice(this.#queue.indexOf(divider) + 1, 0, ...added);
    for (const each of added) this.#group(each);
    this.#group(added.at(-1)?.nextElementSibling);
    if (!divider || this.#of.get(added[0]) === this.#oldest) this.#hasEarlier = !isComplete;
    this.#offerEarlier();
    this.#log.scrollTop = this.#log.scrollHeight - fromEnd;
    this.#stayAtEnd();
    requestAnimationFrame(() => (this.#log.ariaLive = null));
  }

  clear() {
    this.#queue = [];
    this.#messages.replaceChildren();
    this.#hasEarlier = false;
    this.#offerEarlier();
    this.#unread = 0;
    this.#onUnread(0);
    this.toEnd();
  }

  toEnd() {
    this.#isAtEnd = true;
    this.#flush();
    this.#look();
  }

  get #oldest() {
    for (const each of this.#messages.children) if (this.#of.has(each)) return this.#of.get(each);
    return undefined;
  }

  #make(message) {
    const made = messageElement(message);
    this.#of.set(made, { ...message, epoch: this.#epoch });
    return made;
  }

  #stayAtEnd() {
    if (this.#isAtEnd) this.#log.scrollTop = this.#log.scrollHeight;
  }

  #isRead() {
    return this.#isAtEnd && !document.hidden;
  }

  #look() {
    if (!this.#isRead() || this.#unread === 0) return;
    this.#unread = 0;
    this.#onUnread(0);
  }

  #divideUnread() {
    this.#unreadDivider?.remove();
    this.#queue = this.#queue.filter((each) => each !== this.#unreadDivider);
    this.#unreadDivider = this.#add(element('div', 'divider unread', 'New messages'));
  }

  #add(made) {
    this.#queue.push(made);
    if (this.#queue.length > mostAtEnd && !this.#isAtEnd) this.#flush();
    if (this.#queue.length > mostAtEnd) {
      this.#queue.shift();
      this.#hasEarlier = true;
    }
    if (!this.#isDue) {
      this.#isDue = true;
      // A page that is not seen has no frames.
      if (document.hidden) setTimeout(() => this.#flush());
      else requestAnimationFrame(() => this.#flush());
    }
    return made;
  }

  #flush() {
    this.#isDue = false;
    const space = this.#isAtEnd ? mostAtEnd : mostWhileReading - this.#messages.childElementCount;
    const added = this.#queue.splice(0, Math.max(space, 0));
    this.#messages.append(...added);
    for (const each of added) this.#group(each);
    if (this.#isAtEnd) this.#trim();
    this.#offerEarlier();
    this.#stayAtEnd();
    this.#onUnread(this.#unread);
  }

  #trim() {
    const tooMany = [...this.#messages.children].slice(0, -mostAtEnd);
    if (tooMany.length === 0) return;
    for (const each of tooMany) each.remove();
    this.#group(this.#messages.firstElementChild);
    this.#hasEarlier = true;
  }

  // The server tells nothing of an epoch that is over.
  #offerEarlier() {
    const isOffered = this.#hasEarlier && this.#oldest?.epoch === this.#epoch;
    if (!isOffered && document.activeElement === this.#earlier) this.#log.focus();
    this.#earlier.hidden = !isOffered;
  }

  // Whether a message begins a group: one of another member, or of another time.
  #group(made) {
    const message = made && this.#of.get(made);
    if (!message) return;
    const before = made.previousElementSibling && this.#of.get(made.previousElementSibling);
    const isFirst = !before || before.id !== message.id || Date.parse(message.time) - Date.parse(before.time) > together;
    made.classList.toggle('first', isFirst);
  }
}
