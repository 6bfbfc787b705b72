/**
 * A new order each round, the same for the same seed: no contender always runs behind the one that heats the machine,
 * and whoever doubts a result can have the very same run again.
 */
export function shuffler(seed: number): <T>(items: readonly T[]) => T[] {
  const random = mulberry32(seed)
  return items => {
    const shuffled = [...items]
    for (let last = shuffled.length - 1; last > 0; last--) {
      const other = Math.floor(random() * (last + 1))
      const moved = shuffled[last]!
      shuffled[last] = shuffled[other]!
      shuffled[other] = moved
    }
    return shuffled
  }
}

/** Tommy Ettinger's mulberry32, public domain: 32 bits of state are plenty for an order. */
function mulberry32(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
