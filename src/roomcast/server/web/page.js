// The page: one room at a time, and who is there.

import { Room, closeCodes } from './roomcast.js';
import { MessageList, avatar, element } from './message-list.js';

const path = document.documentElement.dataset.path;
const lobby = 'lobby';
const mostRooms = 20;
const mostPeople = 200; // that are listed by name

const find = (id) => document.getElementById(id);
const text = find('text');
const notice = find('notice');

let room; // the one that is shown
let coming; // the one that is to be shown once it is in, if any
let title = lobby;
let unread = 0;

const list = new MessageList(find('log'), find('earlier'), find('messages'), { onUnread: showUnread, onEarlier: loadEarlier });

// what is kept for the next visit

function recall(key, otherwise) {
  try {
    return JSON.parse(localStorage.getItem(`roomcast.${key}`)) ?? otherwise;
  } catch {
    return otherwise;
  }
}

function keep(key, value) {
  try {
    localStorage.setItem(`roomcast.${key}`, JSON.stringify(value));
  } catch {
    // the browser keeps nothing
  }
}

let chosenName = recall('name', '');

function keepName(name) {
  chosenName = name;
  keep('name', name);
}

let visited = recall('rooms', []);

// coming and going

function roomInAddress() {
  const name = location.hash.slice(1);
  return /^(?!\.\.?$)[A-Za-z0-9._~-]{1,64}$/.test(name) ? name : lobby;
}

// Goes to room `where` as `name`, and stays where it is until it is let in.
function enter(where, name) {
  if (coming !== room) coming?.close();
  const url = where === lobby ? path : `${path}/${where}`;
  const next = new Room(url, { name });
  coming = next;
  const whenShown = (handle) => ({ detail }) => next === room && handle(detail);
  const listeners = { message: met, join: joined, leave: left, presence: counted, gap: missed, sent: changed, error: warned };
  for (const [type, handle] of Object.entries(listeners)) next.addEventListener(type, whenShown(handle));
  next.addEventListener('welcome', ({ detail }) => {
    if (next === coming) {
      show(next, where, name);
      coming = undefined;
      if (name) keepName(name);
    }
    if (next === room) welcomed(detail);
  });
  next.addEventListener('state', ({ detail }) => {
    if (next === room) showState(detail);
    if (detail.status) refused(next, where, name, detail);
  });
  if (room?.state !== 'open') show(next, where, name);
}

function show(next, where, name) {
  if (next === room) return;
  const former = room;
  room = next;
  former?.close();
  if (where !== title) find('pending').replaceChildren();
  title = where;
  find('title').textContent = where;
  text.placeholder = `Message #${where}`;
  find('name').placeholder = '';
  find('name').value = name;
  find('name-fault').textContent = '';
  list.clear();
  people.clear();
  showPeople();
  showTitle();
  showState({ state: room.state });
}

// Who asked for a name that is not to be had joins without one.
function refused(who, where, name, { status, reason }) {
  if (who !== coming && who !== room) return;
  if (who === coming) coming = undefined;
  const isForName = name && (status === 409 || status === 400);
  const fault = status === 409 ? `${name} is taken in ${where}. Choose another name.` : `${reason}.`;
  if (who !== room) location.hash = title;
  else if (isForName) enter(where, '');
  if (isForName) find('name-fault').textContent = fault;
  if (isForName || who !== room) tell(fault);
}

function welcomed({ name, room: where, epoch, seq, members, isReturn, recovered }) {
  const last = isReturn && epoch === shown.epoch ? shown.last : -1;
  shown = { epoch, last: shown.last };
  list.epoch = epoch;
  find('name').placeholder = name;
  visited = [where, ...visited.filter((each) => each !== where)].slice(0, mostRooms);
  keep('rooms', visited);
  showRooms(where);
  count = members;
  listPeople();
  if (recovered) return;
  const divider = isReturn ? list.addDivider('The connection was lost: some messages may be missing here') : undefined;
  loadBefore(seq + 1, divider, last);
  shown.last = seq;
}

