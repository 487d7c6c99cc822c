/** Speed of a run, from how fast it was lately. */

/** Seconds after which what was counts for a third: long enough that an evaluation or a checkpoint does not make the speed jump. */
const MEMORY = 30;

export class Pace {
  #before: { readonly steps: number; readonly seconds: number };
  #steps = 0;
  #seconds = 0;
  /** Where the clocks stand as it begins; a run that is resumed begins anew. */
  constructor(steps: number, seconds: number) { this.#before = { steps, seconds }; }

  /** Steps a second; 0 until a second has passed, as nobody knows it earlier. */
  after(steps: number, seconds: number): number {
    const passed = seconds - this.#before.seconds;
    if (passed > 0) {
      const fades = Math.exp(-passed / MEMORY);
      this.#steps = this.#steps * fades + steps - this.#before.steps;
      this.#seconds = this.#seconds * fades + passed;
      this.#before = { steps, seconds };
    }
    return this.#seconds < 1 ? 0 : this.#steps / this.#seconds;
  }
}
