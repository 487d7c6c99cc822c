/** From a trace to the bytes of a model. Operators are called `node/Type#n`, so that a profile can be folded back onto the page. */
import { count, needed, type Value } from './builder.ts';
import { write, type Constant, type DataType, type GraphNode } from './onnx-writer.ts';
import type { Trace } from './symbolic-backend.ts';

export interface Port { readonly name: string; readonly shape: readonly number[]; readonly dtype: DataType }
export interface Model {
  readonly bytes: Uint8Array;
  /** What its outputs depend on, in the order in which they were asked for. Inside the model they are called `in:name`, and outputs `out:name`. */
  readonly inputs: readonly Port[]; readonly outputs: readonly Port[];
  /** By type, how many operators there are. */
  readonly operators: ReadonlyMap<string, number>;
  /** Bytes of all values that it computes. */
  readonly size: number;
}
/** Constants of one number are written out up to this many elements. */
const SMALL = 256;

const ARRAYS = { float32: Float32Array, int32: Int32Array, bool: Uint8Array } as const;
function bytesOf({ data, uniform, dtype }: Value, n: number): Uint8Array {
  const numbers = data ?? new Float64Array(n).fill(uniform!), array = dtype === 'int64' ? BigInt64Array.from([...numbers], BigInt) : ARRAYS[dtype].from(numbers);
  return new Uint8Array(array.buffer);
}

export function emit({ inputs, outputs }: Trace): Model {
  const operators = needed(outputs.values()), names = new Map<Value, string>(), constants: Constant[] = [], nodes: GraphNode[] = [], counts = new Map<string, number>();
  const add = (scope: string, type: string, node: Pick<GraphNode, 'in' | 'out' | 'domain' | 'attributes'>) => { nodes.push({ type, name: `${scope}/${type}#${nodes.length}`, ...node }); };
  const constant = (v: Value): string => {
    const name = `c${v.id}`, { shape, dtype } = v, n = count(shape);
    if (v.uniform === undefined || n <= SMALL) { constants.push({ name, dtype, shape, bytes: bytesOf(v, n) }); return name; }
    constants.push({ name: `${name}.one`, dtype, shape: shape.map(() => 1), bytes: bytesOf(v, 1) }, { name: `${name}.shape`, dtype: 'int64', shape: [shape.length], bytes: new Uint8Array(BigInt64Array.from([...shape], BigInt).buffer) });
    add('constant', 'Expand', { in: [`${name}.one`, `${name}.shape`], out: [name], attributes: {} });
    return name;
  };
  const nameOf = (v: Value): string => {
    const name = names.get(v) ?? (v.name !== undefined ? `in:${v.name}` : v.from ? `v${v.id}` : constant(v));
    names.set(v, name);
    return name;
  };
  for (const [name, v] of outputs) if (v.from && !names.has(v)) names.set(v, `out:${name}`);
  for (const { type, domain, scope, in: from, out, attributes } of operators) {
    counts.set(type, (counts.get(type) ?? 0) + 1);
    add(scope, type, { in: from.map(nameOf), out: out.map(nameOf), attributes, ...(domain === undefined ? {} : { domain }) });
  }
  // an input, a constant or a value that is given twice is an output of its own
  for (const [name, v] of outputs) if (nameOf(v) !== `out:${name}`) add('out', 'Identity', { in: [nameOf(v)], out: [`out:${name}`], attributes: {} });
  const ports = { inputs: inputs.filter(v => names.has(v)).map(v => ({ name: v.name!, shape: v.shape, dtype: v.dtype })), outputs: [...outputs].map(([name, v]) => ({ name, shape: v.shape, dtype: v.dtype })) };
  const inside = (list: readonly Port[], prefix: string) => list.map(p => ({ ...p, name: `${prefix}:${p.name}` }));
  return {
    ...ports, operators: counts, size: operators.reduce((sum, o) => sum + o.out.reduce((bytes, v) => bytes + 4 * count(v.shape), 0), 0),
    bytes: write({ nodes, constants, inputs: inside(ports.inputs, 'in'), outputs: inside(ports.outputs, 'out') }),
  };
}
