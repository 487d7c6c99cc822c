/** docs/page.schema.json, made from the schema in core/definition.ts: `npx tsx test/docs/make-page-schema.ts` writes it. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { pageSchema } from '../../core/definition.ts';

/** Draft 7, which editors know best. */
export const pageSchemaText = (): string => {
  const { $schema, ...rest } = z.toJSONSchema(pageSchema, { target: 'draft-7', io: 'input' });
  return `${JSON.stringify({ $schema, title: 'A page of Skein, format 1', description: 'An algorithm as data: nodes, the wires between them, what is trained and how it acts. See docs/extending.md.', ...rest }, null, 1)}\n`;
};

const [, started] = process.argv;
if (started === fileURLToPath(import.meta.url)) writeFileSync(new URL('../../docs/page.schema.json', import.meta.url), pageSchemaText());
