/** Several agents, learned by values. Widths are small: these pages prove the wiring. */
import { swap } from '../../core/graph.ts';
import { qmix } from '../../graphs/index.ts';
import { tdLambda } from '../../nodes/index.ts';

export const qmixLambda = swap(qmix, 'tdTarget', tdLambda({ lambda: 0.6 }), { name: 'qmixLambda' });
