/** What `import ... from 'skein'` gives: the words of pages, of node authors, of users and of plugins. */
import type { Definition } from '../core/definition.ts';
import { compose } from './compose.ts';
import type { JointOptions, JointPrepared } from './joint-run.ts';
import type { Players } from './players.ts';
import { applySettings } from './page-settings.ts';
import type { Outcome, Prepared, TrainOptions } from './training.ts';

export { derive, each, graph, next, now, once, over, stop, swap, weigh, Graph, type Data, type Placed, type Wire, type Wires } from '../core/graph.ts';
export { after, central, continuous, continuousTeam, local, single, team, type Field, type World } from '../core/world.ts';
export { exponential, linear, type Schedule } from '../core/schedule.ts';
export { adam, rmsprop, sgd, type Optimiser } from '../core/optimiser.ts';
export { check } from '../core/check.ts';
export { describe, diff, structuralHash, type Description, type Difference } from '../core/describe.ts';
export { fromJson, pageSchema, toJson, type Definition, type Page, type Registry } from '../core/definition.ts';
export { GraphError, InputError, RunError, type Issue } from '../core/error.ts';

export { defineNode, gumbel, normal, per, uniform, type NodeFactory, type NodeSpec, type NodeUse, type Noise } from '../core/node.ts';
export { bool, f32, i32, index, penalty, still, type DType, type Port, type Ports } from '../core/port.ts';
export type { Init, Layer } from '../core/layers.ts';
export { constant, gaussian, orthogonal, uniformWithin } from '../nodes/initial.ts';
export { conv, dense, gru, lstm, mlp, parameter } from '../nodes/layers.ts';
export { detach } from '../core/flow.ts';

export type { EnvironmentFamily, EnvironmentOption, Expert, ExpertFactory, RandomFactory, ReplayFactory, ReplaySetting, TrackerFactory } from './factories.ts';
export type { EnvironmentField, EnvironmentSpec, TypedArray, VectorEnvironment } from '../core/environment.ts';
export type { Engine, EngineFactory, EngineInfo, Executable, Input, Outputs, Program, Supply } from '../core/engine.ts';
export type { Replay, Sample } from '../core/replay.ts';
export type { NamedArray, Snapshot, Store } from '../core/store.ts';
export type { MetricRecord, Moment, Progress, RunEvent, RunRecord, Tracker } from '../core/tracker.ts';
export type { Edit, Swapped, SwapOptions } from '../core/run.ts';
export { PLUGIN_API, TOKENS } from './tokens.ts';
export { Random, type RandomSource } from '../core/random.ts';
export { ContainerModule } from 'inversify';
export { compose, type Composition } from './compose.ts';
export type { Player, Players } from './players.ts';
export type { Run, Tap } from '../core/run.ts';
export { importTorch, layerTable } from './testing.ts';

/** A run of a page. Subscribe to its streams, then await `done`, which starts it. */
export interface Running extends Pick<Prepared, 'folder' | 'record'> {
  readonly metrics$: Prepared['run']['metrics$'];
  readonly events$: Prepared['run']['events$'];
  tap$: Prepared['run']['tap$'];
  checkpoint(): Promise<void>;
  /** Another page between two updates: `d => swap(d, 'mixer', sumMixer(), { name: 'mine' })`. What it does not touch stays; where it cannot be made it rejects with the reason, and nothing has changed. */
  edit: Prepared['run']['edit'];
  /** What an edit would do. */
  check: Prepared['run']['check'];
  /** Takes back the last edit, of the last ten. */
  undo: Prepared['run']['undo'];
  stop(): void;
  /** Settles when the run has ended; rejects with the reason where it failed. */
  readonly done: ReturnType<Prepared['begin']>;
}
export interface LibraryOptions extends Omit<TrainOptions, 'experiment'> {
  readonly plugins?: readonly string[];
  /** Other numbers: `{ 'tdTarget.gamma': 0.95 }`. */
  readonly set?: Readonly<Record<string, unknown>>;
}
/** Names of the players that learn. */
type Learners<P extends Players> = { [K in keyof P]: [Extract<P[K], { readonly page: unknown }>] extends [never] ? never : K & string }[keyof P];
/** A joint run of several players. Subscribe to its streams, then await `done`, which starts it. */
export interface RunningTogether<P extends Players = Players> extends Pick<JointPrepared, 'folder' | 'record'> {
  /** Of each player that learns, under its name: its own streams, without a `stop` and an end of its own. */
  readonly players: Readonly<Record<Learners<P>, Omit<Running, 'stop' | 'done'>>>;
  stop(): void;
  /** What came of each. */
  readonly done: Promise<Readonly<Record<Learners<P>, Outcome>>>;
}
export interface JointLibraryOptions extends Omit<JointOptions, 'experiment'> { readonly plugins?: readonly string[] }
const runningOf = ({ folder, record, run }: Prepared): Omit<Running, 'stop' | 'done'> => ({ folder, record, metrics$: run.metrics$, events$: run.events$, tap$: run.tap$.bind(run), checkpoint: () => run.checkpoint(), edit: run.edit.bind(run), check: run.check.bind(run), undo: run.undo.bind(run) });
/** At the next turn of the event loop, so that streams subscribed to right away miss nothing. */
function soon<T>(begin: () => Promise<T>): Promise<T> {
  const done = new Promise<void>(resolve => { setImmediate(resolve); }).then(begin);
  done.catch(() => undefined);                                            // whoever awaits `done` hears of it
  return done;
}
/** Trains a page: `const run = await train(qmix, { environment: 'lbf/8x8-2p-2f-coop', steps: 200_000 })`. */
export async function train(page: Definition, options: LibraryOptions): Promise<Running>;
/** Trains several populations, each by its own page: `await train({ predators: { agents: [0, 1, 2], page: maddpg }, prey: { agents: [3], page: ippo } }, { environment: 'mpe/tag', steps: 200_000 })`. */
export async function train<const P extends Players>(players: P, options: JointLibraryOptions): Promise<RunningTogether<P>>;
export async function train(what: Definition | Players, { plugins = [], ...options }: LibraryOptions | JointLibraryOptions): Promise<Running | RunningTogether> {
  const { catalogue, training, joint } = await compose({ plugins }), environment = await catalogue.environmentId(options.environment), named = { environment, ...(options.engine === undefined ? {} : { engine: await catalogue.engineName(options.engine) }) };
  if (isPage(what)) {
    const { set = {}, ...more } = options as LibraryOptions, prepared = await training.prepare(applySettings(what, set), { ...more, ...named });
    return { ...runningOf(prepared), stop: () => { prepared.run.stop(); }, done: soon(() => prepared.begin()) };
  }
  const prepared = await joint.prepare(what, { ...options, ...named }), { folder, record } = prepared;
  return { folder, record, players: Object.fromEntries(Object.entries(prepared.players).map(([name, p]) => [name, runningOf(p)])), stop: () => { prepared.stop(); }, done: soon(() => prepared.begin()) };
}
const isPage = (what: Definition | Players): what is Definition => 'specs' in what && what.specs instanceof Map;
