/** Which checkpoints of a run stay: all while there is room, then ever fewer, spread over the run. */

/** How many stay at most, and how many bytes they take together. The newest two stay in any case: one may be damaged. */
export interface Room { readonly checkpoints: number; readonly bytes: number }
export const ROOM: Room = { checkpoints: 100, bytes: 2 ** 30 };
const NEWEST = 2;

export interface Held { readonly update: number; readonly bytes: number }
/** Of those that are there, oldest first. While there is no room the one goes whose neighbours are nearest to each other, the oldest of several: gaps stay alike. */
export function staying<T extends Held>(there: readonly T[], { checkpoints, bytes }: Room): readonly T[] {
  const stay = [...there];
  let held = stay.reduce((all, one) => all + one.bytes, 0);
  while (stay.length > NEWEST && (stay.length > checkpoints || held > bytes)) {
    const gaps = stay.slice(0, -NEWEST).map((_, i) => stay[i + 1]!.update - (stay[i - 1]?.update ?? 0));
    held -= stay.splice(gaps.indexOf(Math.min(...gaps)), 1)[0]!.bytes;
  }
  return stay;
}
