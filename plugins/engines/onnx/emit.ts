/** From a trace to the bytes of a model. Operators are called `node/Type#n`, so that a profile can be folded back onto the page. */
import { count, needed, type Operator, type Value } from './builder.ts';
import { write, type Constant, type DataType, type Graph, type GraphNode } from './onnx-writer.ts';
import type { Trace } from './symbolic-backend.ts';

/** An input or output of a program, and what it is called inside the model. */
export interface Port { readonly name: string; readonly called: string; readonly shape: readonly number[]; readonly dtype: DataType }
/** `shape` is that of the part that the model reads, from an element on. */
export interface InPort extends Port { readonly whole: readonly number[]; readonly offset: number }
export interface Model {
  readonly bytes: Uint8Array;
  /** What its outputs depend on, in the order in which they were asked for; parts of one input stand together. */
  readonly inputs: readonly InPort[]; readonly outputs: readonly Port[];
  /** By type, how many operators there are. */
  readonly operators: ReadonlyMap<string, number>;
  /** Bytes of all values between, which is more than a session holds: it uses room again. */
  readonly room: number;
  /** Bytes that an operator gives in a call, on average; those within steps give as often as there are slots. */
  readonly grain: number;
}
/** What inputs and outputs are called inside the model. No value between them has such a name, which begins with a colon. */
export interface Names { input(name: string): string; output(name: string): string }
const calledInput = (called: Names, { name = '', offset, shape }: Value): string => called.input(offset === undefined ? name : `${name} ${offset} [${shape.join()}]`);
const APART: Names = { input: name => `in:${name}`, output: name => `out:${name}` };
/** Constants of one number are written out up to this many elements. */
const SMALL = 256;

const ARRAYS = { float32: Float32Array, int32: Int32Array, bool: Uint8Array } as const;
function bytesOf({ data, uniform, dtype }: Value, n: number): Uint8Array {
  const numbers = data ?? new Float64Array(n).fill(uniform!), array = dtype === 'int64' ? BigInt64Array.from([...numbers], BigInt) : ARRAYS[dtype].from(numbers);
  return new Uint8Array(array.buffer);
}

const bytesIn = (values: readonly Value[]): number => values.reduce((sum, { shape }) => sum + 4 * count(shape), 0);

