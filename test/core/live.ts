/** Runs in scripted environments that keep all of their checkpoints in memory, for tests of what an edit changes and what it leaves. */
import { beforeAll } from 'vitest';
import type { Definition, Registry } from '../../core/definition.ts';
import type { Engine } from '../../core/engine.ts';
import { derive, Graph } from '../../core/graph.ts';
import { plan } from '../../core/plan.ts';
import { Run, type Edit, type RunParts, type RunSettings } from '../../core/run.ts';
import { Learner } from '../../core/step.ts';
import type { Snapshot, Store } from '../../core/store.ts';
import type { RunEvent } from '../../core/tracker.ts';
import { freshState } from '../../core/weights.ts';
import type { World } from '../../core/world.ts';
import { episodes } from '../../plugins/replay/episodes.ts';
import { prioritised } from '../../plugins/replay/prioritised.ts';
import { rollouts } from '../../plugins/replay/rollouts.ts';
import { transitions } from '../../plugins/replay/transitions.ts';
import { Rollout, sizesOf } from '../../plugins/rollout.ts';
import { registry as ours } from '../pages/index.ts';
import { engineOn } from '../plugins/engines/on.ts';
import { Scripted, type Script } from '../plugins/rollout/scripted.ts';

export let engine: Engine;
beforeAll(async () => { engine = await engineOn('cpu'); });

type Use = Parameters<Graph<World>['swap']>[1];
export const edited = (d: Definition, name: string, edit: (g: Graph<World>) => void): Definition => derive(d, name, edit) as Definition;
export const put = (slot: string, use: unknown): Edit => d => { const g = new Graph<World>(d.page, d.specs); g.swap(slot, use as Use); return g.close(d.handles); };
export const SCRIPT: Script = { plans: [[{ length: 3, end: 'terminated' }], [{ length: 2, end: 'truncated' }, { length: 4, end: 'terminated' }]], agents: 2 };
/** Node types by which pages of checkpoints are read. */
export const typesOf = (d: Definition): Registry => new Map([...ours, ...d.specs]);

class Memory implements Store {
  readonly kept: Snapshot[] = [];
  save(_: number, { arrays, meta }: Snapshot): Promise<void> { this.kept.push({ arrays: structuredClone(arrays), meta: JSON.parse(JSON.stringify(meta)) as unknown }); return Promise.resolve(); }
  list(): Promise<number[]> { return Promise.resolve([...this.kept.keys()]); }
  load(i: number): Promise<Snapshot> { return Promise.resolve(this.kept[i]!); }
}
export interface Live { readonly run: Run; readonly parts: RunParts; readonly store: Memory; readonly events: RunEvent[]; start(from?: Snapshot): ReturnType<Run['start']> }
/** `first` is the page that a run began with, where it goes on with another. */
export function live(d: Definition, settings: Partial<RunSettings> = {}, script: Script = SCRIPT, first = d): Live {
  const all: RunSettings = { seed: 1, steps: 40, evaluateEvery: 1000, checkpointEvery: 1000, logEvery: 1000, failures: 3, ...settings }, env = new Scripted(script), build = (page: Definition) => new Learner(plan(page, sizesOf(page, env)), engine), learner = build(d), rollout = new Rollout(first, learner, env, all.seed), source = Object.values(d.page.sources)[0]!, store = new Memory();
  const replay = (source.prioritised ? prioritised : { episodes, transitions, rollout: rollouts }[source.cut]).make({ source, copies: script.plans.length, fields: rollout.stored, needsNext: rollout.needsNext, seed: all.seed });
  let ticks = 0;
  const parts: RunParts = { learner, rollout, replay, store, build, registry: typesOf(d), clock: () => ticks++ / 8, evaluate: () => Promise.resolve({ return: 0 }) }, run = new Run(all, parts), events: RunEvent[] = [];
  run.events$.subscribe({ next: e => events.push(e) });
  return { run, parts, store, events, start: from => run.start(freshState(learner.plan, all.seed), from) };
}
const bits = (s: Snapshot) => Object.fromEntries(Object.entries(s.arrays).map(([k, a]) => [k, Buffer.from(a.data.buffer, a.data.byteOffset, a.data.byteLength).toString('hex')]));
/** All of a checkpoint but wall-clock time, and those of its arrays whose names begin so. */
export const facts = (s: Snapshot) => { const { seconds: _, ...meta } = s.meta as Record<string, unknown>; return { bits: bits(s), meta }; };
export const part = (s: Snapshot, of: string) => Object.fromEntries(Object.entries(bits(s)).filter(([k]) => k.startsWith(of)));