// what was said

let shown = { epoch: null, last: 0 }; // the last message that has come, and its epoch
let isLoading = false;

function met(message) {
  shown.last = Math.max(shown.last, message.seq);
  list.addMessage(message);
}

function missed({ from, to }) {
  list.addDivider(from === to ? 'A message is missing here: it came too fast' : 'Messages are missing here: they came too fast');
  shown.last = to;
}

async function loadBefore(before, divider, last = -1) {
  const asked = room;
  isLoading = true;
  try {
    const { messages, complete } = await asked.history({ before });
    if (asked !== room) return;
    const wanted = messages.filter(({ seq }) => seq > last).map((each) => ({ ...each, isOwn: each.id === asked.id }));
    list.addEarlier(wanted, complete, divider);
  } catch {
    // the connection is lost, which is shown
  } finally {
    if (asked === room) isLoading = false;
  }
}

function loadEarlier(oldest) {
  if (!isLoading) loadBefore(oldest.seq);
}

// what is being said

const pending = new Map(); // elements, by what `send` has returned

function say(words) {
  const sent = room.send(words);
  const what = element('div', 'what');
  const body = element('div', 'text', sent.text);
  body.dir = 'auto';
  const made = element('div', 'pending', body, what);
  pending.set(sent, made);
  find('pending').append(made);
  changed(sent);
  list.toEnd();
  sent.settled.then(() => {
    pending.delete(sent);
    if (sent.state === 'failed') fail(made, what, sent);
    else made.remove();
  });
}

function changed(sent) {
  const what = pending.get(sent)?.querySelector('.what');
  if (what) what.textContent = sent.state === 'waiting' ? 'Waits for the connection' : '';
}

function fail(made, what, { text: words, error }) {
  made.classList.add('failed');
  const reason = element('span', '', `${error.code === 'unknown' ? 'Perhaps not sent' : 'Not sent'}: ${error.message}`);
  reason.role = 'alert';
  const again = element('button', '', 'Send again');
  const discard = element('button', '', 'Discard');
  for (const each of [again, discard]) {
    each.type = 'button';
    each.addEventListener('click', () => {
      made.remove();
      text.focus();
    });
  }
  again.addEventListener('click', () => say(words));
  what.replaceChildren(reason, again, discard);
}

// who is there

const people = new Map(); // names, by id
let count = 0;
let isCountOnly = false; // in a room of many, nobody is told who comes and goes
let arePeopleDue = false;

async function listPeople() {
  const asked = room;
  isCountOnly = false;
  try {
    const answer = await asked.members();
    if (asked !== room) return;
    people.clear();
    for (const { id, name } of answer.members) people.set(id, name);
    count = answer.count;
    showPeople();
  } catch {
    // the connection is lost; the next welcome asks again
  }
}

function joined({ id, name }) {
  ++count;
  if (isCountOnly) listPeople();
  people.set(id, name);
  list.addEvent(`${name} has joined`);
  showPeople();
}

function left({ id, name }) {
  --count;
  if (isCountOnly) listPeople();
  people.delete(id);
  list.addEvent(`${name} has left`);
  showPeople();
}

function counted({ members }) {
  count = members;
  isCountOnly = true;
  people.clear();
  showPeople();
}

function showPeople() {
  if (arePeopleDue) return;
  arePeopleDue = true;
  requestAnimationFrame(() => {
    arePeopleDue = false;
    const named = [...people].sort(([, a], [, b]) => a.localeCompare(b)).slice(0, mostPeople);
    find('people').replaceChildren(
      ...named.map(([id, name]) => element('li', id === room.id ? 'self' : '', avatar(name), element('bdi', '', name))),
    );
    find('count').textContent = count > 0 ? count.toLocaleString() : '';
    const others = count - named.length;
    find('others').hidden = others <= 0;
    find('others').textContent = named.length > 0 ? `and ${others.toLocaleString()} more` : 'too many to list';
  });
}

// the state of things

