/**
 * Processes that are killed with SIGKILL, again and again, at moments of which they know nothing and at chosen places of what they write.
 * SKEIN_ROUNDS says how many there are at least (50 in CI, 1000 by hand), and SKEIN_SEED makes others.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../../core/random.ts';
import { compose } from '../../plugins/compose.ts';
import { Checkpoints } from '../../plugins/stores/checkpoints.ts';
import { installSkein } from '../docs/project.ts';
import type { Order, Point, When } from './killed.child.ts';
import { plain, snapshotOf } from './stores/snapshots.ts';
import { ROUNDS } from './rounds.ts';
import { begin, outcomeOf, TINY_RUNS } from './tiny-runs.ts';

const SEED = Number(process.env['SKEIN_SEED'] ?? 1), ENGINE = 'tfjs:cpu', MINUTE = 60_000;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'skein-killed-'));
  // translated once, because a process that translates for itself takes twice as long to start
  await installSkein(`${folder}/skein`, ['test/plugins/killed.child.ts', 'test/plugins/tiny-runs.ts', 'test/plugins/stores/save-forever.child.ts', 'test/plugins/stores/snapshots.ts']);
}, 5 * MINUTE);
afterAll(() => rm(folder, { recursive: true, force: true }));

const start = (child: string, ...words: readonly string[]): ChildProcess => spawn(process.execPath, [`${folder}/skein/dist/test/plugins/${child}`, ...words], { stdio: ['ignore', 'pipe', 'inherit'] });
const pause = (ms: number) => new Promise(resolve => { setTimeout(resolve, ms); });

describe('a process killed while it saves', () => {
  it(`leaves complete checkpoints only, and the next one goes on: ${ROUNDS} times, seed ${SEED} (T01)`, async () => {
    const store = new Checkpoints(`${folder}/saves`, { version: '0.1.0' }), draws = Random.of(SEED, 'saves');
    let from = 0, leftovers = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const saving = start('stores/save-forever.child.js', `${folder}/saves`, String(from));
      await once(saving.stdout!, 'data');
      await pause(draws.uniform() * 30);
      saving.kill('SIGKILL');
      await once(saving, 'close');
      const there = await store.list(), where = `round ${round}`;
      expect(there.length, where).toBeGreaterThanOrEqual(1);
      expect(there.length, where).toBeLessThanOrEqual(3);
      for (const update of there) expect(plain(await store.load(update)), where).toEqual(plain(snapshotOf(update)));
      expect(there.at(-1), where).toBeGreaterThanOrEqual(from);
      if ((await readdir(`${folder}/saves`)).some(name => name.startsWith('.'))) leftovers++;
      from = there.at(-1)! + 1;
    }
    expect(leftovers, 'kills inside of a save').toBeGreaterThan(0);
    await store.save(from, snapshotOf(from));
    expect((await readdir(`${folder}/saves`)).filter(name => name.startsWith('.'))).toEqual([]);
  }, 10 * MINUTE);
});

const point = (when: When, what: Point['what'], file: string): Point => ({ when, what, file });
/** Places in what a run writes. */
const POINTS = {
  lock: point('half', 'write', '^run\\.lock$'),
  record: point('half', 'write', '^\\.run\\.json\\.new$'),
  recordNamed: point('before', 'rename', '^run\\.json$'),
  arrays: point('half', 'write', 'saving-\\d+/arrays'),
  state: point('half', 'write', 'saving-\\d+/state'),
  manifest: point('half', 'write', 'saving-\\d+/manifest'),
  written: point('before', 'rename', '^checkpoints/\\d+$'),
  named: point('after', 'rename', '^checkpoints/\\d+$'),
  aside: point('after', 'rename', 'replaced-\\d+$'),
  old: point('after', 'rename', 'removed-\\d+$'),
  tidying: point('before', 'remove', 'checkpoints/\\.skein-'),
  metrics: point('half', 'append', '^metrics\\.jsonl$'),
  events: point('half', 'append', '^events\\.jsonl$'),
  tensorboard: point('half', 'append', '^tensorboard/'),
  rewound: point('after', 'cut', '^metrics\\.jsonl$'),
} as const;
type Place = keyof typeof POINTS;
/** In each page's first session, before it has learned anything; and later on. Together they are all places. */
const EARLY: Readonly<Record<string, readonly Place[]>> = { dqn: ['aside'], doubleDqn: ['record', 'aside'], iql: ['lock'], vdn: ['recordNamed'], qmix: [], qplex: ['record'] };
const LATE: Readonly<Record<string, readonly Place[]>> = {
  dqn: ['arrays', 'metrics', 'rewound'], doubleDqn: ['manifest', 'old'], iql: ['state', 'named', 'tensorboard'], vdn: ['arrays', 'written', 'events'], qmix: ['manifest', 'tidying', 'old', 'metrics'], qplex: ['written', 'state', 'rewound'],
};
/** What the disk was doing at each kill. */
const deaths: string[] = [];
const KILLS = Math.ceil(ROUNDS / Object.keys(TINY_RUNS).length);

