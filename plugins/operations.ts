/** The single operations of every node, in the order in which they run: one pass over zeros, watched. For pictures at level 3. */
import * as tf from '@tensorflow/tfjs-core';
import { use } from '../core/definition.ts';
import { typeOf } from '../core/infer.ts';
import { Flow, type Feed } from '../core/flow.ts';
import type { NodeSpec } from '../core/node.ts';
import { plan as bound, type Plan } from '../core/plan.ts';
import { base, isTime, type Port } from '../core/port.ts';
import type { Part } from '../visualizer/view-graph.ts';

/** Items and transitions of the pass; shapes in a picture show the rows of one item of one transition as they are. */
const BATCH = 1, STEPS = 1;
type Kernel = Readonly<{ name: string; outputShapes: readonly (readonly number[])[] }>;
/** What moves nothing and computes nothing. */
const SILENT = new Set(['Identity', 'Reshape', 'Cast', 'unnamed scope']);

function partsOf(node: string, kernels: readonly Kernel[]): Part[] {
  const parts: (Part & { times: number })[] = [];
  for (const k of kernels.filter(x => !SILENT.has(x.name))) {
    const label = k.name.replace(/^_?FusedMatMul$/, 'MatMul').replace(/^BatchMatMul$/, 'MatMul'), detail = `[${(k.outputShapes[0] ?? []).join(' ')}]`, last = parts.at(-1);
    if (last && last.label === label && last.detail === detail) parts[parts.length - 1] = { ...last, times: last.times + 1 };
    else parts.push({ id: `${node}/${parts.length}`, label, detail, times: 1 });
  }
  return parts.map(({ times, ...p }) => (times === 1 ? p : { ...p, label: `${p.label} ×${times}` }));
}

/** By node. A backend of TensorFlow.js must be loaded: open an engine first. */
export async function operationsOf(given: Plan): Promise<ReadonlyMap<string, readonly Part[]>> {
  const found = new Map<string, readonly Kernel[]>();
  let node = '';
  const kernels = () => (tf.engine().state.activeProfile as unknown as { kernels: Kernel[] }).kernels;
  const watched = <F extends (...args: never[]) => unknown>(f: F): F => ((...args: never[]) => {
    const from = kernels().length, out = f(...args);
    if (!found.has(node)) found.set(node, kernels().slice(from));          // of a recurrent node one step
    return out;
  }) as F;
  const specs = new Map([...given.d.specs].map(([type, spec]) => [type, { ...spec, ...(spec.forward ? { forward: watched(spec.forward as never) } : {}), ...(spec.step ? { step: watched(spec.step as never) } : {}) } as NodeSpec]));
  const d = { ...given.d, page: { ...given.d.page }, specs }, plan = bound(d, given.sizes), flow = new Flow(plan, 'learn');
  const zeros = (dims: readonly string[], dtype: string) => tf.zeros(dims.map(x => (base(x) === 'batch' ? BATCH : isTime(x) ? STEPS + Number(base(x) === 'time+1') : plan.sizes[x] ?? plan.sizes[base(x)] ?? d.page.dims[x] ?? 1)), dtype === 'f32' ? 'float32' : dtype === 'i32' ? 'int32' : 'bool');
  const wire = (text: string) => { const t = typeOf(d, text, plan.types); return typeof t === 'string' ? tf.scalar(0) : zeros(t.dims, t.dtype); };
  const feed: Feed = {
    field: (source, port) => wire(`${source}.${port}`), once: text => wire(text), memory: () => tf.scalar(1), knob: () => tf.scalar(0.5),
    weight: name => { const s = plan.slices.find(x => x.name === name)!; return tf.zeros([...s.shape]); },
    noise: (_, __, ___, shape) => tf.fill([...shape], 0.5), carry: () => undefined, leave: () => undefined, restarts: () => false,
    within: (name, run) => { node = name; return run(); },
  };
  const texts = [...plan.boxes.keys()].flatMap(n => Object.keys(use(d, n).spec.out as Record<string, Port>).slice(0, 1).map(k => `${n}.${k}`));
  await tf.profile(() => tf.tidy(() => { flow.pull(texts, feed); return tf.scalar(0); }));
  return new Map([...found].map(([n, k]) => [n, partsOf(n, k)]));
}
