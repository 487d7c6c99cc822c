import { RunError } from '../../core/error.ts';

/** A batch was asked of a replay that has none to give. */
export const empty = (what: string): RunError => new RunError(`nothing can be drawn from the ${what} replay: it is empty`, 'draw when `stored` is above 0');
