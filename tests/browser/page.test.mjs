// The page, in a real browser: two visitors talk, whatever becomes of their connections.
import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { Relay, Server, dataFile } from '../independent/server.mjs';
import { Visitor, closeBrowser, openBrowser } from './visitor.mjs';

before(openBrowser);
after(closeBrowser);

const times = (count, make) => Array.from({ length: count }, (_, n) => make(n));

// talking

test('two visitors talk, and see who is there', async (t) => {
  const server = await Server.start(t);
  const ada = await (await Visitor.open(t, server.port, { name: 'ada' })).isIn();
  const bob = await (await Visitor.open(t, server.port, { name: 'bob' })).isIn();
  await ada.hasPeople('ada', 'bob');
  await bob.hasPeople('ada', 'bob');
  await ada.says('hello');
  await bob.hears('hello');
  await bob.says('hi');
  await ada.hears('hi');
  await Promise.all([ada.isHeard(), bob.isHeard()]);
  for (const each of [ada, bob]) assert.deepEqual(await each.texts(), ['hello', 'hi']);
  assert.deepEqual(await ada.find('.message.own .name').allTextContents(), ['ada']);
  await bob.page.close();
  await ada.hasPeople('ada');
  assert.equal(await ada.find('.event').last().textContent(), 'bob has left');
});

test('Enter sends, Shift and Enter begin a line, Escape comes back to the text', async (t) => {
  const server = await Server.start(t);
  const ada = await (await Visitor.open(t, server.port)).isIn();
  const { keyboard } = ada.page;
  await keyboard.type('one');
  await keyboard.press('Shift+Enter');
  await keyboard.type('two');
  await keyboard.press('Enter');
  await ada.hears('one\ntwo');
  assert.equal(await ada.find('#text').inputValue(), '');
  await keyboard.press('Enter');
  await ada.find('#log').focus();
  await keyboard.press('Escape');
  await keyboard.type('three');
  await keyboard.press('Enter');
  await ada.hears('three');
  assert.deepEqual(await ada.texts(), ['one\ntwo', 'three']);
});

test('a name can be chosen, unless somebody has it', async (t) => {
  const server = await Server.start(t);
  const ada = await (await Visitor.open(t, server.port, { name: 'ada' })).isIn();
  const eve = await (await Visitor.open(t, server.port, { name: 'ada' })).isIn();
  await eve.find('#name-fault:has-text("ada is taken in lobby")').waitFor();
  await ada.hasPeople('ada', 'user0');
  const choose = async (name) => {
    await eve.find('#name').fill(name);
    await eve.find('#name').press('Enter');
  };
  await choose('ada');
  await eve.find('#notice:has-text("ada is taken")').waitFor();
  await choose('[eve]');
  await eve.find('#name-fault:has-text("bracket")').waitFor();
  await eve.says('still here');
  await ada.hears('still here');
  await choose('eve');
  await ada.hasPeople('ada', 'eve');
  await eve.hasPeople('ada', 'eve');
  await eve.says('now as eve');
  await ada.hears('now as eve');
  await eve.hears('now as eve');
  assert.deepEqual(await ada.find('.message .name').allTextContents(), ['user0', 'eve']);
  assert.deepEqual(await eve.texts(), ['still here', 'now as eve']);
});

test('rooms are entered by name, by link and by address, and each shows its own', async (t) => {
  const server = await Server.start(t);
  const ada = await (await Visitor.open(t, server.port, { name: 'ada' })).isIn();
  await ada.says('in the lobby');
  await ada.hears('in the lobby');
  await ada.find('#room').fill('ops');
  await ada.find('#room').press('Enter');
  await ada.find('#title:has-text("ops")').waitFor();
  await ada.says('in ops');
  await ada.hears('in ops');
  assert.deepEqual(await ada.texts(), ['in ops']);
  const bob = await (await Visitor.open(t, server.port, { room: 'ops', name: 'bob' })).isIn();
  await bob.hears('in ops');
  await ada.find('#rooms a:has-text("lobby")').click();
  await ada.hears('in the lobby');
  assert.deepEqual(await ada.texts(), ['in the lobby']);
  await bob.hasPeople('bob');
  assert.deepEqual(await ada.find('#rooms a').allTextContents(), ['lobby', 'ops']);
  assert.equal(await ada.find('#rooms a[aria-current="page"]').textContent(), 'lobby');
  assert.equal(await ada.page.title(), 'lobby · roomcast');
});

