/**
 * Short ASCII strings from bytes. The same few come again and again: keys, tags, states. One that is known costs less than a
 * call into the runtime to make it.
 */
import type { Bytes } from './format.ts'

const slots = 1_024
const longest = 16

export class ShortStrings {
  readonly #known: string[] = new Array<string>(slots).fill('')

  read(bytes: Bytes, at: number, units: number): string {
    if (units > longest) return bytes.latin1Slice(at, at + units)
    if (units === 0) return ''
    let hash = units
    for (let i = at; i < at + units; i++) hash = (Math.imul(hash, 31) + bytes[i]!) | 0
    const slot = (hash ^ (hash >>> 10)) & (slots - 1)
    const known = this.#known[slot]!
    if (known.length === units) {
      let i = 0
      while (i < units && known.charCodeAt(i) === bytes[at + i]) i++
      if (i === units) return known
    }
    return (this.#known[slot] = bytes.latin1Slice(at, at + units))
  }
}
