/** Lines in the room between two columns: each net has a track for its upright part, and tracks stand in the order in which they cross least. */

/** One net between two columns: from one height to some others. */
export interface Run { readonly net: string; readonly from: number; readonly to: readonly number[] }
export interface Tracks {
  /** Track of each net that is not straight, from 0. */
  readonly of: ReadonlyMap<string, number>;
  readonly count: number;
}
/** Heights closer than this look like one line. */
const NEAR = 5;

interface Upright extends Run { readonly top: number; readonly bottom: number }
const crosses = (y: number, u: Upright) => y > u.top + 0.5 && y < u.bottom - 0.5;
const near = (a: number, b: number) => Math.abs(a - b) < NEAR;
/** What it costs to have one net's track left of the other's. */
function costOf(left: Upright, right: Upright): number {
  let cost = 0;
  for (const y of left.to) { if (crosses(y, right)) cost += 1; if (near(y, right.from)) cost += 100; }
  if (crosses(right.from, left)) cost += 1;
  for (const y of left.to) for (const other of right.to) if (near(y, other)) cost += 100;      // they would arrive as one
  if (near(left.from, right.from)) cost += 100;
  return cost;
}
const apart = (a: Upright, b: Upright) => a.bottom + 8 < b.top || b.bottom + 8 < a.top;

export function tracks(runs: readonly Run[]): Tracks {
  const upright = runs.map((r): Upright => ({ ...r, top: Math.min(r.from, ...r.to), bottom: Math.max(r.from, ...r.to) })).filter(r => r.bottom - r.top > 0.5);
  const cost = upright.map(a => upright.map(b => (a === b ? 0 : costOf(a, b))));
  const order = upright.map((_, i) => i).sort((a, b) => upright[a]!.from - upright[b]!.from || a - b);
  for (let better = true, round = 0; better && round < 20; round++) {        // each to the place where it costs least
    better = false;
    for (const n of [...order]) {
      const at = order.indexOf(n), rest = order.filter(x => x !== n);
      let here = rest.reduce((sum, x) => sum + cost[n]![x]!, 0), least = Infinity, best = 0, now = 0;
      for (let k = 0; k <= rest.length; k++) {
        if (k > 0) here += cost[rest[k - 1]!]![n]! - cost[n]![rest[k - 1]!]!;
        if (k === at) now = here;
        if (here < least) { least = here; best = k; }
      }
      if (least < now) { rest.splice(best, 0, n); order.splice(0, order.length, ...rest); better = true; }
    }
  }
  const track = new Map<number, number>();
  for (const [k, n] of order.entries()) {
    const before = order.slice(0, k).filter(m => !apart(upright[m]!, upright[n]!) || cost[n]![m]! > cost[m]![n]!);
    track.set(n, before.reduce((a, m) => Math.max(a, track.get(m)! + 1), 0));
  }
  return { of: new Map([...track].map(([n, t]) => [upright[n]!.net, t])), count: [...track.values()].reduce((a, t) => Math.max(a, t + 1), 0) };
}