test('what looks like HTML is text, in messages and in names', async (t) => {
  const server = await Server.start(t);
  const name = '<img src=x onerror=alert(1)>';
  const evil = await (await Visitor.open(t, server.port, { name })).isIn();
  const ada = await (await Visitor.open(t, server.port, { name: 'ada' })).isIn();
  const texts = ['<img src=x onerror=alert(2)>', '<script>alert(3)</script>', 'javascript:alert(4)', '</div><svg onload=alert(5)>', '&lt;b&gt;'];
  for (const each of texts) await evil.says(each);
  await ada.hears(texts.at(-1));
  assert.deepEqual(await ada.texts(), texts);
  await ada.hasPeople(name, 'ada');
  for (const each of [ada, evil]) {
    assert.equal(await each.find('#messages :is(img, script, svg, b), #people img').count(), 0);
    assert.ok((await each.find('.message .name').allTextContents()).every((found) => found === name));
  }
});

test('unread messages are marked, and counted in the title', async (t) => {
  const server = await Server.start(t);
  const ada = await (await Visitor.open(t, server.port, { name: 'ada' })).isIn();
  const bob = await server.join('/chat?name=bob');
  bob.send('read');
  await ada.hears('read');
  await ada.looksAway(true);
  bob.send('one');
  bob.send('two');
  await ada.until(() => document.title === '(2) lobby · roomcast');
  await ada.looksAway(false);
  await ada.until(() => document.title === 'lobby · roomcast');
  const shown = await ada.find('#messages > :not(.event)').evaluateAll((all) => all.map((each) => each.querySelector('.text')?.textContent ?? each.textContent));
  assert.deepEqual(shown, ['read', 'New messages', 'one', 'two']);

  // Further up, nobody is pulled down.
  for (const n of times(50, String)) bob.send(n);
  await ada.hears('49');
  await ada.scrollsTo(0);
  bob.send('unseen');
  await ada.find('#newest:has-text("1 new message")').waitFor();
  assert.ok(await ada.find('#log').evaluate((log) => log.scrollTop < 100));
  await ada.scrollsTo(60);
  await ada.picture('unread');
  await ada.find('#newest').click();
  await ada.find('#newest').waitFor({ state: 'hidden' });
  assert.deepEqual(await ada.dividers(), ['New messages']);
});

test('what was said before comes when it is scrolled to, once, and what is in view stays', async (t) => {
  const server = await Server.start(t);
  const bob = await server.join('/chat?name=bob');
  const texts = times(120, (n) => `message ${n}`);
  for (const each of texts) bob.send(each);
  for (const each of texts) assert.equal(await bob.receive(), `[bob] ${each}`);
  const ada = await (await Visitor.open(t, server.port)).isIn();
  await ada.hears('message 119');
  assert.equal((await ada.texts())[0], 'message 70');
  const topOf = (text) => ada.find(`.message:has-text("${text}")`).evaluate((each) => each.getBoundingClientRect().top);
  const was = await topOf('message 70') + (await ada.find('#log').evaluate((log) => log.scrollTop));
  await ada.scrollsTo(0);
  await ada.hears('message 20');
  assert.ok(Math.abs((await topOf('message 70')) - was) < 40, 'message 70 is where it was');
  await ada.find('#earlier').dispatchEvent('click'); // a mouse would have to scroll there first, which loads them, too
  await ada.hears('message 0');
  await ada.find('#earlier').waitFor({ state: 'hidden' });
  assert.deepEqual(await ada.texts(), texts);
});

// connections that are lost

test('a lost connection loses nothing, and nothing is shown twice', async (t) => {
  const server = await Server.start(t);
  const relay = await Relay.start(t, server.port);
  const ada = await (await Visitor.open(t, relay.port, { name: 'ada' })).isIn();
  const bob = await (await Visitor.open(t, server.port, { name: 'bob' })).isIn();
  await ada.says('before');
  await bob.hears('before');
  await ada.isHeard();
  relay.passes.down = false;
  await ada.says('arrives, and nobody tells');
  await bob.hears('arrives, and nobody tells');
  relay.passes.up = false;
  await ada.says('does not arrive');
  relay.passes.newcomers = false;
  relay.cut({ unnoticed: true });
  await ada.isOffline();
  await ada.says('waits');
  await ada.find('.pending:has-text("Waits for the connection")').waitFor();
  await ada.find('#notice button:has-text("Connect now")').waitFor();
  await ada.page.evaluate(() => Promise.all(document.getAnimations().map((each) => each.finished)));
  await ada.picture('offline');
  await bob.says('while ada was away');
  await bob.hears('while ada was away');
  relay.passes = { up: true, down: true, newcomers: true };
  await ada.isIn();
  await ada.hears('waits');
  await bob.hears('waits');
  await ada.isHeard();
  const all = ['before', 'arrives, and nobody tells', 'while ada was away', 'does not arrive', 'waits'];
  for (const each of [ada, bob]) assert.deepEqual([await each.texts(), await each.dividers()], [all, []]);
  await ada.hasPeople('ada', 'bob');
  assert.ok(await ada.find('#notice').isHidden());
});

