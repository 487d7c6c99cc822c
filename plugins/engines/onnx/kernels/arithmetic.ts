/** Element by element. */
import type { Builder, Value } from '../builder.ts';
import { counted, dataType, float, type Lowering, type Lowerings } from './lowering.ts';

/** A function of real numbers. */
const real = (type: string): Lowering => ({ b, value }) => b.unary(type, float(b, value('x')));
/** One that leaves whole numbers whole. */
const plain = (type: string): Lowering => ({ b, value }) => b.unary(type, value('x'));
const binary = (type: Parameters<Builder['binary']>[0]): Lowering => ({ b, value }) => b.binary(type, counted(b, value('a')), counted(b, value('b')));
const compare = (type: string): Lowering => ({ b, value }) => b.spread(type, [counted(b, value('a')), counted(b, value('b'))], 'bool');
const logical = (type: string): Lowering => ({ b, value }) => b.spread(type, [value('a'), value('b')], 'bool');
const not = (b: Builder, x: Value): Value => b.one('Not', [x], x.shape, 'bool');
const unequal = (b: Builder, x: Value, y: Value): Value => not(b, b.spread('Equal', [x, y], 'bool'));
const test = (type: string) => (b: Builder, x: Value): Value => b.one(type, [x], x.shape, 'bool');
const isNan = test('IsNaN'), isInf = test('IsInf');
const clip = (b: Builder, x: Value, least: number, most: number): Value => b.one('Clip', [x, b.scalar(least, x.dtype), b.scalar(most, x.dtype)], x.shape, x.dtype);
const choose = (b: Builder, condition: Value, then: Value, otherwise: Value): Value => b.spread('Where', [condition, then, otherwise], then.dtype);
const less = (b: Builder, x: Value, y: Value): Value => b.spread('Less', [x, y], 'bool');
const floorDivide = (b: Builder, x: Value, y: Value): Value => b.cast(b.unary('Floor', b.binary('Div', float(b, x), float(b, y))), x.dtype);

/**
 * 1 where x > 0, else 0, for the gradient of a rectifier: of its result, so that nobody keeps what went into it, and without a truth, by which the runtime chooses element by element, several times slower.
 * Between 0 and 3e-39, where float32 has few digits left, it is in between.
 */
const positive = (b: Builder, x: Value): Value => clip(b, b.binary('Mul', b.unary('Relu', x), b.scalar(3.4e38)), 0, 1);

/** Logits below that are no chance, and what is taken off so that they have none. */
const LEAST = -80, LEAST_EXP = 1.9e-35;
/** Does it say by a number far below 0 that something is left out, as masked logits do? */
const leavesOut = ({ from }: Value): boolean => from?.type === 'Where' ? from.in.some(x => x.uniform !== undefined && x.uniform < LEAST) : (from?.type === 'Sub' || from?.type === 'Reshape') && leavesOut(from.in[0]!);
/**
 * exp(x). The runtime takes 5 ns for a result below 1e-38, in place of 0.3, even where it comes out as 0, and as much again for whatever is made of it. Of logits
 * some of which are masked it is 0 from exp(-80) down, and from 1e-27 up the same to the bit.
 */
const exp = (b: Builder, x: Value): Value => (leavesOut(x) ? b.unary('Relu', b.binary('Sub', b.unary('Exp', b.binary('Max', x, b.scalar(LEAST))), b.scalar(LEAST_EXP))) : b.unary('Exp', x));

/** log(1 + x), exact also near 0: the error of 1 + x stands in numerator and denominator alike (Kahan). */
function log1p(b: Builder, x: Value): Value {
  const u = b.binary('Add', x, b.scalar(1)), exact = b.binary('Div', b.binary('Mul', b.unary('Log', u), x), b.binary('Sub', u, b.scalar(1)));
  return choose(b, b.spread('Or', [b.spread('Equal', [u, b.scalar(1)], 'bool'), isInf(b, u)], 'bool'), x, exact);
}
/** exp(x) - 1 by the same means; far from 0 there is nothing to lose. */
function expm1(b: Builder, x: Value): Value {
  const u = b.unary('Exp', x), far = b.binary('Sub', u, b.scalar(1)), exact = choose(b, b.spread('Equal', [u, b.scalar(1)], 'bool'), x, b.binary('Div', b.binary('Mul', far, x), b.unary('Log', u)));
  return choose(b, less(b, b.unary('Abs', x), b.scalar(0.5)), exact, far);
}

