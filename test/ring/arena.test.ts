import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Arena, aligned } from '../../src/ring/arena.ts'
import type { Table } from '../../src/ring/table.ts'
import { SharedWords } from '../../src/ring/words.ts'
import { hashed } from './records.ts'

const arenas = suite('Arena')
const bytes = 256

arenas('gives no byte twice that is still to be read, whenever its writer dies, and always has room in the end', () => {
  for (let seed = 1; seed <= 2_000; seed++) lives(seed, 60)
})

arenas.run()

/** A writer that dies before any write, over and over, each time replaced by another at the same desk. */
function lives(seed: number, frames: number): void {
  let random = seed
  const draw = (below: number) => {
    random = (random + 0x6d2b79f5) | 0
    return (hashed(random) >>> 0) % below
  }
  const words = new SharedWords(new SharedArrayBuffer(256))
  /** Writes until it dies; below zero: it lives. */
  let writes = -1
  const mortal = Object.create(words, {
    get: { value: (at: number) => words.get(at) },
    set: {
      value(at: number, value: number) {
        if (writes-- === 0) throw 'dead'
        words.set(at, value)
      },
    },
  }) as SharedWords
  const past = new Set<number>()
  const table = { words: mortal, deskAt: () => 0, isPast: (frame: number) => past.has(frame) } as unknown as Table
  let open: { frame: number; from: number; to: number }[] = []
  let arena = new Arena(table, 0, bytes)
  for (let frame = 0; frame < frames; frame++) {
    for (let isDone = false; !isDone; ) {
      writes = draw(3) > 0 ? draw(12) : -1
      try {
        arena.begin()
        const regions: typeof open = []
        for (let region = draw(3); region >= 0; region--) {
          // All regions of a frame together fit into an empty arena, wherever they begin.
          const size = 1 + draw(bytes / 4 - 8)
          let offset = arena.reserve(size)
          while (offset < 0) {
            assert.ok(
              open.length > 0,
              `seed ${seed}: frame ${frame} finds no room for ${size} bytes though nothing is read`,
            )
            // Readers are done in order: with all that is before the next.
            past.add(open.shift()!.frame)
            offset = arena.reserve(size)
          }
          open = open.filter(({ frame }) => !past.has(frame))
          regions.push({ frame, from: offset, to: offset + aligned(size) })
          for (const other of open) {
            const isApart = other.to <= offset || other.from >= offset + aligned(size)
            assert.ok(isApart, `seed ${seed}: frame ${frame} writes over what frame ${other.frame} led to`)
          }
          arena.put(size)
        }
        arena.keep(frame)
        open.push(...regions)
        isDone = true
      } catch (error) {
        if (error !== 'dead') throw error
        // Another will commit the frame, with outputs of its own: in time what its entry stands for is past.
        if (draw(2) === 0) {
          past.add(frame)
          isDone = true
        }
        arena = new Arena(table, 0, bytes)
      } finally {
        writes = -1
      }
    }
  }
}
