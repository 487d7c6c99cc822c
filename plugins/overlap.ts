/** Do the learner and the environments work at the same time? The environments then act by weights that are one update older. */
import os from 'node:os';
import type { Definition } from '../core/definition.ts';
import type { EngineInfo } from '../core/engine.ts';
import { InputError } from '../core/error.ts';
import type { RunParts } from '../core/run.ts';

export const OVERLAPS = ['off', 'on', 'auto'] as const;
/** `auto` is on where that is faster. A run of `auto` has the numbers of one with `on`, or of one with `off`. */
export type Overlap = (typeof OVERLAPS)[number];

/** Times that each way is timed, after one that makes the programs. */
const TIMED = 3;
/** Less than 15 % is not worth weights that are older. */
const WORTH = 0.85;
const inMs = (seconds: number): string => `${(seconds * 1000).toPrecision(3)} ms`, now = (): number => performance.now() / 1000;
/** Keeps this thread busy for a while, as environments do; always the same work. */
function busy(): number {
  let x = 1;
  for (let i = 0; i < 20_000; i++) x = Math.sqrt(x + i);
  return x;
}
async function shortest(way: () => Promise<unknown>): Promise<number> {
  const seconds: number[] = [];
  for (let i = 0; i <= TIMED; i++) { const began = now(); await way(); seconds.push(now() - began); }
  return Math.min(...seconds.slice(1));
}
const turn = (): Promise<void> => new Promise(resolve => { setImmediate(resolve); });

/** What a run asks when its updates have found their pace; undefined where the two take turns. Refuses what cannot overlap. */
export function overlapOf(wanted: Overlap, d: Definition, engine: { readonly info: EngineInfo; readonly beside?: boolean }, cores = os.availableParallelism()): RunParts['overlap'] {
  const [source = '', { cut, keep }] = Object.entries(d.page.sources)[0]!, refused = cut === 'rollout' || keep === undefined ? `${d.page.name} uses each batch of ${source} once, and must act by the weights that learn from it`
    : !engine.beside ? `engine ${engine.info.engine} has no thread beside that of the environments` : undefined;
  if (wanted === 'on' && refused !== undefined) throw new InputError(`overlap: ${refused}`, 'without --overlap they take turns; pages with a replay and engine onnx can overlap');
  if (wanted === 'off' || refused !== undefined || (wanted === 'auto' && cores < 2)) return undefined;
  if (wanted === 'on') return async () => ({ on: true, what: 'from here on the learner works beside the environments, as asked' });
  return async (between, update) => {
    const once = await shortest(async () => { busy(); }), here = await shortest(() => update(false)), both = await shortest(async () => {
      const beside = update(true);
      for (let left = between / once; left > 0; left--) { busy(); await turn(); }
      await beside;
    });
    const on = both < WORTH * (here + between), found = `an update takes ${inMs(here)} and these ${inMs(between)}, at the same time ${inMs(both)}`;
    return { on, what: `from here on the learner ${on ? 'works beside' : 'takes turns with'} the environments: ${found}`, update: here, environments: between, both };
  };
}
