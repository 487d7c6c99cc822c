import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach } from 'vitest';

/** An empty folder for one test, gone after it. */
export async function emptyFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'skein-test-'));
  made.push(folder);
  return folder;
}
const made: string[] = [];
afterEach(async () => { await Promise.all(made.splice(0).map(folder => rm(folder, { recursive: true, force: true }))); });
