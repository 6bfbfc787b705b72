/** Names of files, which are bytes, as text, which they need not be. */
import { isUtf8 } from 'node:buffer'

/**
 * UTF-8, in which a byte that is none (0x80 to 0xff) becomes the lone surrogate U+DC80 to U+DCFF.
 *
 * No two names become the same text that way, and in JSON it is written as an escape, `\udcff`. It is what Python does
 * too (PEP 383): `open(json.loads(line)['files'][0])` opens the file, whatever its name.
 */
export function toText(name: Buffer): string {
  if (isUtf8(name)) return name.toString()
  let text = ''
  for (let at = 0; at < name.length; ) {
    // the shortest piece that is valid is one character
    const length = [1, 2, 3, 4].find(length => at + length <= name.length && isUtf8(name.subarray(at, at + length)))
    text += length ? name.toString('utf8', at, at + length) : String.fromCharCode(0xdc00 + name[at]!)
    at += length ?? 1
  }
  return text
}

// Control characters, invisible ones, lone surrogates, separators of lines: a terminal obeys them instead of showing them.
const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu

/** For people: as it is, or quoted and escaped like JSON, if it could not be told from another name on a terminal. */
export function toLine(name: Buffer): string {
  const text = toText(name)
  if (!text.startsWith('"') && text.search(unprintable) < 0) return text
  return JSON.stringify(text).replace(unprintable, escaped)
}

function escaped(character: string): string {
  return Array.from(
    { length: character.length },
    (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`,
  ).join('')
}