const states = { connecting: 'Connecting', open: 'Online', waiting: 'Offline', closed: 'Not connected' };
const closings = {
  [closeCodes.removed]: 'A moderator has removed you from this room.',
  [closeCodes.displaced]: 'You have come back to this room in another window.',
};

function showState({ state, code, reason }) {
  find('status').textContent = states[state];
  find('status').dataset.state = state;
  if (state === 'open' && notice.className === 'connection') notice.hidden = true;
  if (state === 'waiting') {
    tell('The connection is lost. What you write is sent when it is back.', 'Connect now', () => room.reconnect());
    notice.className = 'connection';
  }
  if (state === 'closed') tell(closings[code] ?? `This room cannot be had: ${reason}.`, 'Join again', () => enter(title, chosenName));
}

function tell(words, action, act) {
  const [label, button] = notice.children;
  label.textContent = words;
  button.textContent = action ?? 'Close';
  button.onclick = () => {
    notice.hidden = true;
    act?.();
    text.focus();
  };
  notice.className = '';
  notice.hidden = false;
}

function warned({ message }) {
  tell(`The server says: ${message}.`);
}

function showRooms(where) {
  const links = [...new Set([lobby, ...visited])].map((name) => {
    const link = element('a', '', name);
    link.href = `#${name}`;
    if (name === where) link.ariaCurrent = 'page';
    return element('li', '', link);
  });
  find('rooms').replaceChildren(...links);
}

function showUnread(messages) {
  unread = messages;
  find('newest').hidden = unread === 0;
  find('newest').textContent = unread === 1 ? '1 new message' : `${unread.toLocaleString()} new messages`;
  showTitle();
}

function showTitle() {
  document.title = `${unread > 0 ? `(${unread}) ` : ''}${title} · roomcast`;
}

// what the visitor does

// Keyboards on screens are not to come up on their own.
const hasKeyboard = matchMedia('(hover: hover)');

function openSide(isOpen) {
  document.body.classList.toggle('open', isOpen);
  find('menu').ariaExpanded = isOpen;
  (isOpen ? find('side').querySelector('a, input') : find('menu')).focus();
}

const isSideOpen = () => document.body.classList.contains('open');

find('menu').addEventListener('click', () => openSide(!isSideOpen()));
document.querySelector('main').addEventListener('click', ({ target }) => {
  if (isSideOpen() && !find('menu').contains(target)) openSide(false);
});

document.addEventListener('keydown', ({ key }) => {
  if (key !== 'Escape') return;
  if (isSideOpen()) openSide(false);
  else text.focus();
});

window.addEventListener('hashchange', () => {
  document.body.classList.remove('open');
  find('menu').ariaExpanded = false;
  if (roomInAddress() !== title || room.state === 'closed') enter(roomInAddress(), chosenName);
  else if (coming !== room) coming?.close();
  if (hasKeyboard.matches) text.focus();
});

find('go').addEventListener('submit', (event) => {
  event.preventDefault();
  location.hash = find('room').value;
  find('room').value = '';
});

find('rename').addEventListener('submit', (event) => {
  event.preventDefault();
  const name = find('name').value.trim();
  find('name-fault').textContent = '';
  if (name === '') keepName('');
  if (name !== room.name) enter(title, name);
});

text.addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  find('say').requestSubmit();
});

function fitText() {
  text.style.height = 'auto';
  text.style.height = `${text.scrollHeight + text.offsetHeight - text.clientHeight}px`;
}

text.addEventListener('input', fitText);

find('say').addEventListener('submit', (event) => {
  event.preventDefault();
  if (text.value.trim() === '' || room.state === 'closed') return;
  try {
    say(text.value);
    text.value = '';
    fitText();
  } catch (error) {
    tell(`${error.message}.`);
  }
  text.focus();
});

find('newest').addEventListener('click', () => {
  list.toEnd();
  text.focus();
});

window.addEventListener('online', () => room.reconnect());

showRooms(roomInAddress());
enter(roomInAddress(), chosenName);
if (hasKeyboard.matches) text.focus();