/** Writes the graph of a program, and of bodies within it. All constants are the program's. */
class Writer {
  readonly constants: Constant[] = [];
  readonly counts = new Map<string, number>();
  room = 0;
  /** How often what is being written runs in a call; all runs so far, and the bytes that they give. */
  #times = 1; #runs = 0; #given = 0;
  /** Of the program: constants that are made stand before what reads them. */
  readonly #nodes: GraphNode[] = [];
  readonly #names = new Map<Value, string>();
  readonly #called: Names;
  constructor(called: Names) { this.#called = called; }

  #add(nodes: GraphNode[], scope: string, type: string, node: Pick<GraphNode, 'in' | 'out' | 'attributes'>): void {
    nodes.push({ type, name: `${scope}/${type}#${this.counts.get(type) ?? 0}`, ...node });
    this.counts.set(type, (this.counts.get(type) ?? 0) + 1);
  }
  #constant(v: Value): string {
    const name = `:c${v.id}`, { shape, dtype } = v, n = count(shape);
    if (v.uniform === undefined || n <= SMALL) { this.constants.push({ name, dtype, shape, bytes: bytesOf(v, n) }); return name; }
    this.constants.push({ name: `${name}.one`, dtype, shape: shape.map(() => 1), bytes: bytesOf(v, 1) }, { name: `${name}.shape`, dtype: 'int64', shape: [shape.length], bytes: new Uint8Array(BigInt64Array.from([...shape], BigInt).buffer) });
    this.#add(this.#nodes, '', 'Expand', { in: [`${name}.one`, `${name}.shape`], out: [name], attributes: {} });
    return name;
  }
  #name(v: Value): string {
    const name = this.#names.get(v) ?? (v.name !== undefined ? calledInput(this.#called, v) : v.uniform !== undefined || v.data ? this.#constant(v) : `:v${v.id}`);
    this.#names.set(v, name);
    return name;
  }
  get grain(): number { return this.#given / Math.max(1, this.#runs); }
  reads(v: Value): boolean { return this.#names.has(v); }

  /** Outputs by their names. */
  graph(outputs: ReadonlyMap<string, Value>, inputs: readonly Value[], depth: number): Omit<Graph, 'constants'> {
    const nodes = depth === 0 ? this.#nodes : [], operators = withAddends(needed(outputs.values(), depth), outputs.values()), read = new Set<Value>([...outputs.values(), ...operators.flatMap(o => [...o.in, ...o.body?.captured ?? []])]);
    for (const [name, v] of outputs) if (v.from && v.depth === depth && !this.#names.has(v)) this.#names.set(v, name);
    for (const o of operators) this.#operator(nodes, o, read, depth);
    // an input, a constant or a value that is given twice is an output of its own
    for (const [name, v] of outputs) if (this.#name(v) !== name) this.#add(nodes, '', 'Identity', { in: [this.#name(v)], out: [name], attributes: {} });
    const ports = (list: Iterable<readonly [string, Value]>) => [...list].map(([name, { shape, dtype }]) => ({ name, shape, dtype }));
    return { nodes, inputs: ports(inputs.filter(v => depth > 0 || this.reads(v)).map(v => [this.#name(v), v])), outputs: ports(outputs) };
  }
  #operator(nodes: GraphNode[], { type, scope, in: inputs, out, attributes, body }: Operator, read: ReadonlySet<Value>, depth: number): void {
    const from = inputs.map(v => this.#name(v));
    if (!body) {
      const bytes = bytesIn(out);
      this.room += bytes; this.#given += this.#times * bytes; this.#runs += this.#times;
      this.#add(nodes, scope, type, { in: from, out: out.map(v => this.#name(v)), attributes });
      return;
    }
    // what nobody reads is not saved for each slot; the carries must be given
    const ways = attributes['scan_output_directions'] as readonly number[], carries = out.length - ways.length, kept = out.map((v, i) => i < carries || read.has(v)), given = out.filter((_, i) => kept[i]), inside = new Map(body.outputs.filter((_, i) => kept[i]).map((v, i) => [`:b${out[0]!.id}.${i}`, v] as const));
    const outside = this.#times;
    this.room += bytesIn(given);
    this.#times *= inputs.at(-1)!.shape[0]!;
    const graph: Graph = { ...this.graph(inside, body.inputs, depth + 1), constants: [] };
    this.#times = outside;
    this.#add(nodes, scope, type, { in: from, out: given.map(v => this.#name(v)), attributes: { ...attributes, scan_output_directions: ways.slice(0, given.length - carries), body: { graph } } });
  }
}
/** A sum of a product and something else is one operator, where nothing else reads the product. */
function withAddends(operators: readonly Operator[], outputs: Iterable<Value>): Operator[] {
  const uses = new Map<Value, number>(), taken = new Set<Operator>(), made = new Map<Operator, Operator>();
  for (const v of [...outputs, ...operators.flatMap(o => [...o.in, ...o.body?.captured ?? []])]) uses.set(v, (uses.get(v) ?? 0) + 1);
  const fits = (to: readonly number[], from: readonly number[]) => from.length <= 2 && from.every((n, i) => n === 1 || n === to[to.length - from.length + i]);
  for (const o of operators) {
    if (o.type !== 'Add') continue;
    const pair = ([[0, 1], [1, 0]] as const).map(([p, a]) => [o.in[p]!, o.in[a]!] as const).find(([p, a]) => (p.from?.type === 'MatMul' || p.from?.type === 'Gemm') && p.from.in.every(v => v.shape.length === 2) && p.from.in.length === 2 && p.depth === o.out[0]!.depth && uses.get(p) === 1 && fits(p.shape, a.shape) && p.shape.length === o.out[0]!.shape.length);
    if (!pair) continue;
    const [{ from }, addend] = pair;
    taken.add(from!);
    made.set(o, { ...o, type: 'Gemm', in: [...from!.in, addend], attributes: from!.attributes });
  }
  return operators.filter(o => !taken.has(o)).map(o => made.get(o) ?? o);
}

export function emit({ inputs, outputs }: Trace, called = APART): Model {
  const names = [...new Set(inputs.map(v => v.name!))], all = names.flatMap(name => inputs.filter(v => v.name === name));
  const writer = new Writer(called), graph = writer.graph(new Map([...outputs].map(([name, { value }]) => [called.output(name), value])), all, 0);
  return {
    inputs: all.filter(v => writer.reads(v)).map(v => ({ name: v.name!, called: calledInput(called, v), shape: v.shape, dtype: v.dtype, whole: v.whole ?? v.shape, offset: v.offset ?? 0 })),
    outputs: [...outputs].map(([name, { value, shape }]) => ({ name, called: called.output(name), shape, dtype: value.dtype })), operators: writer.counts, room: writer.room, grain: writer.grain, bytes: write({ ...graph, constants: writer.constants }),
  };
}
