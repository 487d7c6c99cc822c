/** SVG as PNG: the packaged fonts and no others, so that the pixels are the same on every machine. The rasteriser is an optional package and loaded here only. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Beside the sources, also when this file is run from `dist`. */
const FONTS = ['Inter-Regular.ttf', 'Inter-SemiBold.ttf', 'JetBrainsMono-Regular.ttf'].map(name => ['./fonts/', '../../visualizer/fonts/'].map(folder => fileURLToPath(new URL(folder + name, import.meta.url))).find(existsSync) ?? name);
/** Pixels, after scaling. */
export const LARGEST = { side: 30_000, area: 100e6 };

/** `svg` has one theme: see `Theme`. */
export async function png(svg: string, scale = 2): Promise<Uint8Array> {
  const { Resvg } = await import('@resvg/resvg-js');
  return new Resvg(svg, { fitTo: { mode: 'zoom', value: scale }, font: { fontFiles: FONTS, loadSystemFonts: false, defaultFontFamily: 'Inter', sansSerifFamily: 'Inter', monospaceFamily: 'JetBrains Mono' } }).render().asPng();
}
