/** Runs that cannot be gone on with: held by another, damaged, another page's. Each is refused with place and remedy, and left as it was. */
import { createHash } from 'node:crypto';
import { cpSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readRun } from '../../../plugins/stores/read-run.ts';
import { lockRun } from '../../../plugins/stores/run-lock.ts';
import { scratch, skein, TINY } from './skein.ts';

const folder = scratch();
afterAll(folder.remove);
beforeAll(async () => { expect((await skein('train', 'qmix', ...TINY, '--out', folder.in('good'))).code).toBe(0); });
let copies = 0;
const copy = (): string => { const run = folder.in(`copy-${++copies}`); cpSync(folder.in('good'), run, { recursive: true }); return run; };
/** Every file with its content. */
const contents = (run: string): Readonly<Record<string, string>> => Object.fromEntries(readdirSync(run, { recursive: true, encoding: 'utf8' }).filter(name => statSync(`${run}/${name}`).isFile()).sort().map(name => [name, createHash('sha256').update(readFileSync(`${run}/${name}`)).digest('hex')]));
const updates = (run: string) => readdirSync(`${run}/checkpoints`).map(Number).sort((a, b) => a - b);
/** Refused with these words, and nothing in the folder has changed. */
async function refused(run: string, argv: readonly string[], code: number, words: RegExp): Promise<void> {
  const before = contents(run), answer = await skein(...argv);
  expect(answer).toMatchObject({ code, stderr: expect.stringMatching(words) as string });
  expect(answer.stdout).not.toContain('kind=resume');
  expect(contents(run)).toEqual(before);
}
/** Files of the newest checkpoint in which its manifest believes. */
function forge(run: string, name: 'state.json' | 'arrays.safetensors', change: (bytes: Buffer) => Uint8Array): void {
  const at = `${run}/checkpoints/${updates(run).at(-1)}`, bytes = change(readFileSync(`${at}/${name}`)), manifest = JSON.parse(readFileSync(`${at}/manifest.json`, 'utf8')) as { files: Record<string, unknown> };
  writeFileSync(`${at}/${name}`, bytes);
  manifest.files[name] = { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
  writeFileSync(`${at}/manifest.json`, JSON.stringify(manifest));
}

describe('a run that another process has (T08)', () => {
  it('is refused by the name of the holder, for resume and for a new run', async () => {
    const run = copy(), unlock = await lockRun(run);
    await refused(run, ['resume', run, '--steps', '90'], 3, new RegExp(`^error: ${run} is in use by process ${process.pid}\n {2}fix: stop that process, or name another folder\n$`));
    await refused(run, ['train', 'qmix', ...TINY, '--out', run], 2, /holds a run already/);
    await unlock();
    const empty = folder.in('empty'), held = (cpSync(folder.in('good/run.json'), `${empty}/x`), rmSync(`${empty}/x`), await lockRun(empty));
    await refused(empty, ['train', 'qmix', ...TINY, '--out', empty], 3, new RegExp(`in use by process ${process.pid}`));
    await held();
  });
  it('is taken over from a process that is gone', async () => {
    const run = copy();
    writeFileSync(`${run}/run.lock`, JSON.stringify({ ...JSON.parse(readFileSync(await locked(run), 'utf8')) as object, pid: 2 ** 22 + 1 }));
    expect((await skein('resume', run, '--steps', '70', '--quiet')).code).toBe(0);
    expect(readdirSync(run)).not.toContain('run.lock');
  });
  const locked = async (run: string) => { await lockRun(run); return `${run}/run.lock`; };
});

describe('a run whose newest checkpoint is damaged (T03)', () => {
  it('is refused, with the one before it as the remedy; goes on from that one when asked to, and says so', async () => {
    const run = copy(), [before, newest] = updates(run), weights = `${run}/checkpoints/${newest}/arrays.safetensors`, bytes = readFileSync(weights);
    bytes[bytes.length - 5]! ^= 4;
    writeFileSync(weights, bytes);
    const words = new RegExp(`^error: .*/checkpoints/${newest}/arrays\\.safetensors has the digest .*\n {2}fix: go on from another checkpoint; this one is damaged: skein resume ${run} --at ${before}\n$`);
    await refused(run, ['resume', run, '--steps', '90'], 2, words);
    await refused(run, ['evaluate', run], 2, /arrays\.safetensors has the digest/);
    expect((await skein('evaluate', run, '--at', String(before), '--episodes', '4')).stdout).toContain(`after ${before} updates`);
    const { code, stdout } = await skein('resume', run, '--at', String(before), '--steps', '90');
    expect(code).toBe(0);
    expect(stdout).toContain(`goes on from checkpoint ${before}, as asked; ${newest} is left behind`);
    expect(stdout).toMatch(/kind=resume step=30 /);
    expect(readFileSync(`${run}/events.jsonl`, 'utf8')).toMatch(/"kind":"alarm".*"code":"CHECKPOINT","left":\[\d+\]/);
    expect((await skein('train', 'qmix', ...TINY.map(word => (word === '60' ? '90' : word)), '--quiet', '--out', folder.in('whole'))).code).toBe(0);
    const last = (of: string) => readFileSync(`${of}/checkpoints/${updates(of).at(-1)}/arrays.safetensors`);
    expect(last(run).equals(last(folder.in('whole')))).toBe(true);
  });
  it('is refused where --at names none', async () => {
    const run = copy();
    await refused(run, ['resume', run, '--at', '3'], 2, new RegExp(`/checkpoints/3 is not a complete checkpoint\n {2}fix: complete are ${updates(run).join(', ')}\n$`));
    await refused(run, ['resume', run, '--at', '../3'], 2, /^error: --at: "\.\.\/3" is no checkpoint\n {2}fix: write the number of an update/);
  });
  it('is refused where all of its checkpoints are: it never begins again by itself (T04)', async () => {
    const run = copy();
    for (const update of updates(run)) rmSync(`${run}/checkpoints/${update}/manifest.json`);
    await refused(run, ['resume', run], 2, /has no complete checkpoint any more\n {2}fix: put .*\/checkpoints back from a copy, or train it anew in another folder\n$/);
    rmSync(`${run}/checkpoints`, { recursive: true });
    await refused(run, ['resume', run], 2, /has no complete checkpoint any more/);
  });
});

describe('a run with the checkpoint of another', () => {
  it.each([['another page', 'vdn', []], ['other sizes', 'qmix', ['--set', 'agentQ.hidden=5']], ['another environment', 'qmix', ['--env', 'matrix/m1']]] as const)('is refused, with what differs: %s', async (_, page, more) => {
    const other = folder.in(`other-${++copies}`), set = TINY.filter((word, i) => page === 'qmix' || !(word.startsWith('mixer') || TINY[i + 1]?.startsWith('mixer')));
    expect((await skein('train', page, ...set, ...more, '--quiet', '--out', other)).code).toBe(0);
    const run = copy();
    rmSync(`${run}/checkpoints`, { recursive: true });
    cpSync(`${other}/checkpoints`, `${run}/checkpoints`, { recursive: true });
    await refused(run, ['resume', run, '--steps', '90'], 2, /checkpoints\/\d+ is not a checkpoint of this run: [^]*\n {2}(missing|shape|extra) [^]*\n {2}fix: /);
  });
  it('or whose state is anything else in good order, is refused or read, and never half taken (T05)', async () => {
    const first = copy(), good = JSON.parse(readFileSync(`${first}/checkpoints/${updates(first).at(-1)}/state.json`, 'utf8')) as Record<string, unknown>, keys = Object.keys(good);
    await fc.assert(fc.asyncProperty(fc.constantFrom(...keys), fc.oneof(fc.constant(undefined), fc.jsonValue({ maxDepth: 2 })), async (key, value) => {
      const run = copy();
      forge(run, 'state.json', () => Buffer.from(JSON.stringify({ ...good, [key]: value })));
      const before = contents(run), { code, stderr } = await skein('resume', run, '--steps', '60');
      if (code === 0) expect((await readRun(run)).events.at(-1)).toMatchObject({ kind: 'end', detail: { reason: 'finished' } });
      else {
        expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(/checkpoints\/\d+ is not a checkpoint of this run: [^]*\n {2}fix: /) as string });
        expect(contents(run)).toEqual(before);
      }
    }), { numRuns: 25 });
  });
});
