import { readFile, writeFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppendLog } from '../../../plugins/stores/append-log.ts';
import { disk, type FileSystem } from '../../../plugins/stores/file-system.ts';
import { FailingDisk } from './failing-disk.ts';
import { emptyFolder } from './folder.ts';

const record = (text: string) => Buffer.from(`${text}\n`);
const path = async () => `${await emptyFolder()}/log`;
const text = (file: string) => readFile(file, 'utf8');

describe('AppendLog', () => {
  it('writes whole records in their order, and not before a flush', async () => {
    const file = await path(), log = new AppendLog(file);
    log.push(record('one')); log.push(record('two'));
    await expect(text(file)).rejects.toThrow('ENOENT');
    await log.flush();
    log.push(record('three'));
    await Promise.all([log.flush(), log.flush()]);
    expect(await text(file)).toBe('one\ntwo\nthree\n');
    await log.close();
  });

  it('says how far it has got, on the disk', async () => {
    const log = new AppendLog(await path());
    log.push(record('one')); log.push(record('four'));
    expect(await log.settle()).toEqual({ bytes: 9, records: 2 });
    await log.close();
  });

  it('goes on at a position, and cuts off what stands after it', async () => {
    const file = await path();
    await writeFile(file, 'one\ntwo\nthr');
    const log = new AppendLog(file, { from: { bytes: 8, records: 2 } });
    log.push(record('three'));
    expect(await log.settle()).toEqual({ bytes: 14, records: 3 });
    expect(await text(file)).toBe('one\ntwo\nthree\n');
    log.push(record('never'));
    await log.rewind({ bytes: 4, records: 1 });
    log.push(record('2'));
    await log.close();
    expect(await text(file)).toBe('one\n2\n');
  });

  it('leaves no half record behind, whichever call fails', async () => {
    for (let n = 0, calls = 1; n < calls; n++) {
      const file = await path(), files = new FailingDisk(call => call === n), log = new AppendLog(file, { files });
      for (const one of ['one', 'two', 'three']) { log.push(record(one)); await log.flush(); }
      await log.settle();
      calls = files.calls.length;
      expect(log.trouble === undefined || n >= calls - 2, `call ${n}`).toBe(true);
      await log.close();
      expect(await text(file)).toBe('one\ntwo\nthree\n');
      expect(log.dropped).toBe(0);
    }
  });

  it('keeps what a full disk does not take, then drops the newest and counts them', async () => {
    const file = await path(), files = new FailingDisk((_, what) => what === 'append'), log = new AppendLog(file, { files, limit: 8 });
    for (const one of ['a', 'b', 'c', 'd', 'e', 'f']) { log.push(record(one)); await log.flush(); }
    expect(log.trouble).toMatchObject({ code: 'ENOSPC' });
    expect(log.dropped).toBe(2);
    expect(await log.settle()).toEqual({ bytes: 8, records: 4 });
    expect(await text(file)).toBe('');
    files.failing = () => false;
    await log.flush();
    expect(log.trouble).toBeUndefined();
    log.push(record('g'));
    await log.close();
    expect(await text(file)).toBe('a\nb\nc\nd\ng\n');
    expect(log.dropped).toBe(2);
  });

  it('counts as dropped what could not be written by its end', async () => {
    const log = new AppendLog(await path(), { files: new FailingDisk((_, what) => what === 'append') });
    log.push(record('a')); log.push(record('b'));
    await log.close();
    expect(log.dropped).toBe(2);
  });

  it('takes records at once while the disk takes seconds for one', async () => {
    let release = () => {};
    const gate = new Promise<void>(resolve => { release = resolve; });
    const slow: FileSystem = { ...disk, grow: async file => { const growing = await disk.grow(file); return { ...growing, write: async bytes => { await gate; await growing.write(bytes); } }; } };
    const file = await path(), log = new AppendLog(file, { files: slow, limit: 1000 });
    const began = performance.now();
    for (let i = 0; i < 1000; i++) { log.push(record(String(i % 10))); void log.flush(); }
    expect(performance.now() - began).toBeLessThan(1000);
    expect(log.dropped).toBe(500);
    release();
    await log.close();
    expect((await text(file)).length).toBe(1000);
  });

  it('has each record once that is pushed while the disk works, whichever call it works on', async () => {
    for (const what of ['grow', 'cut', 'append', 'sync']) {
      const file = await path(), files = new FailingDisk(), log: AppendLog = new AppendLog(file, { files });
      files.failing = (_, now) => { if (now === what) log.push(record(`during ${what}`)); return false; };
      log.push(record('before'));
      await log.settle();
      files.failing = () => false;
      expect(await log.settle()).toEqual({ bytes: (await text(file)).length, records: 2 });
      expect(await text(file)).toBe(`before\nduring ${what}\n`);
      await log.close();
    }
  });

  it('has in its file what was pushed and not dropped, whenever the disk fails', () => fc.assert(fc.asyncProperty(
    fc.array(fc.constantFrom('push', 'flush', 'fail', 'heal'), { maxLength: 30 }), async moves => {
      const file = await path(), files = new FailingDisk(), log = new AppendLog(file, { files, limit: 12 }), pushed: string[] = [];
      let n = 0;
      for (const move of moves) {
        if (move === 'push') { const dropped = log.dropped; log.push(record(String(n % 10))); if (log.dropped === dropped) pushed.push(String(n % 10)); n++; }
        if (move === 'flush') await log.flush();
        if (move === 'fail') files.failing = (call: number) => call % 2 === 0;
        if (move === 'heal') files.failing = () => false;
      }
      files.failing = () => false;
      await log.flush();
      await log.close();
      expect(pushed.length ? await text(file) : '').toBe(pushed.map(one => `${one}\n`).join(''));
    }), { numRuns: 40 }));
});
