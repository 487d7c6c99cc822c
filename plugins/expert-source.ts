/** Sources that an expert fills: it plays whole episodes in an environment of its own, as many as the next update needs, and the page's replay keeps them. */
import type { Definition, Source } from '../core/definition.ts';
import { diff } from '../core/describe.ts';
import type { EnvironmentSpec, TypedArray, VectorEnvironment } from '../core/environment.ts';
import { InputError, RunError } from '../core/error.ts';
import type { Expert } from './factories.ts';
import type { Replay, Sample } from '../core/replay.ts';
import { updateDue, type Collector } from '../core/run.ts';
import type { Batch, Learner } from '../core/step.ts';
import type { NamedArray, Snapshot } from '../core/store.ts';
import { freshState } from '../core/weights.ts';
import type { Catalogue } from './catalogue.ts';
import { seedFor } from './evaluation.ts';
import { actionsOf, seenBy } from './joint-environment.ts';
import { orClose } from './or-close.ts';
import type { Seat } from './players.ts';
import { Rollout } from './rollout.ts';

/** Episodes in a row for which an expert may know no way. */
const TRIES = 200;

/** Programs are compiled for a length, and the longest episode of a batch has another one each time: it is rounded up to a multiple of this. */
const ROUND = 16;
/** The same items with more slots that are no transition. */
function padded({ cut: { batch, time }, fields, ...rest }: Sample, to: number, { stored, needsNext }: Pick<Rollout, 'stored' | 'needsNext'>): Sample {
  const seen = new Set(['start', ...stored.filter(f => f.at === 'slot').map(f => f.name), ...(needsNext ? ['action'] : [])]);
  const longer = Object.entries(fields).map(([name, data]) => {
    const slots = seen.has(name) ? time + 1 : time, width = data.length / batch / slots, more = slots + to - time, into = new (data.constructor as new (n: number) => typeof data)(batch * more * width);
    if (name === 'avail') into.fill(1);
    for (let b = 0; b < batch; b++) into.set(data.subarray(b * slots * width, (b + 1) * slots * width) as never, b * more * width);
    return [name, into] as const;
  });
  return { cut: { batch, time: to }, fields: Object.fromEntries(longer), ...rest };
}

