/**
 * A program in ONNX operators with known shapes. It simplifies while it is built: equal operators are one, constants fold, what changes nothing
 * vanishes. What no output needs is left behind, and never looked at again.
 */
import type { Attribute, DataType } from './onnx-writer.ts';

export type Numbers = Float32Array | Int32Array | Uint8Array;
export interface Value {
  readonly id: number; readonly shape: readonly number[]; readonly dtype: DataType;
  /** What makes it, and which of its outputs it is. */
  readonly from?: Operator; readonly at: number;
  /** An input of the program, or a part of one that lies in one piece: which element is its first, and the shape of the whole. */
  readonly name?: string; readonly offset?: number; readonly whole?: readonly number[];
  /** A constant: one number everywhere, or these. */
  readonly uniform?: number; readonly data?: Numbers;
  /** How many bodies it is inside of; constants are outside of all. */
  readonly depth: number;
}
/** What an operator runs once for each slot of its inputs. It may read what is outside of it. */
export interface Body { readonly inputs: readonly Value[]; readonly outputs: readonly Value[]; readonly captured: readonly Value[] }
export interface Operator {
  readonly type: string; readonly in: readonly Value[]; readonly out: Value[]; readonly attributes: Readonly<Record<string, Attribute>>;
  /** The node of the page that it belongs to. */
  readonly scope: string;
  readonly body?: Body;
}

export const count = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
const same = (a: readonly number[], b: readonly number[]): boolean => a.length === b.length && a.every((x, i) => x === b[i]);
/** The shape of an element-wise operator's result. */
export function broadcast(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length), size = (s: readonly number[], i: number) => s[s.length - rank + i] ?? 1;
  return Array.from({ length: rank }, (_, i) => {
    const [x, y] = [size(a, i), size(b, i)];
    if (x !== y && x !== 1 && y !== 1) throw new Error(`shapes [${a.join(', ')}] and [${b.join(', ')}] do not go together`);
    return x === 1 ? y : x;
  });
}

/** What a float of 0 and 1 was made of. */
const truth = ({ dtype, from }: Value): Value | undefined => (dtype === 'float32' && from?.type === 'Cast' && from.in[0]!.dtype === 'bool' ? from.in[0] : undefined);

type Arithmetic = 'Add' | 'Sub' | 'Mul' | 'Div' | 'Max' | 'Min' | 'Pow';
type Reduction = 'ReduceSum' | 'ReduceMean' | 'ReduceMax' | 'ReduceMin' | 'ReduceProd';
const FOLD: Readonly<Record<Arithmetic, (a: number, b: number) => number>> = { Add: (a, b) => a + b, Sub: (a, b) => a - b, Mul: (a, b) => a * b, Div: (a, b) => a / b, Max: Math.max, Min: Math.min, Pow: Math.pow };
const FOLD_ONE: Readonly<Record<string, (x: number) => number>> = { Neg: x => -x, Abs: Math.abs, Exp: Math.exp, Log: Math.log, Sqrt: Math.sqrt, Relu: x => Math.max(0, x), Tanh: Math.tanh, Sigmoid: x => 1 / (1 + Math.exp(-x)) };
const FOLD_ALL: Readonly<Record<Reduction, (x: number, n: number) => number>> = { ReduceSum: (x, n) => x * n, ReduceProd: (x, n) => x ** n, ReduceMean: x => x, ReduceMax: x => x, ReduceMin: x => x };
/** The operand that leaves the other as it is: [left, right]. */
const NEUTRAL: Readonly<Partial<Record<Arithmetic, readonly [number | undefined, number]>>> = { Add: [0, 0], Sub: [undefined, 0], Mul: [1, 1], Div: [undefined, 1] };
/** One long float32 sum loses digits, 1e-4 over two million: such a sum is made in parts of so many. */
const LONG = 8192, PART = 256;
/** A sum of all there is goes along many lanes at once, and may have parts that are longer: the longest of so many at most that leaves no rest. */
const wholeParts = (n: number): number | undefined => { for (let part = Math.min(n, LONG); part >= Math.min(n, PART); part--) if (n % part === 0 && n / part <= LONG) return part; return undefined; };
/** Parts that leave no rest, those of about that size first. */
const PARTS = Array.from({ length: 449 }, (_, i) => 64 + i).sort((a, b) => Math.abs(a - PART) - Math.abs(b - PART));
/** Rows of so few elements, and so many rows, that one number a row is sooner repeated by a product with ones, then taken element by element, than spread by the operator itself, which goes row by row: 22 us of [2048, 6] by [2048, 1], 4 so. */
const NARROW = 32, MANY = 64;
/** Constants up to this size are looked for among those there are. */
const SHORT = 4096;

