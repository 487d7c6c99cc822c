/** Convolutions over [rows, height, width, channels], which ONNX has as [rows, channels, height, width]. */
import type { Value } from '../builder.ts';
import type { Call, Lowerings } from './lowering.ts';

type Pair = readonly [number, number];
const CHANNELS_FIRST = [0, 3, 1, 2], CHANNELS_LAST = [0, 2, 3, 1], OUT_IN = [3, 2, 0, 1];
const both = (x: number | readonly number[]): Pair => (typeof x === 'number' ? [x, x] : [x[0]!, x[1] ?? x[0]!]);
const sides = (v: { readonly shape: readonly number[] }, from: number): Pair => [v.shape[from]!, v.shape[from + 1]!];
const each = <T>(f: (side: 0 | 1) => T): [T, T] => [f(0), f(1)];

interface Geometry { readonly strides: Pair; readonly dilations: Pair; readonly begin: Pair; readonly end: Pair; readonly out: Pair }
/** Paddings and the size of what comes out, for an image of `size` under a kernel of `kernel`. */
function geometry({ attr, refuse }: Call, size: Pair, kernel: Pair): Geometry {
  refuse(attr('dataFormat') === 'NCHW', 'with channels first');
  refuse(attr('dimRoundingMode'), 'with rounded sizes');
  const strides = both(attr('strides')), dilations = both(attr<number | readonly number[] | undefined>('dilations') ?? 1), pad = attr<'same' | 'valid' | number | readonly Pair[]>('pad'), reach = each(i => (kernel[i] - 1) * dilations[i] + 1);
  if (pad === 'same') {
    const out = each(i => Math.ceil(size[i] / strides[i])), lack = each(i => Math.max(0, (out[i] - 1) * strides[i] + reach[i] - size[i])), begin = each(i => Math.floor(lack[i] / 2));
    return { strides, dilations, out, begin, end: each(i => lack[i] - begin[i]) };
  }
  const given = (i: 0 | 1): Pair => (pad === 'valid' ? [0, 0] : typeof pad === 'number' ? [pad, pad] : pad[i + 1]!), begin = each(i => given(i)[0]), end = each(i => given(i)[1]);
  return { strides, dilations, begin, end, out: each(i => Math.floor((size[i] + begin[i] + end[i] - reach[i]) / strides[i]) + 1) };
}

/**
 * An image of the kernel's size that is padded at its ends alone begins a stride earlier, and what that adds is cut off again: the provider webgpu of ONNX
 * Runtime 1.30 takes it for a plain product, without the padding.
 */
function conv({ b }: Call, image: Value, w: Value, [rows, channels, ...out]: readonly [number, number, number, number], { strides, dilations, begin, end }: Omit<Geometry, 'out'>): Value {
  const kernel = sides(w, 2), size = sides(image, 2), early = end.some(n => n > 0) && each(i => begin[i] === 0 && size[i] === kernel[i]).every(Boolean) ? 1 : 0;
  const y = b.one('Conv', [image, w], [rows, channels, ...out.map(n => n + early)], 'float32', { strides, dilations, pads: [...each(i => begin[i] + early * strides[i]), ...end], kernel_shape: kernel });
  return b.slice(y, [0, 0, early, early], [rows, channels, ...out]);
}

export const convolutions: Lowerings = {
  Conv2D: call => {
    const { b, value } = call, x = value('x'), w = value('filter'), { out, ...how } = geometry(call, sides(x, 1), sides(w, 0));
    return b.transpose(conv(call, b.transpose(x, CHANNELS_FIRST), b.transpose(w, OUT_IN), [x.shape[0]!, w.shape[3]!, ...out] as const, how), CHANNELS_LAST);
  },
  // the image (channels as rows) under the gradient as kernel; stride and dilation change places, and the end is cut so that exactly the kernel's size comes out
  Conv2DBackpropFilter: call => {
    const { b, value, attr } = call, x = value('x'), dy = value('dy'), shape = attr<readonly [number, number, number, number]>('filterShape'), size = sides(x, 1), out = sides(dy, 1), { strides, dilations, begin } = geometry(call, size, [shape[0], shape[1]]);
    const end = each(i => (shape[i]! - 1) * dilations[i] + (out[i] - 1) * strides[i] + 1 - size[i] - begin[i]), cut = each(i => Math.max(0, -end[i]));
    const image: Value = b.slice(x, [0, 0, 0, 0], [x.shape[0]!, size[0] - cut[0], size[1] - cut[1], x.shape[3]!]);
    const y = conv(call, b.transpose(image, [3, 0, 1, 2]), b.transpose(dy, [3, 0, 1, 2]), [shape[2], shape[3], shape[0], shape[1]], { strides: dilations, dilations: strides, begin, end: each(i => Math.max(0, end[i])) });
    return b.transpose(y, [2, 3, 0, 1]);
  },
  Conv2DBackpropInput: call => {
    const { b, value, attr } = call, dy = value('dy'), w = value('filter'), shape = attr<readonly [number, number, number, number]>('inputShape'), kernel = sides(w, 0), { strides, dilations, begin, end } = geometry(call, [shape[1], shape[2]], kernel);
    const rest = each(i => shape[i + 1]! + begin[i] + end[i] - ((dy.shape[i + 1]! - 1) * strides[i] + (kernel[i] - 1) * dilations[i] + 1));
    const y = b.one('ConvTranspose', [b.transpose(dy, CHANNELS_FIRST), b.transpose(w, OUT_IN)], [shape[0], shape[3], shape[1], shape[2]], 'float32', { strides, dilations, pads: [...begin, ...end], output_padding: rest, kernel_shape: kernel });
    return b.transpose(y, CHANNELS_LAST);
  },
};
