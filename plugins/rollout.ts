/**
 * Acting: all copies of an environment stepped by the acting program, every slot written to the replay.
 * Where an episode ends, the tick after it is no environment step: its slot holds the final observation, the action drawn there is never
 * executed, and the copy starts anew; so copies stay in step and `next(x)` is always the value at the true next observation.
 */
import { taken, type Definition } from '../core/definition.ts';
import { diff } from '../core/describe.ts';
import type { TypedArray, VectorEnvironment } from '../core/environment.ts';
import { InputError, RunError } from '../core/error.ts';
import { words } from '../core/port.ts';
import type { Collector, Episode } from '../core/run.ts';
import type { Sample } from '../core/replay.ts';
import { Random } from '../core/random.ts';
import type { Batch, Learner } from '../core/step.ts';
import type { NamedArray, Snapshot } from '../core/store.ts';
import type { LearnerState } from '../core/weights.ts';
import type { StoredField } from './factories.ts';
import { ARRAYS } from './arrays.ts';

/** Fields that the runner makes and the environment does not know. */
const MADE = new Set(['start', 'valid', 'weight', 'lastAction', 'agentId', 'action', 'nextAction']);
const product = (dims: readonly string[], sizes: Readonly<Record<string, number>>) => dims.reduce((a, x) => a * (sizes[x] ?? 1), 1);

/** [rows agent id]: who is who, one-hot. */
export const agentIds = (rows: number, agents: number, ids = agents): Float32Array => new Float32Array(rows * agents * ids).map((_, i) => (Math.floor(i / ids) % agents === i % ids ? 1 : 0));

/** Sizes of a page in an environment; a page for several agents takes an environment of one as a team of one, and the reverse. */
export function sizesOf(d: Definition, environment: VectorEnvironment): Record<string, number> {
  const { spec } = environment, agents = spec.sizes['agent'] ?? 1, one = !words(d.page.world['obs']?.spec ?? '').includes('agent'), discrete = d.page.world['action']?.dtype === 'i32';
  if (one && agents > 1) throw new InputError(`${d.page.name} is for one agent, and ${spec.id} has ${agents}`, 'a page for teams: skein list algorithms');
  if (discrete !== (spec.actions === 'discrete')) throw new InputError(`${d.page.name} chooses ${discrete ? 'discrete' : 'continuous'} actions, and those of ${spec.id} are ${spec.actions}`, `an environment with ${discrete ? 'discrete' : 'continuous'} actions, or another page: skein list`);
  for (const [dim, n] of Object.entries(spec.sizes)) if (!(Number.isInteger(n) && n >= 1)) throw new InputError(`${spec.id}: sizes.${dim} is ${JSON.stringify(n)}`, 'one whole number above 0 for all agents: pad those that have fewer actions or observe less, and let avail forbid what they do not have');
  const sizes: Record<string, number> = { other: Math.max(0, agents - 1), ...spec.sizes, agent: agents, id: agents, neighbour: agents };
  sizes['state'] ??= agents * (sizes['obs'] ?? 0);
  for (const name of Object.keys(d.page.sources).flatMap(source => [...fieldsOf(d, source)])) if (!MADE.has(name) && !(name in spec.fields) && !['state', 'avail', 'alive', 'agentReward'].includes(name)) throw new InputError(`${d.page.name} reads ${name}, which ${spec.id} does not offer`, `it offers ${Object.keys(spec.fields).join(', ')}`);
  return sizes;
}
const offered = (d: Definition, node: string) => Object.entries(d.page.nodes[node]!.in);
/** Fields of a source that any wire of the page names, taken or only offered: a later swap finds them in the replay. */
function fieldsOf(d: Definition, source: string, wires: typeof offered = offered): Set<string> {
  const named = new Set<string>();
  for (const node of Object.keys(d.page.nodes)) for (const [, w] of wires(d, node)) if (w.startsWith(`${source}.`)) named.add(w.slice(source.length + 1).split(' ', 1)[0]!);
  return named;
}
/** A source whose actions are not the page's. */
export interface OtherSource { readonly source: string; act(): TypedArray | Promise<TypedArray> }

