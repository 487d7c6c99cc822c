/** Time of a layout: `npx tsx test/bench/layout.ts`. A warm one and the first one of a process, for QMIX, MAPPO and 500 boxes in layers. */
import { describe } from '../../core/describe.ts';
import { qmix, vdn } from '../../graphs/index.ts';
import { layered } from '../../visualizer/layered.ts';
import { measure } from '../../visualizer/measure.ts';
import { pictureOf } from '../../visualizer/picture.ts';
import type { ViewGraph } from '../../visualizer/view-graph.ts';
import { mappo } from '../pages/policies.ts';

const look = { direction: 'LR', shapes: 'symbolic' } as const;
/** `count` boxes, about 1.5 lines a box, ten a column. */
function synthetic(count: number): ViewGraph {
  const view = pictureOf(describe(vdn)), { of: _, ...base } = view.nodes.find(n => n.id === 'nextGreedy')!, edges: ViewGraph['edges'][number][] = [];
  for (let i = 0; i < count; i++) for (const [k, to] of [i + 10 + (i % 3), ...(i % 2 ? [i + 14] : [])].entries()) if (to < count) edges.push({ id: `${i}.${k}`, from: [`n${i}`, 'out'], to: [`n${to}`, `in${i}`], kind: 'data', net: `n${i}.out` });
  return { ...view, cards: [], edges, nodes: Array.from({ length: count }, (__, i) => ({ ...base, id: `n${i}`, title: `n${i}`, inputs: edges.filter(e => e.to[0] === `n${i}`).map(e => ({ id: e.to[1], label: 'in', marks: [], used: true })), outputs: [{ id: 'out', label: 'out', marks: [], used: true }] })) };
}
for (const [name, view] of [['qmix', pictureOf(describe(qmix))], ['mappo', pictureOf(describe(mappo))], ['500 boxes', synthetic(500)]] as const) {
  const times = Array.from({ length: 5 }, () => { const from = performance.now(); layered(view, measure(view, look), look); return performance.now() - from; });
  console.log(`${name}: ${view.nodes.length} boxes, ${view.edges.length} lines; first ${times[0]!.toFixed(0)} ms, best ${Math.min(...times).toFixed(0)} ms`);
}
