/** Several agents, learned by values. Widths are small: these pages prove the wiring. */
import { derive, now, swap, weigh } from '../../core/graph.ts';
import { rmsprop } from '../../core/optimiser.ts';
import { qmix } from '../../graphs/index.ts';
import { tdLambda } from '../../nodes/index.ts';
import { roleAgentQ, roleDifference } from './nodes/index.ts';

export const qmixLambda = swap(qmix, 'tdTarget', tdLambda({ lambda: 0.6 }), { name: 'qmixLambda' });

export const roma = derive(qmix, 'roma', (g, { ep, td }) => {
  const agent = g.swap('agentQ', roleAgentQ({ hidden: 16, role: 3, identify: 1e-4 }));
  const differ = g.add('roleDifference', roleDifference(),
    { role: now(agent.role), roleMean: now(agent.roleMean), roleVar: now(agent.roleVar), mask: ep.valid });
  g.train('q', [td.loss, weigh(1e-3, differ.loss)], { optimiser: rmsprop({ lr: 5e-4 }), clipNorm: 10 });
});
