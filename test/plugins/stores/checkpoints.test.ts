import { copyFile, mkdir, readdir, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError, RunError } from '../../../core/error.ts';
import { FORMAT, migrate } from '../../../plugins/stores/checkpoint-format.ts';
import { Checkpoints } from '../../../plugins/stores/checkpoints.ts';
import { ROOM, staying, type Room } from '../../../plugins/stores/retention.ts';
import { FailingDisk } from './failing-disk.ts';
import { emptyFolder } from './folder.ts';
import { arrays, meta, plain, snapshotOf } from './snapshots.ts';

const store = (folder: string, settings: { room?: Room; files?: FailingDisk } = {}) => new Checkpoints(folder, { version: '0.1.0', ...settings });
const files = ['manifest.json', 'arrays.safetensors', 'state.json'] as const;
const refusal = (promise: Promise<unknown>) => promise.then(() => { throw new Error('it was not refused'); }, (error: unknown) => error);

const two: Room = { checkpoints: 2, bytes: Infinity };
async function saved(...updates: number[]): Promise<string> {
  const folder = await emptyFolder();
  for (const update of updates) await store(folder, { room: two }).save(update, snapshotOf(update));
  return folder;
}
async function expectWhole(folder: string, update: number) {
  const snapshot = await store(folder).load(update);
  expect(plain(snapshot)).toEqual(plain(snapshotOf(update)));
  expect(snapshot.meta).toStrictEqual(snapshotOf(update).meta);
}

