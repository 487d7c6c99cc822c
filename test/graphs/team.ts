/** A page on a drawn batch, and the same team with its agents in another order. */
import type { Definition } from '../../core/definition.ts';
import { words } from '../../core/port.ts';
import { evaluateStep, layerTable, type StepCase, type StepResult } from '../../plugins/testing.ts';
import { drawWeights, type Arrays } from '../nodes/arrays.ts';
import { drawBatch, sizesOf } from '../properties/batch.ts';

export function evaluate(d: Definition, more: Partial<StepCase> & { readonly batch?: Arrays } = {}): Promise<StepResult> {
  const sizes = more.sizes ?? sizesOf(d), table = layerTable(d, sizes);
  return evaluateStep(d, { sizes, batch: drawBatch(d, sizes), weights: drawWeights(1, table), targets: drawWeights(101, table), ...more });
}
/** Every field that has a dim `agent`, with agents (and the identities that they carry) in another order. */
export function reorderAgents(d: Definition, batch: Arrays, order: readonly number[]): Arrays {
  return Object.fromEntries(Object.entries(batch).map(([name, x]) => {
    const spec = words(d.page.world[name.split('.')[1]!]!.spec), axis = spec.indexOf('agent');
    if (axis < 0) return [name, x];
    const width = x.shape.slice(3 + axis).reduce((a, n) => a * n, 1), data = x.data.slice();
    for (let i = 0; i < data.length; i += width * order.length) order.forEach((from, to) => { data.set(x.data.subarray(i + from * width, i + (from + 1) * width) as Float32Array & Int32Array & Uint8Array, i + to * width); });
    return [name, { shape: x.shape, data }];
  }));
}
