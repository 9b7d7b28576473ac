// The client module, as it is in the tree, or as a server serves it. Node takes it for no module where it lies.
import { readFile } from 'node:fs/promises';

export const importText = (text) => import(`data:text/javascript,${encodeURIComponent(text)}`);

export const importFromTree = async () =>
  importText(await readFile(new URL('../../src/roomcast/server/web/roomcast.js', import.meta.url), 'utf8'));

// What `room` tells, in order: { type, detail }.
export function record(room) {
  const events = [];
  const waiting = [];
  for (const type of ['state', 'welcome', 'message', 'join', 'leave', 'presence', 'gap', 'sent', 'error']) {
    room.addEventListener(type, ({ detail }) => {
      events.push({ type, detail: { ...detail } });
      for (const each of waiting.splice(0)) each();
    });
  }
  return {
    of: (type) => events.filter((each) => each.type === type).map(({ detail }) => detail),
    // Resolves once `holds` of this record.
    async until(holds) {
      while (!holds(this)) await new Promise((resolve) => waiting.push(resolve));
    },
  };
}
