/** Bad usage told apart from a bad page: `check` answers with what is wrong with a page, and refuses a question that is wrong itself. */
import { InputError } from '../core/error.ts';

export class UsageError extends InputError {}
/** Input errors of some work are bad usage; problems of a page stay what they are. */
export function asUsage<T>(work: () => T): T {
  try { return work(); } catch (e) {
    if (!(e instanceof InputError)) throw e;
    throw new UsageError(e.fix === undefined ? e.message : e.message.replace(`\n  fix: ${e.fix}`, ''), e.fix);
  }
}
