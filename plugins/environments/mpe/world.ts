/**
 * The world of the multi-agent particle environments: round bodies in a plane, of which agents push themselves, bump into each other and speak.
 * Rules and order of arithmetic of MPE2 1.1.1 (`_mpe_utils/core.py`, `_mpe_utils/simple_env.py`; Lowe et al. 2017, arXiv 1706.02275).
 */
import type { TypedArray } from '../../../core/environment.ts';
import type { RandomSource } from '../../../core/random.ts';
import { between } from '../classic-control.ts';

export interface Body {
  /** Radius. */
  readonly size: number;
  readonly collides: boolean;
}
export interface AgentBody extends Body {
  readonly moves: boolean;
  readonly speaks: boolean;
  /** Force of a full push. */
  readonly force: number;
  /** Infinity: none. */
  readonly topSpeed: number;
  readonly mass: number;
}
/** `position-first`: places change by the old velocities (MPE2, PettingZoo from 1.23); `velocity-first`: by the new ones (OpenAI's MPE, PettingZoo to 1.22, papers until 2023). */
export type Integration = 'position-first' | 'velocity-first';
export interface Bodies {
  readonly agents: readonly AgentBody[];
  readonly landmarks: readonly Body[];
  /** How many words there are to say, or how many numbers an utterance has (`dim_c`). */
  readonly words: number;
  /** How many whole numbers a copy remembers, such as its goal. */
  readonly choices: number;
}

const TIME_STEP = 0.1, KEPT_SPEED = 0.75, CONTACT_FORCE = 100, CONTACT_MARGIN = 1e-3;
/** Below it e^y is 0 in float64, and so is the force: bodies that are so far apart do not touch. */
const APART = -746;
/** No push, then a push to -x, +x, -y and +y. */
const PUSHES = 5;

/** ln(1 + e^y), in the order of NumPy's logaddexp(0, y). */
const softplus = (y: number): number => (y === 0 ? Math.LN2 : Math.max(0, y) + Math.log1p(Math.exp(-Math.abs(y))));
/** From [-1, 1] to the originals' Box [0, 1], whose numbers are float32. */
const boxed = (x: number): number => Math.fround((x + 1) / 2);

/** All copies in arrays; entities are the agents, then the landmarks. Units are the originals'. */
export class ParticleWorld {
  readonly agents: number;
  readonly entities: number;
  readonly words: number;
  /** Numbers of an action: how many there are of each agent (discrete), or its width (continuous). */
  readonly discrete: readonly number[];
  readonly continuous: readonly number[];

  /** [copies entity 2] */
  readonly place: Float64Array;
  /** [copies agent 2] */
  readonly velocity: Float64Array;
  /** [copies agent word] what was said in the last step: one-hot, or numbers in [0, 1]; 0 of the silent. */
  readonly speech: Float64Array;
  /** [copies choice] */
  readonly choice: Int32Array;
  readonly #choices: number;
  readonly #velocityFirst: boolean;

  readonly #moves: Uint8Array;
  readonly #speaks: Uint8Array;
  readonly #push: Float64Array;
  readonly #topSpeed: Float64Array;
  readonly #mass: Float64Array;
  readonly #size: Float64Array;
  /** Pairs that may touch, in the originals' order, two entities each; and how near their middles come before they do. */
  readonly #pairs: Int32Array;
  readonly #reach: Float64Array;
  /** [agent 2] within the step of one copy. */
  readonly #force: Float64Array;

