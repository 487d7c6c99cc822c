/** Who hears of a run: the run folder, TensorBoard, the terminal, a third party's. */

/** Clocks of a run at the moment of a record. */
export interface Moment {
  /** Environment steps over all copies. */
  readonly step: number;
  readonly update: number;
  /** Finished episodes over all copies. */
  readonly episode: number;
  /** Wall time since the run began, over all its sessions; from a monotonic clock. */
  readonly seconds: number;
}
/** Values by their public names (`docs/run-folder.md`): `train/return`, `eval/return`, `loss/<rule>`, ... */
export interface MetricRecord extends Moment { readonly values: Readonly<Record<string, number>> }
export interface RunEvent extends Moment { readonly kind: 'start' | 'overlap' | 'swap' | 'checkpoint' | 'alarm' | 'resume' | 'end'; readonly detail: Readonly<Record<string, unknown>> }
/** What a tracker is told at the start; plain JSON, the content of `run.json`. */
export interface RunRecord {
  readonly name: string; readonly algorithm: string; readonly environment: string;
  /** Steps that the run is to take. */
  readonly steps: number;
  readonly [key: string]: unknown;
}
/** Where the run is, many times a second: of how many steps, and the latest values by their names. */
export interface Place extends Moment { readonly steps: number; readonly latest: Readonly<Record<string, number>> }
/** What a tracker is told of it; the speed is as it was lately, everything included, and 0 until it is known. */
export interface Progress extends Place { readonly stepsPerSecond: number }

export interface Tracker {
  start?(record: RunRecord): void | Promise<void>; metrics?(record: MetricRecord): void | Promise<void>; event?(event: RunEvent): void | Promise<void>;
  progress?(progress: Progress): void; close?(): void | Promise<void>;
}
