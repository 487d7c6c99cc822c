/** Tag as EPyMARL has it: three hunters against a prey that was trained by others and does not change. For docs/reproductions.md. */
import { readFileSync } from 'node:fs';
import type { TypedArray, VectorEnvironment } from '../../core/environment.ts';
import { environmentId } from '../../plugins/environments/id.ts';
import { mpe } from '../../plugins/environments/mpe.ts';
import type { EnvironmentFamily } from '../../plugins/factories.ts';

const HUNTERS = 3, SEEN = 16, PREY_SEES = 14, WIDTH = 128, PUSHES = 5;
/** OpenAI's MPE, in which the prey was trained, has pushes to +x, -x, +y, -y; ours go to -x, +x, -y, +y. */
const OURS = [0, 2, 1, 4, 3] as const;

/** Layers of the prey's policy: what it sees, standardised by fixed moments; two layers of ReLU; a number for each push, of which the greatest counts. */
export class Prey {
  /** [in out] of each layer. */
  readonly #kernels: readonly Float64Array[]; readonly #biases: readonly Float32Array[];
  readonly #wide = [new Float64Array(WIDTH), new Float64Array(WIDTH), new Float64Array(PUSHES)] as const; readonly #in = new Float64Array(PREY_SEES);
  /** Which inputs of a layer are not 0, which half of what ReLU gives is. */
  readonly #live = new Int32Array(WIDTH);
  readonly #scale: Float32Array; readonly #mean: Float32Array; readonly #shift: Float32Array;
  /** Whose numbers these are: test/fixtures/prey/README.md. */
  constructor(file = new URL('../fixtures/prey/weights.f32', import.meta.url)) {
    const bytes = readFileSync(file), all = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
    let at = 0;
    const take = (count: number) => all.subarray(at, at += count), [gain, shift, mean, variance] = [take(PREY_SEES), take(PREY_SEES), take(PREY_SEES), take(PREY_SEES)];
    this.#scale = gain.map((g, i) => g / Math.sqrt(variance[i]! + 1e-5)); this.#mean = mean; this.#shift = shift;
    const layers = [[WIDTH, PREY_SEES], [WIDTH, WIDTH], [PUSHES, WIDTH]].map(([out, into]) => [take(out! * into!), take(out!)] as const);
    this.#kernels = layers.map(([kernel, { length: out }]) => Float64Array.from(kernel, (_, k) => kernel[(k % out) * (kernel.length / out) + Math.floor(k / out)]!)); this.#biases = layers.map(([, bias]) => bias);
    if (at !== all.length) throw new RangeError(`${all.length} numbers, not ${at}`);
  }
  /** The value of each push, in its own order, for what stands in `obs` from `from` on. */
  values(obs: ArrayLike<number>, from: number): Float64Array {
    for (let i = 0; i < PREY_SEES; i++) this.#in[i] = (obs[from + i]! - this.#mean[i]!) * this.#scale[i]! + this.#shift[i]!;
    let x = this.#in;
    for (const [layer, y] of this.#wide.entries()) {
      const kernel = this.#kernels[layer]!, bias = this.#biases[layer]!, out = y.length, into = x.length;
      for (let o = 0; o < out; o++) y[o] = bias[o]!;
      let live = 0, n = 0;
      for (let i = 0; i < into; i++) if (x[i] !== 0) this.#live[live++] = i;
      for (; n + 4 <= live; n += 4) {
        const [a, b, c, d] = [this.#live[n]!, this.#live[n + 1]!, this.#live[n + 2]!, this.#live[n + 3]!], A = x[a]!, B = x[b]!, C = x[c]!, D = x[d]!;
        for (let o = 0, i = a * out, j = b * out, k = c * out, l = d * out; o < out; o++) y[o] = y[o]! + kernel[i + o]! * A + kernel[j + o]! * B + kernel[k + o]! * C + kernel[l + o]! * D;
      }
      for (; n < live; n++) for (let o = 0, i = this.#live[n]! * out, A = x[this.#live[n]!]!; o < out; o++) y[o]! += kernel[i + o]! * A;
      if (layer < 2) for (let o = 0; o < out; o++) if (y[o]! < 0) y[o] = 0;
      x = y;
    }
    return x;
  }
  /** The push that it values most, as `mpe/tag` numbers them. */
  push(obs: ArrayLike<number>, from: number): number {
    const values = this.values(obs, from);
    return OURS[values.indexOf(Math.max(...values))]!;
  }
}

/** The hunters of `mpe/tag`; the prey sees what it has always seen and pushes. */
class Hunt implements VectorEnvironment {
  readonly spec: VectorEnvironment['spec']; readonly copies: number; readonly fields: Readonly<Record<string, TypedArray>>;
  readonly #tag: VectorEnvironment; readonly #prey = new Prey(); readonly #actions: TypedArray; readonly #width: number;
  constructor(tag: VectorEnvironment, id: string) {
    const { players: _, ...plain } = tag.spec, { copies } = tag;
    this.#tag = tag; this.copies = copies; this.#width = tag.spec.actions === 'discrete' ? 1 : PUSHES;
    this.spec = { ...plain, id, sizes: { agent: HUNTERS, action: PUSHES, obs: SEEN, state: HUNTERS * SEEN } };
    this.fields = { ...tag.fields, obs: new Float32Array(copies * HUNTERS * SEEN), state: new Float32Array(copies * HUNTERS * SEEN), reward: new Float32Array(copies), agentReward: new Float32Array(copies * HUNTERS) };
    this.#actions = new (this.#width === 1 ? Int32Array : Float32Array)(copies * (HUNTERS + 1) * this.#width);
  }
  step(actions: TypedArray): void {
    const own = HUNTERS * this.#width, all = own + this.#width, { obs } = this.#tag.fields;
    for (let c = 0; c < this.copies; c++) {
      this.#actions.set(actions.subarray(c * own, (c + 1) * own), c * all);
      const push = this.#prey.push(obs!, (c * (HUNTERS + 1) + HUNTERS) * SEEN);
      if (this.#width === 1) this.#actions[c * all + own] = push;
      else for (let a = 0; a < PUSHES; a++) this.#actions[c * all + own + a] = a === push ? 1 : -1;
    }
    void this.#tag.step(this.#actions);
    this.#show();
  }
  reset(mask: Uint8Array, seeds?: Uint32Array): void { void this.#tag.reset(mask, seeds); this.#show(); }
  getState(copy: number): unknown { return this.#tag.getState(copy); }
  setState(copy: number, state: unknown): void { this.#tag.setState(copy, state); this.#show(); }
  close(): void {}
  #show(): void {
    const { obs, state, reward, agentReward } = this.fields, all = this.#tag.fields, wide = HUNTERS * SEEN;
    for (let c = 0; c < this.copies; c++) {
      const seen = all['obs']!.subarray(c * (wide + SEEN), c * (wide + SEEN) + wide), paid = all['agentReward']!.subarray(c * (HUNTERS + 1), c * (HUNTERS + 1) + HUNTERS);
      obs!.set(seen, c * wide); state!.set(seen, c * wide); agentReward!.set(paid, c * HUNTERS);
      reward![c] = HUNTERS * paid[0]!;                                      // all are paid for every catch
    }
  }
}

/** `hunt/tag`, with the options of `mpe/tag`. */
export const hunt: EnvironmentFamily = {
  family: 'hunt', about: 'Three hunters against a prey that does not learn', tasks: { tag: 'mpe/tag, its prey played by a policy that others have trained' }, options: mpe.options,
  make: (task, options, setting) => new Hunt(mpe.make(task, options, setting) as VectorEnvironment, environmentId(hunt, task, options)),
};