  constructor({ agents, landmarks, words, choices }: Bodies, integration: Integration, copies: number) {
    const bodies: readonly Body[] = [...agents, ...landmarks], pairs = bodies.flatMap((a, i) => bodies.flatMap((b, j) =>
      (j > i && a.collides && b.collides && (agents[i]?.moves ?? agents[j]?.moves ?? false) ? [[i, j] as const] : [])));
    this.agents = agents.length; this.entities = bodies.length; this.words = words;
    this.discrete = agents.map(({ moves, speaks }) => (moves ? PUSHES : 1) * (speaks ? words : 1));
    this.continuous = agents.map(({ moves, speaks }) => (moves ? PUSHES : 0) + (speaks ? words : 0));
    this.place = new Float64Array(copies * bodies.length * 2);
    this.velocity = new Float64Array(copies * agents.length * 2);
    this.speech = new Float64Array(copies * agents.length * words);
    this.choice = new Int32Array(copies * choices);
    this.#choices = choices;
    this.#velocityFirst = integration === 'velocity-first';
    this.#moves = Uint8Array.from(agents, ({ moves }) => (moves ? 1 : 0));
    this.#speaks = Uint8Array.from(agents, ({ speaks }) => (speaks ? 1 : 0));
    this.#push = Float64Array.from(agents, ({ force }) => force);
    this.#topSpeed = Float64Array.from(agents, ({ topSpeed }) => topSpeed);
    this.#mass = Float64Array.from(agents, ({ mass }) => mass);
    this.#size = Float64Array.from(bodies, ({ size }) => size);
    this.#pairs = Int32Array.from(pairs.flat());
    this.#reach = Float64Array.from(pairs, ([i, j]) => bodies[i]!.size + bodies[j]!.size);
    this.#force = new Float64Array(agents.length * 2);
  }

