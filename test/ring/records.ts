/**
 * Items for the litmus test: records of random size that say who they are, and whether they are whole.
 *
 *     id · words · random … · checksum
 */

/** A number that looks like nothing else, from one that says something. */
export function hashed(value: number): number {
  let x = Math.imul(value, 0x9e3779b1)
  x ^= x >>> 15
  x = Math.imul(x, 0x85ebca6b)
  return x ^ (x >>> 13)
}

export const mostWords = 18

/** Writes item `id` of row `row` at word `at`; gives how many words it has. */
export function write(words: Int32Array, at: number, id: number, row: number): number {
  const seed = hashed(id + row * 0x1234567)
  const length = 3 + ((seed >>> 8) & 15)
  words[at] = id
  words[at + 1] = length
  let sum = id ^ length
  for (let i = 2; i < length - 1; i++) {
    const word = (seed + i * 0x61c88647) | 0
    words[at + i] = word
    sum = (sum * 31 + word) | 0
  }
  words[at + length - 1] = sum
  return length
}

/** How many words the item at `at` has; −1 if it is torn, or not item `id`. */
export function check(words: Int32Array, at: number, id: number): number {
  const length = words[at + 1]!
  if (words[at] !== id || length < 3 || length > mostWords) return -1
  let sum = id ^ length
  for (let i = 2; i < length - 1; i++) sum = (sum * 31 + words[at + i]!) | 0
  return words[at + length - 1] === sum ? length : -1
}
