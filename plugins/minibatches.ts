/** Minibatches of a rollout are equal parts of it: of its transitions, or, where the page unrolls time, of its copies or of pieces of them. */
import { InputError } from '../core/error.ts';
import type { Plan } from '../core/plan.ts';

/** Refuses a rollout that cannot be cut into equal minibatches, before a run begins. Other sources are cut as they come, for their episodes differ in length. */
export function checkMinibatches({ d: { page }, timeFree }: Plan, copies: number): void {
  const [name = '', { cut, steps = 1, length = steps, minibatches = 1 }] = Object.entries(page.sources)[0]!, pieces = steps / length, items = timeFree ? steps * copies : copies * pieces;
  if (cut !== 'rollout' || items % minibatches === 0) return;
  const fit = Array.from({ length: items }, (_, i) => i + 1).filter(n => items % n === 0), near = [fit.findLast(n => n < minibatches), fit.find(n => n > minibatches)].filter(n => n !== undefined), many = `${copies} ${copies === 1 ? 'copy' : 'copies'}`;
  const what = timeFree ? `${steps} steps of ${many} are ${items} transitions` : pieces > 1 ? `${steps} steps of ${many} are ${items} pieces of ${length}` : `${copies} ${copies === 1 ? 'copy is one sequence' : `copies are ${items} sequences`}, which a page that goes through time does not cut`;
  throw new InputError(`source ${name} of ${page.name}: ${what}, and ${minibatches} minibatches cannot share them equally`, `--set ${name}.minibatches=${near.join(' or ')}, or another number of ${timeFree ? 'steps or copies' : 'copies'}`);
}
