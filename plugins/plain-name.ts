/** A name as it is looked up: case, '-' and '_' do not matter, so two that differ in nothing else are one. */
export const plainName = (name: string): string => name.toLowerCase().replace(/[-_]/g, '');