  /** A step by indices [copies agent]: the push, plus PUSHES times the word of an agent that moves and speaks. */
  stepDiscrete(copy: number, actions: TypedArray): void {
    const { words, speech } = this, force = this.#force;
    for (let i = 0, at = copy * this.agents; i < this.agents; i++, at++) {
      let action = actions[at]!, push = 0;
      if (this.#moves[i] === 1) {
        push = action % PUSHES;
        action = (action - push) / PUSHES;
      }
      const strength = this.#push[i]!;
      force[2 * i] = push === 1 ? -strength : push === 2 ? strength : 0;
      force[2 * i + 1] = push === 3 ? -strength : push === 4 ? strength : 0;
      if (this.#speaks[i] === 1) for (let w = 0; w < words; w++) speech[at * words + w] = w === action ? 1 : 0;
    }
    this.#bump(copy);
    this.#glide(copy);
  }

  /** A step by numbers [copies agent width] in [-1, 1]: one for each push (the first does nothing), then the utterance; what stands behind is not read. */
  stepContinuous(copy: number, actions: TypedArray, width: number): void {
    const { words, speech } = this, force = this.#force;
    for (let i = 0, agent = copy * this.agents; i < this.agents; i++, agent++) {
      let at = agent * width;
      force[2 * i] = force[2 * i + 1] = 0;
      if (this.#moves[i] === 1) {
        const strength = this.#push[i]!;
        force[2 * i] = Math.fround(boxed(actions[at + 2]!) - boxed(actions[at + 1]!)) * strength;
        force[2 * i + 1] = Math.fround(boxed(actions[at + 4]!) - boxed(actions[at + 3]!)) * strength;
        at += PUSHES;
      }
      if (this.#speaks[i] === 1) for (let w = 0; w < words; w++) speech[agent * words + w] = boxed(actions[at + w]!);
    }
    this.#bump(copy);
    this.#glide(copy);
  }

  /** Bodies that touch push each other apart. Two in one place have no direction to go: no force, where the original gets NaN. */
  #bump(copy: number): void {
    const { place } = this, force = this.#force, pairs = this.#pairs, base = copy * this.entities * 2;
    for (let p = 0; p < this.#reach.length; p++) {
      const a = 2 * pairs[2 * p]!, b = 2 * pairs[2 * p + 1]!, dx = place[base + a]! - place[base + b]!, dy = place[base + a + 1]! - place[base + b + 1]!;
      const distance = Math.sqrt(dx * dx + dy * dy), depth = -(distance - this.#reach[p]!) / CONTACT_MARGIN;
      if (depth < APART || distance === 0) continue;
      const overlap = softplus(depth) * CONTACT_MARGIN, fx = CONTACT_FORCE * dx / distance * overlap, fy = CONTACT_FORCE * dy / distance * overlap;
      if (a < force.length) { force[a] = fx + force[a]!; force[a + 1] = fy + force[a + 1]!; }
      if (b < force.length) { force[b] = force[b]! - fx; force[b + 1] = force[b + 1]! - fy; }
    }
  }

  #glide(copy: number): void {
    const { place, velocity } = this, force = this.#force, early = !this.#velocityFirst;
    for (let i = 0; i < this.agents; i++) {
      if (this.#moves[i] === 0) continue;
      const v = (copy * this.agents + i) * 2, p = (copy * this.entities + i) * 2, most = this.#topSpeed[i]!, mass = this.#mass[i]!;
      if (early) { place[p] = place[p]! + velocity[v]! * TIME_STEP; place[p + 1] = place[p + 1]! + velocity[v + 1]! * TIME_STEP; }
      let x = velocity[v]! * KEPT_SPEED + force[2 * i]! / mass * TIME_STEP, y = velocity[v + 1]! * KEPT_SPEED + force[2 * i + 1]! / mass * TIME_STEP;
      const speed = Math.sqrt(x * x + y * y);
      if (speed > most) { x = x / speed * most; y = y / speed * most; }
      velocity[v] = x; velocity[v + 1] = y;
      if (!early) { place[p] = place[p]! + x * TIME_STEP; place[p + 1] = place[p + 1]! + y * TIME_STEP; }
    }
  }

  /** What a copy remembers. */
  chosen(copy: number, which: number): number { return this.choice[copy * this.#choices + which]!; }
  choose(copy: number, which: number, chosen: number): void { this.choice[copy * this.#choices + which] = chosen; }
  /** Puts the entities `from` .. `to` - 1 anywhere in [-far, far]^2. */
  scatter(copy: number, from: number, to: number, far: number, random: RandomSource): void {
    for (let i = 2 * (copy * this.entities + from); i < 2 * (copy * this.entities + to); i++) this.place[i] = between(-far, far, random, 'mpe.place');
  }

  squared(copy: number, a: number, b: number): number {
    const { place } = this, base = copy * this.entities * 2, dx = place[base + 2 * a]! - place[base + 2 * b]!, dy = place[base + 2 * a + 1]! - place[base + 2 * b + 1]!;
    return dx * dx + dy * dy;
  }
  distance(copy: number, a: number, b: number): number { return Math.sqrt(this.squared(copy, a, b)); }
  /** Do two entities overlap, whether they collide or not? */
  touch(copy: number, a: number, b: number): boolean { return this.distance(copy, a, b) < this.#size[a]! + this.#size[b]!; }

  // What observations are made of. Each writes from `at` on and returns where the next begins.
  showVelocity(copy: number, agent: number, into: Float32Array, at: number): number {
    const v = (copy * this.agents + agent) * 2;
    into[at] = this.velocity[v]!; into[at + 1] = this.velocity[v + 1]!;
    return at + 2;
  }
  showPlace(copy: number, entity: number, into: Float32Array, at: number): number {
    const p = (copy * this.entities + entity) * 2;
    into[at] = this.place[p]!; into[at + 1] = this.place[p + 1]!;
    return at + 2;
  }
  /** Where an entity is, as an agent sees it. */
  showOffset(copy: number, agent: number, entity: number, into: Float32Array, at: number): number {
    const { place } = this, base = copy * this.entities * 2;
    into[at] = place[base + 2 * entity]! - place[base + 2 * agent]!;
    into[at + 1] = place[base + 2 * entity + 1]! - place[base + 2 * agent + 1]!;
    return at + 2;
  }
  showSpeech(copy: number, agent: number, into: Float32Array, at: number): number {
    for (let w = 0, from = (copy * this.agents + agent) * this.words; w < this.words; w++) into[at + w] = this.speech[from + w]!;
    return at + this.words;
  }
}