describe('Checkpoints', () => {
  it('give back every bit of a snapshot', () => fc.assert(fc.asyncProperty(arrays, meta, async (named, state) => {
    const folder = await emptyFolder();
    await store(folder).save(7, { arrays: named, meta: state });
    const back = await store(folder).load(7);
    expect(plain(back)).toEqual(plain({ arrays: named }));
    expect(back.meta).toEqual(state);
    await rm(folder, { recursive: true });
  }), { numRuns: 30 }));

  it('are a manifest that says everything, and two files', async () => {
    const folder = await saved(12);
    expect((await readdir(`${folder}/12`)).sort()).toEqual([...files].sort());
    const { files: content, ...manifest } = JSON.parse(await readFile(`${folder}/12/manifest.json`, 'utf8')) as { files: Record<string, unknown> };
    expect(manifest).toEqual({ format: 1, skein: '0.1.0', update: 12 });
    expect(content['state.json']).toEqual({ bytes: 61, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string });
  });

  it('are listed oldest first, and there are none in a folder that does not exist', async () => {
    const folder = await emptyFolder();
    expect(await store(`${folder}/none`).list()).toEqual([]);
    for (const update of [0, 9, 10, 100]) await store(folder).save(update, snapshotOf(update));
    expect(await store(folder).list()).toEqual([0, 9, 10, 100]);
  });

  it('stay while there is room for them', async () => {
    const folder = await emptyFolder(), bytes = (await stat(`${await saved(1)}/1/arrays.safetensors`)).size + (await stat(`${await saved(1)}/1/state.json`)).size, save = async (room: Room, ...updates: number[]) => { for (const update of updates) await store(folder, { room }).save(update, snapshotOf(update)); return store(folder).list(); };
    expect(await save(ROOM, 1, 2, 3, 4, 5)).toEqual([1, 2, 3, 4, 5]);
    expect(await save({ checkpoints: 9, bytes: 4 * bytes }, 6)).toEqual([2, 4, 5, 6]);
    expect(await save({ checkpoints: 3, bytes: Infinity }, 7)).toEqual([4, 6, 7]);
    expect(await save({ checkpoints: 1, bytes: 1 }, 8)).toEqual([7, 8]);
  });

  it('give way to a new one on a full disk, all but the newest two', async () => {
    const folder = await emptyFolder();
    for (const update of [1, 2, 3, 4, 5]) await store(folder).save(update, snapshotOf(update));
    const full: FailingDisk = new FailingDisk((_, what) => what === 'write' && !full.calls.includes('rename'));
    await store(folder, { files: full }).save(6, snapshotOf(6));
    expect(await store(folder).list()).toEqual([4, 5, 6]);
    for (const update of [4, 5, 6]) await expectWhole(folder, update);
    const fuller = new FailingDisk((_, what) => what === 'write');
    expect(String(await refusal(store(folder, { files: fuller }).save(7, snapshotOf(7))))).toMatch(/ENOSPC: no luck\n {2}fix: make room on the disk; the newest checkpoints are as they were$/);
    expect(await readdir(folder)).toEqual(['5', '6']);
  });

  it('of a future that a run leaves no longer count, and go with its next checkpoint', async () => {
    const folder = await emptyFolder();
    for (const update of [5, 10, 20, 30, 40]) await store(folder).save(update, snapshotOf(update));
    expect(await store(folder).leave(10)).toEqual([20, 30, 40]);
    expect(await store(folder).list()).toEqual([5, 10]);
    expect(await store(folder).leave(10)).toEqual([]);
    await store(folder).save(35, snapshotOf(35));
    await store(folder).save(40, snapshotOf(40));                        // one of its own
    expect(await readdir(folder)).toEqual(['10', '35', '40', '5']);
    await writeFile(`${folder}/40/notes.txt`, 'the good one');
    await store(folder).leave(35);
    await store(folder).save(50, snapshotOf(50));
    expect(await readdir(folder)).toEqual(['10', '35', '5', '50', 'left-40']);
  });

  it('of a future that a run leaves are set aside newest first: whenever that ends, those that count are the oldest ones, whole', async () => {
    for (let n = 0, calls = 1; n < calls; n++) {
      const folder = await saved(10, 20), faulty = new FailingDisk(call => call >= n);
      await store(folder).save(30, snapshotOf(30));
      const failure = await store(folder, { files: faulty }).leave(10).then(() => undefined, (error: unknown) => error), there = await store(folder).list();
      calls = faulty.calls.length;
      expect([[10, 20, 30], [10, 20], [10]]).toContainEqual(there);
      for (const update of there) await expectWhole(folder, update);
      if (failure === undefined) expect(there).toEqual([10]);
      await store(folder).leave(10);
      expect(await store(folder).list()).toEqual([10]);
    }
  });

  it('are never changed in place: a second one of the same update takes the place of the first', async () => {
    const folder = await saved(10);
    await store(folder).save(10, { ...snapshotOf(10), meta: 'second' });
    expect((await store(folder).load(10)).meta).toBe('second');
    expect(await readdir(folder)).toEqual(['10']);
  });

  it('do not touch what somebody else put beside or into them', async () => {
    const folder = await saved(10);
    await writeFile(`${folder}/10/notes.txt`, 'the good one');
    await mkdir(`${folder}/best`);
    await writeFile(`${folder}/.orbax-checkpoint-tmp-3`, '');
    for (const update of [20, 30, 40]) await store(folder, { room: two }).save(update, snapshotOf(update));
    expect(await readdir(folder)).toEqual(['.orbax-checkpoint-tmp-3', '10', '30', '40', 'best']);
    await expectWhole(folder, 10);
  });

  it('clean up what a killed process left under their own names, with the first save and not before', async () => {
    const folder = await saved(10);
    await mkdir(`${folder}/.skein-saving-20`);
    await writeFile(`${folder}/.skein-saving-20/arrays.safetensors`, 'half');
    expect(await store(folder).list()).toEqual([10]);
    expect(await readdir(folder)).toContain('.skein-saving-20');
    await store(folder).save(20, snapshotOf(20));
    expect(await readdir(folder)).toEqual(['10', '20']);
  });

  it('are saved one after another, in the order asked for', async () => {
    const folder = await emptyFolder(), checkpoints = store(folder, { room: two });
    await Promise.all([1, 2, 3].map(update => checkpoints.save(update, snapshotOf(update))));
    expect(await checkpoints.list()).toEqual([2, 3]);
  });

  it('behave as a list of those that stay, whatever is saved in whatever order', () => fc.assert(fc.asyncProperty(
    fc.array(fc.nat(6), { maxLength: 12 }), fc.integer({ min: 1, max: 4 }), async (updates, most) => {
      const room = { checkpoints: most, bytes: Infinity }, folder = await emptyFolder(), checkpoints = store(folder, { room });
      let model: number[] = [];
      for (const update of updates) {
        await checkpoints.save(update, snapshotOf(update));
        model = staying([...new Set([...model, update])].sort((a, b) => a - b).map(one => ({ update: one, bytes: 1 })), room).map(one => one.update);
        expect(await checkpoints.list()).toEqual(model);
      }
      for (const update of model) await expectWhole(folder, update);
      await rm(folder, { recursive: true });
    }), { numRuns: 15 }));

  it('reach the disk before they get their name', async () => {
    const watched = new FailingDisk();
    await store(await emptyFolder(), { files: watched }).save(1, snapshotOf(1));
    expect(watched.calls.filter(call => ['write', 'syncFolder', 'rename'].includes(call))).toEqual(['write', 'write', 'write', 'syncFolder', 'rename', 'syncFolder']);
  });

  it('refuse what would not come back as it was, and leave nothing behind', async () => {
    const folder = await saved(10);
    const failure = await refusal(store(folder).save(20, { arrays: {}, meta: { carry: NaN } }));
    expect(failure).toBeInstanceOf(RunError);
    expect(String(failure)).toContain('meta.carry is NaN, which JSON does not hold');
    expect(await readdir(folder)).toEqual(['10']);
    await expect(store(folder).save(-1, snapshotOf(1))).rejects.toThrow(RangeError);
  });
});

