// How large a test is: its full size takes minutes, its short one seconds, and less of that where a sanitizer is slow.
import { readFileSync } from 'node:fs';

export const isLong = process.env.ROOMCAST_TEST_LONG === '1';

const scale = Number(process.env.ROOMCAST_TEST_SCALE ?? 1);

export const isSanitized = scale !== 1;

export function size(full, short) {
  return isLong ? full : Math.ceil(short / scale);
}

// This process's limit of descriptors, less what it needs for itself: so many connections it can hold.
export function connectionsHere() {
  const [, soft] = /^Max open files\s+(\d+|unlimited)/m.exec(readFileSync('/proc/self/limits', 'utf8'));
  return soft === 'unlimited' ? Infinity : Number(soft) - 200;
}
