/** Processes that are interrupted, and such that find no room or no right to write: what they say, and what they leave. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { installSkein } from '../docs/project.ts';
import { TINY } from './cli/skein.ts';
import { some } from './rounds.ts';
import { outcomeOf } from './tiny-runs.ts';

const MINUTE = 60_000, folder = mkdtempSync(path.join(os.tmpdir(), 'skein-interrupted-')), PROGRAM = 'plugins/cli/main.js', CHILD = 'test/plugins/interrupted.child.js';
beforeAll(async () => { chmodSync(folder, 0o755); await installSkein(`${folder}/skein`, ['test/plugins/interrupted.child.ts']); }, 5 * MINUTE);
afterAll(() => { rmSync(folder, { recursive: true, force: true }); });

interface Ended { readonly code: number | null; readonly signal: string | null; readonly stdout: string; readonly stderr: string }
/** A process of the package, until its end; `hear` gets each of its lines and may send signals. */
async function run(file: string, argv: readonly string[], hear: (line: string, kill: (signal: NodeJS.Signals) => void) => void = () => undefined, user?: number): Promise<Ended> {
  const child = spawn(process.execPath, [`${folder}/skein/dist/${file}`, ...argv], { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, NO_COLOR: '1', HOME: folder }, ...(user === undefined ? {} : { uid: user, gid: user }) }), out: string[] = [];
  let stderr = '';
  child.stderr.on('data', (text: Buffer) => { stderr += String(text); });
  const ended = once(child, 'close');
  for await (const line of createInterface({ input: child.stdout })) { out.push(line); hear(line, signal => { child.kill(signal); }); }
  const [code, signal] = await ended as [number | null, string | null];
  return { code, signal, stdout: out.join('\n'), stderr };
}
const train = (out: string) => ['train', 'qmix', ...TINY, '--out', out];
const complete = (run_: string) => readdirSync(`${run_}/checkpoints`).filter(name => /^\d+$/.test(name));

describe('a run that is interrupted (T25)', () => {
  let whole: string;
  beforeAll(async () => { whole = `${folder}/whole`; expect((await run(PROGRAM, train(whole))).code).toBe(0); }, 2 * MINUTE);
  const goesOn = async (out: string) => {
    expect(await run(PROGRAM, ['resume', out])).toMatchObject({ code: 0, stderr: '' });
    expect(await outcomeOf(out)).toEqual(await outcomeOf(whole));
    expect(readdirSync(out)).not.toContain('run.lock');
  };

  it.each([['acting', 'SIGINT', 130], ['updating', 'SIGTERM', 143], ['saving', 'SIGINT', 130]] as const)('while %s, by %s: ends its step, leaves a checkpoint, and goes on bit for bit', async (place, signal, code) => {
    const out = `${folder}/${place}`, ended = await run(CHILD, [place, 'on', ...train(out)], (line, kill) => { if (line === place) kill(signal); });
    expect(ended).toMatchObject({ code, stderr: 'stopping with a checkpoint; once more ends at once\n' });
    expect(ended.stdout).toMatch(/stopped {2}at \d+ of 60 steps; skein resume .* goes on/);
    expect(readdirSync(out)).not.toContain('run.lock');
    expect(readFileSync(`${out}/events.jsonl`, 'utf8')).toMatch(/"kind":"checkpoint".*\n.*"kind":"end".*"reason":"stopped"/);
    await goesOn(out);
  }, 2 * MINUTE);
  it.each(some(['saving', 'acting', 'updating'], 3))('and hangs while %s: the second signal ends it at once, and nothing is corrupt', async place => {
    const out = `${folder}/twice-${place}`, ended = await run(CHILD, [place, 'stuck', ...train(out)], (line, kill) => { if (line === place) kill('SIGINT'); if (line === 'heard') kill('SIGTERM'); });
    expect(ended).toMatchObject({ code: 143, stderr: 'stopping with a checkpoint; once more ends at once\n' });
    await goesOn(out);
  }, 2 * MINUTE);
});

