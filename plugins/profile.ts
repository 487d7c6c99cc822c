/** Where the time of a run goes: by what it does, and by node of its page. Parts of the run are watched from outside; without a profile nothing is. */
import type { Engine, EngineInfo } from '../core/engine.ts';
import type { VectorEnvironment } from '../core/environment.ts';
import { InputError } from '../core/error.ts';
import type { Replay } from '../core/replay.ts';
import type { RunParts } from '../core/run.ts';
import type { Learner } from '../core/step.ts';
import type { Placed, ProgramTimes, Timeable, TimedEngine } from './engines/program.ts';
import type { Rollout } from './rollout.ts';

const PHASES = ['environment', 'acting', 'replay', 'learning', 'evaluation', 'checkpoints'] as const;
type Phase = (typeof PHASES)[number];
/** What programs are for, by the word in their key. */
type Use = 'acting' | 'learning' | 'evaluation';
export interface NodeTimes {
  readonly name: string;
  /** Seconds: while acting, in learning steps and in their gradients, in evaluations. */
  readonly acting: number; readonly forward: number; readonly backward: number; readonly evaluation: number;
}
export interface ProfileFacts {
  readonly format: 1; readonly engine: EngineInfo; readonly seconds: number;
  readonly phases: readonly { readonly name: Phase | 'other'; readonly seconds: number; readonly share: number }[];
  readonly programs: readonly { readonly use: Use; readonly calls: number; readonly seconds: number; readonly making: number }[];
  readonly nodes: readonly NodeTimes[];
  /** What belongs to no node: wires, optimisers, weights in and out. */
  readonly between: Readonly<Record<Use, number>>;
  /** Where programs were to run elsewhere: how many operators all of them have, and which ran on the CPU. */
  readonly placed?: Placed;
}
const useOf = ({ key }: ProgramTimes): Use => { const [, , what, , best] = key.split('/'); return what !== 'act' ? 'learning' : best === 'true' ? 'evaluation' : 'acting'; };

export class Profile {
  /** The engine of the run, in place of the one that was opened. */
  readonly engine: TimedEngine;
  readonly #spent = new Map<Phase, number>();
  #now: Phase | undefined; #began = 0;
  constructor(engine: Engine) {
    if (!('timed' in engine)) throw new InputError(`engine ${engine.info.engine} does not say where its time goes`, '--engine onnx or --engine tfjs with --profile');
    this.engine = (engine as Timeable).timed();
  }
  /** Time counts from here. */
  start(): void {
    this.#began = performance.now();
    this.#spent.clear();
    for (const t of this.engine.times()) { t.calls = 0; t.seconds = 0; }
  }
  /** What is done on behalf of something else counts for that. */
  #during<T>(phase: Phase, work: () => T): T {
    if (this.#now !== undefined) return work();
    const began = performance.now(), over = () => { this.#now = undefined; this.#spent.set(phase, (this.#spent.get(phase) ?? 0) + (performance.now() - began) / 1000); };
    let out: T;
    this.#now = phase;
    try { out = work(); } catch (e) { over(); throw e; }
    if (out instanceof Promise) return out.finally(over) as T;
    over();
    return out;
  }
  #watch<O extends object>(of: O, phase: Phase, methods: readonly (keyof O & string)[]): void {
    for (const name of methods) {
      const method = of[name];
      if (typeof method === 'function') Object.defineProperty(of, name, { configurable: true, value: (...given: unknown[]): unknown => this.#during(phase, () => method.apply(of, given) as unknown) });
    }
  }
  #learner(learner: Learner): Learner {
    this.#watch(learner, 'acting', ['act']);
    this.#watch(learner, 'learning', ['update']);
    return learner;
  }
  /** Counts for these parts from now on. */
  watch({ env, learner, rollout, replay }: { readonly env: VectorEnvironment; readonly learner: Learner; readonly rollout: Rollout; readonly replay: Replay }): void {
    this.#watch(env, 'environment', ['step', 'reset']);
    this.#watch(replay, 'replay', ['step', 'slot', 'sample', 'prioritise']);
    this.#watch(rollout, 'replay', ['batch']);
    this.#learner(learner);
  }
  parts(parts: RunParts): RunParts {
    const { evaluate, build, store, flush } = parts;
    if (store) this.#watch(store, 'checkpoints', ['save']);
    return { ...parts, evaluate: (...given) => this.#during('evaluation', () => evaluate(...given)), ...(build ? { build: d => this.#learner(build(d)) } : {}), ...(flush ? { flush: () => this.#during('checkpoints', flush) } : {}) };
  }
  facts(): ProfileFacts {
    const seconds = (performance.now() - this.#began) / 1000, phases = PHASES.map(name => ({ name, seconds: this.#spent.get(name) ?? 0 })), other = Math.max(0, seconds - phases.reduce((sum, p) => sum + p.seconds, 0));
    const programs = this.engine.times().filter(t => t.calls > 0), uses = (['acting', 'learning', 'evaluation'] as const).map(use => ({ use, of: programs.filter(t => useOf(t) === use) })), nodes = new Map<string, { -readonly [K in keyof NodeTimes]: NodeTimes[K] }>();
    const between = { acting: 0, learning: 0, evaluation: 0 };
    for (const { use, of } of uses) for (const t of of) {
      // a sample stands for all calls; its clock costs time too, and more than the calls took there cannot be
      const sampled = [...t.nodes.values()].reduce((a, b) => a + b, 0), scale = sampled > 0 ? Math.min(t.calls / t.sampled, t.seconds / sampled) : 0;
      between[use] += t.seconds - (sampled - (t.nodes.get('') ?? 0)) * scale;
      for (const [label, spent] of t.nodes) {
        if (label === '') continue;
        const backward = label.endsWith("'"), name = backward ? label.slice(0, -1) : label, node = nodes.get(name) ?? { name, acting: 0, forward: 0, backward: 0, evaluation: 0 };
        node[use !== 'learning' ? use : backward ? 'backward' : 'forward'] += spent * scale;
        nodes.set(name, node);
      }
    }
    const total = (n: NodeTimes) => n.acting + n.forward + n.backward + n.evaluation;
    return {
      format: 1, engine: this.engine.info, seconds, phases: [...phases, { name: 'other' as const, seconds: other }].map(p => ({ ...p, share: p.seconds / seconds })),
      programs: uses.map(({ use, of }) => ({ use, calls: of.reduce((n, t) => n + t.calls, 0), seconds: of.reduce((n, t) => n + t.seconds, 0), making: of.reduce((n, t) => n + t.making, 0) })),
      nodes: [...nodes.values()].sort((a, b) => total(b) - total(a)), between, ...together(programs),
    };
  }
}
function together(programs: readonly ProgramTimes[]): Pick<ProfileFacts, 'placed'> {
  const known = programs.flatMap(p => p.placed ?? []), onCpu: Record<string, number> = {};
  for (const p of known) for (const [type, n] of Object.entries(p.onCpu)) onCpu[type] = (onCpu[type] ?? 0) + n;
  return known.length ? { placed: { operators: known.reduce((n, p) => n + p.operators, 0), onCpu } } : {};
}
