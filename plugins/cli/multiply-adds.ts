/** Multiply-adds of a node with its weights: every number of a kernel is used once a row. What is multiplied without weights (a mixing by generated weights) is not counted. */
import { owner, use } from '../../core/definition.ts';
import type { Plan } from '../../core/plan.ts';
import { base, isTime } from '../../core/port.ts';

export interface Work {
  /** For one row. */
  readonly perRow: number;
  /** Rows of one time slot: agents, heads. */
  readonly rows: number;
}
/** Kernels say in their layout that they lead from inputs to outputs; biases and parameters do not. */
const isKernel = (layout: string) => /\bin, out\]$/.test(layout);
export function workOf(plan: Plan, node: string): Work {
  const box = plan.boxes.get(node)!, own = owner(plan.d.page, node), { per } = use(plan.d, node);
  const perRow = plan.slices.filter(s => s.node === own && isKernel(s.layout)).reduce((sum, s) => sum + s.size / (s.per || 1), 0);
  const rows = box.lead.filter(dim => base(dim) !== 'batch' && !isTime(dim)).reduce((n, dim) => n * (box.size[dim] ?? 1), per === undefined || box.lead.includes(per) ? 1 : box.size[per] ?? 1);
  return { perRow, rows };
}
