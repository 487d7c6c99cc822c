/** How thoroughly tests of faults go: `npm test` tries some of all places and moments, CI tries all of them (SKEIN_ROUNDS=50). */
export const ROUNDS = Number(process.env['SKEIN_ROUNDS'] ?? 6);
export const ALL = ROUNDS >= 50;
/** Of so many places one is tried. */
export const EVERY = ALL ? 1 : 12;
/** Of many ways of one check some: every so manyth, from `first` on. */
export const some = <T>(ways: readonly T[], every: number, first = 0): readonly T[] => (ALL ? ways : ways.filter((_, i) => i % every === first % every));
