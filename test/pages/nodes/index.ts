/** Plain nodes for the pages that the framework does not bring: enough to prove their wiring, no more. */
export * from './critics.ts';
export * from './explore.ts';
export { beliefDecoder, beliefEncoder, gridEncoder } from './features.ts';
export * from './losses.ts';
export { actionLogits, gaussian, gaussianLogProb, meanAndStd, ownFresh } from './policies.ts';
export * from './returns.ts';
