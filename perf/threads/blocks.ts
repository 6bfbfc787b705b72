/** What one stage makes and the next adds up: many outputs of each seed, one sum for many items. */
export const perSeed = 256
export const perSum = 4_096

const prepared = Array.from({ length: 4_096 }, (_, i) => {
  const buffer = Buffer.alloc(100, i)
  buffer.writeUInt32LE(i)
  return buffer
})
export const numberOf = (i: number): number => (i % 60_000) * 1.5
/** Made before, as a buffer costs more to make than to send. */
export const bufferOf = (i: number): Buffer => prepared[i % prepared.length]!

/** The sums that come of so many items. A place counts as much as a value, so two that changed places show. */
export function sums(items: number, value: (i: number) => number): number[] {
  return Array.from({ length: Math.floor(items / perSum) }, (_, block) => {
    let sum = 0
    for (let i = 0; i < perSum; i++) sum = (sum + value(block * perSum + i) * (i + 1)) | 0
    return sum
  })
}
