/** Every node, on the engine that is judged and on the plain one: outputs and gradients to inputs and weights agree to 1e-5 of the largest element. */
import { describe, expect, inject, it } from 'vitest';
import { nodeTypes } from '../../../nodes/index.ts';
import { evaluateNode, type NodeResult } from '../../../plugins/testing.ts';
import { normals, type Arrays } from '../../nodes/arrays.ts';
import { caseOf, leads, outPorts, type Made } from '../../properties/node-case.ts';
import { apart } from './agreement.ts';
import './on.ts';

const flat = ({ outputs, gradients, carry }: NodeResult): Arrays => ({ ...outputs, ...gradients.inputs, ...gradients.weights, ...(carry ? { carry } : {}) });

describe.each(nodeTypes.map(node => [node.spec.type, node] as const))('%s', (_, node) => {
  const cases: [string, Made][] = [...leads(node).map((lead): [string, Made] => [`over [${lead.join(' ')}]`, caseOf(node, lead)]), ['of a batch of one', caseOf(node, leads(node)[0]!, { batch: 1 })]];
  it.each(cases)('%s', async (__, { lead: ___, ...c }) => {
    const first = await evaluateNode(node, { ...c, engine: 'tfjs:cpu' }), floats = Object.keys(first.outputs).filter(k => outPorts(node)[k]!.dtype === 'f32'), cotangents = Object.fromEntries(floats.map(k => [k, normals(9, k, first.outputs[k]!.shape)]));
    const want = flat(await evaluateNode(node, { ...c, cotangents, engine: 'tfjs:cpu' })), got = flat(await evaluateNode(node, { ...c, cotangents, engine: inject('judged') }));
    expect(Object.keys(got)).toEqual(Object.keys(want));
    for (const [k, x] of Object.entries(want)) { expect(got[k]!.shape, k).toEqual(x.shape); expect(apart(got[k]!.data, x.data), k).toBeLessThan(1e-5); }
  });
});
