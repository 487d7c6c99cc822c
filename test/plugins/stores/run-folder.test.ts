import { appendFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { InputError, RunError } from '../../../core/error.ts';
import type { Moment, RunEvent, RunRecord } from '../../../core/tracker.ts';
import { disk, type FileSystem } from '../../../plugins/stores/file-system.ts';
import { readRun } from '../../../plugins/stores/read-run.ts';
import { RunFolder, runPosition } from '../../../plugins/stores/run-folder.ts';
import { FailingDisk } from './failing-disk.ts';
import { emptyFolder } from './folder.ts';

const record: RunRecord = { name: 'first', algorithm: 'qmix', environment: 'matrix/m1', steps: 1000, seed: 3 };
const at = (step: number): Moment => ({ step, update: step / 10, episode: step / 2, seconds: step / 1000 });
const metric = (step: number, values: Readonly<Record<string, number>> = { 'train/return': step / 7 }) => ({ ...at(step), values });
const event = (step: number, kind: RunEvent['kind'] = 'checkpoint'): RunEvent => ({ ...at(step), kind, detail: { update: step / 10 } });
const text = (folder: string, name = 'metrics.jsonl') => readFile(`${folder}/${name}`, 'utf8');

async function newRun(settings: Parameters<typeof RunFolder.create>[1] = {}) {
  const path = `${await emptyFolder()}/run`, run = await RunFolder.create(path, settings);
  await run.start(record);
  return { path, run };
}

describe('RunFolder', () => {
  it('holds the record, and one line for each metric record and event', async () => {
    const { path, run } = await newRun();
    run.metrics(metric(20, { 'train/return': 0.1 + 0.2, 'loss/q': -0 }));
    run.event(event(20));
    await run.close();
    expect((await readdir(path)).sort()).toEqual(['events.jsonl', 'metrics.jsonl', 'run.json']);
    expect(JSON.parse(await text(path, 'run.json'))).toEqual(record);
    expect(await text(path)).toBe('{"step":20,"update":2,"episode":10,"seconds":0.02,"train/return":0.30000000000000004,"loss/q":0}\n');
    expect(await text(path, 'events.jsonl')).toBe('{"kind":"checkpoint","step":20,"update":2,"episode":10,"seconds":0.02,"detail":{"update":2}}\n');
  });

  it('is read back as it was told', async () => {
    const { path, run } = await newRun(), metrics = [metric(20), metric(40, { 'eval/return': NaN, 'a/b': -1e-300 })], events = [event(20), event(40, 'end')];
    metrics.forEach(one => { run.metrics(one); });
    events.forEach(one => { run.event(one); });
    await run.close();
    expect(await readRun(path)).toEqual({ record, metrics, events });
  });

  it('writes by itself, within a second', async () => {
    const { path, run } = await newRun({ flushEvery: 5 });
    run.metrics(metric(20));
    await expect.poll(() => text(path).catch(() => '')).toContain('"step":20');
    await run.close();
  });

  it('keeps the clocks where a value has the name of one', async () => {
    const { path, run } = await newRun();
    run.metrics(metric(20, { step: 99, __proto__x: 1 }));
    await run.close();
    expect((await readRun(path)).metrics).toEqual([metric(20, { __proto__x: 1 })]);
  });

  it('keeps other files whole', async () => {
    const { path, run } = await newRun();
    await run.put('curve.svg', '<svg/>');
    await run.put('curve.svg', '<svg>2</svg>');
    await run.close();
    expect(await text(path, 'curve.svg')).toBe('<svg>2</svg>');
    expect((await readdir(path)).filter(name => name.startsWith('.'))).toEqual([]);
  });
});

describe('a folder for a new run', () => {
  it('may be there, if it is empty', async () => { await (await RunFolder.create(await emptyFolder())).close(); });

  it.each([
    ['run.json', /holds a run already\n {2}fix: go on with it by skein resume .*, or name another folder with --out/],
    ['thesis.tex', /is not empty\n {2}fix: name a new folder with --out/],
  ])('is refused with anything in it: %s', async (name, why) => {
    const folder = await emptyFolder();
    await writeFile(`${folder}/${name}`, '');
    const failure: unknown = await RunFolder.create(folder).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(InputError);
    expect(String(failure)).toMatch(why);
    expect(await readdir(folder)).toEqual([name]);
  });

  it('is refused while another process makes a run there', async () => {
    const path = `${await emptyFolder()}/run`, run = await RunFolder.create(path);
    await expect(RunFolder.create(path)).rejects.toThrow(`is in use by process ${process.pid}`);
    await run.close();
  });

  it('that cannot be made is an error of the run, with the reason', async () => {
    const failure: unknown = await RunFolder.create('/x/y', { files: { ...disk, makeFolder: () => Promise.reject(new Error('EACCES: permission denied, mkdir \'/x/y\'')) } }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(RunError);
    expect(String(failure)).toMatch('/x/y cannot be used: EACCES: permission denied\n  fix: make room or give rights, or name another folder with --out');
  });
});

describe('a run that goes on', () => {
  it('has every line once, and none of the future that it left', async () => {
    const { path, run } = await newRun();
    run.metrics(metric(10)); run.event(event(10)); run.metrics(metric(20));
    const position = await run.position();
    run.metrics(metric(30)); run.event(event(30));
    await run.close();

    const again = await RunFolder.open(path);
    expect(await again.rewind(runPosition.parse(JSON.parse(JSON.stringify(position))))).toEqual({ missing: 0 });
    again.event({ ...event(20), kind: 'resume' }); again.metrics(metric(30)); again.metrics(metric(40));
    await again.close();
    const read = await readRun(path);
    expect(read.metrics.map(m => m.step)).toEqual([10, 20, 30, 40]);
    expect(read.events.map(e => [e.kind, e.step])).toEqual([['checkpoint', 10], ['resume', 20]]);
  });

  it('without a position goes on after the last whole line', async () => {
    const { path, run } = await newRun();
    run.metrics(metric(10));
    await run.close();
    await appendFile(`${path}/metrics.jsonl`, '{"step":20,"upd');
    const again = await RunFolder.open(path);
    again.metrics(metric(30));
    await again.close();
    expect((await readRun(path)).metrics.map(m => m.step)).toEqual([10, 30]);
  });

  it('counts the records that had not reached the disk', async () => {
    const { path, run } = await newRun();
    run.metrics(metric(10)); run.metrics(metric(20));
    const position = await run.position();
    await run.close();
    await writeFile(`${path}/metrics.jsonl`, (await text(path)).slice(0, -5));
    const again = await RunFolder.open(path);
    expect(await again.rewind(position)).toEqual({ missing: 1 });
    again.metrics(metric(30));
    await again.close();
    expect((await readRun(path)).metrics.map(m => m.step)).toEqual([10, 30]);
  });

  it('is refused where there is none, and where another process has it', async () => {
    await expect(RunFolder.open(await emptyFolder())).rejects.toThrow(/is not a run: it has no run\.json\n {2}fix: name the folder that skein train printed/);
    const { path, run } = await newRun();
    await expect(RunFolder.open(path)).rejects.toThrow('is in use by process');
    await run.close();
    await (await RunFolder.open(path)).close();
  });

  it('gives its lock back where its files cannot be read', async () => {
    const { path, run } = await newRun();
    run.metrics(metric(10));
    await run.close();
    await expect(RunFolder.open(path, { files: new FailingDisk((_, what) => what === 'readAt', 'EIO') })).rejects.toThrow('EIO');
    expect(await readdir(path)).not.toContain('run.lock');
  });

  it('does not go on where its files cannot be cut', async () => {
    const { path, run } = await newRun();
    run.metrics(metric(10));
    const position = await run.position();
    await run.close();
    const again = await RunFolder.open(path, { files: new FailingDisk((_, what) => what === 'cut', 'EIO') });
    await expect(again.rewind(position)).rejects.toThrow(/metrics\.jsonl cannot be used: EIO/);
    await again.close();
  });
});

describe('a run on a full disk', () => {
  it('goes on: it says so once, keeps what it can, and counts the rest', async () => {
    const files = new FailingDisk(), alarms: RunEvent[] = [], { path, run } = await newRun({ files, flushEvery: 1e6, limit: 500, alarm: one => { alarms.push(one); } });
    run.metrics(metric(10));
    await run.flush();
    files.failing = (_, what) => what === 'append';
    for (let step = 20; step <= 200; step += 10) { run.metrics(metric(step)); await run.flush(); }
    expect(alarms).toHaveLength(1);
    expect(alarms[0]).toMatchObject({ kind: 'alarm', step: 20, detail: { code: 'DISK', reason: 'ENOSPC: no luck' } });
    expect(alarms[0]!.detail['what']).toMatch(/metrics\.jsonl cannot be written: ENOSPC: no luck; records wait in memory$/);
    const { dropped } = run;
    expect(dropped).toBeGreaterThan(0);

    files.failing = () => false;
    await run.flush();
    run.metrics(metric(210));
    await run.close();
    expect(alarms).toHaveLength(2);
    expect(alarms[1]!.detail).toMatchObject({ code: 'DISK', dropped, what: `the disk takes records again; ${dropped} were dropped meanwhile` });
    const read = await readRun(path), kept = Array.from({ length: 20 - dropped }, (_, i) => 10 * (i + 1));
    expect(read.metrics.map(m => m.step)).toEqual([...kept, 210]);
    expect(read.events.map(e => e.kind)).toEqual(['alarm', 'alarm']);
  });

  it('still says where a checkpoint stands', async () => {
    const files = new FailingDisk(), { path, run } = await newRun({ files, flushEvery: 1e6 });
    files.failing = (_, what) => what === 'append';
    run.metrics(metric(10));
    const position = await run.position();
    files.failing = () => false;
    await run.close();
    const again = await RunFolder.open(path);
    expect(await again.rewind(position)).toEqual({ missing: 0 });
    await again.close();
    expect((await readRun(path)).metrics).toHaveLength(1);
  });

  it('closes', async () => {
    const files: FileSystem = new FailingDisk((_, what) => what === 'append' || what === 'remove' || what === 'sync'), path = await emptyFolder();
    const run = await RunFolder.create(path, { files });
    run.metrics(metric(10));
    await run.close();
    expect(run.dropped).toBe(2);                                         // the record, and the alarm about it
  });
});

describe('a run on a slow disk (T27)', () => {
  /** Each write to a log takes so many milliseconds; Infinity is a disk that never answers. */
  const slow = (ms: number): FileSystem => ({ ...disk, grow: async file => {
    const growing = await disk.grow(file);
    return { ...growing, write: async bytes => { await new Promise(resolve => { if (ms < Infinity) setTimeout(resolve, ms); }); await growing.write(bytes); } };
  } });
  beforeEach(() => { vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] }); });
  afterEach(() => { vi.useRealTimers(); });
  /** Lets so much time pass, and the disk of this machine do its part after each second of it. */
  const pass = async (seconds: number) => { for (let s = 0; s < seconds; s++) { await vi.advanceTimersByTimeAsync(1000); for (let i = 0; i < 3; i++) await new Promise(resolve => { setImmediate(resolve); }); } };
  const truly = setTimeout;
  /** Does it end, though the clock of the test runs far ahead of the disk of this machine? */
  const ends = async (work: Promise<unknown>): Promise<boolean> => {
    let over = false;
    void work.finally(() => { over = true; });
    for (let i = 0; !over && i < 2000; i++) { await pass(1); await new Promise(resolve => { truly(resolve, 2); }); }
    return over;
  };

  it('that takes 10 s a write: records are taken at once, what finds no room is dropped, said and counted', async () => {
    const alarms: RunEvent[] = [], { path, run } = await newRun({ files: slow(10_000), limit: 1000, patience: 1e6, alarm: one => { alarms.push(one); } });
    for (let step = 10; step <= 1000; step += 10) { run.metrics(metric(step, {})); if (step % 100 === 0) await pass(1); }
    const { dropped } = run;
    expect(dropped).toBeGreaterThan(30);
    expect(alarms[0]!.detail).toMatchObject({ code: 'DISK', what: `${path}/metrics.jsonl cannot be written: the disk is too slow; the newest records are dropped` });
    expect(await ends(run.close())).toBe(true);
    const read = await readRun(path), steps = read.metrics.map(m => m.step);
    expect(alarms.at(-1)!.detail['what']).toMatch(/^the disk takes records again; \d+ were dropped meanwhile$/);
    expect(alarms.reduce((n, a) => n + Number(a.detail['dropped'] ?? 0), 0)).toBe(run.dropped);
    expect(steps.length + run.dropped).toBe(100);
    expect(steps).toEqual([...new Set(steps)].sort((a, b) => a - b));
    expect(read.events.length).toBe(alarms.length);
  });

  it('that never answers: a checkpoint says where the lines would stand, and the end comes all the same', async () => {
    const alarms: RunEvent[] = [], { path, run } = await newRun({ files: slow(Infinity), alarm: one => { alarms.push(one); } });
    run.metrics(metric(10));
    const asked = run.position();
    expect(await ends(asked)).toBe(true);
    expect((await asked).metrics.records).toBe(1);
    expect(alarms.map(a => a.detail['what'])).toEqual([`${path}/metrics.jsonl cannot be written: the disk does not answer for 10 s; records wait in memory`]);
    expect(await ends(run.close())).toBe(true);
    expect(run.dropped).toBe(2);                                         // the record, and the alarm about it
    expect(await readdir(path)).not.toContain('run.lock');
    vi.useRealTimers();
    const again = await RunFolder.open(path);
    expect(await again.rewind(await asked)).toEqual({ missing: 2 });
    await again.close();
  });
});

