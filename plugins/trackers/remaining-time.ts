/** How long a run will still take, from how fast it was lately. */
import type { Progress } from '../../core/tracker.ts';

/** Seconds after which what was counts for a third: long enough that an evaluation does not make the estimate jump. */
const MEMORY = 30;

export class RemainingTime {
  #before: { readonly step: number; readonly seconds: number } | undefined;
  #steps = 0;
  #seconds = 0;

  /** Seconds, at least one while there is something left; undefined until the run has gone on for a second. */
  after({ step, seconds, steps }: Progress): number | undefined {
    if (this.#before && seconds > this.#before.seconds) {
      const passed = seconds - this.#before.seconds, fades = Math.exp(-passed / MEMORY);
      this.#steps = this.#steps * fades + step - this.#before.step;
      this.#seconds = this.#seconds * fades + passed;
    }
    this.#before = { step, seconds };
    if (step >= steps) return 0;
    return this.#seconds < 1 || this.#steps <= 0 ? undefined : Math.max(1, (steps - step) * this.#seconds / this.#steps);
  }
}
