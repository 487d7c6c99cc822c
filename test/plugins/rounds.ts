/** How thoroughly tests of faults go: `npm test` tries some of all places and moments, CI tries all of them (SKEIN_ROUNDS=50). */
export const ROUNDS = Number(process.env['SKEIN_ROUNDS'] ?? 6);
/** Of so many places one is tried. */
export const EVERY = ROUNDS >= 50 ? 1 : 12;