export class Builder {
  /** Of the program, with the parts of them that are read, or of a body. */
  readonly inputs: Value[] = [];
  scope = '';
  /** Of a body: where it stands. What depends on nothing inside is built there, once for all slots. */
  readonly #outside: Builder | undefined; readonly #depth: number;
  readonly #whole: { ids: number; readonly constants: Map<string, Value>; readonly inputs: Value[]; readonly views: boolean };
  readonly #operators = new Map<string, Operator>();
  /** Without `views` an input is one, whatever is read of it. */
  constructor(outside?: Builder, views = true) {
    this.#outside = outside; this.#depth = outside ? outside.#depth + 1 : 0; this.#whole = outside ? outside.#whole : { ids: 0, constants: new Map(), inputs: this.inputs, views };
    this.scope = outside?.scope ?? '';
  }

  #make(v: Omit<Value, 'id' | 'at'> & { readonly at?: number }): Value { return { at: 0, ...v, id: this.#whole.ids++ }; }
  #known(key: string, v: Omit<Value, 'id' | 'at' | 'depth'>): Value {
    const { constants } = this.#whole, known = constants.get(key) ?? this.#make({ ...v, depth: 0 });
    constants.set(key, known);
    return known;
  }
  /** An input of the program; of a body, without a name, a slot of one. */
  input(shape: readonly number[], dtype: DataType, name?: string): Value {
    const v = this.#make({ shape, dtype, depth: this.#depth, ...(name === undefined ? {} : { name }) });
    this.inputs.push(v);
    return v;
  }
  /** Elements of an input that lie in one piece: whoever gives it gives them as they lie, and nothing is copied. */
  #view(x: Value, offset: number, shape: readonly number[]): Value | undefined {
    const { name, dtype, whole = x.shape } = x, from = (x.offset ?? 0) + offset;
    if (name === undefined || !this.#whole.views) return undefined;
    const { inputs } = this.#whole, known = inputs.find(v => v.name === name && (v.offset ?? 0) === from && same(v.shape, shape));
    if (!known) inputs.push(this.#make({ shape, dtype, name, offset: from, whole, depth: 0 }));
    return known ?? inputs.at(-1);
  }
  fill(value: number, shape: readonly number[], dtype: DataType = 'float32'): Value {
    const uniform = dtype === 'float32' ? Math.fround(value) : value;
    return this.#known(`${dtype} ${Object.is(uniform, -0) ? '-0' : uniform} [${shape.join()}]`, { shape, dtype, uniform });
  }
  scalar(value: number, dtype: DataType = 'float32'): Value { return this.fill(value, [], dtype); }
  constant(data: Numbers, shape: readonly number[], dtype: DataType): Value {
    const [first] = data;
    if (first !== undefined && data.every(x => Object.is(x, first))) return this.fill(first, shape, dtype);
    return data.length > SHORT ? this.#make({ shape, dtype, data, depth: 0 }) : this.#known(`${dtype} (${data.join()}) [${shape.join()}]`, { shape, dtype, data });
  }
  /** Sizes, axes and places, as operators ask for them. */
  integers(list: readonly number[]): Value { return this.#known(`int64 (${list.join()})`, { shape: [list.length], dtype: 'int64', data: Int32Array.from(list) }); }

  operator(type: string, inputs: readonly Value[], outputs: readonly { readonly shape: readonly number[]; readonly dtype: DataType }[], attributes: Operator['attributes'] = {}): readonly Value[] {
    if (this.#outside && inputs.every(v => v.depth < this.#depth)) return this.#outside.operator(type, inputs, outputs, attributes);
    const key = `${type}(${inputs.map(v => v.id).join()})${JSON.stringify(attributes)}${outputs.map(o => `[${o.shape.join()}]`).join('')}`, known = this.#operators.get(key);
    if (known) return known.out;
    const made: Operator = { type, in: inputs, out: [], attributes, scope: this.scope };
    this.#operators.set(key, made);
    return this.#filled(made, outputs);
  }
  #filled(made: Operator, outputs: readonly { readonly shape: readonly number[]; readonly dtype: DataType }[]): readonly Value[] {
    made.out.push(...outputs.map(({ shape, dtype }, at) => this.#make({ shape, dtype, from: made, at, depth: this.#depth })));
    return made.out;
  }
  /** `body` for each slot of `xs`, which lie time first: the carries after the last one, and what it gives for each. */
  scan(carries: readonly Value[], xs: readonly Value[], backwards: boolean, body: (b: Builder, carries: readonly Value[], slots: readonly Value[]) => readonly Value[]): readonly Value[] {
    const inside = new Builder(this), before = carries.map(x => inside.input(x.shape, x.dtype)), slots = xs.map(x => inside.input(x.shape.slice(1), x.dtype)), outputs = body(inside, before, slots), given = outputs.slice(carries.length);
    const captured = [...new Set([...outputs, ...needed(outputs, inside.#depth).flatMap(o => [...o.in, ...o.body?.captured ?? []])])].filter(v => v.depth < inside.#depth), length = xs[0]!.shape[0]!;
    const way = Number(backwards), made: Operator = { type: 'Scan', in: [...carries, ...xs], out: [], scope: this.scope, body: { inputs: inside.inputs, outputs, captured }, attributes: { num_scan_inputs: xs.length, scan_input_directions: xs.map(() => way), scan_output_directions: given.map(() => way) } };
    return this.#filled(made, [...outputs.slice(0, carries.length), ...given.map(v => ({ shape: [length, ...v.shape], dtype: v.dtype }))]);
  }
  one(type: string, inputs: readonly Value[], shape: readonly number[], dtype: DataType = 'float32', attributes: Operator['attributes'] = {}): Value {
    return this.operator(type, inputs, [{ shape, dtype }], attributes)[0]!;
  }
  unary(type: string, x: Value): Value {
    const fold = FOLD_ONE[type];
    return fold && x.uniform !== undefined && x.dtype === 'float32' ? this.fill(fold(x.uniform), x.shape) : this.one(type, [x], x.shape, x.dtype);
  }
  /** An operand that is only repeated needs no repeating where the operator broadcasts. */
  #bare(x: Value, others: readonly number[], out: readonly number[]): Value {
    const { from, uniform } = x;
    if (from?.type === 'Expand' && same(broadcast(from.in[0]!.shape, others), out)) return from.in[0]!;
    return uniform !== undefined && x.shape.length > 0 && same(broadcast([], others), out) ? this.fill(uniform, [], x.dtype) : x;
  }
  /** An operator over operands that broadcast. */
  spread(type: string, operands: readonly Value[], dtype: DataType): Value {
    const shape = operands.map(x => x.shape).reduce(broadcast), bare = [...operands];
    bare.forEach((x, i) => { bare[i] = this.#bare(x, bare.filter((_, k) => k !== i).map(y => y.shape).reduce(broadcast, []), shape); });
    return this.one(type, bare.map(x => this.#alongRow(x, shape)), shape, dtype);
  }
  #alongRow(x: Value, shape: readonly number[]): Value {
    const n = shape.at(-1) ?? 1, rows = count(shape) / n;
    if (x.dtype !== 'float32' || x.uniform !== undefined || n === 1 || n > NARROW || rows < MANY || !same(x.shape, [...shape.slice(0, -1), 1])) return x;
    return this.reshape(this.product(this.reshape(x, [rows, 1]), this.fill(1, [1, n])), shape);
  }
  binary(type: Arithmetic, a: Value, b: Value): Value {
    const shape = broadcast(a.shape, b.shape), [left, right] = NEUTRAL[type] ?? [], float = a.dtype === 'float32';
    if (float && a.uniform !== undefined && b.uniform !== undefined) return this.fill(FOLD[type](a.uniform, b.uniform), shape);
    if (right !== undefined && b.uniform === right) return this.expand(a, shape);
    if (left !== undefined && a.uniform === left) return this.expand(b, shape);
    if (type === 'Mul') for (const [x, mask] of [[a, b], [b, a]] as const) {
      if (mask.uniform === 0) return this.fill(0, shape, a.dtype);
      const on = float ? truth(mask) : undefined, off = on?.from?.type === 'Not' ? on.from.in[0] : undefined;
      if (on) return this.spread('Where', off ? [off, this.scalar(0), x] : [on, x, this.scalar(0)], 'float32');
    }
    const taken = type === 'Sub' && a.uniform === 1 && float ? truth(b) : undefined;
    if (taken) return this.expand(this.cast(taken.from?.type === 'Not' ? taken.from.in[0]! : this.one('Not', [taken], taken.shape, 'bool'), 'float32'), shape);
    return this.spread(type, [a, b], a.dtype);
  }
  /** What only moves elements is done with a truth, of which a number is made afterwards: so it stays one, for who asks with it. */
  #before(x: Value, move: (x: Value) => Value): Value | undefined {
    if (x.from?.type === 'Not') { const moved = move(x.from.in[0]!); return this.one('Not', [moved], moved.shape, 'bool'); }
    const on = truth(x);
    return on && this.cast(move(on), 'float32');
  }
  expand(x: Value, shape: readonly number[]): Value {
    if (same(x.shape, shape)) return x;
    const moved = this.#before(x, y => this.expand(y, shape));
    if (moved) return moved;
    if (x.uniform !== undefined) return this.fill(x.uniform, shape, x.dtype);
    return this.one('Expand', [x.from?.type === 'Expand' ? x.from.in[0]! : x, this.integers(shape)], shape, x.dtype);
  }
  cast(x: Value, dtype: DataType): Value {
    if (x.dtype === dtype) return x;
    if (x.uniform !== undefined) return this.fill(dtype === 'bool' ? Number(x.uniform !== 0) : dtype === 'float32' ? x.uniform : Math.trunc(x.uniform), x.shape, dtype);
    if (x.from?.type === 'Cast' && x.from.in[0]!.dtype === 'bool') return this.cast(x.from.in[0]!, dtype);         // 0 and 1 in any dtype
    return this.one('Cast', [x], x.shape, dtype, { to: { float32: 1, int32: 6, int64: 7, bool: 9 }[dtype] });
  }
  reshape(x: Value, shape: readonly number[]): Value {
    if (same(x.shape, shape)) return x;
    if (x.uniform !== undefined) return this.fill(x.uniform, shape, x.dtype);
    if (x.data) return this.constant(x.data, shape, x.dtype);
    const moved = this.#before(x, y => this.reshape(y, shape));
    if (moved) return moved;
    return x.from?.type === 'Reshape' ? this.reshape(x.from.in[0]!, shape) : this.#view(x, 0, shape) ?? this.one('Reshape', [x, this.integers(shape)], shape, x.dtype);
  }
  transpose(x: Value, perm: readonly number[]): Value {
    const shape = perm.map(axis => x.shape[axis]!), moved = perm.filter(axis => x.shape[axis]! > 1);
    if (moved.every((axis, i) => i === 0 || axis > moved[i - 1]!)) return this.reshape(x, shape);      // only axes of one element move: no data does
    if (x.uniform !== undefined) return this.fill(x.uniform, shape, x.dtype);
    if (x.from?.type !== 'Transpose') return this.one('Transpose', [x], shape, x.dtype, { perm });
    const before = x.from.attributes['perm'] as readonly number[];
    return this.transpose(x.from.in[0]!, perm.map(axis => before[axis]!));
  }
  reduce(type: Reduction, x: Value, axes: readonly number[], keep: boolean): Value {
    const shape = keep ? x.shape.map((n, i) => (axes.includes(i) ? 1 : n)) : x.shape.filter((_, i) => !axes.includes(i)), real = axes.filter(a => x.shape[a] !== 1), n = count(real.map(a => x.shape[a]!));
    if (!real.length) return this.reshape(x, shape);
    if (x.uniform !== undefined) return this.fill(FOLD_ALL[type](x.uniform, n), shape, x.dtype);
    // down the columns it is a product with ones, which is made in parts and three times as fast
    if (type === 'ReduceSum' && x.dtype === 'float32' && real.length && count(shape) > 1 && axes.every((a, i) => a === i)) return this.reshape(this.product(this.fill(1, [1, n]), this.reshape(x, [n, count(shape)])), shape);
    const part = type === 'ReduceSum' && x.dtype === 'float32' && count(shape) === 1 ? wholeParts(n) : undefined;
    if (part !== undefined) {
      const { from } = x, squared = from?.type === 'Mul' && from.in[0] === from.in[1], of = squared ? from.in[0]! : x, sum = squared ? 'ReduceSumSquare' : type;
      if (part === n) return this.one(sum, [of, this.integers(axes)], shape, x.dtype, { keepdims: Number(keep) });
      return this.reshape(this.reduce('ReduceSum', this.one(sum, [this.reshape(of, [n / part, part]), this.integers([1])], [n / part], x.dtype, { keepdims: 0 }), [0], false), shape);
    }
    if (n > LONG && x.dtype === 'float32' && (type === 'ReduceSum' || type === 'ReduceMean')) {
      const total = this.reshape(this.#longSum(x, real, n), shape);
      return type === 'ReduceSum' ? total : this.binary('Div', total, this.scalar(n));
    }
    return this.one(type, [x, this.integers(axes)], shape, x.dtype, { keepdims: Number(keep) });
  }
  /** First by parts, then of the parts; the axes that are summed stand first where others follow, else last. What does not fill a part is a sum of its own. */
  #longSum(x: Value, axes: readonly number[], n: number): Value {
    const others = x.shape.map((_, i) => i).filter(i => !axes.includes(i)), m = count(others.map(i => x.shape[i]!)), first = m > 1 && axes.every((a, i) => a === i), part = PARTS.find(p => n % p === 0) ?? PART, head = n - (n % part);
    const flat = this.reshape(axes.every((a, i) => a === i) ? x : this.transpose(x, [...others, ...axes]), first ? [n, m] : [m, n]), axis = first ? 0 : 1;
    const piece = (from: number, size: number) => this.slice(flat, first ? [from, 0] : [0, from], first ? [size, m] : [m, size]), whole = this.reshape(piece(0, head), first ? [head / part, part, m] : [m, head / part, part]);
    const total = this.reduce('ReduceSum', this.reduce('ReduceSum', whole, [first ? 1 : 2], false), [axis], false);
    return head === n ? total : this.binary('Add', total, this.reduce('ReduceSum', piece(head, n - head), [axis], false));
  }
  concat(parts: readonly Value[], axis: number): Value {
    const xs = parts.filter(x => count(x.shape) > 0), [first] = xs;
    if (xs.length < 2) return first ?? parts[0]!;
    const shape = first!.shape.map((n, i) => (i === axis ? xs.reduce((sum, x) => sum + x.shape[axis]!, 0) : n)), split = first!.from;
    if (first!.uniform !== undefined && xs.every(x => Object.is(x.uniform, first!.uniform))) return this.fill(first!.uniform, shape, first!.dtype);
    if (split?.type === 'Split' && split.attributes['axis'] === axis && split.out.length === xs.length && xs.every((x, i) => x === split.out[i])) return split.in[0]!;
    return this.one('Concat', xs, shape, first!.dtype, { axis });
  }
  split(x: Value, sizes: readonly number[], axis: number): readonly Value[] {
    if (sizes.length === 1) return [x];
    const shapes = sizes.map(n => x.shape.map((size, i) => (i === axis ? n : size))), { from } = x;
    if (x.uniform !== undefined) return shapes.map(s => this.fill(x.uniform!, s, x.dtype));
    if (from?.type === 'Concat' && from.attributes['axis'] === axis && from.in.length === sizes.length && from.in.every((v, i) => v.shape[axis] === sizes[i])) return from.in;
    const row = count(x.shape.slice(axis + 1));
    if (x.name !== undefined && this.#whole.views && count(x.shape.slice(0, axis)) === 1) return shapes.map((shape, i) => this.#view(x, row * sizes.slice(0, i).reduce((a, b) => a + b, 0), shape)!);
    return this.operator('Split', [x, this.integers(sizes)], shapes.map(shape => ({ shape, dtype: x.dtype })), { axis });
  }
  /** `size` elements from `begin`, every `step`th of them where there are steps. */
  slice(x: Value, begin: readonly number[], size: readonly number[], step: readonly number[] = x.shape.map(() => 1)): Value {
    const axes = x.shape.map((_, i) => i).filter(i => size[i] !== x.shape[i] || step[i] !== 1), at = (list: readonly number[]) => axes.map(i => list[i]!);
    if (!axes.length) return x;
    if (x.uniform !== undefined) return this.fill(x.uniform, size, x.dtype);
    const [first = 0] = axes, view = axes.length === 1 && step[first] === 1 && count(x.shape.slice(0, first)) === 1 ? this.#view(x, begin[first]! * count(x.shape.slice(first + 1)), size) : undefined;
    if (view) return view;
    // backwards the end lies before the first element, which only a number below all others can say
    const end = axes.map(i => (step[i]! > 0 ? begin[i]! + (size[i]! - 1) * step[i]! + 1 : begin[i]! + size[i]! * step[i]! < 0 ? -(2 ** 31) : begin[i]! + size[i]! * step[i]!));
    return this.one('Slice', [x, this.integers(at(begin)), this.integers(end), this.integers(axes), ...(step.every(s => s === 1) ? [] : [this.integers(at(step))])], size, x.dtype);
  }
  pad(x: Value, before: readonly number[], after: readonly number[], value = 0): Value {
    const shape = x.shape.map((n, i) => n + before[i]! + after[i]!);
    if (same(shape, x.shape)) return x;
    if (x.uniform === value) return this.fill(value, shape, x.dtype);
    return this.one('Pad', [x, this.integers([...before, ...after]), this.scalar(value, x.dtype)], shape, x.dtype);
  }
  /** A product of two matrices, of which each may lie on its side: `Gemm` takes them as they are. */
  product(a: Value, b: Value, turnA = false, turnB = false): Value {
    if (a.from?.type === 'Transpose') return this.product(a.from.in[0]!, b, !turnA, turnB);
    if (b.from?.type === 'Transpose') return this.product(a, b.from.in[0]!, turnA, !turnB);
    const shape = [a.shape[turnA ? 1 : 0]!, b.shape[turnB ? 0 : 1]!];
    if (a.uniform === 0 || b.uniform === 0) return this.fill(0, shape);
    return turnA || turnB ? this.one('Gemm', [a, b], shape, 'float32', { transA: Number(turnA), transB: Number(turnB) }) : this.one('MatMul', [a, b], shape);
  }
}

/** Operators that these values need, each after what it needs itself; of a body only those inside. */
export function needed(values: Iterable<Value>, depth = 0): Operator[] {
  const seen = new Set<Operator>(), out: Operator[] = [], stack: { readonly operator: Operator; readonly inputs: readonly Value[]; next: number }[] = [];
  const visit = ({ from, depth: at }: Value) => { if (from && at === depth && !seen.has(from)) { seen.add(from); stack.push({ operator: from, inputs: [...from.in, ...from.body?.captured ?? []], next: 0 }); } };
  for (const value of values) {
    visit(value);
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const input = top.inputs[top.next++];
      if (input) visit(input);
      else out.push(stack.pop()!.operator);
    }
  }
  return out;
}
