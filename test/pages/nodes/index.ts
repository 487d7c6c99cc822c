/** Plain nodes for the pages that the framework does not bring: enough to prove their wiring, no more. */
export { agentTransformer } from './features.ts';
export { actionDecoder } from './policies.ts';
export * from './returns.ts';