describe('a checkpoint that a fault met', () => {
  /** One save with a fault, then the state that a new process finds. */
  async function afterFault(fault: (n: number) => (call: number) => boolean, n: number) {
    const folder = await saved(1, 2), faulty = new FailingDisk(fault(n));
    const failure: unknown = await store(folder, { files: faulty }).save(3, snapshotOf(3)).then(() => undefined, (error: unknown) => error);
    return { folder, failure, calls: faulty.calls.length };
  }

  it.each([['one call fails', (n: number) => (call: number) => call === n], ['the process dies at a call', (n: number) => (call: number) => call >= n]])(
    'is complete or not there, and those before it stand: %s (T01, T02)', async (_, fault) => {
      for (let n = 0, calls = 1; n < calls; n++) {
        const run = await afterFault(fault, n), { folder, failure } = run;
        calls = run.calls;
        const there = await store(folder).list();
        for (const update of there) await expectWhole(folder, update);
        expect(there).toContain(2);
        if (failure === undefined) expect(there).toContain(3);
        else {
          expect(failure).toBeInstanceOf(RunError);
          expect(String(failure)).toMatch(/checkpoint 3 was not saved in .*: ENOSPC: no luck/);
          expect((failure as Error).cause).toMatchObject({ code: 'ENOSPC' });
        }
        await store(folder).save(4, snapshotOf(4));
        expect((await store(folder).list()).at(-1)).toBe(4);
        expect((await readdir(folder)).filter(name => name.startsWith('.'))).toEqual([]);
        await rm(folder, { recursive: true });
      }
    });

  it.each([['one call fails', (n: number) => (call: number) => call === n], ['the process dies at a call', (n: number) => (call: number) => call >= n]])(
    'does not lose the one it was to replace: %s (T01, T02)', async (_, fault) => {
      for (let n = 0, calls = 1; n < calls; n++) {
        const folder = await saved(1, 2), faulty = new FailingDisk(fault(n));
        await store(folder, { files: faulty }).save(2, snapshotOf(2)).catch(() => undefined);
        calls = faulty.calls.length;
        expect(await store(folder).list()).toEqual([1, 2]);
        await expectWhole(folder, 2);
        await store(folder, { room: two }).save(3, snapshotOf(3));
        expect((await readdir(folder)).sort()).toEqual(['2', '3']);
        await expectWhole(folder, 2);
        await rm(folder, { recursive: true });
      }
    });
});

