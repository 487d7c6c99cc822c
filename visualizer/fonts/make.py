"""Cuts the three faces of the pictures down to the characters that they draw, and writes their widths.

    pip install fonttools
    npm pack @expo-google-fonts/inter@0.4.2 @expo-google-fonts/jetbrains-mono@0.4.1   # unpack both under FONTS
    python visualizer/fonts/make.py FONTS

Inter and JetBrains Mono are under the SIL Open Font License 1.1 (OFL.txt beside this file).
"""
import pathlib
import sys
from fontTools import subset
from fontTools.ttLib import TTFont

HERE = pathlib.Path(__file__).parent
FACES = {
    'sans': ('inter/400Regular/Inter_400Regular.ttf', 'Inter-Regular.ttf'),
    'bold': ('inter/600SemiBold/Inter_600SemiBold.ttf', 'Inter-SemiBold.ttf'),
    'mono': ('jetbrains-mono/400Regular/JetBrainsMono_400Regular.ttf', 'JetBrainsMono-Regular.ttf'),
}
CHARS = [*range(0x20, 0x7f), *range(0xa0, 0x180), *range(0x391, 0x3ca), *range(0x2010, 0x2028), 0x2190, 0x2191, 0x2192, 0x2193, 0x2211, 0x2212, 0x221a, 0x221e, 0x2248, 0x2260, 0x2264, 0x2265, 0xfffd]

rows = []
for face, (source, name) in FACES.items():
    options = subset.Options(layout_features=[], hinting=False, name_IDs=['*'], notdef_outline=True)
    font = TTFont(pathlib.Path(sys.argv[1]) / source)
    cut = subset.Subsetter(options)
    cut.populate(unicodes=CHARS)
    cut.subset(font)
    font['head'].modified = font['head'].created
    font.recalcTimestamp = False
    font.save(HERE / name)
    glyphs, per_em = font.getBestCmap(), font['head'].unitsPerEm
    width = lambda code: round(font['hmtx'][glyphs[code]][0] * 1000 / per_em)
    if face == 'mono':
        rows.append(f"  mono: {{ {width(0x30)}: ' ' }},")
        continue
    groups = {}
    for code in CHARS:
        if code in glyphs:
            groups.setdefault(width(code), []).append(chr(code))
    quote = lambda s: "'" + s.replace('\\', '\\\\').replace("'", "\\'").replace('\u00a0', '\\u00a0').replace('\u00ad', '\\u00ad') + "'"
    visible = lambda chars: ''.join(c for c in chars if c.isprintable() or c in '\u00a0\u00ad')
    rows.append(f'  {face}: {{\n' + ''.join(f'    {w}: {quote(visible(chars))},\n' for w, chars in sorted(groups.items()) if visible(chars)) + '  },')
(HERE.parent / 'advances.ts').write_text('/** Widths of the characters of the packaged fonts, in thousandths of the size. Made by fonts/make.py. */\nexport const ADVANCES = {\n' + '\n'.join(rows) + '\n} as const;\n')
