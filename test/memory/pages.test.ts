import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Pages } from '../../src/memory/pages.ts'

const pages = suite('Pages')

pages('gives the lowest run that is free, and none where there is none', () => {
  const table = Pages.make(8, 4)
  const own = table.enter()!
  assert.equal(
    [3, 3, 3, 2, 1].map(count => table.claim(count, own, own)),
    [0, 3, undefined, 6, undefined],
  )
  table.drop(3, own)
  assert.equal([table.claim(2, own, own), table.claim(1, own, own)], [3, 5])
})

pages('gives free segments that lie next to each other as one', () => {
  const table = Pages.make(4, 2)
  const own = table.enter()!
  const all = [1, 1, 1, 1].map(count => table.claim(count, own, own)!)
  for (const segment of all) table.drop(segment, own)
  assert.is(table.claim(4, own, own), 0)
  assert.equal(
    [0, 1, 2, 3].map(page => table.length(page)),
    [4, 0, 0, 0],
  )
})

pages('frees a segment with the last of its holds, whoever has it', () => {
  const table = Pages.make(1, 2)
  const [one, two] = [table.enter()!, table.enter()!]
  table.claim(1, one, one)
  table.hold(0, two)
  table.hold(0, two)
  table.drop(0, one)
  table.drop(0, two)
  assert.equal([table.held(), table.claim(1, one, one)], [1, undefined])
  table.drop(0, two)
  assert.equal([table.held(), table.claim(1, one, one)], [0, 0])
})

pages('takes what the dead held from them, and from those that they had started; others keep theirs', () => {
  const table = Pages.make(3, 4)
  const own = table.enter()!
  const child = table.enter(own)!
  const grandchild = table.enter(child)!
  for (const column of [own, child, grandchild]) table.claim(1, column, own)
  assert.is(table.held(), 3)
  table.leave(child)
  assert.equal([table.held(), table.taken(), table.enter(own)], [1, 1, child])
})

pages('is not stopped by one that died while it was claiming', () => {
  const table = Pages.make(2, 3)
  const [own, child] = [table.enter()!, table.enter()!]
  new Int32Array(table.control)[0] = child + 1 // the latch
  assert.is(table.claim(1, own, own), undefined)
  table.leave(child)
  assert.is(table.claim(1, own, own), 0)
})

pages('says that memory runs short when the lower half is in use, and when there is none', () => {
  const table = Pages.make(4, 2)
  const own = table.enter()!
  const said = [2, 1, 2].map(count => {
    const before = table.wanted
    table.claim(count, own, own)
    return table.wanted - before
  })
  assert.equal(said, [0, 1, 1])
})

pages('has no more columns than it was made with', () => {
  const table = Pages.make(1, 2)
  assert.equal([table.enter(), table.enter(), table.enter()], [0, 1, undefined])
})

pages('never gives a page to two, whatever is claimed, held, dropped and left', () => {
  const step = fc.tuple(fc.constantFrom('claim', 'hold', 'drop', 'leave'), fc.nat(40), fc.nat(3))
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), steps => {
      const table = Pages.make(16, 4)
      for (let column = 0; column < 4; column++) table.enter()
      const holds: { segment: number; count: number; column: number }[] = []
      for (const [what, n, column] of steps) {
        const chosen = holds[n % Math.max(1, holds.length)]
        if (what === 'claim') {
          const count = 1 + (n % 6)
          const segment = table.claim(count, column, 0)
          if (segment === undefined) continue
          const overlaps = holds.some(each => each.segment < segment + count && segment < each.segment + each.count)
          if (overlaps) throw new Error(`page ${segment} was given again`)
          holds.push({ segment, count, column })
        } else if (what === 'hold' && chosen) {
          table.hold(chosen.segment, column)
          holds.push({ ...chosen, column })
        } else if (what === 'drop' && chosen) {
          table.drop(chosen.segment, chosen.column)
          holds.splice(holds.indexOf(chosen), 1)
        } else if (what === 'leave') {
          table.leave(column)
          table.enter()
          for (const gone of holds.filter(each => each.column === column)) holds.splice(holds.indexOf(gone), 1)
        }
        const held = new Set(holds.flatMap(each => Array.from({ length: each.count }, (_, i) => each.segment + i)))
        if (table.held() !== held.size) throw new Error(`${table.held()} pages are held, not ${held.size}`)
      }
    }),
    { numRuns: 300 },
  )
})

pages.run()