export class Rollout implements Collector {
  readonly #d: Definition; #learner: Learner; readonly #env: VectorEnvironment; readonly #seed: number;
  readonly #sizes: Readonly<Record<string, number>>;
  readonly #fields: Record<string, TypedArray> = {};
  /** Names of fields that are the same at every step. */
  readonly #same = new Set<string>();
  /** Fields that the replay stores. */
  readonly stored: readonly StoredField[];
  readonly needsNext: boolean;
  readonly #ended: Uint8Array; readonly #fresh: Uint8Array;
  readonly #returns: Float64Array; readonly #lengths: Int32Array;
  #carry: Record<string, Float32Array> = {};
  /** Carries before the first slot of the newest rollouts, by their number. */
  readonly #carries = new Map<number, Record<string, Float32Array>>();
  #ticks = 0;
  readonly #source: string; readonly #other: OtherSource | undefined;

  /** `d` is the page that the run began with, which says what is stored; the learner may be of a later one. Without `other` the page acts, for its first source. */
  constructor(d: Definition, learner: Learner, environment: VectorEnvironment, seed: number, other?: OtherSource) {
    this.#source = other?.source ?? learner.programs.main; this.#other = other;
    this.#d = d; this.#learner = learner; this.#env = environment; this.#seed = seed; this.#sizes = learner.plan.sizes;
    const named = fieldsOf(d, this.#source), K = environment.copies, { world } = d.page, discrete = world['action']!.dtype === 'i32', agents = this.#sizes['agent']!;
    this.#ended = new Uint8Array(K); this.#fresh = new Uint8Array(K).fill(1); this.#returns = new Float64Array(K); this.#lengths = new Int32Array(K);
    this.needsNext = named.has('nextAction');
    for (const [name, f] of Object.entries(world)) {
      const width = product(words(f.spec), this.#sizes), own = environment.fields[name], made = new ARRAYS[f.dtype](K * width);
      if (own && !MADE.has(name)) {
        if (own.length !== made.length) throw new InputError(`${environment.spec.id} offers ${name} with ${own.length / K} values a copy, and ${d.page.name} reads [${f.spec || 'one number'}] of ${width}`, `skein env check ${environment.spec.id} says what is wrong with it`);
        this.#fields[name] = own;
      } else {
        const same = name === 'agentId' ? agentIds(K, agents) : name === 'avail' || name === 'alive' ? made.fill(1) : undefined;
        this.#fields[name] = same ?? made;
        if (same) this.#same.add(name);
      }
    }
    const store = new Set([...named].filter(n => !['agentId', 'nextAction', 'weight', 'valid', 'start'].includes(n)).concat('action', 'reward', 'terminated', 'truncated'));
    this.stored = [...store].map(name => {
      const f = world[name]!, width = product(words(f.spec), this.#sizes);
      // the last action is stored as an index (-1: none) and becomes one-hot in the batch
      return name === 'lastAction' && discrete ? { name, dtype: 'i32' as const, width: agents, at: 'slot' as const } : { name, dtype: f.dtype, width, at: f.at };
    });
  }

  /** The page that the run began with. */
  get page(): Definition { return this.#d; }
  /** Starts every copy; only for a run that begins. */
  async begin(write: (copy: number, start: boolean) => void): Promise<void> {
    await this.#env.reset(new Uint8Array(this.#env.copies).fill(1));
    this.#derive();
    this.#judge();
    this.#open(new Int32Array(0));
    for (let c = 0; c < this.#env.copies; c++) write(c, true);
  }
  /** What the environment leaves to us: the state where it has none, rewards of agents or of the team. */
  #derive(): void {
    const { fields } = this.#env, K = this.#env.copies, agents = this.#sizes['agent']!, state = this.#fields['state'], own = this.#fields['agentReward'];
    if (state && !('state' in fields)) state.set(fields['obs']!);
    if (own && !('agentReward' in fields)) for (let c = 0; c < K; c++) own.fill(fields['reward']![c]!, c * agents, (c + 1) * agents);
  }
  #where(copy: number, of: string): string { return `${this.#env.spec.id}: copy ${copy}, step ${this.#lengths[copy]!} of its episode${of}`; }
  /** Refuses a numbered action that there is not, and one that avail forbids: it has no log-probability to learn from. That of a copy which waits is not executed. */
  #allow(chosen: TypedArray): void {
    const avail = this.#fields['avail'], n = this.#sizes['action']!, agents = this.#sizes['agent']!, { name, act } = this.#learner.plan.d.page;
    if (chosen instanceof Int32Array) chosen.forEach((action, row) => {
      const copy = Math.floor(row / agents), none = action < 0 || action >= n;
      if (this.#ended[copy] || (!none && (!avail || avail[row * n + action]))) return;
      throw new RunError(`${this.#where(copy, `, agent ${row % agents}`)}: action ${action}, which the page ${name} chose, is ${none ? `none of 0 .. ${n - 1}` : 'not allowed'}`, none ? `what gives ${act!.action} is to give an index of dim action` : `wire avail to what ${act!.action} is chosen from, and mask its logits or values: maskUnavailable`);
    });
  }
  /** Refuses numbers that are not finite and agents without an allowed action, before anything learns from them. */
  #judge(): void {
    const K = this.#env.copies, agents = this.#sizes['agent']!, where = (c: number, of: string) => this.#where(c, of);
    for (const [name, data] of Object.entries(this.#fields)) {
      if (!(data instanceof Float32Array) || (MADE.has(name) && name !== 'reward')) continue;
      for (let i = 0; i < data.length; i++) if (!Number.isFinite(data[i]!)) {
        const each = data.length / K, agent = name === 'obs' || words(this.#d.page.world[name]!.spec)[0] === 'agent' ? `, agent ${Math.floor((i % each) / (each / agents))}` : '';
        throw new RunError(`${where(Math.floor(i / each), agent)}: ${name} is ${data[i]!}`, 'nothing was learned from it; look at the environment, or resume from the last checkpoint');
      }
    }
    const avail = this.#fields['avail'], n = this.#sizes['action']!;
    if (avail) for (let row = 0; row < K * agents; row++) {
      let any = 0;
      for (let a = 0; a < n; a++) any |= avail[row * n + a]!;
      if (!any) throw new RunError(`${where(Math.floor(row / agents), `, agent ${row % agents}`)}: avail allows no action`, 'an environment allows at least one action to every agent at every step');
    }
  }
  /** What acting reads in the middle of an episode, and which of it is the same at every step. That none starts is so too, unless a node asks. */
  acting(): { readonly fields: Readonly<Record<string, TypedArray>>; readonly same: ReadonlySet<string> } {
    return { fields: { ...this.#fields, start: new Uint8Array(this.#env.copies) }, same: new Set([...this.#same, ...(fieldsOf(this.#d, this.#source).has('start') ? [] : ['start'])]) };
  }
  get carry(): Readonly<Record<string, Float32Array>> { return this.#carry; }
  row(): Readonly<Record<string, TypedArray>> { return this.#row; }
  #row: Record<string, TypedArray> = {};

  /** One tick of all copies. Writes what became of every open slot and opens the next; gives the episodes that ended. */
  async tick(state: LearnerState, write: { step(copy: number, valid: boolean): void; slot(copy: number, start: boolean): void }, { best = false, random = false, key = 0 } = {}): Promise<{ steps: number; episodes: Episode[] }> {
    const K = this.#env.copies, source = this.#d.page.sources[this.#source]!;
    if (source.cut === 'rollout' && !best && this.#ticks % (source.steps ?? 1) === 0) this.#hold(this.#ticks / (source.steps ?? 1));
    const start = this.#fields['start']!;
    start.set(this.#fresh);
    const { action, carry } = this.#other ? { action: { data: await this.#other.act() }, carry: {} } : await this.#learner.act(state, this.#fields, K, this.#carry, { seed: this.#seed, counters: [key, this.#ticks], best });
    this.#carry = carry;
    const chosen = random ? this.#anything(action.data) : action.data, stepping = this.#ended.some(e => !e);
    this.#allow(chosen);
    if (stepping) await this.#env.step(this.#learner.plan.d.page.act!.clipped && chosen instanceof Float32Array ? chosen.map(a => Math.max(-1, Math.min(1, a))) : chosen);
    this.#derive();
    this.#row = { ...this.#fields, action: chosen };
    const episodes: Episode[] = [], reset = this.#ended.slice(), { reward, terminated, truncated, won } = this.#env.fields as { reward: Float32Array; terminated: Uint8Array; truncated: Uint8Array; won?: Uint8Array };
    let steps = 0;
    for (let c = 0; c < K; c++) {
      if (reset[c]) { write.step(c, false); this.#ended[c] = 0; this.#fresh[c] = 1; this.#returns[c] = 0; this.#lengths[c] = 0; continue; }
      steps++;
      this.#returns[c]! += reward[c]!; this.#lengths[c]!++; this.#fresh[c] = 0;
      write.step(c, true);
      if (!terminated[c] && !truncated[c]) continue;
      this.#ended[c] = 1;
      episodes.push({ copy: c, return: this.#returns[c]!, length: this.#lengths[c]!, ...(won ? { won: won[c] === 1 } : {}) });
    }
    if (reset.some(Boolean)) { await this.#env.reset(reset); this.#derive(); }
    this.#judge();
    this.#open(chosen);
    this.#ticks++;
    for (let c = 0; c < K; c++) write.slot(c, this.#fresh[c] === 1);
    return { steps, episodes };
  }
  /** The slot that opens in every copy: last actions as acting reads them, and as the replay stores them. */
  #open(chosen: TypedArray): void {
    const last = this.#fields['lastAction'], agents = this.#sizes['agent']!, n = this.#sizes['action']!, discrete = this.#d.page.world['action']!.dtype === 'i32', stored = new Int32Array(this.#env.copies * agents).fill(-1);
    if (last) for (let row = 0; row < stored.length; row++) {
      last.fill(0, row * n, (row + 1) * n);
      if (this.#fresh[Math.floor(row / agents)]) continue;
      if (discrete) last[row * n + (stored[row] = chosen[row]!)] = 1; else last.set(chosen.subarray(row * n, (row + 1) * n), row * n);
    }
    this.#row = last && discrete ? { ...this.#fields, lastAction: stored } : this.#fields;
  }
  /**
   * The replay keeps what it has, so the new page must read what is stored, cut as it was. Carries go on at nodes of the same name and width.
   * The new page acts once on the open slots, which changes nothing.
   */
  async adopt(learner: Learner, state: LearnerState): Promise<{ take(): void; kept: string[]; zero: string[] }> {
    const { d, boxes } = learner.plan, K = this.#env.copies, changes = diff(this.#d, d), source = changes.find(c => c.kind === 'source'), worlds = new Set(changes.filter(c => c.kind === 'world').map(c => c.at));
    if (source) throw new InputError(`the edit changes how source ${source.at} stores and draws: ${JSON.stringify(source.before)} becomes ${JSON.stringify(source.after)}`, 'sources stay as they are while a run goes on; train anew with other ones');
    this.judge(d, worlds);
    const widths = learner.programs.carries(K), fits = (carry: Readonly<Record<string, Float32Array>>) => Object.fromEntries(Object.entries(carry).filter(([n, h]) => boxes.has(n) && h.length === widths.get(n)?.reduce((a, b) => a * b, 1)));
    const carry = fits(this.#carry), { action } = await learner.act(state, this.#fields, K, carry, { seed: this.#seed, counters: [0, this.#ticks] }), { data } = action;
    if (!data.every(Number.isFinite)) throw new RunError(`the swap was not made: the page ${d.page.name} acts by numbers that are not finite`, 'the run goes on as it was; look at the nodes upstream of the action');
    const kept = Object.keys(carry);
    return { kept, zero: [...widths.keys()].filter(n => !kept.includes(n)), take: () => {
      this.#learner = learner; this.#carry = carry;
      for (const [segment, all] of this.#carries) this.#carries.set(segment, fits(all));
    } };
  }
  /** Refuses a page that reads what the replay of this source does not hold, or what means something else in its world. */
  judge(d: Definition, changed: ReadonlySet<string>): void {
    const held = new Set([...this.stored.map(f => f.name), 'agentId', 'weight', 'valid', 'start', ...(this.needsNext ? ['nextAction'] : [])]), absent = [...fieldsOf(d, this.#source, taken)].filter(n => !held.has(n) || changed.has(n));
    if (absent.length) throw new InputError(`the page ${d.page.name} reads ${absent.join(', ')}, which the replay of this run does not hold`, `it holds ${[...held].sort().join(', ')}; a node that takes these, or a new run whose page offers the rest from the start`);
  }
  #hold(segment: number): void {
    this.#carries.set(segment, this.#carry);
    this.#carries.delete(segment - 2);
  }
  /** An allowed action drawn at random in place of each. */
  #anything(like: TypedArray): TypedArray {
    const draw = Random.of(this.#seed, 'random actions', this.#ticks), n = this.#sizes['action']!, avail = this.#fields['avail'];
    if (like instanceof Float32Array) return like.map(() => 2 * draw.uniform() - 1);
    return like.map((_, row) => {
      const allowed = Array.from({ length: n }, (__, a) => a).filter(a => !avail || avail[row * n + a]);
      return allowed[draw.integer(allowed.length)]!;
    });
  }

  /** A sample with the fields that are not stored: one-hot last actions, agent ids, next actions, weights. */
  batch(sample: Sample): Batch {
    const { batch: B, time: T } = sample.cut, main = this.#source, { world } = this.#d.page, agents = this.#sizes['agent']!, n = this.#sizes['action']!, fields: Record<string, TypedArray> = {};
    for (const [name, data] of Object.entries(sample.fields)) fields[`${main}.${name}`] = data;
    const raw = sample.fields['lastAction'];
    if (raw instanceof Int32Array && world['lastAction']?.dtype === 'f32') {
      const hot = new Float32Array(raw.length * n);
      raw.forEach((a, i) => { if (a >= 0) hot[i * n + a] = 1; });
      fields[`${main}.lastAction`] = hot;
    }
    if ('agentId' in world) fields[`${main}.agentId`] = agentIds(B * (T + 1), agents);
    if ('weight' in world && !sample.fields['weight']) fields[`${main}.weight`] = new Float32Array(B * T).fill(1);
    const action = sample.fields['action'];
    if (this.needsNext && action) {                                      // stored over time+1 where it is asked for: split into now and next
      const width = action.length / (B * (T + 1)), at = (from: number) => { const out = action.slice(0, B * T * width); for (let b = 0; b < B; b++) out.set(action.subarray((b * (T + 1) + from) * width, (b * (T + 1) + from + T) * width), b * T * width); return out; };
      fields[`${main}.action`] = at(0); fields[`${main}.nextAction`] = at(1);
    }
    const carry = sample.segment === undefined ? undefined : this.#carries.get(sample.segment);
    return { cuts: { [main]: sample.cut }, fields, ...(carry ? { carry } : {}) };
  }

  snapshot(): Snapshot {
    const arrays: Record<string, NamedArray> = {}, put = (name: string, data: TypedArray) => { arrays[name] = { shape: [data.length], data: data.slice() }; };
    put('fresh', this.#fresh); put('ended', this.#ended);
    if (this.#fields['lastAction']) put('lastAction', this.#fields['lastAction']);
    for (const [n, h] of Object.entries(this.#carry)) put(`carry/${n}`, h);
    for (const [s, carry] of this.#carries) for (const [n, h] of Object.entries(carry)) put(`held/${s}/${n}`, h);
    const state = Array.from({ length: this.#env.copies }, (_, c) => this.#env.getState(c));
    return { arrays, meta: { ticks: this.#ticks, returns: [...this.#returns], lengths: [...this.#lengths], environment: state } };
  }
  restore({ arrays, meta }: Snapshot): void {
    const m = meta as { ticks: number; returns: number[]; lengths: number[]; environment: unknown[] };
    this.#ticks = m.ticks; this.#returns.set(m.returns); this.#lengths.set(m.lengths);
    this.#fresh.set(arrays['fresh']!.data); this.#ended.set(arrays['ended']!.data); this.#fields['lastAction']?.set(arrays['lastAction']?.data ?? []);
    this.#carry = {};
    for (const [name, { data }] of Object.entries(arrays)) {
      const [kind, a, b] = name.split('/') as [string, string?, string?];
      if (kind === 'carry') this.#carry[a!] = data as Float32Array;
      if (kind === 'held') this.#carries.set(Number(a), { ...this.#carries.get(Number(a)), [b!]: data as Float32Array });
    }
    m.environment.forEach((s, c) => { this.#env.setState(c, s); });
    this.#derive();
  }
}