/** A handler that fails on every other item. */
export class Odd extends Error {}

export function even(n: number): number {
  if (n % 2) throw new Odd(`${n} is odd`)
  return n
}