describe('readRun', () => {
  const folderWith = async (files: Readonly<Record<string, string>>) => {
    const path = await emptyFolder();
    for (const [name, content] of Object.entries(files)) await writeFile(`${path}/${name}`, content);
    return path;
  };
  const line = (step: unknown) => JSON.stringify({ step, update: 0, episode: 0, seconds: 0, 'train/return': 1 });

  it('leaves out a last line that is still being written, and takes a run that has said nothing yet', async () => {
    const path = await folderWith({ 'run.json': JSON.stringify(record), 'metrics.jsonl': `${line(1)}\n${line(2).slice(0, 9)}` });
    const read = await readRun(path);
    expect(read.metrics.map(m => m.step)).toEqual([1]);
    expect(read.events).toEqual([]);
  });

  it.each([
    [{ 'run.json': '{' }, /run\.json is not JSON/],
    [{ 'run.json': '{"name":"a"}' }, /run\.json: algorithm: .*; environment: .*; steps: /],
    [{ 'run.json': JSON.stringify(record), 'metrics.jsonl': `${line(1)}\nnoise\n` }, /metrics\.jsonl:2 is not JSON/],
    [{ 'run.json': JSON.stringify(record), 'metrics.jsonl': `${line('1')}\n` }, /metrics\.jsonl:1: step: /],
    [{ 'run.json': JSON.stringify(record), 'events.jsonl': '{"kind":"party"}\n' }, /events\.jsonl:1: kind: /],
  ])('names the file and the line that are wrong: %#', async (files, why) => {
    const failure: unknown = await folderWith(files).then(readRun).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(InputError);
    expect(String(failure)).toMatch(why);
  });

  it('is refused for a folder that is no run', async () => {
    const path = await emptyFolder();
    await mkdir(`${path}/run.json.d`);
    await expect(readRun(path)).rejects.toThrow('is not a run');
  });
});
