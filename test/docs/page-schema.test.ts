/** docs/page.schema.json is the schema that pages are read by. */
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { toJson } from '../../core/definition.ts';
import { pages } from '../../graphs/index.ts';
import { blocksOf, filesOf, pageText } from './blocks.ts';
import { pageSchemaText } from './make-page-schema.ts';

type Wrong = { nodes: Record<string, { in: Record<string, string>; role: string }>; train: { q: { losses: unknown[] } }; format: number; world: unknown };
const schema = z.fromJSONSchema(JSON.parse(pageText('docs/page.schema.json')) as Parameters<typeof z.fromJSONSchema>[0]);
const example = (): Wrong => JSON.parse(filesOf(blocksOf(pageText('docs/extending.md')))['soft-vdn.json']!) as Wrong;

describe('docs/page.schema.json', () => {
  it('is what test/docs/make-page-schema.ts makes', () => { expect(pageText('docs/page.schema.json')).toBe(pageSchemaText()); });

  it.each(Object.entries(pages))('takes %s as JSON', (_, page) => { expect(schema.safeParse(toJson(page)).error).toBeUndefined(); });

  it('takes the example of docs/extending.md', () => { expect(schema.safeParse(example()).error).toBeUndefined(); });

  it.each<[string, (page: Wrong) => void]>([
    ['a wire that is no wire', p => { p.nodes['mixer']!.in['agentQs'] = 'chosen.value | later'; }],
    ['a role that there is not', p => { p.nodes['mixer']!.role = 'socket'; }],
    ['a field that there is not', p => { Object.assign(p.nodes['mixer']!, { module: './evil.js' }); }],
    ['a rule without a loss', p => { p.train.q.losses = []; }],
    ['a format to come', p => { p.format = 2; }],
    ['a world that there is not', p => { p.world = 'crowd'; }],
  ])('refuses %s', (_, spoil) => {
    const page = example();
    spoil(page);
    expect(schema.safeParse(page).success).toBe(false);
  });
});
