/** Names as they stand in a terminal or in a drawing: on one line, and nothing in them is obeyed. */
import truncatedWidth from 'fast-string-truncated-width'

// Control characters, invisible ones, lone surrogates, separators of lines.
const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu

export function visible(text: string): string {
  return text.replace(unprintable, '\ufffd')
}

/** How many columns of a terminal it takes; colours take none. */
export function widthOf(text: string): number {
  return truncatedWidth(text).width
}

const characters = new Intl.Segmenter('en', { granularity: 'grapheme' })

/** Cut to `columns`, with a sign that it was. Precondition: no colours. */
export function fitted(text: string, columns: number, ellipsis = '…'): string {
  if (widthOf(text) <= columns) return text
  if (columns <= 0) return ''
  let cut = ''
  let room = columns - widthOf(ellipsis)
  for (const { segment } of characters.segment(text)) {
    room -= widthOf(segment)
    if (room < 0) break
    cut += segment
  }
  return cut + ellipsis
}

export function padded(text: string, columns: number, side: 'left' | 'right'): string {
  const blanks = ' '.repeat(Math.max(0, columns - widthOf(text)))
  return side === 'left' ? text + blanks : blanks + text
}
