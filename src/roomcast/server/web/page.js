// Two tabs of this page talk to each other: plain text over a WebSocket, one line a message.

const path = document.documentElement.dataset.path;
const join = document.querySelector('#join');
const say = document.querySelector('#say');
const status = document.querySelector('#status');
const messages = document.querySelector('#messages');
const mostLines = 1000;

let socket;
let atEnd = true; // the newest line is in view, and is kept there

function show(text) {
  const line = document.createElement('p');
  line.textContent = text;
  messages.append(line);
  while (messages.childElementCount > mostLines) messages.firstElementChild.remove();
  keepAtEnd();
}

function keepAtEnd() {
  if (atEnd) messages.scrollTop = messages.scrollHeight;
}

messages.addEventListener('scroll', () => {
  atEnd = messages.scrollHeight - messages.scrollTop - messages.clientHeight < 40;
});
new ResizeObserver(keepAtEnd).observe(messages);

function connect(room, name) {
  socket?.close(1000);
  const url = new URL(room ? `${path}/${encodeURIComponent(room)}` : path, location.href);
  url.protocol = url.protocol.replace('http', 'ws');
  if (name) url.searchParams.set('name', name);
  const mine = socket = new WebSocket(url);
  status.textContent = 'connecting…';
  mine.addEventListener('open', () => {
    if (mine !== socket) return;
    status.textContent = `in ${room || 'the lobby'}`;
    enable(true);
  });
  mine.addEventListener('message', ({data}) => mine === socket && show(data));
  mine.addEventListener('close', ({code, reason}) => {
    if (mine !== socket) return;
    status.textContent = code === 1006 ? 'not connected: refused (is the name taken?), or the connection was lost' : `closed: ${code} ${reason}`;
    enable(false);
  });
}

function enable(on) {
  for (const element of say.elements) element.disabled = !on;
  if (on) say.elements.text.focus();
}

join.addEventListener('submit', event => {
  event.preventDefault();
  messages.replaceChildren();
  enable(false);
  connect(join.elements.room.value.trim(), join.elements.name.value.trim());
});

say.addEventListener('submit', event => {
  event.preventDefault();
  const input = say.elements.text;
  if (input.value && socket.readyState === WebSocket.OPEN) socket.send(input.value);
  input.value = '';
});

connect('', '');
