/** What moves, repeats, cuts and joins. */
import { slice_util, util, type TensorInfo } from '@tensorflow/tfjs-core';
import { count, type Builder, type Value } from '../builder.ts';
import { dataType, type Lowerings } from './lowering.ts';

/** Slots of an axis as values of their own: the axis goes first, so that pieces are whole rows. */
function unstack(b: Builder, x: Value, axis: number): readonly Value[] {
  const n = x.shape[axis]!, rest = x.shape.filter((_, i) => i !== axis), first = b.transpose(x, [axis, ...x.shape.keys()].filter((a, i) => i === 0 || a !== axis)), rows = rest[0] ?? 1;
  return b.split(b.reshape(first, [n * rows, ...rest.slice(1)]), Array.from({ length: n }, () => rows), 0).map(piece => b.reshape(piece, rest));
}
function stack(b: Builder, parts: readonly Value[], axis: number): Value {
  const shape = parts[0]!.shape, whole = parts.map(x => (shape.length ? x : b.reshape(x, [1]))), rows = b.reshape(b.concat(whole, 0), [parts.length, ...shape]);
  return b.transpose(rows, Array.from({ length: shape.length + 1 }, (_, i) => (i === axis ? 0 : i < axis ? i + 1 : i)));
}

export const shape: Lowerings = {
  Identity: ({ value }) => value('x'),
  Reshape: ({ b, value, attr }) => b.reshape(value('x'), util.inferFromImplicitShape([...attr<readonly number[]>('shape')], count(value('x').shape))),
  ExpandDims: ({ b, value, axis }) => { const x = value('input'), at = axis('dim', x.shape.length + 1); return b.reshape(x, [...x.shape.slice(0, at), 1, ...x.shape.slice(at)]); },
  Transpose: ({ b, value, attr }) => b.transpose(value('x'), attr('perm')),
  Tile: ({ b, value, attr }) => {
    const x = value('x'), reps = attr<readonly number[]>('reps'), to = x.shape.map((n, i) => n * reps[i]!);
    return x.shape.every((n, i) => n === 1 || reps[i] === 1) ? b.expand(x, to) : b.one('Tile', [x, b.integers(reps)], to, x.dtype);
  },
  Fill: ({ b, attr }) => b.fill(attr('value'), attr('shape'), dataType(attr('dtype') ?? 'float32')),
  ZerosLike: ({ b, value }) => b.fill(0, value('x').shape, value('x').dtype),
  OnesLike: ({ b, value }) => b.fill(1, value('x').shape, value('x').dtype),
  Slice: ({ b, value, attr }) => { const x = value('x'), [begin, size] = slice_util.parseSliceParams({ shape: [...x.shape] } as TensorInfo, attr('begin'), attr('size')) as [number[], number[]]; return b.slice(x, begin, size); },
  StridedSlice: ({ b, value, attr, refuse }) => {
    for (const mask of ['beginMask', 'endMask', 'ellipsisMask', 'newAxisMask', 'shrinkAxisMask']) refuse(attr(mask), 'with masks');
    const x = value('x'), [begin, end, step] = (['begin', 'end', 'strides'] as const).map(k => attr<readonly number[]>(k)) as [readonly number[], readonly number[], readonly number[]];
    refuse(step.some(s => s < 0), 'with a negative stride');
    const within = (i: number, at: number) => Math.min(Math.max(at < 0 ? at + x.shape[i]! : at, 0), x.shape[i]!), from = x.shape.map((_, i) => within(i, begin[i]!));
    return b.slice(x, from, x.shape.map((_, i) => Math.max(0, Math.ceil((within(i, end[i]!) - from[i]!) / step[i]!))), step);
  },
  Reverse: ({ b, value, axes }) => { const x = value('x'), turned = axes('dims', x.shape.length), here = (i: number) => turned.includes(i); return b.slice(x, x.shape.map((n, i) => (here(i) ? n - 1 : 0)), x.shape, x.shape.map((_, i) => (here(i) ? -1 : 1))); },
  PadV2: ({ b, value, attr }) => { const by = attr<readonly (readonly [number, number])[]>('paddings'); return b.pad(value('x'), by.map(p => p[0]), by.map(p => p[1]), attr<number>('constantValue')); },
  // unlike dtypes become that of the first, as the operation has it
  Concat: ({ b, values, axis }) => { const all = values(), [first] = all as [Value]; return b.concat(all.map(x => b.cast(x, first.dtype)), axis('axis', first.shape.length)); },
  SplitV: ({ b, value, attr, axis }) => {
    const x = value('x'), at = axis('axis', x.shape.length), n = x.shape[at]!, given = attr<number | readonly number[]>('numOrSizeSplits');
    if (typeof given === 'number') return b.split(x, Array.from({ length: given }, () => n / given), at);
    const rest = n - given.filter(k => k >= 0).reduce((p, q) => p + q, 0);
    return b.split(x, given.map(k => (k < 0 ? rest : k)), at);
  },
  Unpack: ({ b, value, axis }) => unstack(b, value('value'), axis('axis', value('value').shape.length)),
  Pack: ({ b, values, axis }) => { const all = values(); return stack(b, all, axis('axis', all[0]!.shape.length + 1)); },
  Range: ({ b, attr }) => {
    const from = attr<number>('start'), by = attr<number>('step'), n = Math.max(0, Math.ceil((attr<number>('stop') - from) / by)), at = (_: unknown, i: number) => from + i * by;
    return attr('dtype') === 'int32' ? b.constant(Int32Array.from({ length: n }, at), [n], 'int32') : b.constant(Float32Array.from({ length: n }, at), [n], 'float32');
  },
  Diag: ({ b, value }) => {
    const x = value('x'), n = count(x.shape), eye = b.constant(Uint8Array.from({ length: n * n }, (_, i) => Number(Math.floor(i / n) === i % n)), [n, n], 'bool');
    return b.reshape(b.spread('Where', [eye, b.reshape(x, [1, n]), b.scalar(0, x.dtype)], x.dtype), [...x.shape, ...x.shape]);
  },
};
