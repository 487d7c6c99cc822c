/**
 * One environment with several populations in it. Each sees an environment of its own agents and steps it as if it were alone; the common one is stepped
 * when all have chosen, so populations keep in step by nothing else, and whatever they are, their runs know nothing of each other.
 */
import type { EnvironmentSpec, TypedArray, VectorEnvironment } from '../core/environment.ts';
import { InputError, RunError } from '../core/error.ts';
import { words } from '../core/port.ts';
import { ARRAYS } from './arrays.ts';

type Fields = Record<string, TypedArray>;
interface Guest { readonly wait: (reason?: unknown) => void; readonly done: () => void }
interface Place { readonly agents: readonly number[]; readonly fields: Fields; readonly copied: readonly (() => void)[]; readonly spec: EnvironmentSpec }

/** Every agent belongs to one population, and each population has one. */
function checkSeats({ id, sizes }: EnvironmentSpec, seats: Readonly<Record<string, readonly number[]>>): void {
  const agents = sizes['agent'] ?? 1, whose = new Map<number, string>();
  for (const [name, own] of Object.entries(seats)) {
    if (!own.length) throw new InputError(`player ${name} has no agent`, `agents of ${id} are 0 .. ${agents - 1}`);
    for (const agent of own) {
      if (!(Number.isInteger(agent) && agent >= 0 && agent < agents)) throw new InputError(`player ${name}: ${id} has no agent ${agent}`, `its agents are 0 .. ${agents - 1}`);
      const other = whose.get(agent);
      if (other !== undefined) throw new InputError(`agent ${agent} of ${id} is of ${other === name ? `${name} twice` : `${other} and of ${name}`}`, 'one player for each agent');
      whose.set(agent, name);
    }
  }
  const idle = Array.from({ length: agents }, (_, a) => a).filter(a => !whose.has(a));
  if (idle.length) throw new InputError(`${idle.length === 1 ? 'agent' : 'agents'} ${idle.join(', ')} of ${id} ${idle.length === 1 ? 'has' : 'have'} no player`, 'one player for each agent');
}

/** Of the actions of all agents those of some, over all copies. */
export function actionsOf(agents: readonly number[], all: TypedArray, { spec, copies }: Pick<VectorEnvironment, 'spec' | 'copies'>): TypedArray {
  const count = spec.sizes['agent'] ?? 1, width = all.length / copies / count, own = new (all.constructor as new (n: number) => typeof all)(copies * agents.length * width);
  for (let c = 0; c < copies; c++) agents.forEach((agent, i) => { own.set(all.subarray((c * count + agent) * width, (c * count + agent + 1) * width) as never, (c * agents.length + i) * width); });
  return own;
}
/** An environment as the population of these agents sees it. The others do at each step their part of what `all` gives for everybody; without it no step can be made. */
export function seenBy(env: VectorEnvironment, agents: readonly number[], all: () => TypedArray = () => { throw new RunError(`nobody plays the other agents of ${env.spec.id}`, 'skein evaluate plays all of them'); }): VectorEnvironment {
  const others = Array.from({ length: env.spec.sizes['agent'] ?? 1 }, (_, a) => a).filter(a => !agents.includes(a)), joint = new JointEnvironment(env, { own: agents, ...(others.length ? { others } : {}) }), own = joint.view('own'), rest = others.length ? joint.view('others') : undefined;
  return {
    ...own,
    step: async actions => { const theirs = rest && actionsOf(others, all(), env); await Promise.all([own.step(actions), rest?.step(theirs as never)]); },
    reset: async (mask, seeds) => { await Promise.all([own.reset(mask, seeds), rest?.reset(mask, seeds)]); },
    close: () => env.close(),
  };
}

export class JointEnvironment {
  readonly #env: VectorEnvironment; readonly #places = new Map<string, Place>(); readonly #actions: TypedArray; readonly #width: number;
  #guests = new Map<string, Guest & { readonly what: 'step' | 'reset' }>(); #mask: Uint8Array | undefined; #seeds: Uint32Array | undefined;
  #failed: unknown;
  /** Called when every population named here waits for those that are not: they play on demand. */
  #hosts: ReadonlySet<string>; #call: () => void = () => undefined;

