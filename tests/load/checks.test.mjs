// A check that cannot fail is none: each is given what is right, and everything that can be wrong.
import assert from 'node:assert/strict';
import test from 'node:test';
import { flat, numbered, onceEach, prefixes, sameOrder } from './support/checks.mjs';

test('one order for all', () => {
  assert.equal(sameOrder([['a', 'b'], ['a', 'b'], ['a', 'b']]), undefined);
  assert.match(sameOrder([['a', 'b'], ['b', 'a']]), /listener 1 heard "b" as number 0, listener 0 "a"/);
  assert.match(sameOrder([['a', 'b'], ['a']]), /listener 1 heard undefined as number 1, listener 0 "b"/);
  assert.match(sameOrder([['a'], ['a', 'b']]), /listener 1 heard "b" as number 1, listener 0 undefined/);
});

test('beginnings of one order', () => {
  assert.equal(prefixes([['a'], ['a', 'b'], []]), undefined);
  assert.equal(prefixes([]), undefined);
  assert.match(prefixes([['b'], ['a', 'b']]), /listener 0 heard "b" as number 0, another "a"/);
  assert.match(prefixes([['a', 'b', 'c'], ['a', 'c']]), /listener 1 heard "c" as number 1, another "b"/);
  assert.match(prefixes([['a', 'b', 'c'], ['a', 'a']]), /listener 1 heard "a" as number 1/);
});

test('numbers without a hole, a double, or another order', () => {
  const list = ['[ada] 3', '[bob] 0', '[ada] 4', '[bob] 1', '[ada] 5'];
  assert.equal(numbered(list, 'ada', 3, 6), undefined);
  assert.equal(numbered(list, 'bob', 0, 2), undefined);
  assert.equal(numbered(list, 'eve', 7, 7), undefined);
  assert.match(numbered(list, 'ada', 3, 7), /up to 5/);
  assert.match(numbered(list, 'ada', 2, 6), /came "\[ada\] 3"/);
  assert.match(numbered(['[ada] 0', '[ada] 2'], 'ada', 0, 3), /after 0 of ada came "\[ada\] 2"/);
  assert.match(numbered(['[ada] 0', '[ada] 0'], 'ada', 0, 1), /after 0 of ada came "\[ada\] 0"/);
  assert.match(numbered(['[ada] 1', '[ada] 0'], 'ada', 0, 2), /came "\[ada\] 1"/);
  assert.match(numbered([], 'eve', 0, 1), /up to -1/);
});

test('each once', () => {
  assert.equal(onceEach(['a', 'b', 'c'], ['c', 'a']), undefined);
  assert.match(onceEach(['a', 'b'], ['c']), /"c" was not heard/);
  assert.match(onceEach(['a', 'b', 'a'], ['a', 'b']), /"a" was heard twice/);
});

test('memory that does not grow', () => {
  const MiB = 1024 * 1024;
  const mebibytes = (...values) => values.map((value) => value * MiB);
  assert.equal(flat(mebibytes(2, 6, 6, 6)), undefined);
  assert.equal(flat(mebibytes(9, 6, 6, 6)), undefined);
  assert.equal(flat(mebibytes(17, 17, 19, 17, 17, 17.4, 17, 17)), undefined);
  assert.match(flat(mebibytes(6, 6, 6, 7)), /grew from 6291456 to 7340032 bytes/);
  assert.match(flat(mebibytes(5, 6, 7, 8)), /grew/);
  assert.match(flat(Array.from({ length: 20 }, (_, i) => 6 * MiB + i * 100_000)), /grew/);
});
