/** The kit refuses what it cannot use: a misspelt name or a wrong shape would otherwise be a comparison with something else. */
import { beforeAll, describe, expect, it } from 'vitest';
import { InputError } from '../../core/error.ts';
import { defineNode, normal } from '../../core/node.ts';
import { f32 } from '../../core/port.ts';
import type { NamedArray } from '../../core/store.ts';
import { qmix } from '../../graphs/index.ts';
import { epsilonGreedy, monotonicMixer, rnnAgentQ } from '../../nodes/index.ts';
import { evaluateAct, evaluateNode, evaluateStep, layerTable } from '../../plugins/testing.ts';

const of = (shape: readonly number[], value = 0.1): NamedArray => ({ shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(value) });
const said = async (work: () => unknown): Promise<string> => {
  const error = await Promise.resolve().then(work).then(() => undefined, (e: unknown) => e);
  expect(error).toBeInstanceOf(InputError);
  return (error as InputError).message.split('\n')[0]!;
};

describe('evaluateStep', () => {
  const sizes = { batch: 2, time: 3, agent: 2, action: 3, obs: 4, state: 5, id: 2 };
  const batch = { 'data.obs': of([2, 4, 2, 4]), 'data.state': of([2, 4, 5]), 'data.reward': of([2, 3]), 'data.action': { shape: [2, 3, 2], data: new Int32Array(12) } };
  const step = (more: object) => said(() => evaluateStep(qmix, { sizes, batch, ...more }));
  beforeAll(async () => { await evaluateStep(qmix, { sizes, batch, knobs: { 'tdTarget.gamma': 0.5, 'q.lr': 0.1 }, taps: ['mixer.qTot'], slots: { q: { count: 0 } } }); });

  it.each<[string, object, string]>([
    ['an option', { weightz: {} }, 'evaluateStep has no option weightz; did you mean weights?'],
    ['a field', { batch: { ...batch, 'data.rewrd': of([2, 3]) } }, 'page qmix has no field data.rewrd; did you mean data.reward?'],
    ['a knob', { knobs: { 'tdTarget.gama': 1 } }, 'page qmix has no knob tdTarget.gama; did you mean tdTarget.gamma?'],
    ['a knob of a place that has those of another', { knobs: { 'targetMixer.embed': 1 } }, 'page qmix has no knob targetMixer.embed'],
    ['noise', { noise: { 'explore.greedyy': new Float32Array(3) } }, 'page qmix has no noise explore.greedyy'],
    ['memory', { memory: { 'a.b': 1 } }, 'page qmix has no number in memory a.b'],
    ['a rule', { slots: { qq: { count: 1 } } }, 'page qmix has no train rule qq; did you mean q?'],
    ['a moment', { slots: { q: { count: 1, w: {} } } }, 'slots.q has no moment w; did you mean v?'],
    ['a weight in a moment', { slots: { q: { count: 1, v: { 'mixer/w1/kernl': new Float32Array(1) } } } }, 'slots.q.v has no weight mixer/w1/kernl'],
    ['a carry', { carry: { agentQQ: new Float32Array(3) } }, 'page qmix has no recurrent node agentQQ; did you mean agentQ?'],
    ['a weight', { weights: { 'agentQ/nosuch/kernel': new Float32Array(1) } }, 'page qmix has no weight agentQ/nosuch/kernel'],
    ['a tap', { taps: ['mixer.qTt'] }, 'no tap on mixer.qTt: mixer has no output qTt; did you mean qTot?'],
    ['a clock', { counters: { stepz: 3 } }, 'counters has no clock stepz; did you mean steps?'],
    ['an order', { order: { epoch: [] } }, 'order has no order epoch; did you mean epochs?'],
  ])('refuses %s that the page has not', async (_, more, text) => { expect(await step(more)).toContain(text); });

  it.each<[string, object, string]>([
    ['a field with its dims in another order', { batch: { ...batch, 'data.obs': of([4, 2, 2, 4]) } }, 'data.obs has the shape [4, 2, 2, 4], and [2, 4, 2, 4] is asked for'],
    ['a flat field of another length', { batch: { ...batch, 'data.obs': new Float32Array(63) } }, 'data.obs has 63 values, 64 are asked for'],
    ['a carry', { carry: { agentQ: of([2, 64]) } }, 'carry of agentQ has the shape [2, 64], and [2, 2, 64] is asked for'],
    ['targets', { targets: { 'mixer/v1/kernel': new Float32Array(1) } }, 'mixer/v1/kernel'],
    ['a count', { slots: { q: {} } }, 'slots.q: count is undefined'],
    ['an order of items', { order: { epochs: [Int32Array.of(9, 9)] } }, 'order.epochs[0] is no order of 2 items'],
    ['a sweep where no rule sweeps', { order: { sweep: Int32Array.of(0) } }, 'order.sweep: no rule of page qmix sweeps'],
    ['a missing size', { sizes: { ...sizes, time: undefined } }, 'sizes: time is missing'],
  ])('refuses %s', async (_, more, text) => { expect(await step(more)).toContain(text); });

  it('takes flat fields', async () => {
    const flat = Object.fromEntries(Object.entries(batch).map(([k, x]) => [k, x.data]));
    expect((await evaluateStep(qmix, { sizes, batch: flat })).losses).toEqual((await evaluateStep(qmix, { sizes, batch })).losses);
  });
  it('evaluateAct judges the same', async () => {
    const act = (more: object) => said(() => evaluateAct(qmix, { sizes, fields: { obs: of([2, 1, 2, 4]) }, ...more }));
    expect(await act({ fields: { observation: of([2, 1, 2, 4]) } })).toBe('page qmix has no field observation');
    expect(await act({ fields: { obs: of([2, 2, 1, 4]) } })).toBe('obs has the shape [2, 2, 1, 4], and [2, 1, 2, 4] is asked for');
    expect(await act({ knobs: { 'explore.epsilno': 0 } })).toBe('page qmix has no knob explore.epsilno; did you mean explore.epsilon?');
    expect(await act({ sizes: { ...sizes, batch: undefined } })).toBe('sizes: batch is missing');
  });
});