  constructor(env: VectorEnvironment, seats: Readonly<Record<string, readonly number[]>>) {
    const { spec, copies } = env, agents = spec.sizes['agent'] ?? 1;
    checkSeats(spec, seats);
    this.#env = env; this.#width = spec.actions === 'discrete' ? 1 : spec.sizes['action']!;
    this.#actions = new (spec.actions === 'discrete' ? Int32Array : Float32Array)(copies * agents * this.#width);
    for (const [name, own] of Object.entries(seats)) this.#places.set(name, this.#place(own));
    this.#hosts = new Set(this.#places.keys());
  }
  /** The populations of `names` come by themselves; when all of them wait, `call` lets the others come. */
  onDemand(names: readonly string[], call: () => void): void { this.#hosts = new Set([...this.#places.keys()].filter(n => !names.includes(n))); this.#call = call; }

  /** What a population sees: fields over agents are those of its own, in the order named; all else is as it is. */
  #place(own: readonly number[]): Place {
    const { spec, fields: all, copies } = this.#env, agents = spec.sizes['agent'] ?? 1, fields: Fields = {}, kept: Record<string, EnvironmentSpec['fields'][string]> = {}, copied: (() => void)[] = [];
    const sum = spec.reward === 'sum' && 'agentReward' in all;
    for (const [name, data] of Object.entries(all)) {
      const field = spec.fields[name]!, [first, ...rest] = words(field.dims);
      if (rest.includes('other') || rest.includes('agent')) continue;      // relations to agents of others have no place among its own
      kept[name] = field;
      if (first !== 'agent' && !(name === 'reward' && sum)) { fields[name] = data; continue; }
      const near = rest[0] === 'neighbour', width = name === 'reward' ? 1 : data.length / copies / agents, part = near ? width / agents : 0, wide = near ? part * own.length : width;
      const made = fields[name] = new ARRAYS[field.dtype](copies * (name === 'reward' ? 1 : own.length * wide)), rewards = all['agentReward'];
      copied.push(name === 'reward' ? () => { for (let c = 0; c < copies; c++) made[c] = own.reduce((total, a) => total + rewards![c * agents + a]!, 0); }
        : () => {
          for (let c = 0; c < copies; c++) own.forEach((agent, i) => {
            const from = (c * agents + agent) * width, to = (c * own.length + i) * wide;
            if (near) own.forEach((other, j) => { made.set(data.subarray(from + other * part, from + (other + 1) * part), to + j * part); });
            else made.set(data.subarray(from, from + width), to);
          });
        });
    }
    const { players: _, returns, ...plain } = spec, neighbours = 'neighbour' in spec.sizes ? { neighbour: own.length } : {};
    return { agents: own, fields, copied, spec: { ...plain, sizes: { ...spec.sizes, agent: own.length, ...neighbours }, fields: kept, ...(returns && !sum ? { returns } : {}) } };
  }
  #show(): void { for (const { copied } of this.#places.values()) for (const copy of copied) copy(); }

  /** The environment of one population. */
  view(name: string): VectorEnvironment {
    const { agents, fields, spec } = this.#places.get(name)!, all = this.#env.spec.sizes['agent'] ?? 1, width = this.#width;
    return {
      spec, copies: this.#env.copies, fields,
      step: actions => {
        for (let c = 0; c < this.#env.copies; c++) agents.forEach((agent, i) => { const from = (c * agents.length + i) * width; this.#actions.set(actions.subarray(from, from + width), (c * all + agent) * width); });
        return this.#meet(name, 'step');
      },
      reset: (mask, seeds) => { this.#mask = mask; this.#seeds = seeds; return this.#meet(name, 'reset'); },
      getState: copy => this.#env.getState(copy),
      setState: (copy, state) => { this.#env.setState(copy, state); this.#show(); },
      close: () => undefined,
    };
  }
  #meet(name: string, what: 'step' | 'reset'): Promise<void> {
    if (this.#failed !== undefined) return Promise.reject(this.#failed as Error);
    return new Promise((done, wait) => {
      this.#guests.set(name, { done, wait, what });
      if (this.#guests.size === this.#places.size) void this.#move(what);
      else if ([...this.#hosts].every(n => this.#guests.has(n))) this.#call();
    });
  }
  async #move(what: 'step' | 'reset'): Promise<void> {
    const guests = [...this.#guests];
    this.#guests = new Map();
    try {
      const other = guests.find(([, g]) => g.what !== what);
      if (other) throw new RunError(`player ${other[0]} is out of step with the others`, 'resume from the last checkpoint');
      if (what === 'step') await this.#env.step(this.#actions); else await this.#env.reset(this.#mask!, this.#seeds);
      this.#show();
      this.moved();
      for (const [, g] of guests) g.done();
    } catch (e) { for (const [, g] of guests) g.wait(e); this.fail(e); }
  }
  close(): void | Promise<void> { return this.#env.close(); }
  /** Heard after every move, before anybody goes on. */
  moved: () => void = () => undefined;
  /** One population cannot go on, so nobody can. */
  fail(reason: unknown): void {
    this.#failed ??= reason;
    for (const [, g] of this.#guests) g.wait(this.#failed);
    this.#guests = new Map();
  }
}
