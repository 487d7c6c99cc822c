/**
 * A run that says on its standard output what it does: `step <n>` after each tick, `begin <call> <what> <file>` and `end <call>` around what it
 * asks of the disk. `killed.test.ts` starts and kills it. It stands still at the place that its order names, from that step on.
 */
import { writeSync } from 'node:fs';
import path from 'node:path';
import { compose } from '../../plugins/compose.ts';
import { disk, type FileSystem } from '../../plugins/stores/file-system.ts';
import { begin } from './tiny-runs.ts';

export type When = 'before' | 'half' | 'after';
/** A call of the disk, by its kind and the file, relative to the run's folder; and where in it. */
export interface Point { readonly when: When; readonly what: keyof FileSystem | 'append' | 'cut'; readonly file: string }
export interface Order { readonly page: string; readonly folder: string; readonly engine: string; readonly checkpointEvery: number; readonly kill?: { readonly step: number; readonly point: Point } }

const { page, folder, engine, checkpointEvery, kill } = JSON.parse(process.argv[2]!) as Order;
const say = (words: string) => { writeSync(1, `${words}\n`); };
const forever = () => new Promise<never>(() => { setInterval(() => undefined, 1e6); });
let step = 0, calls = 0;

async function watched<T>(what: Point['what'], file: string, work: () => Promise<T>, half: () => Promise<unknown> = () => Promise.resolve()): Promise<T> {
  const name = path.relative(folder, file), point = kill?.point, here = point?.what === what && step >= kill!.step && new RegExp(point.file).test(name) ? point.when : undefined, call = ++calls;
  const stand = async (when: When) => { if (here === when) { say(`stands ${when} ${what} ${name}`); await forever(); } };
  say(`begin ${call} ${what} ${name}`);
  await stand('before');
  if (here === 'half') await half();
  await stand('half');
  try {
    const result = await work();
    await stand('after');
    return result;
  } finally { say(`end ${call}`); }
}
const real = { ...disk }, halves = (chunks: Iterable<Uint8Array>) => [...chunks].map(c => c.subarray(0, c.length / 2));
Object.assign(disk, {
  write: (to, chunks, mode) => watched('write', to, () => real.write(to, chunks, mode), () => real.write(to, halves(chunks), mode)),
  rename: (from, to) => watched('rename', to, () => real.rename(from, to)),
  remove: at => watched('remove', at, () => real.remove(at)),
  grow: async at => {
    const file = await real.grow(at);
    return {
      ...file,
      write: bytes => watched('append', at, () => file.write(bytes), () => file.write(bytes.subarray(0, bytes.length / 2))),
      cut: bytes => watched('cut', at, () => file.cut(bytes)),
    };
  },
} satisfies Partial<FileSystem>);

const trackers = [{ progress: (p: { readonly step: number }) => { step = p.step; say(`step ${step}`); } }];
const made = await compose(), there = await real.facts(`${folder}/run.json`), prepared = there ? await made.training.resume(folder, { picture: false, trackers }) : await begin(made, page, folder, engine, { checkpointEvery, checkpointRoom: { checkpoints: 4 }, trackers });
say(`${(await prepared.begin()).reason}`);
process.exit(0);
