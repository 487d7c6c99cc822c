/** Belief-PPO: IPPO whose agents believe something of the others' policies. No code of the authors is known and of the paper only the abstract was read: what is ours is said in docs/decisions.md. */
import { derive, next, now, stop } from '../core/graph.ts';
import { adam } from '../core/optimiser.ts';
import { bool, index } from '../core/port.ts';
import { local, team } from '../core/world.ts';
import { beliefDecoder, beliefEncoder, beliefLoss, join, seenActions } from '../nodes/index.ts';
import { ippo } from './ippo.ts';

/**
 * Belief-PPO (IJCAI 2023, paper 39). Every agent keeps a belief of the others, a Gaussian that it infers from what it has seen them do, and tells by it what they will do next; the actions that it then sees
 * train the belief, as a variational bound. Its policy and its value read the mean of the belief, and learn as in IPPO: no gradient of theirs reaches the belief. Both learn from the same rollouts. Nobody is told
 * anything that it does not see, while learning either.
 */
export const beliefPpo = derive(ippo, 'beliefPpo', (g, { ro, mask }) => {
  g.about("IPPO on beliefs of the others' policies, inferred from their seen actions", 'Zhai et al. 2023, IJCAI 2023, paper 39');
  const { seenAction, seen } = g.data();
  const own = g.add('ownInput', join(), { obs: ro.obs, id: ro.agentId });
  const watched = g.add('seenActions', seenActions(), { seenAction, seen });
  const history = g.slot('beliefInput', join(), { own: own.x, seen: watched.x });
  const belief = g.slot('belief', beliefEncoder({ hidden: 64, latent: 8 }), { x: history.x });
  const guess = g.slot('beliefDecoder', beliefDecoder({ hidden: 64 }), { x: now(own.x), z: now(belief.z) });
  const loss = g.slot('beliefLoss', beliefLoss({ beta: 0.1 }),
    { logits: guess.logits, seenAction: next(seenAction), seen: next(seen), mean: now(belief.mean), logStd: now(belief.logStd), mask: mask.x });
  g.rewire('agentInput', { belief: stop(belief.mean) });
  g.rewire('criticInput', { belief: stop(belief.mean) });
  g.train('belief', loss.loss, { optimiser: adam({ lr: 1e-3 }), clipNorm: 10 });
  return { own, watched, history, belief, guess, loss };
}, { ...team, seenAction: local(index('agent other', 'action')), seen: local(bool('agent other')) });
