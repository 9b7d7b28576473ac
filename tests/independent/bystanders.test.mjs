import assert from 'node:assert/strict';
import test from 'node:test';
import { checkHeard } from './bystanders.mjs';

const said = { ann: 3, ben: 2 };
const order = ['[ann] 0', '[ben] 0', '[mallory] boo', '[ann] 1', '[ann] 2', '[ben] 1'];

test('members who have heard the same, with all numbers once and in order, have heard well', () => {
  checkHeard([order, [...order], [...order]], said);
});

const without = (i) => order.toSpliced(i, 1);
const doubled = (i) => order.toSpliced(i, 0, order[i]);
const swapped = (i) => order.toSpliced(i, 2, order[i + 1], order[i]);

const faults = {
  'a message that one has not heard': [order, without(3), order],
  'a last message that one has not heard': [order, order, without(5)],
  'a message that nobody has heard': [without(3), without(3), without(3)],
  'a last message that nobody has heard': [without(5), without(5), without(5)],
  'a message that one has heard twice': [order, doubled(1), order],
  'a message that everybody has heard twice': [doubled(4), doubled(4), doubled(4)],
  'messages of one sender out of order to everybody': [swapped(3), swapped(3), swapped(3)],
  'messages of two senders in another order to one': [order, order, swapped(0)],
  'a stranger’s message that one has not heard': [order, without(2), order],
  'a message that was never said': [[...order, '[ann] 3'], [...order, '[ann] 3'], [...order, '[ann] 3']],
};

for (const [fault, heard] of Object.entries(faults)) {
  test(`${fault} is noticed`, () => assert.throws(() => checkHeard(heard, said)));
}
