/** How tensors start. Any function of the same form is one. */
import type { Init } from '../core/layers.ts';

export const constant = (value: number): Init => into => { into.fill(value); };
/** Uniform within `bound` of 0. */
export const uniformWithin = (bound: number): Init => (into, random) => { random.fill('uniform', into).forEach((u, i) => { into[i] = (2 * u - 1) * bound; }); };
/** Normal, of mean 0. */
export const gaussian = (std: number): Init => (into, random) => { random.fill('normal', into).forEach((x, i) => { into[i] = x * std; }); };
/** PyTorch's of what adds up so many inputs: uniform within 1/sqrt(from). */
export const fanIn = (from: number): Init => uniformWithin(1 / Math.sqrt(Math.max(1, from)));

/**
 * Orthonormal columns (or rows, where there are fewer of them) times a gain: modified Gram-Schmidt on a normal matrix (Saxe et al. 2013, arXiv 1312.6120).
 * It acts on the last two dims, with the others flattened into the first of them.
 */
export const orthogonal = (gain = 1): Init => (into, random, shape) => {
  const columns = shape.at(-1) ?? 1, rows = into.length / columns, tall = rows >= columns, [long, short] = tall ? [rows, columns] : [columns, rows];
  const at = (i: number, j: number) => (tall ? i * columns + j : j * columns + i), basis = Float64Array.from(random.fill('normal', into));
  for (let j = 0; j < short; j++) {
    for (let k = 0; k < j; k++) {
      let dot = 0;
      for (let i = 0; i < long; i++) dot += basis[at(i, j)]! * basis[at(i, k)]!;
      for (let i = 0; i < long; i++) basis[at(i, j)]! -= dot * basis[at(i, k)]!;
    }
    let norm = 0;
    for (let i = 0; i < long; i++) norm += basis[at(i, j)]! ** 2;
    for (let i = 0; i < long; i++) basis[at(i, j)]! /= Math.sqrt(norm) || 1;
  }
  for (let i = 0; i < into.length; i++) into[i] = gain * basis[i]!;
};

/** `orthogonal` as PyTorch's is drawn for a GRU: all gates are one matrix [gate out, in] there; here it is laid out [gate, in, out]. */
export const orthogonalGates = (gain = 1): Init => (into, random, [gates = 1, from = 1, to = 1]) => {
  const whole = new Float32Array(into.length);
  orthogonal(gain)(whole, random, [gates * to, from]);
  for (let g = 0; g < gates; g++) for (let i = 0; i < from; i++) for (let o = 0; o < to; o++) into[(g * from + i) * to + o] = whole[(g * to + o) * from + i]!;
};
