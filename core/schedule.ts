/** Numbers that change over a run, as data. A schedule may stand for whatever no program is made for: any knob, a loss weight, a learning rate, a clip, epochs, polyak. */

/** Environment steps over all copies, updates, or finished episodes. */
export type Clock = 'steps' | 'updates' | 'episodes';
export type Clocks = Readonly<Record<Clock, number>>;
export const CLOCKS = ['steps', 'updates', 'episodes'] as const;

/** From `from` to `to` over `over` ticks of a clock; constant afterwards. */
export interface Schedule {
  readonly schedule: 'linear' | 'exponential'; readonly from: number; readonly to: number; readonly over: number; readonly clock: Clock;
}
type Over = { readonly from: number; readonly to: number } & ({ readonly steps: number } | { readonly updates: number } | { readonly episodes: number });

const over = (schedule: Schedule['schedule']) => (o: Over): Schedule => {
  const lengths = o as Partial<Record<Clock, number>>, clock = CLOCKS.find(c => lengths[c] !== undefined) ?? 'steps';
  return { schedule, from: o.from, to: o.to, over: lengths[clock] ?? 0, clock };
};
/** Straight from `from` to `to`: linear({ from: 1, to: 0.05, steps: 50_000 }). */
export const linear = over('linear');
/** By a constant factor each tick: from (to / from)^(t / over). Both ends must be above 0. */
export const exponential = over('exponential');

export const isSchedule = (x: unknown): x is Schedule => typeof x === 'object' && x !== null && 'schedule' in x;

/** The value at these clocks. */
export function valueAt(x: number | Schedule, clocks: Clocks): number {
  if (typeof x === 'number') return x;
  const f = Math.min(1, clocks[x.clock] / x.over);
  return x.schedule === 'linear' ? x.from + f * (x.to - x.from) : x.from * (x.to / x.from) ** f;
}
