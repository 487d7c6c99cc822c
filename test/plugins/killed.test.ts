/**
 * Processes that are killed with SIGKILL, again and again: at moments of time of which they know nothing, SKEIN_ROUNDS of them at least over all pages
 * (50 in CI, 1000 by hand) and as many in saving alone; and at every chosen place of what they write. SKEIN_SEED makes others.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../../core/random.ts';
import { Checkpoints } from '../../plugins/stores/checkpoints.ts';
import { installSkein } from '../docs/project.ts';
import type { Order, Point, When } from './killed.child.ts';
import { plain, snapshotOf } from './stores/snapshots.ts';
import { ROUNDS, some } from './rounds.ts';
import { outcomeOf, TINY_RUNS } from './tiny-runs.ts';

const SEED = Number(process.env['SKEIN_SEED'] ?? 1), ENGINE = 'tfjs:cpu', MINUTE = 60_000, PATIENCE = Math.max(10, ROUNDS) * MINUTE;
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
    const store = new Checkpoints(`${folder}/saves`, { version: '0.1.0', room: { checkpoints: 2, bytes: Infinity } }), draws = Random.of(SEED, 'saves');
    let from = 0, inside = 0;
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
      if ((await readdir(`${folder}/saves`)).some(name => name.startsWith('.'))) inside++;
      from = there.at(-1)! + 1;
    }
    process.stdout.write(`kills while saving, seed ${SEED}: ${ROUNDS}, ${inside} of them with a checkpoint half written\n`);
    expect(inside).toBeGreaterThanOrEqual(Math.floor(ROUNDS / 10));
    await store.save(from, snapshotOf(from));
    expect((await readdir(`${folder}/saves`)).filter(name => name.startsWith('.'))).toEqual([]);
  }, PATIENCE);
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
const EARLY: Readonly<Record<string, readonly Place[]>> = { dqn: ['aside'], doubleDqn: ['record', 'aside'], duelingDqn: [], nStepDqn: [], prioritisedDqn: ['aside'], combinedDqn: [], reinforce: [], reinforceBaseline: ['aside'], a2c: [], ppo: ['record'], ppoContinuous: ['aside'], ddpg: [], td3: ['record'], sac: [], sacDiscrete: ['lock'], iql: ['lock'], vdn: ['recordNamed'], qmix: [], qplex: ['record'], qatten: [], qtranBase: ['record'], qtranAlt: [], owQmix: ['recordNamed'], cwQmix: [], shaq: ['lock'], roma: [], dgn: ['aside'], ippo: [], beliefPpo: ['recordNamed'], mappo: ['record'], mappoPopArt: [], coma: ['record'], comaSweep: [], ia2c: ['lock'], maa2c: [], maddpg: [], maddpgContinuous: ['aside'], iddpg: [], facmac: ['record'], happo: [], mat: [], primal: ['record'] };
const LATE: Readonly<Record<string, readonly Place[]>> = {
  dqn: ['arrays', 'rewound'], doubleDqn: ['manifest', 'old'], duelingDqn: ['named'], nStepDqn: ['metrics'], prioritisedDqn: ['arrays', 'state'], combinedDqn: ['events'],
  reinforce: ['state', 'rewound'], reinforceBaseline: ['arrays'], a2c: ['written', 'metrics'], ppo: ['arrays', 'events'], ppoContinuous: ['state'], ddpg: ['arrays', 'metrics'], td3: ['manifest'], sac: ['state'], sacDiscrete: ['written'],
  iql: ['state', 'tensorboard'], vdn: ['written'], qmix: ['manifest', 'tidying', 'old'], qplex: ['rewound'], qatten: ['arrays'], qtranBase: ['named'], qtranAlt: ['events'], owQmix: ['old', 'metrics'], cwQmix: ['named'], shaq: ['state', 'tensorboard'], roma: ['arrays'], dgn: ['metrics'],
  ippo: ['named', 'events'], beliefPpo: ['state'], mappo: ['arrays', 'metrics'], mappoPopArt: ['named'], coma: ['written'], comaSweep: ['arrays'], ia2c: ['manifest'], maa2c: ['events'],
  maddpg: ['arrays', 'metrics'], maddpgContinuous: ['state'], iddpg: ['written'], facmac: ['events'], happo: ['arrays', 'metrics'], mat: ['manifest'], primal: ['arrays', 'state'],
};
const PAGES = Object.keys(TINY_RUNS);
/** Kills of each page at random moments: one at least, ROUNDS of them over all pages. */
const MOMENTS = new Map(PAGES.map((page, i) => [page, Math.max(1, Math.floor((i + 1) * ROUNDS / PAGES.length) - Math.floor(i * ROUNDS / PAGES.length))]));
/** Pages whose runs are killed at chosen places. */
const PLACED = some(PAGES, 3);
/** What the disk was doing at each kill. */
const deaths: Record<'moment' | 'place', { readonly page: string; readonly within: string }[]> = { moment: [], place: [] };

