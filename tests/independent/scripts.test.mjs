// Scripts of tests/scripts, played by hand: another client than the one that plays them gets the same answers.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import test from 'node:test';
import { Server } from './server.mjs';

// The server that a script wants: started with the options of its `server options` line.
function serverOf(t, script) {
  const file = new URL(`../scripts/${script}`, import.meta.url);
  assert.ok(existsSync(file), `${file.pathname} is not there`);
  const [, line] = /^server options +(.*)$/m.exec(readFileSync(file, 'utf8')) ?? [];
  const words = line?.match(/"(?:[^"\\]|\\.)*"|\S+/g) ?? [];
  return Server.start(t, ...words.map((word) => (word.startsWith('"') ? JSON.parse(word) : word)));
}

function play(script, how) {
  test(script, async (t) => how(await serverOf(t, script), t));
}

const hex = (digits) => Buffer.from(digits.replaceAll(' ', ''), 'hex');

// Where a script says that somebody receives nothing for a while, what comes next is awaited instead: it shows, without a
// wait, that nothing has come before.
async function receivesNothingBefore(client, speaker, text, what) {
  speaker.send(text);
  assert.equal(await client.receive(), what);
}

play('1-model/two-people-meet.chat', async (server) => {
  const ada = await server.join('/chat?name=ada');
  const user = await server.join('/chat');
  ada.send('hello');
  assert.equal(await ada.receive(), '[ada] hello');
  assert.equal(await user.receive(), '[ada] hello');
  assert.equal(await user.close(1000), 1000);
  await receivesNothingBefore(ada, ada, 'next', '[ada] next');
});

play('1-model/numbered-names.chat', async (server) => {
  const a = await server.join('/chat');
  const b = await server.join('/chat');
  assert.equal(await a.close(1000), 1000);
  const c = await server.join('/chat');
  c.send('x');
  assert.equal(await c.receive(), '[user2] x');
  assert.equal(await b.receive(), '[user2] x');
});

play('4-plain-text/a-name-is-taken.chat', async (server) => {
  const ada = await server.join('/chat?name=ada');
  assert.equal((await server.refusal('/chat?name=ada')).status, 409);
  await server.join('/chat/ops?name=ada');
  assert.equal(await ada.close(1000), 1000);
  await server.join('/chat?name=ada');
});

play('4-plain-text/rooms-are-apart.chat', async (server) => {
  const ada = await server.join('/chat/ops?name=ada');
  const bob = await server.join('/chat/dev?name=bob');
  const eve = await server.join('/chat?name=eve');
  ada.send('in ops');
  assert.equal(await ada.receive(), '[ada] in ops');
  bob.send('in dev');
  assert.equal(await bob.receive(), '[bob] in dev');
  await receivesNothingBefore(eve, eve, 'in the lobby', '[eve] in the lobby');
});

play('2-options/no-echo.chat', async (server) => {
  const ada = await server.join('/chat?name=ada');
  const bob = await server.join('/chat?name=bob');
  ada.send('one');
  assert.equal(await bob.receive(), '[ada] one');
  bob.send('two');
  assert.equal(await ada.receive(), '[bob] two');
  await receivesNothingBefore(ada, bob, 'three', '[bob] three');
  await receivesNothingBefore(bob, ada, 'four', '[ada] four');
});

play('4-plain-text/fragments.chat', async (server) => {
  const ada = await server.join('/chat');
  const sendFragments = (...parts) => parts.forEach((part, i) => ada.send(part, { fin: i + 1 === parts.length }));
  sendFragments('hel', 'lo, ', 'world');
  assert.equal(await ada.receive(), 'hello, world');
  sendFragments('', 'a', '', 'b', '');
  assert.equal(await ada.receive(), 'ab');
});

play('4-plain-text/a-ping-is-answered.chat', async (server) => {
  const ada = await server.join('/chat');
  ada.ping('are you there');
  assert.equal(String(await ada.receivePong()), 'are you there');
  ada.ping();
  assert.equal(String(await ada.receivePong()), '');
});

// What eve says closes her connection with `code`, and concerns nobody else.
function playBadInput(script, bytes, code) {
  play(script, async (server) => {
    const ada = await server.join('/chat?name=ada');
    const bob = await server.join('/chat?name=bob');
    const dan = await server.join('/chat?name=dan');
    const far = await server.join('/chat/elsewhere');
    const eve = await server.join('/chat?name=eve');
    ada.send('1');
    assert.equal(await bob.receive(), '[ada] 1');
    eve.sendRaw(hex(bytes));
    assert.equal(await eve.closed(), code);
    ada.send('2');
    assert.equal(await ada.receive(), '[ada] 1');
    assert.equal(await ada.receive(), '[ada] 2');
    assert.equal(await bob.receive(), '[ada] 2');
    assert.equal(await dan.receive(), '[ada] 1');
    assert.equal(await dan.receive(), '[ada] 2');
    far.send('next');
    assert.match(await far.receive(), /^\[user\d+\] next$/);
  });
}

playBadInput('8-bad-input/message-inside-a-message.chat', '01 81 00000000 61 81 81 00000000 62', 1002);
playBadInput('8-bad-input/binary.chat', '82 81 00000000 61', 1003);
playBadInput('8-bad-input/not-utf8-in-a-fragment.chat', '01 82 00000000 e282 80 81 00000000 28', 1007);
playBadInput('8-bad-input/declared-too-long.chat', '81 ff 0000000000010001 00000000', 1009);

play('9-stopping/members-are-told.chat', async (server) => {
  const ada = await server.join('/chat?name=ada');
  const bob = await server.join('/chat/ops?name=bob');
  // Her message is on its way before the server is told to stop: it is there when her ping is answered.
  ada.send('last words');
  ada.ping();
  await ada.receivePong();
  server.signal('SIGTERM');
  assert.equal(await ada.receive(), '[ada] last words');
  assert.equal(await ada.closed(), 1012);
  assert.equal(await bob.closed(), 1012);
  assert.equal((await server.ended).status, 0);
});