export const arithmetic: Lowerings = {
  Add: binary('Add'), Sub: binary('Sub'), Multiply: binary('Mul'), RealDiv: binary('Div'), Maximum: binary('Max'), Minimum: binary('Min'), Pow: binary('Pow'),
  AddN: ({ b, values }) => values().reduce((x, y) => b.binary('Add', x, y)),
  SquaredDifference: ({ b, value }) => { const d = b.binary('Sub', value('a'), value('b')); return b.binary('Mul', d, d); },
  FloorDiv: ({ b, value }) => floorDivide(b, value('a'), value('b')),
  // the rest has the sign of the divisor
  Mod: ({ b, value }) => {
    const x = value('a'), y = value('b'), rest = b.one('Mod', [x, y].map(v => b.expand(v, b.binary('Add', x, y).shape)), b.binary('Add', x, y).shape, x.dtype, { fmod: 1 });
    return choose(b, less(b, b.binary('Mul', rest, y), b.scalar(0, x.dtype)), b.binary('Add', rest, y), rest);
  },
  Square: ({ b, value }) => b.binary('Mul', value('x'), value('x')),
  Abs: plain('Abs'), Neg: plain('Neg'), Sign: plain('Sign'), Relu: plain('Relu'),
  Floor: plain('Floor'), Ceil: plain('Ceil'), Round: plain('Round'),
  Exp: ({ b, value }) => exp(b, float(b, value('x'))), Log: real('Log'), Sqrt: real('Sqrt'), Sigmoid: real('Sigmoid'), Tanh: real('Tanh'), Softplus: real('Softplus'), Elu: real('Elu'), Selu: real('Selu'), Erf: real('Erf'), Reciprocal: real('Reciprocal'),
  Sin: real('Sin'), Cos: real('Cos'), Tan: real('Tan'), Sinh: real('Sinh'), Cosh: real('Cosh'), Asin: real('Asin'), Acos: real('Acos'), Atan: real('Atan'), Asinh: real('Asinh'), Acosh: real('Acosh'), Atanh: real('Atanh'),
  Rsqrt: ({ b, value }) => b.binary('Div', b.scalar(1), b.unary('Sqrt', float(b, value('x')))),
  Log1p: ({ b, value }) => log1p(b, float(b, value('x'))),
  Expm1: ({ b, value }) => expm1(b, float(b, value('x'))),
  EluGrad: ({ b, value }) => b.binary('Mul', value('dy'), b.binary('Min', b.binary('Add', value('y'), b.scalar(1)), b.scalar(1))),
  LeakyRelu: ({ b, value, attr }) => { const x = value('x'); return b.one('LeakyRelu', [x], x.shape, x.dtype, { alpha: { float: attr<number>('alpha') } }); },
  Prelu: ({ b, value }) => { const x = value('x'); return b.binary('Add', b.binary('Max', x, b.scalar(0)), b.binary('Mul', value('alpha'), b.binary('Min', x, b.scalar(0)))); },
  Relu6: ({ b, value }) => clip(b, value('x'), 0, 6),
  ClipByValue: ({ b, value, attr }) => clip(b, value('x'), attr('clipValueMin'), attr('clipValueMax')),
  Step: ({ b, value, attr }) => {
    const x = value('x'), below = attr<number>('alpha'), above = x.dtype === 'float32' ? positive(b, x) : b.cast(b.spread('Greater', [x, b.scalar(0, x.dtype)], 'bool'), x.dtype);
    return below ? b.binary('Add', b.binary('Mul', above, b.scalar(1 - below)), b.scalar(below)) : above;
  },
  Cast: ({ b, value, attr }) => b.cast(value('x'), dataType(attr('dtype'))),
  IsNan: ({ b, value }) => isNan(b, value('x')), IsInf: ({ b, value }) => isInf(b, value('x')),
  IsFinite: ({ b, value }) => not(b, b.spread('Or', [isNan(b, value('x')), isInf(b, value('x'))], 'bool')),
  Greater: compare('Greater'), GreaterEqual: compare('GreaterOrEqual'), Less: compare('Less'), LessEqual: compare('LessOrEqual'), Equal: compare('Equal'),
  NotEqual: ({ b, value }) => unequal(b, counted(b, value('a')), counted(b, value('b'))),
  LogicalAnd: logical('And'), LogicalOr: logical('Or'), LogicalNot: ({ b, value }) => not(b, value('x')),
  Select: ({ b, value }) => { const t = value('t'); return b.cast(choose(b, value('condition'), counted(b, t), counted(b, value('e'))), t.dtype); },
};
