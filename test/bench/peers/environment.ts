/** The Python of the peers: `npm run bench:peers` makes it, in the cache folder of the user, from the versions that requirements.txt pins. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const requirements = fileURLToPath(new URL('requirements.txt', import.meta.url)), text = readFileSync(requirements, 'utf8');
const cache = process.env['XDG_CACHE_HOME'] ?? path.join(os.homedir(), '.cache');
/** Other versions are another folder. SKEIN_PEERS names one that is there already. */
export const FOLDER = process.env['SKEIN_PEERS'] ?? path.join(cache, 'skein', `peers-${createHash('sha256').update(text).digest('hex').slice(0, 8)}`);
export const PYTHON = path.join(FOLDER, 'bin', 'python');
const DONE = path.join(FOLDER, 'complete');

export const ready = (): boolean => existsSync(PYTHON) && (process.env['SKEIN_PEERS'] !== undefined || existsSync(DONE));
/** `torch 2.13.0`, `jax 0.10.2`, ... */
export const versions = (): string[] => text.trim().split('\n').map(line => line.replace('==', ' '));

function run(command: string, ...args: string[]): void {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit' });
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}`);
}
export function install(): void {
  if (ready()) { console.log(`${FOLDER} is there`); return; }
  run('python3', '-m', 'venv', '--clear', FOLDER);
  run(PYTHON, '-m', 'pip', 'install', '--requirement', requirements);
  writeFileSync(DONE, text);
  console.log(`${FOLDER}: ${versions().join(', ')}`);
}
