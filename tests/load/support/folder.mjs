import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// A folder that goes with test `t`.
export function temporaryFolder(t) {
  const folder = mkdtempSync(join(tmpdir(), 'roomcast-load-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