/** One process, until it is killed or has come to its end; what the disk was doing at its death. */
async function live(order: Order, after: number): Promise<{ readonly killed: boolean; readonly stood: boolean; readonly last: string; readonly within: readonly string[] }> {
  const child = start('killed.child.js', JSON.stringify(order)), open = new Map<string, string>(), { kill } = order;
  let last = '', stood = false;
  const ended = once(child, 'close');
  for await (const line of createInterface({ input: child.stdout! })) {
    last = line;
    const [word = '', a = '', ...more] = line.split(' ');
    if (word === 'begin') open.set(a, more.join(' '));
    if (word === 'end') open.delete(a);
    if (word === 'stands') { stood = true; child.kill('SIGKILL'); }
    if (word === 'step' && kill && !kill.point && Number(a) >= kill.step) setTimeout(() => { child.kill('SIGKILL'); }, after);
  }
  const [, signal] = await ended as [number | null, string | null];
  return { killed: signal === 'SIGKILL', stood, last, within: [...open.values()] };
}

describe.concurrent.each(Object.keys(TINY_RUNS))('a run of %s', name => {
  const places = [...EARLY[name]!, ...LATE[name]!], times = Math.max(KILLS, places.length);
  it(`killed ${times} times and resumed, ends as if it had not been: seed ${SEED} (T01, T09)`, async ({ expect: that }) => {
    const { steps } = TINY_RUNS[name]!, checkpointEvery = Math.floor(steps / 18), draws = Random.of(SEED, `kills/${name}`), whole = `${folder}/${name}-whole`, broken = `${folder}/${name}`, order: Order = { page: name, folder: broken, engine: ENGINE, checkpointEvery };
    await (await begin(await compose(), name, whole, ENGINE, { checkpointEvery })).begin();
    const someStep = () => 1 + draws.integer(Math.floor(0.7 * steps)), random = Array.from({ length: times - places.length }, () => ({ step: someStep() }));
    const kills = [...EARLY[name]!.map(place => ({ step: 0, point: POINTS[place] })), ...[...LATE[name]!.map(place => ({ step: place === 'rewound' ? 0 : someStep(), point: POINTS[place] })), ...random].sort((a, b) => a.step - b.step)];
    for (const kill of kills) {
      const { last, within, ...death } = await live({ ...order, kill }, draws.uniform() * 8);
      that(death, `seed ${SEED}, ${JSON.stringify(kill)}: ${last}`).toEqual({ killed: true, stood: 'point' in kill });
      deaths.push(within.join());
    }
    that(await live(order, 0)).toMatchObject({ killed: false, last: 'finished' });
    that(await outcomeOf(broken)).toEqual(await outcomeOf(whole));
    that((await readdir(`${broken}/checkpoints`)).filter(entry => entry.startsWith('.'))).toEqual([]);
  }, 10 * MINUTE);
});

describe('the kills', () => {
  it('are at all chosen places, by some page', () => {
    expect([...new Set([...Object.values(EARLY), ...Object.values(LATE)].flat())].sort()).toEqual(Object.keys(POINTS).sort());
    expect([Object.keys(EARLY), Object.keys(LATE)]).toEqual([Object.keys(TINY_RUNS), Object.keys(TINY_RUNS)]);
  });
  it('are as many as promised, while a checkpoint was written, while lines were added, and while the disk did nothing', () => {
    const fell = (where: RegExp) => deaths.filter(within => where.test(within)).length, falls = { kills: deaths.length, checkpoint: fell(/checkpoints\//), lines: fell(/append/), nothing: fell(/^$/) };
    process.stdout.write(`kills, seed ${SEED}: ${JSON.stringify(falls)}\n`);
    expect(falls.kills).toBeGreaterThanOrEqual(ROUNDS);
    expect(falls.checkpoint).toBeGreaterThanOrEqual(10);
    expect(Math.min(falls.lines, falls.nothing)).toBeGreaterThanOrEqual(Math.floor(ROUNDS / 20));
  });
});
