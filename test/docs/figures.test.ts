/** The figures of docs/reproductions.md and the tables beside them are of the runs that test/fixtures/figures holds. */
import { describe, expect, it } from 'vitest';
import { pageText } from './blocks.ts';
import { FIGURES, TABLES } from './make-figures.ts';

describe('docs/reproductions.md', () => {
  it.each(Object.entries(FIGURES))('shows the figure %s as it is drawn', async (name, draw) => {
    expect(pageText(`docs/pictures/${name}.svg`) === await draw()).toBe(true);
    expect(pageText('docs/reproductions.md')).toContain(`](pictures/${name}.svg)`);
  });
  it.each(Object.entries(TABLES))('has the table of %s', async (_, table) => { expect(pageText('docs/reproductions.md')).toContain(await table()); });
});
