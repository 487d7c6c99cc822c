/** Do the learner and the environments work at the same time? The environments then act by weights that are one update older. */
import os from 'node:os';
import type { Definition } from '../core/definition.ts';
import type { EngineInfo } from '../core/engine.ts';
import { InputError } from '../core/error.ts';
import type { RunParts } from '../core/run.ts';

export const OVERLAPS = ['off', 'on', 'auto'] as const;
/** `auto` is on where that is faster. A run of `auto` has the numbers of one with `on`, or of one with `off`. */
export type Overlap = (typeof OVERLAPS)[number];

/** Updates that are timed in either way, after one that makes the programs. */
const TIMED = 3;
/** Less than a tenth is not worth weights that are older. */
const WORTH = 0.9;
const inMs = (seconds: number): string => `${(seconds * 1000).toPrecision(3)} ms`;

/** What a run asks when its updates have found their pace; undefined where the two take turns. Refuses what cannot overlap. */
export function overlapOf(wanted: Overlap, d: Definition, engine: { readonly info: EngineInfo; readonly beside?: boolean }, cores = os.availableParallelism()): RunParts['overlap'] {
  const [source = '', { cut, keep }] = Object.entries(d.page.sources)[0]!, refused = cut === 'rollout' || keep === undefined ? `${d.page.name} uses each batch of ${source} once, and must act by the weights that learn from it`
    : !engine.beside ? `engine ${engine.info.engine} has no thread beside that of the environments` : undefined;
  if (wanted === 'on' && refused !== undefined) throw new InputError(`overlap: ${refused}`, 'without --overlap they take turns; pages with a replay and engine onnx can overlap');
  if (wanted === 'off' || refused !== undefined || (wanted === 'auto' && cores < 2)) return undefined;
  if (wanted === 'on') return async () => ({ on: true, what: 'from here on the learner works beside the environments, as asked' });
  return async (between, update) => {
    const timed = async (beside: boolean) => {
      const seconds: number[] = [];
      for (let i = 0; i <= TIMED; i++) { const began = performance.now(); await update(beside); seconds.push((performance.now() - began) / 1000); }
      return Math.min(...seconds.slice(1));
    };
    const here = await timed(false), there = await timed(true), on = Math.max(there, between) < WORTH * (here + between), found = `an update takes ${inMs(here)}, beside the environments ${inMs(there)}, and these ${inMs(between)}`;
    return { on, what: `from here on the learner ${on ? 'works beside' : 'takes turns with'} the environments: ${found}`, update: here, beside: there, environments: between };
  };
}
