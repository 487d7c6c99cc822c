/** What the fixtures of policy gradients hold, in our names. */
import type { NamedArray } from '../../core/store.ts';
import { importTorch } from '../../plugins/testing.ts';
import type { Arrays } from '../nodes/arrays.ts';

export interface Encoded { readonly shape: readonly number[]; readonly data: readonly number[] }
export type State = Readonly<Record<string, Encoded>>;
export const arrayOf = ({ shape, data }: Encoded, of: Float32ArrayConstructor | Int32ArrayConstructor | Uint8ArrayConstructor = Float32Array): NamedArray => ({ shape, data: of.from(data) });
const DTYPES: Readonly<Record<string, Int32ArrayConstructor | Uint8ArrayConstructor>> = { action: Int32Array, avail: Uint8Array, terminated: Uint8Array, truncated: Uint8Array, start: Uint8Array };
export const batchOf = (batch: State): Arrays => Object.fromEntries(Object.entries(batch).map(([k, x]) => [`data.${k}`, arrayOf(x, DTYPES[k])]));

/** Widths of the hidden layers: as many rows as each kernel but the last has. */
export const hiddenOf = (state: State): number[] => Object.entries(state).filter(([k]) => /^actor\.\d+\.weight$/.test(k)).map(([, x]) => x.shape[0]!).slice(0, -1);
/** `actor.0`, `actor.2`, ... are the layers of encoder and policy, `critic.0`, `critic.2`, ... those of the critic. */
export function oursOf(state: State): Arrays {
  const depth = hiddenOf(state).length, layer = (net: string, i: number) => (net === 'critic' ? ['critic/net/kernel', 'critic/net/bias', i] : i < depth ? ['encoder/net/kernel', 'encoder/net/bias', i] : ['policy/head/kernel', 'policy/head/bias', '']);
  const names = Object.keys(state).map(k => k.split('.') as [string, string, string]).map(([net, place, what]) => {
    const [kernel, bias, i] = layer(net, Number(place) / 2);
    return what === 'weight' ? [`${kernel}${i}`, { from: `${net}.${place}.weight`, transpose: true }] as const : [`${bias}${i}`, { from: `${net}.${place}.bias` }] as const;
  });
  return importTorch(Object.fromEntries(Object.entries(state).map(([k, x]) => [k, arrayOf(x)])), Object.fromEntries(names));
}
