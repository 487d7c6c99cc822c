/** What makes fewer numbers of many. */
import type { Builder, Value } from '../builder.ts';
import { counted, float, type Lowering, type Lowerings } from './lowering.ts';

const reduce = (type: Parameters<Builder['reduce']>[0], as: (b: Builder, x: Value) => Value = counted): Lowering => ({ b, value, attr, axes }) => {
  const x = as(b, value('x')), over = axes(type === 'ReduceMax' ? 'reductionIndices' : 'axis', x.shape.length);
  return b.reduce(type, x, over, attr('keepDims') ?? false);
};
/** Of booleans: the least is whether all are true, the largest whether any is. */
const boolean = (type: 'ReduceMin' | 'ReduceMax'): Lowering => ({ b, value, attr, axes }) => { const x = b.cast(value('x'), 'int32'); return b.cast(b.reduce(type, x, axes('axis', x.shape.length), attr('keepDims') ?? false), 'bool'); };
const place = (type: 'ArgMax' | 'ArgMin'): Lowering => ({ b, value, axes }) => {
  const x = counted(b, value('x')), [axis] = axes('axis', x.shape.length) as [number];
  return b.cast(b.one(type, [x], x.shape.filter((_, i) => i !== axis), 'int64', { axis, keepdims: 0 }), 'int32');
};

export const reductions: Lowerings = {
  Sum: reduce('ReduceSum'), Mean: reduce('ReduceMean', float), Max: reduce('ReduceMax'), Min: reduce('ReduceMin'), Prod: reduce('ReduceProd'),
  All: boolean('ReduceMin'), Any: boolean('ReduceMax'), ArgMax: place('ArgMax'), ArgMin: place('ArgMin'),
  Softmax: ({ b, value, axis }) => { const x = float(b, value('logits')); return b.one('Softmax', [x], x.shape, 'float32', { axis: axis('dim', x.shape.length) }); },
  Cumsum: ({ b, value, attr, axis }) => {
    const x = counted(b, value('x'));
    return b.one('CumSum', [x, b.scalar(axis('axis', x.shape.length), 'int64')], x.shape, x.dtype, { exclusive: Number(attr('exclusive')), reverse: Number(attr('reverse')) });
  },
  TopK: ({ b, value, attr }) => {
    const x = value('x'), k = attr<number>('k'), to = [...x.shape.slice(0, -1), k], [values, places] = b.operator('TopK', [x, b.integers([k])], [{ shape: to, dtype: x.dtype }, { shape: to, dtype: 'int64' }], { axis: -1, largest: 1, sorted: Number(attr('sorted')) }) as [Value, Value];
    return [values, b.cast(places, 'int32')];
  },
};