describe('a damaged checkpoint', () => {
  const size = (folder: string, name: string) => readFile(`${folder}/5/${name}`).then(bytes => bytes.length);

  it.each(['arrays.safetensors', 'state.json'] as const)('is refused with the file, wherever it is cut: %s (T03)', async name => {
    const folder = await saved(5), length = await size(folder, name), whole = await readFile(`${folder}/5/${name}`);
    for (let i = 0; i < 100; i++) {
      await truncate(`${folder}/5/${name}`, Math.floor(i * length / 100));
      const failure = await refusal(store(folder).load(5));
      expect(failure).toBeInstanceOf(InputError);
      expect(String(failure)).toMatch(new RegExp(`5/${name} has ${Math.floor(i * length / 100)} bytes, and was written with ${length}`));
      await writeFile(`${folder}/5/${name}`, whole);
    }
    await writeFile(`${folder}/5/${name}`, Buffer.concat([whole, Buffer.of(0)]));
    await expect(store(folder).load(5)).rejects.toThrow(`has ${length + 1} bytes`);
  });

  it.each(['arrays.safetensors', 'state.json'] as const)('is refused with the file, whichever bit is flipped: %s (T03)', async name => {
    const folder = await saved(5), length = await size(folder, name), whole = await readFile(`${folder}/5/${name}`);
    for (let i = 0; i < 100; i++) {
      const changed = Buffer.from(whole), at = Math.floor(i * length / 100);
      changed[at]! ^= 1 << i % 8;
      await writeFile(`${folder}/5/${name}`, changed);
      await expect(store(folder).load(5)).rejects.toThrow(new RegExp(`5/${name} has the digest [0-9a-f]{12}\\.\\.\\., and was written with`));
    }
  });

  it.each(['arrays.safetensors', 'state.json'] as const)('is refused with the file that is missing: %s', async name => {
    const folder = await saved(5);
    await rm(`${folder}/5/${name}`);
    await expect(store(folder).load(5)).rejects.toThrow(`5/${name} is missing`);
  });

  it('is none at all without its whole manifest (T04)', async () => {
    const folder = await saved(4, 5), path = `${folder}/5/manifest.json`, whole = await readFile(path, 'utf8');
    for (let length = 0; length < whole.trimEnd().length; length += 7) {
      await writeFile(path, whole.slice(0, length));
      expect(await store(folder).list()).toEqual([4]);
    }
    await rm(path);
    expect(await store(folder).list()).toEqual([4]);
    expect(String(await refusal(store(folder).load(5)))).toMatch(/5 is not a complete checkpoint\n {2}fix: complete are 4/);
    await mkdir(path);
    expect(await store(folder).list()).toEqual([4]);
  });

  it('is none under the number of another, and gives way when its update is saved again', async () => {
    const folder = await saved(5);
    await rename(`${folder}/5`, `${folder}/6`);
    expect(await store(folder).list()).toEqual([]);
    await store(folder).save(6, snapshotOf(6));
    await expectWhole(folder, 6);
  });

  it('is refused where its manifest asks for a file of another place', async () => {
    const folder = await saved(5), path = `${folder}/5/manifest.json`;
    await writeFile(path, (await readFile(path, 'utf8')).replace('state.json', '../../secret'));
    await expect(store(folder).load(5)).rejects.toThrow(/manifest\.json is not a manifest of format 1/);
  });
});

describe('a checkpoint of another version', () => {
  it('is refused if it is newer, with the version that reads it, and not passed over', async () => {
    const folder = await saved(5), path = `${folder}/5/manifest.json`;
    await writeFile(path, JSON.stringify({ format: FORMAT + 1, skein: '0.9.0', update: 5, shards: 3 }));
    expect(await store(folder).list()).toEqual([5]);
    expect(String(await refusal(store(folder).load(5)))).toMatch(/was written by skein 0\.9\.0 in format 2; this skein 0\.1\.0 reads formats up to 1\n {2}fix: install skein 0\.9\.0 or a later one/);
  });

  it('goes through every migration between its format and ours', () => {
    const step = (n: number) => ({ meta: seen, ...rest }: { meta: unknown; arrays: object }) => ({ ...rest, arrays: {}, meta: [...seen as number[], n] });
    expect(migrate({ arrays: {}, meta: [] }, 1, 4, { 1: step(1), 2: step(2), 3: step(3) }).meta).toEqual([1, 2, 3]);
    expect(() => migrate({ arrays: {}, meta: [] }, 1, 4, { 1: step(1), 3: step(3) })).toThrow('format 2 cannot be read any more');
  });

  // Written by the first version; test/fixtures/checkpoints/README.md says how.
  it('of format 1 is read', async () => {
    const folder = await emptyFolder();
    await mkdir(`${folder}/1200`);
    for (const name of files) await copyFile(new URL(`../../fixtures/checkpoints/format-1/1200/${name}`, import.meta.url), `${folder}/1200/${name}`);
    expect(await store(folder).list()).toEqual([1200]);
    await expectWhole(folder, 1200);
  });
});