/** An environment of one copy in which an expert plays, seen by some of its agents or by all; an episode that it cannot play is not begun. */
class Rehearsal implements VectorEnvironment {
  readonly copies = 1;
  readonly #env: VectorEnvironment; readonly #expert: Expert; readonly #who: string; readonly #seats: readonly number[] | undefined; readonly #whole: VectorEnvironment;
  /** Has the expert been told of the episode that is on? */
  #told = false;
  #all: TypedArray = new Int32Array();
  constructor(env: VectorEnvironment, expert: Expert, who: string, seats: readonly number[] | undefined) {
    this.#whole = env; this.#expert = expert; this.#who = who; this.#seats = seats;
    this.#env = seats ? seenBy(env, seats, () => this.#all) : env;
  }
  get spec() { return this.#env.spec; }
  get fields() { return this.#env.fields; }
  async reset(mask: Uint8Array): Promise<void> {
    for (let tries = 0; tries < TRIES; tries++) {
      await this.#env.reset(mask);
      this.#told = await this.#expert.begin();
      if (this.#told) return;
    }
    throw new RunError(`${this.#who} found no way in ${TRIES} episodes of ${this.spec.id} in a row`, 'an easier environment (fewer agents, fewer walls), another expert, or a page without a source of its episodes');
  }
  async act() {
    if (!this.#told) this.#told = await this.#expert.begin();               // an episode of a checkpoint
    this.#all = await this.#expert.act();
    return this.#seats ? actionsOf(this.#seats, this.#all, this.#whole) : this.#all;
  }
  step(actions: Parameters<VectorEnvironment['step']>[0]) { return this.#env.step(actions); }
  getState(copy: number): unknown { return this.#env.getState(copy); }
  setState(copy: number, state: unknown): void { this.#env.setState(copy, state); this.#told = false; }
  close() { return this.#env.close(); }
}

export class ExpertSource {
  readonly name: string;
  readonly #source: Source; readonly #env: Rehearsal; readonly #rollout: Rollout; readonly #replay: Replay; readonly #learner: Learner;
  #begun = false;
  #newest: Sample | undefined;

  constructor(name: string, d: Definition, learner: Learner, env: Rehearsal, seed: number, replay: Catalogue['replay']) {
    this.name = name; this.#source = d.page.sources[name]!; this.#env = env; this.#learner = learner;
    this.#rollout = new Rollout(d, learner, env, seed, { source: name, act: () => env.act() });
    this.#replay = replay(this.#source.prioritised ? 'prioritised' : this.#source.cut).make({ source: this.#source, copies: 1, fields: this.#rollout.stored, needsNext: this.#rollout.needsNext, seed });
  }
  /** For update number `update`; without one what the last update had, undefined where there was none. */
  async batch(update?: number): Promise<Batch | undefined> {
    if (update !== undefined) {
      await this.#fill(update);
      const sample = this.#replay.sample(update);
      this.#newest = this.#source.cut === 'episodes' ? padded(sample, Math.ceil(sample.cut.time / ROUND) * ROUND, this.#rollout) : sample;
    }
    return this.#newest && this.#rollout.batch(this.#newest);
  }
  /** Whole episodes, so that between two updates one is about to begin. */
  async #fill(update: number): Promise<void> {
    const replay = this.#replay, rollout = this.#rollout, least = this.#source.keep === undefined ? this.#source.batch ?? 1 : 1, write = { step: (c: number, valid: boolean) => { replay.step(c, rollout.row(), valid); }, slot: (c: number, start: boolean) => { replay.slot(c, rollout.row(), start); } };
    const enough = () => updateDue(this.#source, replay, update) && replay.stored >= least;
    if (!this.#begun) { await rollout.begin(write.slot); this.#begun = true; }
    const state = freshState(this.#learner.plan, 0);
    while (!enough()) {
      let over = false;
      while (!over) { const { episodes } = await rollout.tick(state, write); over = episodes.length > 0; }
      await rollout.tick(state, write);                                     // the slot of its final observation; the next episode begins
    }
  }
  judge(d: Definition, changed: ReadonlySet<string>): void { this.#rollout.judge(d, changed); }
  snapshot(): Snapshot {
    const parts = { rollout: this.#rollout.snapshot(), replay: this.#replay.snapshot() };
    return { arrays: Object.fromEntries(Object.entries(parts).flatMap(([part, { arrays }]) => Object.entries(arrays).map(([k, a]) => [`${part}/${k}`, a]))), meta: { begun: this.#begun, rollout: parts.rollout.meta, replay: parts.replay.meta } };
  }
  restore({ arrays, meta }: Snapshot): void {
    const m = meta as { begun: boolean; rollout: unknown; replay: unknown };
    this.#begun = m.begun;
    this.#rollout.restore({ arrays: within(arrays, 'rollout'), meta: m.rollout });
    this.#replay.restore({ arrays: within(arrays, 'replay'), meta: m.replay });
  }
  close(): void | Promise<void> { return this.#env.close(); }
}
const within = (arrays: Snapshot['arrays'], prefix: string): Record<string, NamedArray> => Object.fromEntries(Object.entries(arrays).filter(([k]) => k.startsWith(`${prefix}/`)).map(([k, a]) => [k.slice(prefix.length + 1), a]));

interface Setting { readonly seed: number; readonly catalogue: Catalogue; readonly spec: EnvironmentSpec; readonly seat?: Pick<Seat, 'agents'> | undefined; environment(setting: { readonly copies: number; readonly seed: number }): Promise<VectorEnvironment> }
/** All sources of a page that say `by`, each with its expert, environment and replay. Of one player of several the expert plays all agents, and the source holds those of the player. */
export async function expertSources(d: Definition, learner: Learner, { seed, catalogue, spec, seat, environment }: Setting): Promise<readonly ExpertSource[]> {
  const [main = ''] = Object.keys(d.page.sources), made: ExpertSource[] = [];
  return orClose({ close: async () => { for (const source of made) await source.close(); } }, async () => {
    for (const [name, { by, cut }] of Object.entries(d.page.sources)) {
      const refuse = (why: string, fix: string): never => { throw new InputError(`source ${name} of ${d.page.name}${by === undefined ? '' : `, by ${by}`}: ${why}`, fix); };
      if (by === undefined) { if (name !== main) refuse('the page acts for its first source only', "by: 'expert' at this one, or one source"); continue; }
      if (name === main) refuse('the first source is the page\'s own', 'a first source without `by`, of which the page acts');
      if (cut === 'rollout') refuse('an expert plays whole episodes', 'g.episodes or g.transitions');
      const factory = catalogue.expert(by, spec), env = await environment({ copies: 1, seed: seedFor(seed, `source ${name}`) });
      made.push(await orClose(env, () => new ExpertSource(name, d, learner, new Rehearsal(env, factory.make(env), `source ${name} of ${d.page.name}: the expert ${factory.name}`, seat?.agents), seedFor(seed, `replay ${name}`), cut_ => catalogue.replay(cut_))));
    }
    return made;
  });
}
/** A rollout whose batches hold those of the experts too, and whose checkpoints hold their replays; `page` is what the rollout plays now. */
export function withExperts(rollout: Collector, others: readonly ExpertSource[], page: () => Definition): Collector {
  return {
    begin: open => rollout.begin(open), tick: (state, write, options) => rollout.tick(state, write, options), row: () => rollout.row(),
    async batch(sample, update) {
      const own = await rollout.batch(sample, update);
      if (!own) return undefined;
      const batches: Batch[] = [own];
      for (const other of others) { const more = await other.batch(update); if (!more) return undefined; batches.push(more); }
      return { ...own, cuts: Object.assign({}, ...batches.map(b => b.cuts)) as Batch['cuts'], fields: Object.assign({}, ...batches.map(b => b.fields)) as Batch['fields'] };
    },
    async adopt(learner, state) {
      const { d } = learner.plan, changed = new Set(diff(page(), d).filter(c => c.kind === 'world').map(c => c.at));
      for (const other of others) other.judge(d, changed);
      return rollout.adopt(learner, state);
    },
    snapshot() {
      const own = rollout.snapshot(), parts = others.map(other => [other.name, other.snapshot()] as const);
      return { arrays: { ...own.arrays, ...Object.fromEntries(parts.flatMap(([name, { arrays }]) => Object.entries(arrays).map(([k, a]) => [`source/${name}/${k}`, a]))) }, meta: { ...(own.meta as object), sources: Object.fromEntries(parts.map(([name, { meta }]) => [name, meta])) } };
    },
    restore({ arrays, meta }) {
      const { sources = {} } = meta as { sources?: Record<string, unknown> };
      rollout.restore({ arrays, meta });
      for (const other of others) {
        if (!(other.name in sources)) throw new InputError(`it holds nothing of source ${other.name}`);
        other.restore({ arrays: within(arrays, `source/${other.name}`), meta: sources[other.name] });
      }
    },
  };
}
