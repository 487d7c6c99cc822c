/** What a run writes about itself, in a form that two processes can compare. */
import { createHash } from 'node:crypto';
import { toJson } from '../../../core/definition.ts';
import { structuralHash } from '../../../core/describe.ts';
import { derive } from '../../../core/graph.ts';
import { plan } from '../../../core/plan.ts';
import { Learner } from '../../../core/step.ts';
import { freshState, toArrays } from '../../../core/weights.ts';
import { dqn, qmix } from '../../../graphs/index.ts';
import { compose } from '../../../plugins/compose.ts';
import { drawBatch, sizesOf } from '../../properties/batch.ts';
import { engineOn } from '../engines/on.ts';

const sha = (data: Uint8Array | string) => createHash('sha256').update(data).digest('hex');
export async function facts(): Promise<Record<string, unknown>> {
  const made = await compose(), d = derive(qmix, 'small', g => { g.set('agentQ', { hidden: 4 }); g.set('mixer', { embed: 2 }); }), sizes = sizesOf(d), learner = new Learner(plan(d, sizes), await engineOn('wasm')), batch = Object.fromEntries(Object.entries(drawBatch(d, sizes)).map(([k, a]) => [k, a.data]));
  const { state, losses } = await learner.update(freshState(learner.plan, 1), { cuts: { data: { batch: sizes['batch']!, time: sizes['time']! } }, fields: batch }, { seed: 1 });
  const environment = await made.catalogue.environment('LBF/5x5-2p-1f?Sight=2', { copies: 1, seed: 1 });
  return {
    hashes: [structuralHash(qmix), structuralHash(dqn), structuralHash(d)], page: sha(JSON.stringify(toJson(d))), weights: sha(new Uint8Array(state.weights.buffer)), names: sha(Object.keys(toArrays(learner.plan, state)).sort().join()),
    loss: String(losses['q']), environment: environment.spec.id, algorithm: made.catalogue.page('QMIX').page.name, node: made.catalogue.node('TDTARGET').spec.type,
  };
}
