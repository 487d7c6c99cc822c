/** Taking and putting by index. */
import { count, type Value } from '../builder.ts';
import { dataType, hot, type Lowerings } from './lowering.ts';

/** A constant index of one element. */
const fixed = (index: Value): number | undefined => (count(index.shape) === 1 ? index.uniform ?? index.data?.[0] : undefined);

export const choices: Lowerings = {
  OneHot: ({ b, value, attr }) => {
    const here = hot(b, value('indices'), attr('depth')), dtype = dataType(attr('dtype') ?? 'float32');
    return b.spread('Where', [here, b.scalar(attr('onValue') ?? 1, dtype), b.scalar(attr('offValue') ?? 0, dtype)], dtype);
  },
  GatherV2: ({ b, value, attr, axis, refuse }) => {
    refuse(attr('batchDims'), 'with batch dims');
    const x = value('x'), index = value('indices'), at = axis('axis', x.shape.length), shape = [...x.shape.slice(0, at), ...index.shape, ...x.shape.slice(at + 1)], one = fixed(index);
    if (one !== undefined) return b.reshape(b.slice(x, x.shape.map((_, i) => (i === at ? one : 0)), x.shape.map((n, i) => (i === at ? 1 : n))), shape);
    return b.one('Gather', [x, index], shape, x.dtype, { axis: at });
  },
  GatherNd: ({ b, value }) => { const x = value('params'), index = value('indices'); return b.one('GatherND', [x, b.cast(index, 'int64')], [...index.shape.slice(0, -1), ...x.shape.slice(index.shape.at(-1)!)], x.dtype); },
  ScatterNd: ({ b, value, attr }) => { const updates = value('updates'), shape = attr<readonly number[]>('shape'); return b.one('ScatterND', [b.fill(0, shape, updates.dtype), b.cast(value('indices'), 'int64'), updates], shape, updates.dtype, { reduction: 'add' }); },
  // the gradient of a gather: rows are put back, those of equal index added up, by a product with one-hot rows
  UnsortedSegmentSum: ({ b, value, attr }) => {
    const x = value('x'), index = value('segmentIds'), n = attr<number>('numSegments'), rest = x.shape.slice(index.shape.length), one = fixed(index), m = count(index.shape);
    if (one !== undefined) { const row = b.reshape(x, [1, ...rest]); return b.pad(row, [one, ...rest.map(() => 0)], [n - 1 - one, ...rest.map(() => 0)]); }
    return b.reshape(b.product(b.cast(hot(b, b.reshape(index, [m]), n), 'float32'), b.reshape(x, [m, count(rest)]), true), [n, ...rest]);
  },
};
