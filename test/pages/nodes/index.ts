/** Plain nodes for the pages that the framework does not bring: enough to prove their wiring, no more. */
export { gridEncoder } from './features.ts';
export * from './losses.ts';