interface Death { readonly killed: boolean; readonly stood: boolean; readonly last: string; readonly within: readonly string[]; readonly ms: number }
/** One process, until it is killed, so many milliseconds after its first word or where it stands, or has come to its end. */
async function live(order: Order, moment?: number): Promise<Death> {
  const child = start('killed.child.js', JSON.stringify(order)), open = new Map<string, string>(), ended = once(child, 'close');
  let last = '', stood = false, began: number | undefined, timer: NodeJS.Timeout | undefined;
  for await (const line of createInterface({ input: child.stdout! })) {
    last = line;
    if (began === undefined) { began = performance.now(); if (moment !== undefined) timer = setTimeout(() => { child.kill('SIGKILL'); }, moment); }
    const [word = '', a = '', ...more] = line.split(' ');
    if (word === 'begin') open.set(a, more.join(' '));
    if (word === 'end') open.delete(a);
    if (word === 'stands') { stood = true; child.kill('SIGKILL'); }
  }
  const [, signal] = await ended as [number | null, string | null];
  clearTimeout(timer);
  return { killed: signal === 'SIGKILL', stood, last, within: [...open.values()], ms: performance.now() - (began ?? NaN) };
}
const orderOf = (name: string, to: string): Order => ({ page: name, folder: `${folder}/${name}-${to}`, engine: ENGINE, checkpointEvery: Math.floor(TINY_RUNS[name]!.steps / 18) });
/** A page's run that nothing interrupts: what the others must come to, and how long it takes. */
const wholes = new Map<string, Promise<{ readonly outcome: Awaited<ReturnType<typeof outcomeOf>>; readonly ms: number }>>();
function whole(name: string): NonNullable<ReturnType<(typeof wholes)['get']>> {
  const made = wholes.get(name) ?? live(orderOf(name, 'whole')).then(async ({ last, ms }) => { expect(last).toBe('finished'); return { outcome: await outcomeOf(orderOf(name, 'whole').folder), ms }; });
  wholes.set(name, made);
  return made;
}
const leftovers = async ({ folder: run }: Order) => (await readdir(`${run}/checkpoints`)).filter(entry => entry.startsWith('.'));

describe.concurrent.each(PAGES)('a run of %s', name => {
  const moments = MOMENTS.get(name)!, [early, late] = PLACED.includes(name) ? [EARLY[name]!, LATE[name]!] : [[], []];
  it(`killed at ${moments} random moments and ${early.length + late.length} chosen places and resumed, ends as if it had not been: seed ${SEED} (T01, T09)`, async ({ expect: that }) => {
    const { outcome, ms } = await whole(name), when = Random.of(SEED, `moments/${name}`), where = Random.of(SEED, `places/${name}`), someStep = () => 1 + where.integer(Math.floor(0.7 * TINY_RUNS[name]!.steps));
    const left: (NonNullable<Order['kill']> | 'moment')[] = [
      ...early.map(place => ({ step: 0, point: POINTS[place] })), ...Array<'moment'>(moments).fill('moment'),
      ...late.map(place => ({ step: place === 'rewound' ? 0 : someStep(), point: POINTS[place] })).sort((a, b) => a.step - b.step),
    ];
    for (let run = 0; left.length; run++) {                              // a run may be over before a moment comes, and another begins
      const order = orderOf(name, String(run));
      let moved = false;                                                 // by a moment, past what the next place waits for
      for (;;) {
        const [kill] = left, { killed, stood, last, within } = await (kill === 'moment' ? live(order, when.uniform() * ms / 2) : live({ ...order, ...(kill ? { kill } : {}) })), said = `seed ${SEED}, run ${run}, ${JSON.stringify(kill)}: ${last}`;
        if (!killed && (kill === undefined || kill === 'moment' || moved)) { that(last, said).toBe('finished'); break; }
        if (kill !== 'moment') that({ killed, stood }, said).toEqual({ killed: true, stood: true });
        deaths[kill === 'moment' ? 'moment' : 'place'].push({ page: name, within: within.join() });
        moved ||= kill === 'moment';
        left.shift();
      }
      that(await outcomeOf(order.folder), `seed ${SEED}, run ${run}, ${left.length} kills left`).toEqual(outcome);
      that(await leftovers(order)).toEqual([]);
    }
  }, PATIENCE);
});

describe('the kills', () => {
  it('are at all chosen places, by some page', () => {
    expect([...new Set([...Object.values(EARLY), ...Object.values(LATE)].flat())].sort()).toEqual(Object.keys(POINTS).sort());
    expect([Object.keys(EARLY).sort(), Object.keys(LATE).sort()]).toEqual([[...PAGES].sort(), [...PAGES].sort()]);
  });
  it('are as many as promised at random moments, on every page; and at places within checkpoints and lines', () => {
    const falls = (list: typeof deaths.moment) => { const fell = (where: RegExp) => list.filter(({ within }) => where.test(within)).length; return { kills: list.length, checkpoint: fell(/checkpoints\//), lines: fell(/append/), nothing: fell(/^$/) }; };
    const moments = falls(deaths.moment), places = falls(deaths.place);
    process.stdout.write(`kills, seed ${SEED}: at random moments ${JSON.stringify(moments)}, at chosen places ${JSON.stringify(places)}\n`);
    expect(moments.kills).toBeGreaterThanOrEqual(ROUNDS);
    for (const page of PAGES) expect(deaths.moment.filter(death => death.page === page).length, page).toBe(MOMENTS.get(page));
    expect(moments.nothing).toBeGreaterThanOrEqual(Math.floor(ROUNDS / 20));
    const share = PLACED.length / PAGES.length;
    expect(places.checkpoint).toBeGreaterThanOrEqual(10 * share);
    expect(places.lines).toBeGreaterThanOrEqual(4 * share);
  });
});
