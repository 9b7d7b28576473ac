// What must be true of what members of one room have heard. Each check gives a sentence that says what is wrong, or nothing.

function firstDifference(one, other) {
  const length = Math.min(one.length, other.length);
  for (let i = 0; i < length; ++i) if (one[i] !== other[i]) return i;
  return length;
}

// Every list is the same.
export function sameOrder(lists) {
  for (const [i, list] of lists.entries()) {
    const at = firstDifference(lists[0], list);
    if (at < lists[0].length || at < list.length)
      return `listener ${i} heard ${JSON.stringify(list[at])} as number ${at}, listener 0 ${JSON.stringify(lists[0][at])}`;
  }
}

// Every list is a beginning of the longest.
export function prefixes(lists) {
  const longest = lists.reduce((a, b) => (b.length > a.length ? b : a), []);
  for (const [i, list] of lists.entries()) {
    const at = firstDifference(longest, list);
    if (at < list.length) return `listener ${i} heard ${JSON.stringify(list[at])} as number ${at}, another ${JSON.stringify(longest[at])}`;
  }
}

// `name` has said the numbers from `first` to `end`, the latter left out; all of them are in `list`, in order and once.
export function numbered(list, name, first, end) {
  const prefix = `[${name}] `;
  let next = first;
  for (const text of list) {
    if (!text.startsWith(prefix)) continue;
    if (text !== prefix + next) return `after ${next - 1} of ${name} came ${JSON.stringify(text)}`;
    ++next;
  }
  if (next !== end) return `${name} has said all numbers below ${end}, and was heard up to ${next - 1}`;
}

// Each of `texts` is in `list` once; what else is there does not matter, but for being there twice.
export function onceEach(list, texts) {
  const heard = new Set(list);
  if (heard.size !== list.length) return `${JSON.stringify(list.find((text, i) => list.indexOf(text) !== i))} was heard twice`;
  for (const text of texts) if (!heard.has(text)) return `${JSON.stringify(text)} was not heard`;
}

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)];

// Memory, measured after each repetition, does not grow. The first is left out, as there an allocator takes what it keeps; and
// what it gives back a little later makes single values higher.
export function flat([, ...memory]) {
  const half = Math.ceil(memory.length / 2);
  const [early, late] = [median(memory.slice(0, half)), median(memory.slice(half))];
  if (late > early * 1.05 + 512 * 1024) return `memory grew from ${early} to ${late} bytes`;
}
