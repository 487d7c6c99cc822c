/** Shapley Q-learning: QMIX with another mixer, a plain sum on the target side and a rule of its own for the mixer. Numbers: the authors' (hsvgbkhgbv/shapley-q-learning). */
import { derive } from '../core/graph.ts';
import { rmsprop } from '../core/optimiser.ts';
import { shapleyMixer, sumMixer } from '../nodes/index.ts';
import { qmix } from './qmix.ts';

/**
 * SHAQ (arXiv 2105.15013): y = r + gamma (1 - terminated) sum_a q_a', with double-Q values of the agents. One loss, two rules: each clips and
 * scales the gradient of its own weights. The mixer's rate is the authors' default; on maps of SMAC they take 1e-4 to 2e-3.
 */
export const shaq = derive(qmix, 'shaq', (g, { agentQ, mixer, nextChosen, td }) => {
  g.about('Values of agents that are not greedy count by their share in coalitions', 'Wang et al. 2022, arXiv 2105.15013');
  g.swap('mixer', shapleyMixer({ samples: 10, embed: 32 }));
  g.replace('targetMixer', sumMixer(), { agentQs: nextChosen.value });
  g.train('q', td.loss, { optimiser: rmsprop({ lr: 5e-4 }), clipNorm: 10, only: [agentQ] });
  g.train('alpha', td.loss, { optimiser: rmsprop({ lr: 1e-3 }), clipNorm: 10, only: [mixer] });
});