// Two visitors, and a server that is killed and started anew with the same `options` while they have the page open.
async function restart(t, ...options) {
  const first = await Server.start(t, ...options);
  const ada = await (await Visitor.open(t, first.port, { name: 'ada' })).isIn();
  const bob = await (await Visitor.open(t, first.port, { name: 'bob' })).isIn();
  await ada.says('before');
  await bob.hears('before');
  await ada.isHeard();
  first.signal('SIGKILL');
  await first.ended;
  await ada.isOffline();
  await ada.says('meanwhile');
  await Server.startAt(t, first.port, ...options);
  await Promise.all([ada.isIn(), bob.isIn()]);
  await ada.isHeard();
  await bob.says('after');
  await ada.hears('after');
  await bob.isHeard();
  for (const each of [ada, bob]) await each.hasPeople('ada', 'bob');
  return { ada, bob };
}

test('a restart is survived, and where the server has forgotten, that is said', async (t) => {
  const { ada, bob } = await restart(t);
  for (const each of [ada, bob]) {
    assert.deepEqual(await each.texts(), ['before', 'meanwhile', 'after']);
    assert.deepEqual(await each.dividers(), ['The connection was lost: some messages may be missing here']);
  }
});

test('a restart of a server that stores is survived, and nothing is lost or shown twice', async (t) => {
  const { ada, bob } = await restart(t, '--data', await dataFile(t));
  for (const each of [ada, bob]) {
    assert.deepEqual(await each.texts(), ['before', 'meanwhile', 'after']);
    assert.deepEqual(await each.dividers(), []);
  }
});

test('what a slow reader has missed is marked, and what a server complains of is shown', async (t) => {
  const server = await Server.start(t);
  const relay = await Relay.start(t, server.port);
  const ada = await (await Visitor.open(t, relay.port, { name: 'ada' })).isIn();
  await ada.says('before');
  await ada.isHeard();
  relay.says('{"type":"gap","from":2,"to":9}');
  await ada.find('.divider:has-text("Messages are missing here")').waitFor();
  relay.says('{"type":"error","code":"rate","message":"that is too fast","retry_after_ms":100}');
  await ada.find('#notice:has-text("that is too fast")').waitFor();
  await ada.find('#notice button').click();
  await ada.find('#notice').waitFor({ state: 'hidden' });
  await ada.says('after');
  await ada.hears('after');
  const shown = await ada.find('#messages > *').evaluateAll((all) => all.map((each) => each.querySelector('.text')?.textContent ?? each.className));
  assert.deepEqual(shown, ['before', 'divider', 'after']);
});

test('who is removed is told, and may join again', async (t) => {
  const server = await Server.start(t);
  const relay = await Relay.start(t, server.port);
  const ada = await (await Visitor.open(t, relay.port, { name: 'ada' })).isIn();
  relay.closesWith(4001);
  await ada.find('#notice:has-text("A moderator has removed you")').waitFor();
  assert.equal(await ada.find('#status').textContent(), 'Not connected');
  await ada.find('#notice button:has-text("Join again")').click();
  await ada.isIn();
  await ada.says('back');
  await ada.hears('back');
});

test('a message that fails says why, and can be sent again or dropped', async (t) => {
  const server = await Server.start(t, '--max-message-size', '1KiB');
  const ada = await (await Visitor.open(t, server.port, { name: 'ada' })).isIn();
  await ada.says('x'.repeat(2000));
  await ada.find('.pending.failed:has-text("too long")').waitFor();
  await ada.says('short');
  await ada.hears('short');
  await ada.picture('failed');
  await ada.find('.failed button:has-text("Send again")').click();
  await ada.find('.pending:not(.failed)').waitFor();
  await ada.find('.pending.failed:has-text("too long")').waitFor();
  await ada.find('.failed button:has-text("Discard")').click();
  await ada.isHeard();
  assert.deepEqual(await ada.texts(), ['short']);
});

// many

