/** Names of foraging tasks: `8x8-2p-3f-coop` is a field of 8 rows and 8 columns, 2 players, 3 foods, all food needing everybody's levels. */
export interface ForagingTask { readonly rows: number; readonly cols: number; readonly players: number; readonly foods: number; readonly coop: boolean }

export const TASK_GRAMMAR = '{rows}x{cols}-{players}p-{foods}f, with -coop behind it if need be (2s- of other names is option sight=2)';
const TASK = /^(\d+)x(\d+)-(\d+)p-(\d+)f(-coop)?$/;

/** Undefined where the text is no such name. */
export function parseForagingTask(text: string): ForagingTask | undefined {
  const match = TASK.exec(text);
  if (!match) return undefined;
  const [rows, cols, players, foods] = match.slice(1, 5).map(Number) as [number, number, number, number];
  return { rows, cols, players, foods, coop: match[5] !== undefined };
}

export const formatForagingTask = ({ rows, cols, players, foods, coop }: ForagingTask): string =>
  `${rows}x${cols}-${players}p-${foods}f${coop ? '-coop' : ''}`;
