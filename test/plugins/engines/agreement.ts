/** Two engines beside each other: every program that is asked for runs on both, and their outputs are compared. */
import type { Engine, Outputs, Program } from '../../../core/engine.ts';
import type { TypedArray } from '../../../core/environment.ts';

/**
 * The largest difference of two arrays over the largest element, or over a floor where that is smaller: what cancels has no relative error of its own.
 * A single number is mostly a mean of many of about 1, and keeps their rounding.
 */
export function apart(got: TypedArray, want: TypedArray): number {
  if (got.length !== want.length) return Infinity;
  let most = want.length === 1 ? 1e-1 : 1e-2, off = 0;
  for (let i = 0; i < want.length; i++) {
    const x = want[i]!, y = got[i]!;
    if (Number.isNaN(x) && Number.isNaN(y) || x === y) continue;
    most = Math.max(most, Math.abs(x));
    off = Math.max(off, Math.abs(x - y));
    if (Number.isNaN(off)) return Infinity;
  }
  return off / most;
}
export interface Finding { readonly program: string; readonly output: string; readonly error: number }

/** Runs on `judged`, and compares with `reference`, whose outputs are given back. */
export class Agreement implements Engine {
  readonly findings: Finding[] = [];
  readonly #reference: Engine; readonly #judged: Engine;
  constructor(reference: Engine, judged: Engine) { this.#reference = reference; this.#judged = judged; }
  get info(): Engine['info'] { return this.#judged.info; }
  get worst(): Finding { return this.findings.reduce((a, b) => (b.error > a.error ? b : a)); }
  /** By program, the kind of each: once, pass, act. */
  get programs(): string[] { return [...new Set(this.findings.map(f => f.program))]; }
  compile(program: Program): ReturnType<Engine['compile']> {
    const both = [this.#reference.compile(program), this.#judged.compile(program)] as const, name = program.key.split('/').slice(2).join('/');
    return {
      dispose: () => { for (const x of both) x.dispose(); },
      run: async supply => {
        const given = new Map<string, TypedArray>(), once: typeof supply = (input, shape, dtype) => { const array = given.get(input) ?? supply(input, shape, dtype).slice(); given.set(input, array); return array; };
        const want = await both[0].run(once), got = await both[1].run(once);
        this.findings.push(...compare(name, got, want));
        return want;
      },
    };
  }
  alive(): number { return this.#reference.alive() + this.#judged.alive(); }
  close(): void { /* they belong to who opened them */ }
}
function compare(program: string, got: Outputs, want: Outputs): Finding[] {
  if (Object.keys(got).sort().join() !== Object.keys(want).sort().join()) return [{ program, output: `outputs ${Object.keys(got).join()} instead of ${Object.keys(want).join()}`, error: Infinity }];
  return Object.entries(want).map(([output, w]) => {
    const g = got[output]!, form = (o: typeof w) => `${o.dtype} [${o.shape.join(', ')}]`;
    return form(g) === form(w) ? { program, output, error: apart(g.data, w.data) } : { program, output: `${output}: ${form(g)} instead of ${form(w)}`, error: Infinity };
  });
}
