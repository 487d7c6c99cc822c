/** ONNX models as bytes: the few messages of onnx.proto that a program needs, in the wire format of protocol buffers. */
export const TYPES = { float32: 1, int32: 6, int64: 7, bool: 9 } as const;
export type DataType = keyof typeof TYPES;
/** Whole numbers, unless `float` says that it is one that is not. */
export type Attribute = number | readonly number[] | string | { readonly float: number } | { readonly graph: Graph };
export interface GraphNode { readonly type: string; readonly name: string; readonly in: readonly string[]; readonly out: readonly string[]; readonly attributes: Readonly<Record<string, Attribute>> }
export interface Constant { readonly name: string; readonly dtype: DataType; readonly shape: readonly number[]; readonly bytes: Uint8Array }
export interface Variable { readonly name: string; readonly dtype: DataType; readonly shape: readonly number[] }
export interface Graph { readonly nodes: readonly GraphNode[]; readonly constants: readonly Constant[]; readonly inputs: readonly Variable[]; readonly outputs: readonly Variable[] }

/** Of the format of the file, and of the standard operators. */
export const IR_VERSION = 8, OPSET = 18;
const ATTRIBUTE = { float: 1, int: 2, string: 3, graph: 5, ints: 7 } as const;
const utf8 = new TextEncoder();

/** Fields by number: varints, 32-bit floats, and what has a length. */
class Message {
  #bytes = new Uint8Array(256);
  #n = 0;
  get bytes(): Uint8Array { return this.#bytes.subarray(0, this.#n); }
  #room(more: number): void {
    if (this.#n + more <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(2 * this.#bytes.length, this.#n + more));
    larger.set(this.bytes);
    this.#bytes = larger;
  }
  /** Negative numbers are 64 bits in two's complement. */
  #varint(x: number): void {
    this.#room(10);
    let high = x < 0 ? 9 : 0, rest = x < 0 ? BigInt.asUintN(64, BigInt(x)) : 0n;
    if (x >= 0) for (; x > 127; x = Math.floor(x / 128)) this.#bytes[this.#n++] = (x % 128) | 128;
    else for (; high > 0; high--, rest >>= 7n) this.#bytes[this.#n++] = Number(rest & 127n) | 128;
    this.#bytes[this.#n++] = x < 0 ? Number(rest) : x;
  }
  int(field: number, x: number): this { this.#varint(field << 3); this.#varint(x); return this; }
  float(field: number, x: number): this {
    this.#varint((field << 3) | 5);
    this.#room(4);
    new DataView(this.#bytes.buffer).setFloat32(this.#n, x, true);
    this.#n += 4;
    return this;
  }
  data(field: number, x: Uint8Array): this {
    this.#varint((field << 3) | 2);
    this.#varint(x.length);
    this.#room(x.length);
    this.#bytes.set(x, this.#n);
    this.#n += x.length;
    return this;
  }
  text(field: number, x: string): this { return this.data(field, utf8.encode(x)); }
  message(field: number, fill: (m: Message) => void): this { const m = new Message(); fill(m); return this.data(field, m.bytes); }
}

const attribute = (name: string, x: Attribute) => (m: Message): void => {
  m.text(1, name);
  if (typeof x === 'number') m.int(3, x).int(20, ATTRIBUTE.int);
  else if (typeof x === 'string') m.text(4, x).int(20, ATTRIBUTE.string);
  else if ('float' in x) m.float(2, x.float).int(20, ATTRIBUTE.float);
  else if ('graph' in x) m.message(6, graph(x.graph)).int(20, ATTRIBUTE.graph);
  else { for (const i of x) m.int(8, i); m.int(20, ATTRIBUTE.ints); }
};
const node = ({ type, name, in: inputs, out, attributes }: GraphNode) => (m: Message): void => {
  for (const i of inputs) m.text(1, i);
  for (const o of out) m.text(2, o);
  m.text(3, name).text(4, type);
  for (const [key, x] of Object.entries(attributes)) m.message(5, attribute(key, x));
};
const constant = ({ name, dtype, shape, bytes }: Constant) => (m: Message): void => { for (const n of shape) m.int(1, n); m.int(2, TYPES[dtype]).text(8, name).data(9, bytes); };
const variable = ({ name, dtype, shape }: Variable) => (m: Message): void => {
  const sizes = (s: Message) => { for (const n of shape) s.message(1, d => d.int(1, n)); };
  m.text(1, name).message(2, type => type.message(1, tensor => tensor.int(1, TYPES[dtype]).message(2, sizes)));
};
const graph = ({ nodes, constants, inputs, outputs }: Graph) => (m: Message): void => {
  for (const n of nodes) m.message(1, node(n));
  m.text(2, 'program');
  for (const c of constants) m.message(5, constant(c));
  for (const v of inputs) m.message(11, variable(v));
  for (const v of outputs) m.message(12, variable(v));
};
/** A ModelProto. */
export function write(g: Graph): Uint8Array {
  return new Message().int(1, IR_VERSION).text(2, 'skein').message(7, graph(g)).message(8, m => m.text(1, '').int(2, OPSET)).bytes.slice();
}
