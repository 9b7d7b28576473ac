// What /metrics says, how it is written, and what the dashboard asks of it.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { Server } from './server.mjs';

const noPromtool = spawnSync('promtool', ['--version']).error && 'there is no promtool';

// A server in which something has happened.
async function lively(t) {
  const server = await Server.start(t);
  const [ada, bob] = [await server.join('/chat?name=ada'), await server.join('/chat?name=bob')];
  for (let n = 0; n < 200; ++n) {
    ada.send('hello');
    await bob.receive();
  }
  assert.equal(await bob.close(4000), 4000);
  return server;
}

async function metrics(server) {
  const { status, headers, body } = await server.request({ target: '/metrics' });
  assert.equal(status, 200);
  assert.match(headers['content-type'], /^text\/plain; version=0\.0\.4/);
  return body;
}

// The names that may be asked for, each with its labels.
function namesIn(text) {
  const names = new Map();
  for (const [, name, labels = ''] of text.matchAll(/^([a-z_]+)(?:\{(.*)\})? /gm)) {
    const known = names.get(name) ?? names.set(name, new Set()).get(name);
    for (const [, label] of labels.matchAll(/([a-z_]+)="/g)) known.add(label);
  }
  return names;
}

test('promtool finds nothing wrong with the metrics', { skip: noPromtool }, async (t) => {
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input: await metrics(await lively(t)), encoding: 'utf8' });
  assert.equal(stdout + stderr, '');
  assert.equal(status, 0);
});

test('every metric says what it is', async (t) => {
  const text = await metrics(await lively(t));
  const described = (what) => new Set([...text.matchAll(new RegExp(`^# ${what} ([a-z_]+) \\S`, 'gm'))].map(([, name]) => name));
  const family = (name) => name.replace(/_(bucket|sum|count)$/, '');
  const names = new Set([...namesIn(text).keys()].map(family));
  assert.deepEqual(described('TYPE'), names);
  assert.deepEqual(described('HELP'), names);
});

test('what has happened is counted', async (t) => {
  const server = await lively(t);
  for (const [name, value] of Object.entries({
    'members': 1,
    'joins_total': 2,
    'messages_in_total': 200,
    'messages_out_total': 400,
    'closes_total{code="other"}': 1,
    'batch_messages_sum': 200,
    'remembered_messages': 200,
  })) assert.equal(await server.metric(name), value, name);
  assert.ok((await server.metric('fan_out_seconds_count')) >= 3, 'one fan-out in 64 is timed');
});

test('the process is measured, and the version told', async (t) => {
  const text = await metrics(await lively(t));
  const value = (name) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
  assert.ok(value('process_resident_memory_bytes') > 1e6);
  assert.ok(value('process_cpu_seconds_total') > 0);
  assert.ok(value('process_open_fds') > 3);
  assert.ok(value('process_max_fds') >= value('process_open_fds'));
  assert.ok(Math.abs(Date.now() / 1000 - value('process_start_time_seconds')) < 60);
  assert.match(text, /^roomcast_build_info\{version="\d+\.\d+\.\d+"\} 1$/m);
});

test('the dashboard asks only for what there is', async (t) => {
  const there = namesIn(await metrics(await lively(t)));
  const dashboard = JSON.parse(readFileSync(new URL('../../scripts/grafana-dashboard.json', import.meta.url)));
  const asked = [
    ...dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
    ...dashboard.templating.list.map(({ query }) => query.query ?? ''),
  ];
  // What Prometheus itself adds to each.
  const everywhere = ['job', 'instance'];
  for (const expression of asked) {
    const names = [...expression.matchAll(/\b(?:roomcast|process)_[a-z_]+/g)].map(([name]) => name);
    assert.ok(names.length > 0 || expression === '', expression);
    for (const name of names) {
      assert.ok(there.has(name), `${name} is not among the metrics: ${expression}`);
      for (const [, labels] of expression.matchAll(/by \(([a-z_, ]+)\)/g))
        for (const label of labels.split(/, */)) assert.ok(there.get(name).has(label) || everywhere.includes(label), `${name} has no ${label}: ${expression}`);
    }
  }
  const shown = new Set(asked.join(' ').match(/\broomcast_[a-z_]+/g).map((name) => name.replace(/_(bucket|sum|count)$/, '')));
  const hidden = [...there.keys()].map((name) => name.replace(/_(bucket|sum|count)$/, '')).filter((name) => name.startsWith('roomcast_') && !shown.has(name));
  assert.deepEqual([...new Set(hidden)], [], 'the dashboard shows all');
});
