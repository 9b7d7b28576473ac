// Every wait has a limit, which only a failure ever reaches.
import { setTimeout as pause } from 'node:timers/promises';

export const patience = 60_000;

// Resolves as `promise` does, or fails with a sentence that says what did not happen; it may be a function that makes one.
export async function within(promise, what, limit = patience) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${typeof what === 'function' ? what() : what}: not within ${limit} ms`)), limit);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

// For what the system tells only when it is asked: asks again and again until `holds`.
export async function until(holds, what, limit = patience) {
  let over = false;
  const asking = async () => {
    while (!over && !(await holds())) await pause(20);
  };
  try {
    await within(asking(), what, limit);
  } finally {
    over = true;
  }
}

// Runs `task(i)` for each i below `count`, no more than `width` at a time, and ends with the first failure.
export async function bounded(count, width, task) {
  let next = 0;
  const runner = async () => {
    while (next < count) await task(next++);
  };
  await Promise.all(Array.from({ length: Math.min(width, count) }, runner));
}
