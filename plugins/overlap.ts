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

interface Setting { readonly page: Definition; readonly engine: { readonly info: EngineInfo; readonly beside?: boolean } }
/** Why the two cannot work at the same time; undefined where they can. */
function whyNoOverlap({ page: { page }, engine }: Setting): string | undefined {
  const [source = '', { cut, keep }] = Object.entries(page.sources)[0]!;
  if (cut === 'rollout' || keep === undefined) return `${page.name} uses each batch of ${source} once, and must act by the weights that learn from it`;
  return engine.beside ? undefined : `engine ${engine.info.engine} has no thread beside that of the environments`;
}
/** Refuses what cannot overlap, before a run begins. */
export function checkOverlap(wanted: Overlap, setting: Setting): void {
  const why = wanted === 'on' ? whyNoOverlap(setting) : undefined;
  if (why !== undefined) throw new InputError(`overlap: ${why}`, 'without --overlap they take turns; pages with a replay and engine onnx can overlap');
}
/** What a run asks when its updates have found their pace; undefined where the two take turns. One that goes on where there is no thread has the same numbers, in turn. */
export function overlapOf(wanted: Overlap, setting: Setting, cores = os.availableParallelism()): RunParts['overlap'] {
  if (wanted === 'on') return async () => ({ on: true, what: 'from here on the learner works beside the environments, as asked' });
  if (wanted === 'off' || cores < 2 || whyNoOverlap(setting) !== undefined) return undefined;
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
