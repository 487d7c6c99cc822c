/**
 * A mixer swapped in a live run: VDN cannot tell the good cell of M1 from the punished ones around it, QPLEX can. Uniform play (epsilon 1), so that the
 * replay holds every cell; greedy evaluations. Three runs a seed: changed at step 4,000, never changed, and forked at step 4,000.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Definition } from '../../core/definition.ts';
import type { Snapshot } from '../../core/store.ts';
import { vdn } from '../../graphs/index.ts';
import { compose, type Composition } from '../../plugins/compose.ts';
import { editOf, swapped, type Swap } from '../../plugins/edits.ts';
import { Checkpoints } from '../../plugins/stores/checkpoints.ts';
import { applySettings } from '../../plugins/page-settings.ts';
import type { Outcome, TrainOptions } from '../../plugins/training.ts';
import { Table } from './table.ts';

const [AT, STEPS] = [4000, 8000], QPLEX: Swap = { slot: 'mixer', type: 'duplexMixer', config: { heads: 10, advHypernet: [64, 64] } };
const table = new Table('VDN on M1, mixer swapped to QPLEX at step 4,000 of 8,000');
let made: Composition, page: Definition, folder: string;
beforeAll(async () => {
  made = await compose();
  page = applySettings(swapped(vdn as Definition, [{ slot: 'agentQ', type: 'mlpAgentQ', config: {} }], made.catalogue), { 'explore.epsilon': 1, 'data.every': 4, 'q.lr': 4e-3 });
  folder = await mkdtemp(path.join(os.tmpdir(), 'skein-swap-'));
});
afterAll(async () => { table.print(); await rm(folder, { recursive: true }); });
const options = (seed: number, out: string): TrainOptions => ({ environment: 'matrix/m1', steps: STEPS, seed, copies: 8, engine: 'tfjs:wasm', evaluate: { every: 500, episodes: 1 }, checkpointEvery: AT, out });
/** What greedy play got, by step. */
async function played(prepared: Awaited<ReturnType<Composition['training']['prepare']>>): Promise<Outcome & { readonly greedy: ReadonlyMap<number, number> }> {
  const greedy = new Map<number, number>();
  prepared.run.metrics$.subscribe({ next: ({ step, values }) => { const x = values['eval/return']; if (x !== undefined) greedy.set(step, x); } });
  return { ...await prepared.begin(), greedy };
}

it.each([1, 2, 3, 4, 5])('the live run and the fork get 8 after the swap and 0 before, the parent 0 to the end (seed %i)', async seed => {
  const { training } = made, live = await played(await training.prepare(page, { ...options(seed, `${folder}/live-${seed}`), swaps: [{ at: AT, swaps: [QPLEX] }] })), parent = `${folder}/parent-${seed}`, forked = `${folder}/fork-${seed}`;
  await played(await training.prepare(page, { ...options(seed, parent), steps: AT }));
  await training.fork(parent, forked, [QPLEX], { steps: STEPS });
  const fork = await played(await training.resume(forked)), plain = await played(await training.resume(parent, { steps: STEPS })), first = [...live.greedy].find(([step, x]) => step > AT && x === 8)?.[0];
  table.add({ seed, 'live, at step 4,000': live.greedy.get(AT)!, 'live, at 8,000': live.greedy.get(STEPS)!, '8 from step': first ?? 'never', 'fork, at 8,000': fork.greedy.get(STEPS)!, 'parent, at 8,000': plain.greedy.get(STEPS)!, seconds: Math.round(live.seconds) });
  expect([live.greedy.get(AT), live.greedy.get(STEPS), fork.greedy.get(STEPS), plain.greedy.get(STEPS)]).toEqual([0, 8, 8, 0]);
  expect(fork.state).toEqual(live.state);                                 // one was changed as it ran, the other taken up from a checkpoint
});

it('across the swap the agents, their moments and the replay keep every bit', async () => {
  const prepared = await made.training.prepare(page, { ...options(1, `${folder}/bits`), steps: 1000 }), store = new Checkpoints(`${folder}/bits/checkpoints`, { version: 'test' }), newest = async (): Promise<Snapshot> => store.load((await store.list()).at(-1)!);
  let compared: Promise<readonly [Snapshot, Snapshot]> | undefined;
  prepared.run.metrics$.subscribe({ next: ({ step }) => { if (step >= 500) compared ??= (async () => { const saved = prepared.run.checkpoint(), changed = prepared.run.edit(editOf([QPLEX], made.catalogue)); await saved; const before = await newest(); await changed; return [before, await newest()] as const; })(); } });
  await prepared.begin();
  const [before, after] = await compared!, names = Object.keys(before.arrays).filter(k => /^(weights\/agentQ|lagged\/agentQ|slots\/q\/v\/agentQ|replay|rollout)\//.test(k));
  expect(names.length).toBeGreaterThan(20);
  for (const name of names) expect(after.arrays[name], name).toEqual(before.arrays[name]);
  expect((before.meta as { counters: unknown }).counters).toEqual((after.meta as { counters: unknown }).counters);
  expect(Object.keys(after.arrays).filter(k => k.startsWith('weights/mixer/')).length).toBeGreaterThan(0);
});