/** A file system of 1 MB of its own, where this machine allows one. */
function smallDisk(): string | undefined {
  const at = `${folder}/small`;
  mkdirSync(at);
  try { execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', at], { stdio: 'ignore' }); return at; } catch { return undefined; }
}
describe('a disk of 1 MB (T26)', () => {
  let disk: string | undefined;
  beforeAll(() => { disk = smallDisk(); });
  afterAll(() => { if (disk !== undefined) execFileSync('umount', [disk]); });

  it('that is full: checkpoints on the way are alarms, the last one is an error with place and remedy; with room again it goes on', async context => {
    if (disk === undefined) context.skip('mounting needs rights that this machine does not give; test/plugins/training/disk-faults.test.ts has the same with a failing port');
    const out = `${disk}/run`, ballast = `${disk}/ballast`, left = 60_000;
    writeFileSync(ballast, new Uint8Array((1 << 20) - left));
    const argv = train(out).map(word => (word === 'agentQ.hidden=4' ? 'agentQ.hidden=32' : word)), ended = await run(PROGRAM, argv);
    expect(ended.code, ended.stdout + ended.stderr).toBe(3);
    expect(ended.stderr).toMatch(/^error: checkpoint \d+ was not saved in .*\/run\/checkpoints: ENOSPC: no space left on device\n {2}fix: make room on the disk; the newest checkpoints are as they were\n$/);
    expect(ended.stdout).toMatch(/kind=alarm .*ENOSPC/);
    expect(readdirSync(`${out}/checkpoints`).filter(name => name.startsWith('.'))).toEqual([]);
    expect(readdirSync(out)).not.toContain('run.lock');
    rmSync(ballast);
    const again = await run(PROGRAM, ['resume', out]);
    expect(again, again.stdout + again.stderr).toMatchObject({ code: 0, stderr: '' });
    expect(complete(out).length).toBeGreaterThan(0);
  }, 2 * MINUTE);
  it('that can only be read: refused before anything is made', async context => {
    if (disk === undefined) context.skip('mounting needs rights that this machine does not give');
    const out = `${disk}/run`;
    execFileSync('mount', ['-o', 'remount,ro', disk!]);
    try {
      expect(await run(PROGRAM, train(`${disk}/other`))).toMatchObject({ code: 3, stderr: expect.stringMatching(/^error: .*\/other cannot be used: EROFS: read-only file system\n {2}fix: make room or give rights, or name another folder with --out\n$/) as string });
      expect(await run(PROGRAM, ['resume', out, '--steps', '90'])).toMatchObject({ code: 3, stderr: expect.stringMatching(/^error: .*\/run cannot be used: EROFS: read-only file system\n {2}fix: /) as string });
    } finally { execFileSync('mount', ['-o', 'remount,rw', disk!]); }
  }, 2 * MINUTE);
});

describe('missing rights (T26)', () => {
  /** Root may write anywhere, so root lets somebody else try. */
  const root = process.getuid?.() === 0, nobody = root ? 65534 : undefined;
  it.runIf(process.platform !== 'win32')('to make or to change the folder: refused, with the place and the remedy', async () => {
    const closed = `${folder}/closed`, mine = `${folder}/mine`;
    mkdirSync(closed, { mode: 0o555 });
    mkdirSync(mine);
    if (nobody !== undefined) chownSync(mine, nobody, nobody);
    expect(await run(PROGRAM, train(`${closed}/run`), undefined, nobody)).toMatchObject({ code: 3, stderr: expect.stringMatching(/^error: .*\/closed\/run cannot be used: EACCES: permission denied\n {2}fix: make room or give rights, or name another folder with --out\n$/) as string });
    expect(readdirSync(closed)).toEqual([]);
    const out = `${mine}/run`;
    expect((await run(PROGRAM, train(out), undefined, nobody)).code).toBe(0);
    chmodSync(out, 0o555);
    expect(await run(PROGRAM, ['resume', out, '--steps', '90'], undefined, nobody)).toMatchObject({ code: 3, stderr: expect.stringMatching(/^error: .*\/run cannot be used: EACCES: permission denied\n {2}fix: /) as string });
    chmodSync(out, 0o755);
    chmodSync(`${out}/checkpoints`, 0o555);
    expect(await run(PROGRAM, ['resume', out, '--steps', '90'], undefined, nobody)).toMatchObject({ code: 3, stderr: expect.stringMatching(/^error: checkpoint \d+ was not saved in .*\/checkpoints: EACCES: permission denied\n {2}fix: /) as string });
    chmodSync(`${out}/checkpoints`, 0o755);
    expect((await run(PROGRAM, ['resume', out, '--steps', '90'], undefined, nobody)).code).toBe(0);
  }, 3 * MINUTE);
});