describe('evaluateNode', () => {
  const inputs = { agentQs: of([2, 3, 2]), state: of([2, 3, 5]) }, node = (more: object) => said(() => evaluateNode(monotonicMixer, { inputs, ...more }));
  it.each<[string, object, string]>([
    ['an option', { cotangent: {} }, 'evaluateNode has no option cotangent; did you mean cotangents?'],
    ['a setting', { config: { embd: 3 } }, 'monotonicMixer has no setting embd; did you mean embed?'],
    ['a knob', { knobs: { gamma: 3 } }, 'monotonicMixer has no knob gamma'],
    ['noise', { noise: { eps: new Float32Array(2) } }, 'monotonicMixer has no noise eps'],
    ['a port', { inputs: { ...inputs, stat: of([2, 3, 5]) } }, 'monotonicMixer has no port stat; did you mean state?'],
    ['an output', { cotangents: { qTotal: of([2, 3]) } }, 'monotonicMixer has no float output qTotal; did you mean qTot?'],
    ['a weight', { weights: { 'w1/kernl': new Float32Array(1) } }, 'monotonicMixer has no weight w1/kernl'],
    ['an input', { dims: { stat: 'batch time state' } }, 'inputs has no input stat; did you mean state?'],
    ['a carry', { carry: new Float32Array(2) }, 'monotonicMixer carries nothing from step to step'],
  ])('refuses %s that the node has not', async (_, more, text) => { expect(await node(more)).toContain(text); });
  it.each<[string, object, string]>([
    ['a cotangent over other dims', { cotangents: { qTot: of([3, 2]) } }, 'cotangent qTot has the shape [3, 2], and [2, 3] is asked for'],
    ['an input that is missing', { inputs: { agentQs: inputs.agentQs } }, 'monotonicMixer: no input is given for its port state'],
    ['inputs of two lengths', { inputs: { ...inputs, state: of([4, 3, 5]) } }, 'batch is 2 and, at state, 4'],
  ])('refuses %s', async (_, more, text) => { expect(await node(more)).toContain(text); });
  it('refuses a wrong carry, wrong noise, and a schedule where a number is asked for', async () => {
    expect(await said(() => evaluateNode(rnnAgentQ({ hidden: 4 }), { sizes: { action: 2 }, inputs: { x: of([2, 3, 5]) }, carry: of([4, 2]) }))).toBe('carry has the shape [4, 2], and [2, 4] is asked for');
    const noisy = defineNode({ type: 'noisy', in: { x: f32('...') }, noise: { eps: normal('...') }, out: { y: f32('...') }, forward: ({ x, eps }) => ({ y: x.add(eps) }) });
    expect(await said(() => evaluateNode(noisy, { inputs: { x: of([2, 3]) }, noise: { eps: of([3, 2]) } }))).toBe('noise eps has the shape [3, 2], and [2, 3] is asked for');
    expect((await evaluateNode(noisy, { inputs: { x: of([2]) }, noise: { eps: of([2], 1) } })).outputs['y']).toMatchObject({ shape: [2], data: Float32Array.of(1.1, 1.1) });
    expect(await said(() => evaluateNode(epsilonGreedy({ epsilon: { schedule: 'linear', from: 1, to: 0, over: 10, clock: 'steps' } }), { inputs: { q: of([2, 3]), avail: { shape: [2, 3], data: new Uint8Array(6).fill(1) } } }))).toContain('epsilonGreedy: the knob epsilon is {"schedule"');
  });
});

describe('layerTable', () => {
  it('takes a node type as well as a node with its numbers', () => { expect(layerTable(monotonicMixer, { agent: 2, state: 5 })).toEqual(layerTable(monotonicMixer(), { agent: 2, state: 5 })); });
  it('refuses a table without a size that the layers ask for', async () => {
    expect(await said(() => layerTable(monotonicMixer(), { agent: 2 }))).toMatch(/^monotonicMixer: \S+ would have the shape \[\?, 64\]: sizes has no state$/);
    expect(await said(() => layerTable(monotonicMixer(), { agent: 0, state: 5 }))).toContain('would have the shape [');
  });
});
