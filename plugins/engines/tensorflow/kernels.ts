/** What TensorFlow refuses and the other backends of TensorFlow.js take: a program gives the same on all of them. */
import * as tf from '@tensorflow/tfjs-core';

type Args = Parameters<tf.KernelFunc>[0];
type Result = ReturnType<tf.KernelFunc>;
/** Another way to compute a kernel, or undefined where TensorFlow can do it itself. Operations in it are not recorded: a kernel is one step of a gradient. */
type Remedy = (args: Args) => tf.Tensor | undefined;
const inputsOf = <Name extends string>({ inputs }: Args) => inputs as unknown as Readonly<Record<Name, tf.Tensor>>;

const concat: Remedy = args => {
  const all = args.inputs as unknown as readonly tf.Tensor[], { axis } = args.attrs as unknown as { axis: number }, [{ dtype }] = all as readonly [tf.Tensor];
  return all.every(x => x.dtype === dtype) ? undefined : tf.concat(all.map(x => tf.cast(x, dtype)), axis);
};
const comparison = (of: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor): Remedy => args => {
  const { a, b } = inputsOf<'a' | 'b'>(args);
  return a.dtype === 'bool' && b.dtype === 'bool' ? of(tf.cast(a, 'int32'), tf.cast(b, 'int32')) : undefined;
};

interface Convolution { readonly pad: 'valid' | 'same' | number | readonly (readonly [number, number])[]; readonly dataFormat: 'NHWC' | 'NCHW'; readonly inputShape: number[] }
type Padding = [number, number][];
/** Of each dim, where the padding is numbers. */
function paddingOf({ pad, dataFormat }: Convolution): Padding | undefined {
  if (pad === 'valid' || pad === 'same') return undefined;
  if (typeof pad !== 'number') return pad.map(([before, after]) => [before, after]);
  return [...dataFormat].map(dim => (dim === 'H' || dim === 'W' ? [pad, pad] : [0, 0]));
}
/** Inputs are padded first, and the gradient to them is cut out of that to the padded ones. */
const padded = (compute: (args: Args, attrs: Convolution, padding: Padding) => tf.Tensor): Remedy => args => {
  const attrs = args.attrs as unknown as Convolution, padding = paddingOf(attrs);
  return padding && compute(args, attrs, padding);
};
const run = (kernel: string, inputs: Readonly<Record<string, tf.Tensor>>, attrs: object): tf.Tensor => tf.engine().runKernel(kernel, inputs, { ...attrs, pad: 'valid' } as tf.NamedAttrMap);

const REMEDIES: Readonly<Record<string, Remedy>> = {
  [tf.Concat]: concat,
  [tf.Greater]: comparison(tf.greater), [tf.GreaterEqual]: comparison(tf.greaterEqual), [tf.Less]: comparison(tf.less), [tf.LessEqual]: comparison(tf.lessEqual),
  [tf.Conv2D]: padded((args, attrs, padding) => { const { x, filter } = inputsOf<'x' | 'filter'>(args); return run(tf.Conv2D, { x: tf.pad(x, padding), filter }, attrs); }),
  [tf.Conv2DBackpropFilter]: padded((args, attrs, padding) => { const { x, dy } = inputsOf<'x' | 'dy'>(args); return run(tf.Conv2DBackpropFilter, { x: tf.pad(x, padding), dy }, attrs); }),
  [tf.Conv2DBackpropInput]: padded((args, attrs, padding) => {
    const { dy, filter } = inputsOf<'dy' | 'filter'>(args), { inputShape } = attrs;
    return tf.slice(run(tf.Conv2DBackpropInput, { dy, filter }, { ...attrs, inputShape: inputShape.map((n, i) => n + padding[i]![0] + padding[i]![1]) }), padding.map(([before]) => before), inputShape);
  }),
};
/** Once, after the backend's own kernels are registered. */
export function mend(): void {
  for (const [name, remedy] of Object.entries(REMEDIES)) {
    const kernel = tf.getKernel(name, 'tensorflow') as tf.KernelConfig | undefined;
    if (!kernel) continue;
    const own = kernel.kernelFunc;
    tf.unregisterKernel(name, 'tensorflow');
    tf.registerKernel({ ...kernel, kernelFunc: (args): Result => tf.tidy(() => remedy(args)) ?? own(args) });
  }
}
