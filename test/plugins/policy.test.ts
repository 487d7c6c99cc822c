/** Exported policies of every page of the book, run by the public interface of ONNX Runtime, and one by ONNX Runtime in Python, against the product's own acting. */
import { readFileSync } from 'node:fs';
import * as ort from 'onnxruntime-node';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Engine, OutputArray } from '../../core/engine.ts';
import type { TypedArray } from '../../core/environment.ts';
import { Learner } from '../../core/step.ts';
import { Exporter } from '../../plugins/engines/onnx/exporter.ts';
import type { PolicyPort } from '../../plugins/policy.ts';
import { allPages } from '../pages/index.ts';
import { exportedBy, fieldsAt, small, standing } from '../fixtures/policies/make.ts';
import { BATCH } from '../pages/lab.ts';
import { apart } from './engines/agreement.ts';
import { engineOn } from './engines/on.ts';

let eager: Engine, exporter: Exporter;
beforeAll(async () => { eager = await engineOn('cpu'); exporter = await Exporter.open(); });

const tensor = ({ dtype, shape }: PolicyPort, data: TypedArray) => new ort.Tensor(dtype as 'float32', data as Float32Array, shape);

async function played(name: string) {
  const d = allPages[name]!, { plan, state } = standing(d), own = new Learner(plan, eager), { model, facts } = await exportedBy(exporter, d);
  const session = await ort.InferenceSession.create(model), carries = facts.inputs.filter(i => i.from !== undefined), worst: number[] = [], chosen = new Set<number>();
  let theirs: Record<string, TypedArray> = Object.fromEntries(carries.map(i => [i.name, new Float32Array(i.shape.reduce((a, b) => a * b, 1))])), ours: Record<string, Float32Array> = {};
  expect([[...session.inputNames], [...session.outputNames]], name).toEqual([facts.inputs.map(i => i.name), facts.outputs.map(o => o.name)]);
  for (let step = 0; step < 6; step++) {
    const fields = fieldsAt(d, step), want: { action: OutputArray; carry: Record<string, Float32Array> } = await own.act(state, fields, BATCH, ours, { seed: 1, counters: [step], best: true });
    const out = await session.run(Object.fromEntries(facts.inputs.map(i => [i.name, tensor(i, (i.from === undefined ? fields : theirs)[i.name]!)]))), action = out['action']!.data as TypedArray;
    if (want.action.dtype === 'i32') expect(action, `${name}, step ${step}`).toEqual(want.action.data); else worst.push(apart(action, want.action.data));
    for (const a of action) chosen.add(a);
    for (const o of facts.outputs) expect({ dtype: out[o.name]!.type, shape: out[o.name]!.dims }, `${name}: ${o.name}`).toEqual({ dtype: o.dtype, shape: o.shape });
    theirs = Object.fromEntries(carries.map(i => [i.name, out[i.from!]!.data as Float32Array]));
    ours = want.carry;
    for (const i of carries) worst.push(apart(theirs[i.name]!, ours[i.name.slice('carry.'.length)]!));
  }
  await session.release();
  return { facts, chosen, worst: Math.max(0, ...worst) };
}

const REFUSED: Readonly<Record<string, string>> = {
  roma: 'the best action of roma is drawn: node agentQ asks for random numbers, and a file has none\n  fix: a page whose best action needs none: g.act({ action, best })',
  mat: 'mat acts one agent after another, which is no single step\n  fix: skein evaluate plays it',
};
describe('an exported policy', () => {
  it.each(Object.keys(allPages).filter(name => !(name in REFUSED)))('of %s acts as the product does, step after step', async name => {
    const { facts, chosen, worst } = await played(name);
    expect(chosen.size).toBeGreaterThan(1);
    // a LayerNorm of inputs that are nearly alike makes rounding larger
    expect(worst).toBeLessThan(name === 'beliefPpo' ? 3e-5 : 1e-5);
    for (const { dims, shape } of [...facts.inputs, ...facts.outputs]) expect([dims.length, dims[0]]).toEqual([shape.length, 'copy']);
  });
  it.each(Object.entries(REFUSED))('of %s is refused', async (name, why) => { await expect(exportedBy(exporter, allPages[name]!)).rejects.toThrow(why); });
  it('does in Python what the page does', async () => {
    const { versions, operators, steps } = JSON.parse(readFileSync('test/fixtures/policies/played.json', 'utf8')) as { versions: Record<string, string>; operators: string[]; steps: { action: number[]; carry: Record<string, number[]> }[] }, { plan, state } = standing(small), own = new Learner(plan, eager);
    let carry: Record<string, Float32Array> = {};
    for (const [i, step] of steps.entries()) {
      const want = await own.act(state, fieldsAt(small, i), BATCH, carry, { seed: 1, counters: [i], best: true });
      ({ carry } = want);
      expect(step.action, `step ${i}`).toEqual([...want.action.data]);
      expect(apart(Float32Array.from(step.carry['carry.agentQ']!), carry['agentQ']!)).toBeLessThan(1e-5);
    }
    expect([steps.length, new Set(steps.flatMap(s => s.action)).size]).toEqual([12, 4]);
    expect(versions['onnxruntime']).toBe('1.32.0');
    expect(operators.filter(name => !name.startsWith('ai.onnx '))).toEqual([]);
  });
  it('leaves no tensor behind', async () => {
    const before = exporter.alive();
    await exportedBy(exporter, allPages['qmix']!);
    expect(exporter.alive()).toBe(before);
  });
});