test('five thousand messages are few elements, at the end and further up', async (t) => {
  const server = await Server.start(t);
  const ada = await (await Visitor.open(t, server.port, { name: 'ada' })).isIn();
  const bob = await server.join('/chat?name=bob');
  const most = await ada.page.evaluateHandle(() => {
    const found = { messages: 0, elements: 0 };
    new MutationObserver(() => {
      found.messages = Math.max(found.messages, document.getElementById('messages').childElementCount);
      found.elements = Math.max(found.elements, document.getElementsByTagName('*').length);
    }).observe(document.getElementById('messages'), { childList: true });
    return found;
  });
  const say = (what) => times(5000, (n) => bob.send(`${what} ${n}`));
  const showsLast = (text) => ada.until((last) => document.getElementById('messages').lastElementChild?.textContent.endsWith(last), text);
  say('at the end');
  await showsLast('at the end 4999');
  assert.equal(await ada.find('#messages > *').count(), 500);
  const { messages, elements } = await most.jsonValue();
  assert.ok(messages <= 500 && elements < 5000, `${messages} messages, ${elements} elements`);
  assert.equal(await ada.find('#newest').isVisible(), false);

  await ada.scrollsTo(500);
  say('further up');
  await ada.find('#newest:has-text("5,000 new messages")').waitFor();
  const further = await most.jsonValue();
  assert.ok(further.messages <= 2000, `${further.messages} messages`);
  assert.ok(await ada.find('#log').evaluate((log) => log.scrollTop < 600));
  await ada.find('#newest').click();
  await showsLast('further up 4999');
  assert.equal(await ada.find('#messages > *').count(), 500);
  say('again');
  await showsLast('again 4999');
  assert.equal(await ada.find('#messages > *').count(), 500);
});

test('in a room of many people they are counted', async (t) => {
  const server = await Server.start(t, '--presence-limit', '2');
  const ada = await (await Visitor.open(t, server.port, { name: 'ada' })).isIn();
  for (let n = 0; n < 6; ++n) await server.join(`/chat?name=m${n}`);
  await ada.until(() => document.getElementById('count').textContent === '7');
  await ada.find('#others').waitFor();
});

// looks

const conversation = [
  ['ada', 'Morning! The new build is on staging.'],
  ['ada', 'Could somebody have a look at the reconnection when the tunnel drops?'],
  ['bob', 'On it. I pulled the cable twice; it came back by itself both times, and nothing was lost.'],
  ['Zoë', 'Same here, from the train. שלום to the new room, by the way.'],
  ['bob', 'averylongwordthathasnoplaceatwhichitcouldbebrokenbutmustnotmakethepagescrollsidewaysatall_averylongwordthathasnoplace'],
  ['ada', 'Then let us ship it:\n\n  git tag v1.4\n  git push --tags'],
];

for (const colorScheme of ['light', 'dark']) {
  for (const width of [360, 1280]) {
    test(`the page fits ${width} pixels, ${colorScheme}`, async (t) => {
      const server = await Server.start(t);
      const others = new Map();
      for (const name of ['ada', 'bob', 'Zoë']) others.set(name, await server.join(`/chat/ops?name=${encodeURIComponent(name)}`));
      for (const [name, text] of conversation) {
        others.get(name).send(text);
        for (const each of others.values()) await each.receive();
      }
      const eve = await Visitor.open(t, server.port, { room: 'ops', name: 'eve', viewport: { width, height: width < 500 ? 720 : 800 }, colorScheme });
      await eve.isIn();
      await eve.hears(conversation.at(-1)[1]);
      await eve.says('Shipped. Thank you, everybody!');
      await eve.isHeard();
      const fits = () => eve.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth && document.getElementById('log').scrollWidth <= document.getElementById('log').clientWidth);
      assert.ok(await fits());
      await eve.picture(`${width}-${colorScheme}`);
      if (width > 500) return;
      await eve.find('#menu').click();
      await eve.find('#side').waitFor({ state: 'visible' });
      await eve.hasPeople('ada', 'bob', 'eve', 'Zoë');
      assert.ok(await fits());
      assert.ok(await eve.page.evaluate(() => document.getElementById('side').contains(document.activeElement)));
      await eve.page.evaluate(() => Promise.all(document.getAnimations().map((each) => each.finished)));
      await eve.picture(`${width}-${colorScheme}-side`);
      await eve.page.keyboard.press('Escape');
      await eve.find('#side').waitFor({ state: 'hidden' });
      assert.equal(await eve.page.evaluate(() => document.activeElement.id), 'menu');
    });
  }
}

test('what is shown has roles and names for those who do not see it', async (t) => {
  const server = await Server.start(t);
  const ada = await (await Visitor.open(t, server.port, { name: 'ada' })).isIn();
  const { page } = ada;
  for (const [role, name] of [
    ['log', 'Messages'], ['textbox', 'Message'], ['textbox', 'Another room'], ['textbox', 'Your name'], ['button', 'Send'],
    ['navigation', 'Rooms'], ['complementary', 'Rooms and people'], ['region', /^People/], ['link', 'lobby'],
  ]) {
    assert.equal(await page.getByRole(role, { name, exact: true }).count(), 1, `${role} ${name}`);
  }
  assert.equal(await page.getByRole('status').textContent(), 'Online');
});
